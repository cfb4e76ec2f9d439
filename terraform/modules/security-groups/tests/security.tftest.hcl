mock_provider "aws" {}

run "only_the_backend_reaches_the_database" {
  command = apply

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.database_from_backend.security_group_id == aws_security_group.database.id
      && aws_vpc_security_group_ingress_rule.database_from_backend.referenced_security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_ingress_rule.database_from_backend.cidr_ipv4 == null
      && aws_vpc_security_group_ingress_rule.database_from_backend.from_port == 3306
      && aws_vpc_security_group_ingress_rule.database_from_backend.to_port == 3306
      && aws_vpc_security_group_ingress_rule.database_from_backend.ip_protocol == "tcp"
    )
    error_message = "The database may admit the backend's group on 3306 and nothing else, above all no range."
  }

  assert {
    condition = !contains(
      [
        for rule in concat(
          values(aws_vpc_security_group_ingress_rule.edge_http), values(aws_vpc_security_group_ingress_rule.edge_https),
          values(aws_vpc_security_group_ingress_rule.dns),
          [
            aws_vpc_security_group_ingress_rule.frontend_from_edge, aws_vpc_security_group_ingress_rule.frontend_probes,
            aws_vpc_security_group_ingress_rule.backend_from_edge, aws_vpc_security_group_ingress_rule.backend_probes,
            aws_vpc_security_group_ingress_rule.endpoints_from_backend,
          ],
        ) : rule.security_group_id
      ],
      aws_security_group.database.id,
    )
    error_message = "No other rule may open the database's group."
  }
}

run "backends_call_each_other_on_the_port_that_serves" {
  command = apply

  variables {
    backends_call_each_other = true
  }

  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_ingress_rule.backend_from_backend[0], aws_vpc_security_group_egress_rule.backend_to_backend[0]] :
      rule.security_group_id == aws_security_group.backend.id && rule.referenced_security_group_id == aws_security_group.backend.id
      && rule.cidr_ipv4 == null && rule.ip_protocol == "tcp" && rule.from_port == 8000 && rule.to_port == 8000
    ])
    error_message = "Calls between instances are from the backends' group to itself, on the port that serves alone."
  }
}

run "the_database_calls_nobody" {
  command = apply

  assert {
    condition = !contains(
      [
        for rule in concat(
          values(aws_vpc_security_group_egress_rule.dns),
          [
            aws_vpc_security_group_egress_rule.edge_to_frontend, aws_vpc_security_group_egress_rule.edge_to_backend,
            aws_vpc_security_group_egress_rule.backend_to_database, aws_vpc_security_group_egress_rule.backend_to_endpoints,
          ],
        ) : rule.security_group_id
      ],
      aws_security_group.database.id,
    )
    error_message = "The database's group may have no way out."
  }
}

run "no_rule_is_written_into_a_group" {
  command = apply

  assert {
    condition = alltrue([
      for group in [aws_security_group.edge, aws_security_group.frontend, aws_security_group.backend, aws_security_group.database] :
      length(group.ingress) == 0 && length(group.egress) == 0
    ])
    error_message = "Rules must be resources of their own: an inline one would hide from the other assertions."
  }
}

run "pods_admit_the_edge_and_the_kubelet" {
  command = apply

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.backend_from_edge.security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_ingress_rule.backend_from_edge.referenced_security_group_id == aws_security_group.edge.id
      && aws_vpc_security_group_ingress_rule.backend_probes.security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_ingress_rule.backend_probes.referenced_security_group_id == var.cluster_security_group_id
    )
    error_message = "Backend pods may admit the load balancer and the kubelet alone."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.frontend_from_edge.security_group_id == aws_security_group.frontend.id
      && aws_vpc_security_group_ingress_rule.frontend_from_edge.referenced_security_group_id == aws_security_group.edge.id
      && aws_vpc_security_group_ingress_rule.frontend_probes.security_group_id == aws_security_group.frontend.id
      && aws_vpc_security_group_ingress_rule.frontend_probes.referenced_security_group_id == var.cluster_security_group_id
    )
    error_message = "Frontend pods may admit the load balancer and the kubelet alone."
  }

  assert {
    condition = alltrue([
      for rule in [
        aws_vpc_security_group_ingress_rule.backend_from_edge, aws_vpc_security_group_ingress_rule.backend_probes,
        aws_vpc_security_group_ingress_rule.frontend_from_edge, aws_vpc_security_group_ingress_rule.frontend_probes,
      ] : rule.cidr_ipv4 == null && rule.ip_protocol == "tcp" && rule.from_port == rule.to_port && contains([8000, 8080, 9090], rule.from_port)
    ])
    error_message = "Pods may be reached on their own ports alone, and by groups, never by ranges."
  }

  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_ingress_rule.backend_probes, aws_vpc_security_group_ingress_rule.frontend_probes] :
      rule.from_port == 9090 && rule.to_port == 9090
    ])
    error_message = "The nodes' group, which every ordinary pod shares, may reach the port of health and metrics alone: what serves admits the edge."
  }
}

run "the_edge_admits_http_and_https" {
  command = plan

  assert {
    condition = alltrue(concat(
      [for rule in aws_vpc_security_group_ingress_rule.edge_http : rule.from_port == 80 && rule.to_port == 80 && rule.ip_protocol == "tcp"],
      [for rule in aws_vpc_security_group_ingress_rule.edge_https : rule.from_port == 443 && rule.to_port == 443 && rule.ip_protocol == "tcp"],
    ))
    error_message = "The load balancer may admit ports 80 and 443 alone."
  }
}

run "the_edge_calls_the_pods_alone" {
  command = apply

  assert {
    condition = (
      aws_vpc_security_group_egress_rule.edge_to_frontend.security_group_id == aws_security_group.edge.id
      && aws_vpc_security_group_egress_rule.edge_to_frontend.referenced_security_group_id == aws_security_group.frontend.id
      && aws_vpc_security_group_egress_rule.edge_to_backend.security_group_id == aws_security_group.edge.id
      && aws_vpc_security_group_egress_rule.edge_to_backend.referenced_security_group_id == aws_security_group.backend.id
    )
    error_message = "The load balancer may call frontend and backend pods alone."
  }
}

run "ways_out_of_the_backend" {
  command = apply

  assert {
    condition = (
      aws_vpc_security_group_egress_rule.backend_to_database.security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_egress_rule.backend_to_database.referenced_security_group_id == aws_security_group.database.id
      && aws_vpc_security_group_egress_rule.backend_to_endpoints.security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_egress_rule.backend_to_endpoints.referenced_security_group_id == var.endpoint_security_group_id
      && aws_vpc_security_group_egress_rule.backend_to_endpoints.from_port == 443
      && aws_vpc_security_group_egress_rule.backend_to_endpoints.to_port == 443
    )
    error_message = "Beside DNS the backend may reach the database and the endpoints alone."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.endpoints_from_backend.security_group_id == var.endpoint_security_group_id
      && aws_vpc_security_group_ingress_rule.endpoints_from_backend.referenced_security_group_id == aws_security_group.backend.id
      && aws_vpc_security_group_ingress_rule.endpoints_from_backend.from_port == 443
      && aws_vpc_security_group_ingress_rule.endpoints_from_backend.to_port == 443
    )
    error_message = "The endpoints may admit the backend on 443."
  }

  assert {
    condition = alltrue([
      for rule in concat(
        values(aws_vpc_security_group_egress_rule.dns),
        [
          aws_vpc_security_group_egress_rule.edge_to_frontend, aws_vpc_security_group_egress_rule.edge_to_backend,
          aws_vpc_security_group_egress_rule.backend_to_database, aws_vpc_security_group_egress_rule.backend_to_endpoints,
        ],
      ) : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.prefix_list_id == null && rule.from_port == rule.to_port
    ])
    error_message = "No way out may lead to a range of addresses or of ports."
  }
}

run "nothing_beyond_the_platform_by_default" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.backend_to_outside) == 0
    error_message = "Mail and the identity provider must stay closed until they are named."
  }
}

run "what_is_named_is_open_to_the_backend_alone" {
  command = apply

  variables {
    outside = {
      mail              = { cidrs = ["203.0.113.0/28", "198.51.100.16/28"], port = 465 }
      identity_provider = { cidrs = ["203.0.113.0/28"], port = 443 }
    }
  }

  assert {
    condition = toset([
      for rule in aws_vpc_security_group_egress_rule.backend_to_outside :
      "${rule.description} ${rule.cidr_ipv4} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"
      ]) == toset([
      "mail 203.0.113.0/28 tcp 465-465", "mail 198.51.100.16/28 tcp 465-465",
      "identity_provider 203.0.113.0/28 tcp 443-443",
    ])
    error_message = "Each named network must be open on its own port and on no other."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_egress_rule.backend_to_outside : rule.security_group_id == aws_security_group.backend.id
    ])
    error_message = "No other group may reach beyond the platform."
  }
}

run "dns" {
  command = apply

  assert {
    condition = toset([
      for rule in aws_vpc_security_group_egress_rule.dns : "${rule.security_group_id} ${rule.ip_protocol}"
      ]) == toset([
      "${aws_security_group.frontend.id} udp", "${aws_security_group.frontend.id} tcp",
      "${aws_security_group.backend.id} udp", "${aws_security_group.backend.id} tcp",
    ])
    error_message = "Frontend and backend must ask DNS over UDP and TCP."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_egress_rule.dns :
      rule.referenced_security_group_id == var.cluster_security_group_id && rule.from_port == 53 && rule.to_port == 53
    ])
    error_message = "DNS may be asked of the cluster's group alone, on port 53."
  }

  assert {
    condition = alltrue([
      for key, rule in aws_vpc_security_group_ingress_rule.dns :
      rule.security_group_id == var.cluster_security_group_id
      && rule.referenced_security_group_id == aws_vpc_security_group_egress_rule.dns[key].security_group_id
      && rule.ip_protocol == aws_vpc_security_group_egress_rule.dns[key].ip_protocol
      && rule.from_port == 53 && rule.to_port == 53
    ]) && length(aws_vpc_security_group_ingress_rule.dns) == 4
    error_message = "The cluster's group may admit pods to DNS, over both protocols, and to nothing else."
  }
}

run "networks_that_instances_may_name" {
  command = apply

  variables {
    backend_egress_cidrs = ["198.51.100.0/24"]
  }

  assert {
    condition = (
      [for rule in aws_vpc_security_group_egress_rule.backend_to_allowed : rule.cidr_ipv4] == ["198.51.100.0/24"]
      && alltrue([for rule in aws_vpc_security_group_egress_rule.backend_to_allowed : rule.security_group_id == aws_security_group.backend.id])
    )
    error_message = "The backend's group must let out to the named networks and to no others."
  }
}

run "administrators_of_the_database" {
  command = apply

  variables {
    database_admin_security_group_ids = ["sg-0bastion"]
  }

  assert {
    condition = [for rule in aws_vpc_security_group_ingress_rule.database_from_administrators : "${rule.security_group_id} ${rule.referenced_security_group_id} ${rule.from_port}-${rule.to_port}"] == [
      "${aws_security_group.database.id} sg-0bastion 3306-3306"
    ]
    error_message = "The database must admit the named groups of administrators on its port."
  }
}

run "no_administrators_by_default" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.database_from_administrators) == 0 && length(aws_vpc_security_group_egress_rule.backend_to_allowed) == 0
    error_message = "Without being named, nobody but the backend may reach the database, and the backend no network."
  }
}

run "no_internal_edge_by_default" {
  command = plan

  assert {
    condition = (
      length(aws_security_group.internal_edge) == 0 && output.internal_edge_security_group_id == null
      && length(aws_vpc_security_group_ingress_rule.backend_from_internal_edge) == 0
      && length(aws_vpc_security_group_ingress_rule.frontend_from_internal_edge) == 0
    )
    error_message = "Without named networks no group may be there for internal load balancers, and pods may admit none."
  }
}

run "the_internal_edge_admits_the_named_networks" {
  command = apply

  variables {
    internal_ingress_cidrs = ["10.200.0.0/20"]
  }

  assert {
    condition = [
      for rule in concat(values(aws_vpc_security_group_ingress_rule.internal_edge_http), values(aws_vpc_security_group_ingress_rule.internal_edge_https)) :
      "${rule.security_group_id} ${rule.cidr_ipv4} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"
      ] == [
      "${aws_security_group.internal_edge[0].id} 10.200.0.0/20 tcp 80-80", "${aws_security_group.internal_edge[0].id} 10.200.0.0/20 tcp 443-443",
    ]
    error_message = "An internal load balancer may admit the named networks alone, on 80 and 443."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.edge_https : rule.cidr_ipv4]) == toset(["0.0.0.0/0"])
    error_message = "The networks of the internal load balancers are no networks of the public ones."
  }

  assert {
    condition     = length(aws_security_group.internal_edge[0].ingress) == 0 && length(aws_security_group.internal_edge[0].egress) == 0
    error_message = "Rules must be resources of their own: an inline one would hide from the other assertions."
  }
}

run "the_internal_edge_calls_the_pods_alone_and_they_admit_it_where_they_serve" {
  command = apply

  variables {
    internal_ingress_cidrs = ["10.200.0.0/20"]
  }

  assert {
    condition = [
      for rule in [
        aws_vpc_security_group_egress_rule.internal_edge_to_frontend[0], aws_vpc_security_group_egress_rule.internal_edge_to_backend[0],
        aws_vpc_security_group_ingress_rule.frontend_from_internal_edge[0], aws_vpc_security_group_ingress_rule.backend_from_internal_edge[0],
      ] : "${rule.security_group_id} ${rule.referenced_security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"
      ] == [
      "${aws_security_group.internal_edge[0].id} ${aws_security_group.frontend.id} tcp 8080-8080",
      "${aws_security_group.internal_edge[0].id} ${aws_security_group.backend.id} tcp 8000-8000",
      "${aws_security_group.frontend.id} ${aws_security_group.internal_edge[0].id} tcp 8080-8080",
      "${aws_security_group.backend.id} ${aws_security_group.internal_edge[0].id} tcp 8000-8000",
    ]
    error_message = "An internal load balancer may call frontend and backend where they serve, and nothing else."
  }
}

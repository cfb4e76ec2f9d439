mock_provider "aws" {
  source = "./tests/mocks"
}

run "defaults" {
  assert {
    condition     = aws_eks_cluster.this.version == "1.35" && aws_eks_node_group.this["default"].version == "1.35"
    error_message = "Control plane and nodes must have one version."
  }

  assert {
    condition     = aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD"
    error_message = "By default nobody must be charged for extended support without having chosen it."
  }

  assert {
    condition     = aws_eks_cluster.this.deletion_protection
    error_message = "The cluster must be protected from deletion."
  }

  assert {
    condition     = aws_cloudwatch_log_group.control_plane.name == "/aws/eks/platform/cluster" && aws_cloudwatch_log_group.control_plane.retention_in_days == 365
    error_message = "The control plane's log group must be the one that EKS writes to, kept for a year."
  }

  assert {
    condition     = tolist(toset(aws_eks_node_group.this["default"].subnet_ids)) == tolist(toset(var.subnet_ids))
    error_message = "Nodes must be spread over all subnets that are given."
  }

  assert {
    condition     = aws_eks_node_group.this["default"].scaling_config[0].min_size == 3
    error_message = "By default there must be a node for each zone."
  }

  assert {
    condition     = aws_eks_node_group.this["default"].launch_template[0].version == "3"
    error_message = "Nodes must run the launch template's latest version."
  }

  assert {
    condition     = toset([for addon in values(aws_eks_addon.before_nodes) : addon.addon_name]) == toset(["eks-pod-identity-agent", "kube-proxy"])
    error_message = "kube-proxy and the pod identity agent must be there before the nodes."
  }

  assert {
    condition     = toset([for addon in values(aws_eks_addon.on_nodes) : addon.addon_name]) == toset(["coredns", "metrics-server"])
    error_message = "CoreDNS and the metrics server must be installed."
  }

  assert {
    condition     = alltrue([for addon in concat(values(aws_eks_addon.before_nodes), values(aws_eks_addon.on_nodes), [aws_eks_addon.vpc_cni]) : can(regex("^v[0-9.]+-eksbuild\\.[0-9]+$", addon.addon_version))])
    error_message = "Every add-on must be pinned to one version."
  }

  assert {
    condition     = !aws_eks_cluster.this.bootstrap_self_managed_addons
    error_message = "EKS must not install unpinned add-ons of its own."
  }

  assert {
    condition     = output.cluster_arn == "arn:aws:eks:eu-central-1:123456789012:cluster/platform"
    error_message = "cluster_arn must be the cluster's."
  }

  assert {
    condition     = output.oidc_issuer == "oidc.eks.eu-central-1.amazonaws.com/id/0123"
    error_message = "oidc_issuer must be without https://, as trust policies and the operator's settings write it."
  }

  assert {
    condition     = output.cluster_ca_pem == "-----BEGIN CERTIFICATE-----"
    error_message = "cluster_ca_pem must be decoded."
  }

  assert {
    condition     = output.service_cidr == aws_eks_cluster.this.kubernetes_network_config[0].service_ipv4_cidr
    error_message = "service_cidr must be the cluster's own."
  }
}

run "capacity" {
  assert {
    condition     = output.pods_with_security_groups == 27
    error_message = "Three nodes m6i.large hold 9 pods with security groups each."
  }
}

run "a_groups_smallest_type_counts" {
  variables {
    node_groups = { default = { instance_types = ["m6i.xlarge", "m6i.large"] }, more = { instance_types = ["m6i.xlarge"] } }
  }

  assert {
    condition     = output.pods_with_security_groups == 3 * 9 + 3 * 18
    error_message = "In a group of several types each node may be the smallest."
  }
}

run "nodes_of_a_named_release" {
  variables {
    node_groups = { default = { release_version = "1.35.0-20260318" } }
  }

  assert {
    condition     = aws_eks_node_group.this["default"].release_version == "1.35.0-20260318"
    error_message = "Nodes must be patched by naming the AMI's release."
  }
}

run "disks_under_a_named_key" {
  variables {
    volume_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/disks"
  }

  assert {
    condition     = aws_launch_template.node["default"].block_device_mappings[0].ebs[0].kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/disks"
    error_message = "Disks must lie under the key that is named."
  }
}

run "several_groups" {
  variables {
    node_groups = {
      default = {}
      batch   = { instance_types = ["m6i.xlarge", "m5.xlarge"], capacity_type = "SPOT", min_size = 1, desired_size = 1, max_size = 2 }
    }
  }

  assert {
    condition     = length(aws_eks_node_group.this) == 2 && aws_eks_node_group.this["batch"].capacity_type == "SPOT"
    error_message = "Each entry of node_groups must become a group."
  }

  assert {
    condition     = length(aws_launch_template.node) == 2
    error_message = "Each group must have its own launch template."
  }
}

run "one_addon_version" {
  variables {
    addon_versions = { coredns = "v1.12.3-eksbuild.1" }
  }

  assert {
    condition     = aws_eks_addon.on_nodes["coredns"].addon_version == "v1.12.3-eksbuild.1" && aws_eks_addon.vpc_cni.addon_version == "v1.21.1-eksbuild.8"
    error_message = "One add-on's version must be settable with the others' pins kept."
  }
}

run "public_for_some" {
  variables {
    endpoint_public_access       = true
    endpoint_public_access_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"]) && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "The public endpoint must admit the named networks alone, beside the private one."
  }
}

run "vpn" {
  variables {
    private_endpoint_ingress_cidrs = ["10.99.0.0/24"]
  }

  assert {
    condition     = [for rule in values(aws_vpc_security_group_ingress_rule.private_endpoint) : "${rule.cidr_ipv4} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"] == ["10.99.0.0/24 tcp 443-443"]
    error_message = "A VPN must reach the private endpoint on port 443 alone."
  }
}

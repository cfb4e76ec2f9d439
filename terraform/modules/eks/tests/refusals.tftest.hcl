mock_provider "aws" {
  source = "./tests/mocks"
}

run "name_with_capitals" {
  command = plan

  variables {
    name = "Platform"
  }

  expect_failures = [var.name]
}

run "account_too_short" {
  command = plan

  variables {
    account_id = "12345"
  }

  expect_failures = [var.account_id]
}

run "region_misspelt" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "partition_unknown" {
  command = plan

  variables {
    partition = "aws-mars"
  }

  expect_failures = [var.partition]
}

run "cluster_name_with_underscore" {
  command = plan

  variables {
    cluster_name = "my_cluster"
  }

  expect_failures = [var.cluster_name]
}

run "version_with_patch_level" {
  command = plan

  variables {
    kubernetes_version = "1.34.2"
  }

  expect_failures = [var.kubernetes_version]
}

run "support_type_unknown" {
  command = plan

  variables {
    support_type = "FOREVER"
  }

  expect_failures = [var.support_type]
}

run "vpc_id_that_is_none" {
  command = plan

  variables {
    vpc_id = "10.0.0.0/16"
  }

  expect_failures = [var.vpc_id]
}

run "one_subnet" {
  command = plan

  variables {
    subnet_ids = ["subnet-0a"]
  }

  expect_failures = [var.subnet_ids]
}

run "service_cidr_with_host_bits" {
  command = plan

  variables {
    service_cidr = "172.20.1.0/16"
  }

  expect_failures = [var.service_cidr]
}

run "public_without_networks" {
  command = plan

  variables {
    endpoint_public_access = true
  }

  expect_failures = [var.endpoint_public_access_cidrs]
}

run "networks_without_public" {
  command = plan

  variables {
    endpoint_public_access_cidrs = ["203.0.113.0/24"]
  }

  expect_failures = [var.endpoint_public_access_cidrs]
}

run "public_for_everybody" {
  command = plan

  variables {
    endpoint_public_access       = true
    endpoint_public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.endpoint_public_access_cidrs]
}

run "public_in_two_halves" {
  command = plan

  variables {
    endpoint_public_access       = true
    endpoint_public_access_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.endpoint_public_access_cidrs]
}

run "public_network_with_host_bits" {
  command = plan

  variables {
    endpoint_public_access       = true
    endpoint_public_access_cidrs = ["203.0.113.7/24"]
  }

  expect_failures = [var.endpoint_public_access_cidrs]
}

run "private_for_everybody" {
  command = plan

  variables {
    private_endpoint_ingress_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.private_endpoint_ingress_cidrs]
}

run "no_administrators" {
  command = plan

  variables {
    admin_role_arns = []
  }

  expect_failures = [var.admin_role_arns]
}

run "a_session_as_administrator" {
  command = plan

  variables {
    admin_role_arns = ["arn:aws:sts::123456789012:assumed-role/admin/me"]
  }

  expect_failures = [var.admin_role_arns]
}

run "root_as_administrator" {
  command = plan

  variables {
    admin_role_arns = ["arn:aws:iam::123456789012:root"]
  }

  expect_failures = [var.admin_role_arns]
}

run "no_node_groups" {
  command = plan

  variables {
    node_groups = {}
  }

  expect_failures = [var.node_groups]
}

run "sizes_in_disorder" {
  command = plan

  variables {
    node_groups = { default = { min_size = 4, desired_size = 3 } }
  }

  expect_failures = [var.node_groups]
}

run "burstable_nodes" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["m6i.large", "t3.large"] } }
  }

  expect_failures = [var.node_groups]
}

run "capacity_type_unknown" {
  command = plan

  variables {
    node_groups = { default = { capacity_type = "FREE" } }
  }

  expect_failures = [var.node_groups]
}

run "other_operating_system" {
  command = plan

  variables {
    node_groups = { default = { ami_type = "WINDOWS_CORE_2022_x86_64" } }
  }

  expect_failures = [var.node_groups]
}

run "tiny_disk" {
  command = plan

  variables {
    node_groups = { default = { disk_size_gib = 8 } }
  }

  expect_failures = [var.node_groups]
}

run "enforcing_mode_unknown" {
  command = plan

  variables {
    pod_security_group_enforcing_mode = "off"
  }

  expect_failures = [var.pod_security_group_enforcing_mode]
}

run "addon_latest" {
  command = plan

  variables {
    addon_versions = { coredns = "latest" }
  }

  expect_failures = [var.addon_versions]
}

run "logs_key_by_alias" {
  command = plan

  variables {
    logs_kms_key_arn = "alias/logs"
  }

  expect_failures = [var.logs_kms_key_arn]
}

run "logs_for_a_month" {
  command = plan

  variables {
    log_retention_days = 30
  }

  expect_failures = [var.log_retention_days]
}

# Not burstable, and still without branch interfaces: none is in upstream's table.
run "node_types_without_groups_for_pods" {
  command = plan
  variables {
    node_groups = { default = { instance_types = ["m6i.large", "m4.large"] } }
  }
  expect_failures = [var.node_groups]
}

run "a_release_that_is_no_release" {
  command = plan
  variables {
    node_groups = { default = { release_version = "latest" } }
  }
  expect_failures = [var.node_groups]
}

run "an_alias_for_disks" {
  command = plan
  variables {
    volume_kms_key_arn = "alias/aws/ebs"
  }
  expect_failures = [var.volume_kms_key_arn]
}

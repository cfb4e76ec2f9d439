mock_provider "aws" {
  source = "./tests/mocks"
}

run "api" {
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The Kubernetes API must answer on the private address alone."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.private_endpoint) == 0
    error_message = "By default nobody but the nodes may reach the private endpoint."
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Rights in the cluster must come from access entries alone, not from having created it."
  }

  assert {
    condition     = keys(aws_eks_access_policy_association.admin) == ["arn:aws:iam::123456789012:role/admin"] && keys(aws_eks_access_entry.admin) == ["arn:aws:iam::123456789012:role/admin"]
    error_message = "Only admin_role_arns may administer the cluster."
  }

  assert {
    condition     = toset(aws_eks_cluster.this.enabled_cluster_log_types) == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "All five logs of the control plane must be on."
  }
}

run "encryption" {
  assert {
    condition     = toset(aws_eks_cluster.this.encryption_config[0].resources) == toset(["secrets"]) && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == aws_kms_key.cluster.arn
    error_message = "Kubernetes Secrets must be encrypted under the module's own key."
  }

  assert {
    condition     = aws_kms_key.cluster.enable_key_rotation
    error_message = "The key must rotate."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.cluster.policy).Statement : statement.Principal] == [{ AWS = "arn:aws:iam::123456789012:root" }]
    error_message = "The key's policy must admit this account alone."
  }

  assert {
    condition     = aws_cloudwatch_log_group.control_plane.kms_key_id == var.logs_kms_key_arn
    error_message = "The control plane's logs must lie under the logs' key."
  }

  assert {
    condition     = alltrue([for template in values(aws_launch_template.node) : tobool(template.block_device_mappings[0].ebs[0].encrypted) && template.block_device_mappings[0].ebs[0].volume_type == "gp3"])
    error_message = "Nodes' disks must be encrypted."
  }
}

run "nodes" {
  assert {
    condition     = alltrue([for template in values(aws_launch_template.node) : template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1])
    error_message = "Nodes must require IMDSv2 and answer no pod: a hop limit of one."
  }

  assert {
    condition     = toset([for attachment in values(aws_iam_role_policy_attachment.node) : attachment.policy_arn]) == toset(["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"])
    error_message = "Nodes may join and pull images, nothing else; the CNI has a role of its own."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role.node.assume_role_policy).Statement : statement.Principal] == [{ Service = "ec2.amazonaws.com" }]
    error_message = "Only EC2 may take the nodes' role."
  }
}

run "network_addon" {
  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).enableNetworkPolicy == "true"
    error_message = "The network add-on must enforce NetworkPolicies."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).env.ENABLE_POD_ENI == "true" && jsondecode(aws_eks_addon.vpc_cni.configuration_values).env.POD_SECURITY_GROUP_ENFORCING_MODE == "strict"
    error_message = "Pods must have their own security groups, enforced for all their traffic."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).init.env.DISABLE_TCP_EARLY_DEMUX == "true"
    error_message = "The kubelet's probes must reach pods with their own security groups."
  }

  assert {
    condition     = contains([for attachment in values(aws_iam_role_policy_attachment.cluster) : attachment.policy_arn], "arn:aws:iam::aws:policy/AmazonEKSVPCResourceController")
    error_message = "The control plane must be able to give pods network interfaces."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).env.AWS_VPC_K8S_CNI_EXTERNALSNAT == "true"
    error_message = "What a pod sends out of the VPC must pass its own security group, not its node's."
  }

  assert {
    condition = alltrue([for template in values(aws_launch_template.node) : one([
      for tags in template.tag_specifications : tags.tags["cluster.k8s.amazonaws.com/name"] if tags.resource_type == "network-interface"
    ]) == "platform"])
    error_message = "A node's first interface must carry the tag that the network add-on's rights are bound to: it gives out addresses of it."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.vpc_cni.policy).Statement :
      try(statement.Condition.StringEquals["aws:ResourceTag/cluster.k8s.amazonaws.com/name"], "") == "platform"
      || try(statement.Condition.StringEquals["aws:ResourceTag/kubernetes.io/cluster/platform"], "") == "owned"
      || try(statement.Condition.ArnEquals["ec2:Vpc"], "") == "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0123456789abcdef0"
    if length(setintersection(statement.Action, ["ec2:ModifyNetworkInterfaceAttribute", "ec2:AttachNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses"])) > 0])
    error_message = "The network add-on may change interfaces, nodes and groups of this cluster alone: with another's it could leave its security group."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.vpc_cni.policy).Statement : statement.Sid if contains(statement.Resource, "*")] == ["Look"]
    error_message = "Of all resources the network add-on may only look."
  }

  assert {
    condition     = aws_eks_addon.vpc_cni.service_account_role_arn == aws_iam_role.vpc_cni.arn
    error_message = "The network add-on must have its own role."
  }

  assert {
    condition = jsondecode(aws_iam_role.vpc_cni.assume_role_policy).Statement == [{
      Sid       = "OnlyThisServiceAccount"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "oidc.eks.eu-central-1.amazonaws.com/id/0123:sub" = "system:serviceaccount:kube-system:aws-node"
        "oidc.eks.eu-central-1.amazonaws.com/id/0123:aud" = "sts.amazonaws.com"
      } }
    }]
    error_message = "The network add-on's role must trust its one service account, with both sub and aud."
  }
}

run "key_use" {
  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.cluster_key.policy).Statement : statement.Resource == [aws_kms_key.cluster.arn] && !contains(statement.Action, "kms:*")])
    error_message = "The control plane may use its one key, and not administer it."
  }

  assert {
    condition     = aws_iam_openid_connect_provider.this.client_id_list == toset(["sts.amazonaws.com"])
    error_message = "The OIDC provider must accept tokens for STS alone."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.cluster, aws_iam_role.node, aws_iam_role.vpc_cni] : role.path == "/platform/"])
    error_message = "The platform's roles must lie under /platform/, which the operator is denied."
  }
}

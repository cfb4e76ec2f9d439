locals {
  cni_tag = "cluster.k8s.amazonaws.com/name"

  # How many pods with security groups of their own a node can hold, by its type. EKS's API does not tell; from the table that
  # the controller in EKS's control plane is built with (aws/amazon-vpc-resource-controller-k8s at b8d4251, 2026-04-23,
  # pkg/aws/vpc/limits.go: BranchInterface where IsTrunkingCompatible).
  branch_interfaces = merge([
    for family, sizes in jsondecode(file("${path.module}/branch_interfaces.json")) : { for size, number in sizes : "${family}.${size}" => number }
  ]...)

  # With several types in a group, a node may be the smallest.
  pods_with_groups = sum([for group in values(var.node_groups) : group.desired_size * min([for type in group.instance_types : lookup(local.branch_interfaces, type, 0)]...)])
}

resource "aws_launch_template" "node" {
  for_each = var.node_groups

  name_prefix            = "${var.cluster_name}-${each.key}-"
  description            = "Nodes of group ${each.key}"
  update_default_version = true
  tags                   = var.tags

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop: the node itself. Pods ask for the node's credentials in vain.
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      # Under AWS's own key for EBS: a key of ours would have to admit the autoscaling service's role, which may not exist yet.
      # An account may name another key as its default, which Auto Scaling then can't use ("they do not include access to your
      # customer managed keys", docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html):
      # volume_kms_key_arn names one it can.
      encrypted             = true
      kms_key_id            = var.volume_kms_key_arn
      volume_type           = "gp3"
      volume_size           = each.value.disk_size_gib
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])

    content {
      resource_type = tag_specifications.value

      # The VPC CNI's role reaches interfaces with this tag alone; those that it makes later it tags itself, with the CLUSTER_NAME
      # that it is given (aws/amazon-vpc-cni-k8s at 3ecdfeb, docs/iam-policy.md, "Prerequisites"; who gives it: docs/adr/0021).
      tags = merge(
        var.tags,
        { Name = "${var.cluster_name}-${each.key}" },
        tag_specifications.value == "network-interface" ? { (local.cni_tag) = var.cluster_name } : {},
      )
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_eks_node_group" "this" {
  for_each = var.node_groups

  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "${each.key}-"
  node_role_arn          = aws_iam_role.node.arn
  subnet_ids             = var.subnet_ids
  version                = var.kubernetes_version
  release_version        = each.value.release_version
  ami_type               = each.value.ami_type
  capacity_type          = each.value.capacity_type
  instance_types         = each.value.instance_types
  labels                 = each.value.labels
  tags                   = var.tags

  launch_template {
    id      = aws_launch_template.node[each.key].id
    version = aws_launch_template.node[each.key].latest_version
  }

  scaling_config {
    min_size     = each.value.min_size
    max_size     = each.value.max_size
    desired_size = each.value.desired_size
  }

  update_config {
    max_unavailable_percentage = 33
  }

  node_repair_config {
    enabled = true
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scaling_config[0].desired_size]
  }

  # A node is ready only with its network, and policies hold only where the agent already runs.
  depends_on = [
    aws_iam_role_policy_attachment.node,
    aws_eks_addon.before_nodes,
    aws_eks_addon.vpc_cni,
  ]
}

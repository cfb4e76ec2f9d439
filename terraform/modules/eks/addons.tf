locals {
  vpc_cni_configuration = jsonencode({
    enableNetworkPolicy = "true"
    env = {
      ENABLE_POD_ENI                    = "true"
      POD_SECURITY_GROUP_ENFORCING_MODE = var.pod_security_group_enforcing_mode
      # Of NetworkPolicies: strict would need a policy for every pod, CoreDNS included.
      NETWORK_POLICY_ENFORCING_MODE = "standard"
      # In standard mode, what leaves the VPC would go out with the node's address and pass the node's group alone
      # (aws/amazon-vpc-cni-k8s#1907). The nodes are in private subnets: their NAT gateway translates, so the node needs not,
      # and the pod's own group holds there too.
      AWS_VPC_K8S_CNI_EXTERNALSNAT = "true"
    }
    init = {
      # Else the kubelet's TCP probes don't reach pods with their own security groups.
      env = { DISABLE_TCP_EARLY_DEMUX = "true" }
    }
  })
}

resource "aws_eks_addon" "vpc_cni" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "vpc-cni"
  addon_version               = var.addon_versions["vpc-cni"]
  service_account_role_arn    = aws_iam_role.vpc_cni.arn
  configuration_values        = local.vpc_cni_configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_iam_role_policy.vpc_cni]
}

resource "aws_eks_addon" "before_nodes" {
  for_each = toset(["kube-proxy", "eks-pod-identity-agent"])

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.value
  addon_version               = var.addon_versions[each.value]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags
}

# Deployments, which only become active with nodes to run on.
resource "aws_eks_addon" "on_nodes" {
  for_each = toset(["coredns", "metrics-server"])

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.value
  addon_version               = var.addon_versions[each.value]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_node_group.this]
}

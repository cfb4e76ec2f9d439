output "cluster_name" {
  description = "The cluster's name, known once the cluster exists."
  value       = aws_eks_cluster.this.name
}

output "cluster_arn" {
  description = "The cluster's ARN."
  value       = local.cluster_arn
}

output "cluster_endpoint" {
  description = "Address of the Kubernetes API."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_ca_pem" {
  description = "The API's certificate authority, PEM."
  value       = base64decode(aws_eks_cluster.this.certificate_authority[0].data)
}

output "cluster_version" {
  description = "The control plane's Kubernetes version."
  value       = aws_eks_cluster.this.version
}

output "cluster_security_group_id" {
  description = "The group that EKS makes: nodes, control plane and pods without a group of their own."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "oidc_issuer" {
  description = "The provider's issuer without https://, as trust policies write it."
  value       = local.issuer
}

output "node_role_arn" {
  description = "Role of the nodes."
  value       = aws_iam_role.node.arn
}

output "kms_key_arn" {
  description = "The key over Kubernetes Secrets."
  value       = aws_kms_key.cluster.arn
}

output "log_group_name" {
  description = "Where the control plane's logs go."
  value       = aws_cloudwatch_log_group.control_plane.name
}

output "service_cidr" {
  description = "Addresses of Kubernetes Services."
  value       = var.service_cidr
}

output "pods_with_security_groups" {
  description = "How many pods with security groups of their own the nodes hold at their desired size; an instance has four (two backends, two frontends) and a fifth while it migrates or rolls."
  value       = local.pods_with_groups
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value = {
    cluster_trust = local.cluster_trust
    cluster_key   = local.cluster_key_policy
    node_trust    = local.node_trust
    vpc_cni_trust = local.vpc_cni_trust
    vpc_cni       = local.vpc_cni_policy
    kms           = local.key_policy
  }
}

locals {
  policy_prefix = "arn:${var.partition}:iam::aws:policy"

  cluster_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ControlPlane"
        Effect    = "Allow"
        Principal = { Service = "eks.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  cluster_key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SecretsUnderTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"]
        Resource = [aws_kms_key.cluster.arn]
      },
    ]
  })

  node_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Nodes"
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  vpc_cni_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyThisServiceAccount"
        Effect    = "Allow"
        Principal = { Federated = aws_iam_openid_connect_provider.this.arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.issuer}:sub" = "system:serviceaccount:kube-system:aws-node"
            "${local.issuer}:aud" = "sts.amazonaws.com"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role" "cluster" {
  name               = "${var.name}-eks-cluster"
  path               = "/platform/"
  description        = "Control plane of ${var.cluster_name}"
  assume_role_policy = local.cluster_trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "cluster" {
  # The second gives pods their own network interfaces, and with them their own security groups.
  for_each = toset(["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"])

  role       = aws_iam_role.cluster.name
  policy_arn = "${local.policy_prefix}/${each.value}"
}

resource "aws_iam_role_policy" "cluster_key" {
  name   = "secrets-key"
  role   = aws_iam_role.cluster.name
  policy = local.cluster_key_policy
}

resource "aws_iam_role" "node" {
  name               = "${var.name}-eks-node"
  path               = "/platform/"
  description        = "Nodes of ${var.cluster_name}: join it and pull images, nothing for pods"
  assume_role_policy = local.node_trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "node" {
  # No CNI policy: the add-on has its own role, so a pod that reached a node's credentials could not move interfaces.
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])

  role       = aws_iam_role.node.name
  policy_arn = "${local.policy_prefix}/${each.value}"
}

resource "aws_iam_role" "vpc_cni" {
  name               = "${var.name}-eks-vpc-cni"
  path               = "/platform/"
  description        = "VPC CNI of ${var.cluster_name}"
  assume_role_policy = local.vpc_cni_trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "vpc_cni" {
  role       = aws_iam_role.vpc_cni.name
  policy_arn = "${local.policy_prefix}/AmazonEKS_CNI_Policy"
}

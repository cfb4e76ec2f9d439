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

locals {
  ec2 = "arn:${var.partition}:ec2:${var.region}:${var.account_id}"

  of_this_cluster = { StringEquals = { "aws:ResourceTag/${local.cni_tag}" = var.cluster_name } }

  # AWS's managed AmazonEKS_CNI_Policy lets its bearer change, and so re-group, every network interface of the account. This is
  # "Scope-down IAM policy per EKS cluster" of aws/amazon-vpc-cni-k8s (docs/iam-policy.md at b521883), in this region and account,
  # with groups of this VPC alone, and with ec2:DescribeSecurityGroups, which the managed policy has since.
  vpc_cni_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeTags",
        ]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
      {
        # Its own at the making of an interface; later only on what is this cluster's already.
        Sid      = "TagOnCreation"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = ["${local.ec2}:network-interface/*"]
        Condition = {
          StringEquals = { "ec2:CreateAction" = "CreateNetworkInterface" }
        }
      },
      {
        Sid       = "TagItsOwn"
        Effect    = "Allow"
        Action    = ["ec2:CreateTags"]
        Resource  = ["${local.ec2}:network-interface/*"]
        Condition = local.of_this_cluster
      },
      {
        Sid       = "MakeInterfaces"
        Effect    = "Allow"
        Action    = ["ec2:CreateNetworkInterface"]
        Resource  = ["${local.ec2}:network-interface/*"]
        Condition = { StringEquals = { "aws:RequestTag/${local.cni_tag}" = var.cluster_name } }
      },
      {
        Sid       = "MakeThemInThisVpc"
        Effect    = "Allow"
        Action    = ["ec2:CreateNetworkInterface"]
        Resource  = ["${local.ec2}:subnet/*", "${local.ec2}:security-group/*"]
        Condition = { ArnEquals = { "ec2:Vpc" = "${local.ec2}:vpc/${var.vpc_id}" } }
      },
      {
        Sid    = "ChangeItsOwn"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:DeleteNetworkInterface",
          "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = ["${local.ec2}:network-interface/*"]
        Condition = local.of_this_cluster
      },
      {
        Sid       = "OnItsNodes"
        Effect    = "Allow"
        Action    = ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"]
        Resource  = ["${local.ec2}:instance/*"]
        Condition = { StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/${var.cluster_name}" = "owned" } }
      },
      {
        Sid       = "WithGroupsOfThisVpc"
        Effect    = "Allow"
        Action    = ["ec2:ModifyNetworkInterfaceAttribute"]
        Resource  = ["${local.ec2}:security-group/*"]
        Condition = { ArnEquals = { "ec2:Vpc" = "${local.ec2}:vpc/${var.vpc_id}" } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "vpc_cni" {
  name   = "interfaces"
  role   = aws_iam_role.vpc_cni.name
  policy = local.vpc_cni_policy
}

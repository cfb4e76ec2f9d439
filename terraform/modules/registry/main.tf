# Repositories for the platform's images. A tag that was pushed stays what it was, and each image is looked at for known
# weaknesses when it comes. Nodes pull with their role's AmazonEC2ContainerRegistryPullOnly, through the VPC's endpoints.

locals {
  repositories = { for image in var.images : image => "${var.name}/${image}" }
  arn          = "arn:${var.partition}:ecr:${var.region}:${var.account_id}:repository"

  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # ECR works with grants that it gets from whoever makes a repository: it needs no statement of its own.
        Sid       = "AccountAdministersKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*" # In a key policy this is the key itself.
      },
    ]
  })

  # For the pipeline that builds images: these repositories, and no deletion. `make push` makes these calls and no other.
  push_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Has no resource (AWS's table of ECR's actions): the token opens what the other statement allows.
        Sid      = "SignIn"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:CompleteLayerUpload",
          "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload",
          "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = [for name in values(local.repositories) : "${local.arn}/${name}"]
      },
    ]
  })

  # Only what no tag leads to: an image with a tag may be what runs, or what a rollback needs.
  lifecycle_policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "What no tag leads to goes"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.untagged_days }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_kms_key" "images" {
  description             = "Images of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = merge(var.tags, { Name = "${var.name}-images" })
}

resource "aws_kms_alias" "images" {
  name          = "alias/${var.name}-images"
  target_key_id = aws_kms_key.images.key_id
}

resource "aws_ecr_repository" "this" {
  for_each = local.repositories

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_delete
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.images.arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = local.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy     = local.lifecycle_policy
}

resource "aws_iam_policy" "push" {
  name        = "${var.name}-image-push"
  path        = "/platform/"
  description = "Push images of ${var.name}, for the pipeline's role"
  policy      = local.push_policy
  tags        = var.tags
}

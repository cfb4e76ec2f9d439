# The administrator's way to the database: a host without any way in, that stands in the VPC while somebody works and is gone
# afterwards. Whoever may take the role forwards a port through it by Session Manager. CloudTrail has who took the role, read the
# password and opened the session; the database's audit log has who connected and which tables and rights were changed.

locals {
  host_name  = "${var.name}-database-host"
  admin_name = "${var.name}-database-admin"
  host_tag   = "appinstance-database-host"
  document   = "arn:${var.partition}:ssm:${var.region}::document/AWS-StartPortForwardingSessionToRemoteHost"

  host_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "HostsOnly"
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  # What Session Manager needs of a host and no more (Systems Manager's guide, "Create a custom IAM role for Session Manager").
  # AWS's table has no resource for the channels.
  host_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "BeAHostOfSessionManager"
        Effect   = "Allow"
        Action   = ["ssm:UpdateInstanceInformation"]
        Resource = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:instance/*"]
      },
      {
        Sid    = "CarrySessions"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"]
      },
    ]
  })

  admin_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NamedRolesOnly"
      Effect    = "Allow"
      Principal = { AWS = sort(var.admin_role_arns) }
      Action    = "sts:AssumeRole"
    }]
  })

  admin_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Forwarding alone: no shell on the host. The check makes the document's statement count.
        Sid       = "ForwardPortsThroughTheHost"
        Effect    = "Allow"
        Action    = ["ssm:StartSession"]
        Resource  = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:instance/*"]
        Condition = { StringEquals = { "ssm:resourceTag/${local.host_tag}" = var.name }, BoolIfExists = { "ssm:SessionDocumentAccessCheck" = "true" } }
      },
      {
        Sid      = "ByThisDocument"
        Effect   = "Allow"
        Action   = ["ssm:StartSession"]
        Resource = [local.document]
      },
      {
        Sid      = "EndOwnSessions"
        Effect   = "Allow"
        Action   = ["ssm:ResumeSession", "ssm:TerminateSession"]
        Resource = ["arn:${var.partition}:ssm:${var.region}:${var.account_id}:session/$${aws:userid}-*"]
      },
      {
        # From the template alone: everything that an instance is made of must come from there (EC2's guide, "Control the use of launch
        # templates": ec2:IsLaunchTemplateResource), so that no other disk, group, role or place can be put in.
        Sid      = "BringTheHost"
        Effect   = "Allow"
        Action   = ["ec2:RunInstances"]
        Resource = ["*"]
        Condition = {
          ArnLike = { "ec2:LaunchTemplate" = aws_launch_template.host.arn }
          Bool    = { "ec2:IsLaunchTemplateResource" = "true" }
        }
      },
      {
        Sid       = "WithTheTemplatesTags"
        Effect    = "Allow"
        Action    = ["ec2:CreateTags"]
        Resource  = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:instance/*"]
        Condition = { StringEquals = { "ec2:CreateAction" = "RunInstances" } }
      },
      {
        Sid       = "AndTheHostsRole"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.host.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid      = "AndTheNewestImage"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = ["arn:${var.partition}:ssm:${var.region}::parameter/aws/service/ami-amazon-linux-latest/*"]
      },
      {
        Sid       = "TakeTheHostAway"
        Effect    = "Allow"
        Action    = ["ec2:TerminateInstances"]
        Resource  = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:instance/*"]
        Condition = { StringEquals = { "ec2:ResourceTag/${local.host_tag}" = var.name } }
      },
      {
        # Has no resource in AWS's table.
        Sid       = "FindTheHost"
        Effect    = "Allow"
        Action    = ["ec2:DescribeInstances"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
      {
        Sid      = "ReadThePassword"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = [var.master_secret_arn]
      },
      {
        Sid       = "UnderItsKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.master_secret_kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_iam_role" "host" {
  name               = local.host_name
  path               = "/platform/"
  description        = "A host that carries sessions to the database"
  assume_role_policy = local.host_trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "host" {
  name   = "carry-sessions"
  role   = aws_iam_role.host.name
  policy = local.host_policy
}

resource "aws_iam_instance_profile" "host" {
  name = local.host_name
  path = "/platform/"
  role = aws_iam_role.host.name
  tags = var.tags
}

resource "aws_iam_role" "admin" {
  name                 = local.admin_name
  path                 = "/platform/"
  description          = "Administer the database of ${var.name}: for an hour, by a session that is recorded"
  assume_role_policy   = local.admin_trust
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "admin" {
  name   = "reach-the-database"
  role   = aws_iam_role.admin.name
  policy = local.admin_policy
}

# Nothing in. Out: the database, and Systems Manager through NAT, to which the host itself calls.
resource "aws_security_group" "host" {
  name        = local.host_name
  description = "Sessions to the database: nothing in, database and Systems Manager out"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = local.host_name })
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id            = aws_security_group.host.id
  description                  = "MySQL to the database"
  referenced_security_group_id = var.database_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "systems_manager" {
  security_group_id = aws_security_group.host.id
  description       = "Systems Manager"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = var.database_security_group_id
  description                  = "MySQL from sessions of administrators"
  referenced_security_group_id = aws_security_group.host.id
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  tags                         = var.tags
}

resource "aws_launch_template" "host" {
  name                   = local.host_name
  update_default_version = true
  image_id               = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" # newest at each start
  instance_type          = var.instance_type
  ebs_optimized          = true
  tags                   = var.tags

  # No host until somebody brings one; one that was forgotten ends itself.
  instance_initiated_shutdown_behavior = "terminate"
  user_data                            = base64encode("#!/bin/sh\nshutdown -P +${var.longest_minutes}\n")

  iam_instance_profile {
    arn = aws_iam_instance_profile.host.arn
  }

  network_interfaces {
    associate_public_ip_address = false
    subnet_id                   = var.subnet_id
    security_groups             = [aws_security_group.host.id]
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted             = true
      delete_on_termination = true
      volume_type           = "gp3"
      volume_size           = 8
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(var.tags, { Name = local.host_name, (local.host_tag) = var.name })
  }
}

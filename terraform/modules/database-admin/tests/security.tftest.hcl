mock_provider "aws" {
  source = "./tests/mocks"
}

run "who" {
  assert {
    condition     = jsondecode(aws_iam_role.admin.assume_role_policy).Statement == [{ Sid = "NamedRolesOnly", Effect = "Allow", Principal = { AWS = ["arn:aws:iam::111122223333:role/database-engineers"] }, Action = "sts:AssumeRole" }]
    error_message = "Nobody but the named roles may administer the database."
  }

  assert {
    condition     = aws_iam_role.admin.max_session_duration == 3600
    error_message = "A session must end after an hour."
  }
}

run "what" {
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.admin.policy).Statement : [statement.Resource, try(statement.Condition, null)] if statement.Action == ["ssm:StartSession"]] == [
      [["arn:aws:ec2:eu-central-1:111122223333:instance/*"], { StringEquals = { "ssm:resourceTag/appinstance-database-host" = "platform" }, BoolIfExists = { "ssm:SessionDocumentAccessCheck" = "true" } }],
      [["arn:aws:ssm:eu-central-1::document/AWS-StartPortForwardingSessionToRemoteHost"], null],
    ]
    error_message = "Sessions must go through this platform's host alone, forward a port, and open no shell."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.admin.policy).Statement : statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")] == [["arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-x"]]
    error_message = "Administrators may read their own password and no instance's."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.admin.policy).Statement : statement.Condition if contains(["BringTheHost", "TakeTheHostAway"], statement.Sid)] == [
      { ArnLike = { "ec2:LaunchTemplate" = "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-0123456789abcdef0" }, Bool = { "ec2:IsLaunchTemplateResource" = "true" } },
      { StringEquals = { "ec2:ResourceTag/appinstance-database-host" = "platform" } },
    ]
    error_message = "Nothing but this host, as its template has it, may be brought and taken away."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.host.policy).Statement : statement.Action])) == toset(["ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"])
    error_message = "The host may carry sessions and nothing else."
  }
}

run "where" {
  assert {
    condition     = [aws_vpc_security_group_ingress_rule.database.security_group_id, aws_vpc_security_group_ingress_rule.database.referenced_security_group_id, aws_vpc_security_group_ingress_rule.database.from_port, aws_vpc_security_group_ingress_rule.database.to_port] == ["sg-0database", "sg-0host", 3306, 3306]
    error_message = "The database must let the host in, on its port."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.database.referenced_security_group_id == "sg-0database" && [aws_vpc_security_group_egress_rule.systems_manager.from_port, aws_vpc_security_group_egress_rule.systems_manager.to_port] == [443, 443]
    error_message = "The host may call the database and Systems Manager."
  }

  assert {
    condition     = aws_launch_template.host.network_interfaces[0].associate_public_ip_address == "false" && aws_launch_template.host.network_interfaces[0].security_groups == toset(["sg-0host"]) && aws_launch_template.host.network_interfaces[0].subnet_id == "subnet-0a"
    error_message = "The host must have no address outside, and its own group."
  }

  assert {
    condition     = aws_launch_template.host.metadata_options[0].http_tokens == "required" && aws_launch_template.host.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "The host must ask for tokens at its metadata, and its disk be encrypted."
  }
}

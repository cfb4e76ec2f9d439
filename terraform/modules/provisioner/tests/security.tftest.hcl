mock_provider "aws" {
  source = "./tests/mocks"
}

run "roles_are_taken_by_one_account_each" {
  command = plan

  assert {
    condition = { for role, trust in aws_iam_role.this : role => jsondecode(trust.assume_role_policy).Statement[0].Condition.StringEquals } == {
      provisioner = {
        "oidc.example.com/id/ABC:sub" = "system:serviceaccount:appinstance-system:appinstance-database"
        "oidc.example.com/id/ABC:aud" = "sts.amazonaws.com"
      }
      provisioner-administrator = {
        "oidc.example.com/id/ABC:sub" = "system:serviceaccount:appinstance-system:appinstance-database-administrator"
        "oidc.example.com/id/ABC:aud" = "sts.amazonaws.com"
      }
    }
    error_message = "Each role is for its own service account, with the audience of STS."
  }
}

run "entries_of_its_own_alone" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.this["provisioner"].policy).Statement :
      statement.Condition.StringEquals["aws:ResourceTag/appinstance-provisioned"] == "true"
      if length(setintersection(toset(statement.Action), toset(["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret"]))) > 0
    ])
    error_message = "What a team has written by hand the provisioner neither reads nor changes."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.this["provisioner"].policy).Statement :
      statement.Condition.StringEquals["aws:RequestTag/appinstance-provisioned"] == "true"
      if length(setintersection(toset(statement.Action), toset(["secretsmanager:CreateSecret", "secretsmanager:TagResource"]))) > 0
    ])
    error_message = "What it makes has its tag."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.this["provisioner"].policy).Statement : statement.Condition.StringEqualsIfExists
      if contains(statement.Action, "secretsmanager:TagResource")
    ]) == { "aws:ResourceTag/appinstance-provisioned" = "true" }
    error_message = "It puts its tag on no entry that is there without: that would make it its own."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.this["provisioner"].policy).Statement : statement.Resource == concat(
        ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/*/database-*"],
        # Whether one is there is asked of those that are not, too: they have no letters behind their name.
        statement.Action == ["secretsmanager:DescribeSecret"] ? ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/*/database"] : [],
      )
      if anytrue([for action in statement.Action : startswith(action, "secretsmanager:")])
    ])
    error_message = "Under the tenants' prefix, and there the entries of databases alone."
  }
}

run "keys_through_their_service_alone" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for role in aws_iam_role_policy.this : [
        for statement in jsondecode(role.policy).Statement : can(statement.Condition.StringEquals["kms:ViaService"]) && length(statement.Resource) == 1 && !strcontains(join("", statement.Resource), "*")
        if anytrue([for action in statement.Action : startswith(action, "kms:")])
      ]
    ]))
    error_message = "A right on a key opens nothing by itself, and is for one key."
  }
}

run "the_administrators_login_and_no_other_entry" {
  command = plan

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.this["provisioner-administrator"].policy).Statement : statement.Resource
    ])) == toset(["arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-x-AbCdEf", "arn:aws:kms:eu-central-1:123456789012:key/master"])
    error_message = "The role for the administrator's login reads that entry alone."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this["provisioner"].policy, "rds!")
    error_message = "The provisioner's role itself does not read it: External Secrets does."
  }
}

run "dumps_are_nobody_elses" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.dumps.policy).Statement : statement
      if statement.Sid == "NobodyElseTouchesDumps"
      ]).Condition == {
      ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/platform/demo-provisioner"] }
    }
    error_message = "Every principal but the provisioner is denied, whatever IAM allows it."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.dumps.policy).Statement : toset(statement.Action)
      if statement.Sid == "NobodyElseTouchesDumps"
    ]) == toset(["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"])
    error_message = "Reading, writing and removing are denied to them."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.dumps.policy).Statement :
      statement.Effect == "Deny" && contains(flatten([statement.Action]), "s3:DeleteObject") && can(statement.Condition.ArnLike)
    ])
    error_message = "The provisioner itself removes none."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.dumps.policy).Statement :
      statement.Effect == "Deny" && statement.Action == "s3:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
    ])
    error_message = "Without TLS nothing is answered."
  }
}

run "dumps_are_closed_versioned_and_under_the_databases_key" {
  command = plan

  assert {
    condition = (
      aws_s3_bucket_public_access_block.dumps.block_public_acls && aws_s3_bucket_public_access_block.dumps.block_public_policy
      && aws_s3_bucket_public_access_block.dumps.ignore_public_acls && aws_s3_bucket_public_access_block.dumps.restrict_public_buckets
    )
    error_message = "The bucket must be closed to the public in all four ways."
  }

  assert {
    condition     = aws_s3_bucket_versioning.dumps.versioning_configuration[0].status == "Enabled"
    error_message = "An overwritten dump must stay."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.dumps.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.database_kms_key_arn
    error_message = "Dumps are encrypted by the database's key."
  }

  assert {
    condition     = !aws_s3_bucket.dumps.force_destroy
    error_message = "A destroy must not take dumps with it."
  }
}

run "group_reaches_database_endpoints_and_dns_and_nobody_reaches_it" {
  command = apply

  assert {
    condition = { for way, rule in aws_vpc_security_group_egress_rule.this : way => [rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      database  = ["sg-0db00000000000001", "tcp", 3306, 3306]
      endpoints = ["sg-0e000000000000001", "tcp", 443, 443]
      dns-udp   = ["sg-0c000000000000001", "udp", 53, 53]
      dns-tcp   = ["sg-0c000000000000001", "tcp", 53, 53]
    }
    error_message = "Out: MySQL, HTTPS to the endpoints, DNS."
  }

  assert {
    condition = alltrue([
      for way, rule in aws_vpc_security_group_ingress_rule.this :
      rule.referenced_security_group_id == aws_security_group.this.id && rule.security_group_id != aws_security_group.this.id && rule.from_port == rule.to_port
    ])
    error_message = "Each other group lets this one in by one port; this one lets in nobody."
  }
}

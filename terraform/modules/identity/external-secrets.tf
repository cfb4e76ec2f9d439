locals {
  # Nothing: a SecretStore without `auth` borrows the controller's rights, whoever made it, and every instance brings a role
  # of its own (auth.jwt.serviceAccountRef), for which the controller asks with the instance's token and not as itself.
  # Refused by name, so that a later statement beside it opens nothing either.
  external_secrets_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Nothing"
        Effect   = "Deny"
        Action   = ["*"]
        Resource = ["*"]
      },
    ]
  })
}

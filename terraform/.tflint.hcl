# The bundled Terraform rules; the AWS plug-in's checks are made by the real provider.
tflint {
  required_version = ">= 0.60"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Files are split by concern where one would be long.
rule "terraform_standard_module_structure" {
  enabled = false
}

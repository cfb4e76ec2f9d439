mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_host_of_the_newest_for_a_while" {
  assert {
    condition     = base64decode(aws_launch_template.host.user_data) == "#!/bin/sh\nshutdown -P +480\n" && aws_launch_template.host.instance_initiated_shutdown_behavior == "terminate"
    error_message = "A host that was forgotten must end itself."
  }

  assert {
    condition     = startswith(aws_launch_template.host.image_id, "resolve:ssm:/aws/service/ami-amazon-linux-latest/")
    error_message = "Each host must come with the newest image."
  }

  assert {
    condition     = output.launch_template_name == "platform-database-host" && output.role_arn == aws_iam_role.admin.arn
    error_message = "The outputs must be what the commands of the README need."
  }
}

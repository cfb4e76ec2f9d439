output "topic_arn" {
  description = "The topic of all alarms; subscribe PagerDuty, Slack or a queue to it."
  value       = aws_sns_topic.alarms.arn
}

output "kms_key_arn" {
  description = "The key of the topic; a queue that subscribes needs no right on it, a publisher does."
  value       = aws_kms_key.alarms.arn
}

output "alarm_names" {
  description = "All alarms."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.query : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.metric : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.operator : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.log : alarm.alarm_name],
  ))
}

output "hub_principal" {
  description = "The variable hub_principal of member/"
  value       = aws_iam_role.hub.arn
}

output "store_address" {
  description = "For auditor status, history, verify and report"
  value       = "s3://${aws_s3_bucket.store.id}/nights"
}

output "alarm_topic" {
  description = "Topic of the alarms"
  value       = aws_sns_topic.this.arn
}

output "log" {
  description = "Log group of the task"
  value       = aws_cloudwatch_log_group.this.name
}

output "cluster" {
  description = "For a night that is started by hand"
  value       = aws_ecs_cluster.this.arn
}

output "task" {
  description = "For a night that is started by hand"
  value       = aws_ecs_task_definition.this.arn
}

# When it runs, and who hears of nights that do not come.
resource "aws_sqs_queue" "undelivered" {
  name_prefix               = "${var.name}-undelivered-"
  kms_master_key_id         = aws_kms_key.this.id
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_iam_role" "scheduler" {
  name_prefix = "${var.name}-scheduler-"
  description = "Lets EventBridge Scheduler start the audit"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "scheduler.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "start" {
  name = "start"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = aws_ecs_task_definition.this.arn
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [aws_iam_role.execution.arn, aws_iam_role.hub.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.undelivered.arn },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.this.arn },
    ]
  })
}

resource "aws_scheduler_schedule" "night" {
  name                         = var.name
  description                  = "Starts the audit"
  state                        = var.shards > 0 ? "DISABLED" : "ENABLED"
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.time_zone
  kms_key_arn                  = aws_kms_key.this.arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.scheduler.arn

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn
      task_count          = 1
      launch_type         = "FARGATE"
      platform_version    = "LATEST"

      network_configuration {
        assign_public_ip = false
        subnets          = var.subnets
        security_groups  = var.security_groups
      }
    }
  }
}

resource "aws_sns_topic" "this" {
  name_prefix       = "${var.name}-"
  kms_master_key_id = aws_kms_key.this.id
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "mail" {
  count     = var.alarm_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# What --verbose prints last, for every code that means that the night is in the store.
resource "aws_cloudwatch_log_metric_filter" "ended" {
  name           = "${var.name}-ended"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "?\"exit code 0\" ?\"exit code 4\" ?\"exit code 5\""

  metric_transformation {
    namespace = "StudioAuditor"
    name      = "${var.name}-ended"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "no_night" {
  alarm_name          = "${var.name}-no-night"
  alarm_description   = "No audit of SageMaker Studio has ended for 26 hours. docs/nightly.md says what to do."
  namespace           = "StudioAuditor"
  metric_name         = "${var.name}-ended"
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 26
  datapoints_to_alarm = 26
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "not_started" {
  alarm_name          = "${var.name}-not-started"
  alarm_description   = "EventBridge Scheduler could not start the audit of SageMaker Studio."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
}

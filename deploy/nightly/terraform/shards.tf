# With var.shards, a state machine starts the task once for each share of the accounts, and once more to evaluate what
# they collected: what shards.yaml is in CloudFormation. docs/organization.md explains it.
locals {
  shared = var.shards > 0 ? 1 : 0
}

resource "aws_iam_role" "machine" {
  count       = local.shared
  name_prefix = "${var.name}-machine-"
  description = "Starts the tasks of the audit's shares and waits for them"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "states.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "tasks" {
  count = local.shared
  name  = "tasks"
  role  = aws_iam_role.machine[0].id

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
        Action    = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource  = "*"
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [aws_iam_role.execution.arn, aws_iam_role.hub.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      # How Step Functions learns that a task has ended.
      {
        Effect   = "Allow"
        Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        Resource = "arn:${local.partition}:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForECSTaskRule"
      },
      {
        Effect = "Allow"
        Action = [
          "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_sfn_state_machine" "this" {
  # checkov:skip=CKV_AWS_285:The tasks write the log; the history of an execution says how each ended
  count       = local.shared
  name_prefix = "${var.name}-"
  type        = "STANDARD"
  role_arn    = aws_iam_role.machine[0].arn

  definition = templatefile("${path.module}/shards.asl.json", {
    RunTask        = "arn:${local.partition}:states:::ecs:runTask.sync"
    Cluster        = aws_ecs_cluster.this.arn
    Task           = aws_ecs_task_definition.this.arn
    Bucket         = aws_s3_bucket.store.id
    MemberRole     = var.member_role
    Subnets        = join("\",\"", var.subnets)
    SecurityGroups = join("\",\"", var.security_groups)
  })

  tracing_configuration {
    enabled = true
  }

  # Without it, Step Functions refuses the machine: its role could not start the tasks.
  depends_on = [aws_iam_role_policy.tasks]
}

# A distributed map starts executions of its own state machine.
resource "aws_iam_role_policy" "shares" {
  count = local.shared
  name  = "shares"
  role  = aws_iam_role.machine[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "states:StartExecution", Resource = aws_sfn_state_machine.this[0].arn },
      {
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution"]
        Resource = "arn:${local.partition}:states:${local.region}:${local.account}:execution:${aws_sfn_state_machine.this[0].name}/*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "start_machine" {
  count = local.shared
  name  = "start-machine"
  role  = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "states:StartExecution", Resource = aws_sfn_state_machine.this[0].arn },
    ]
  })
}

# Instead of the schedule that starts one task.
resource "aws_scheduler_schedule" "shared_night" {
  count                        = local.shared
  name                         = "${var.name}-shared"
  description                  = "Starts the audit on several machines"
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.time_zone
  kms_key_arn                  = aws_kms_key.this.arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.this[0].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ shards = var.shards })

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

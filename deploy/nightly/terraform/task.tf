# The task that audits, and its roles.
locals {
  of_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-execution-"
  description        = "Starts the audit's task - pulls the image, writes the log, reads the external ID"
  assume_role_policy = local.of_tasks
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "external_id" {
  name = "external-id"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = var.external_id_secret },
    ]
  })
}

resource "aws_iam_role" "hub" {
  name_prefix        = "${var.name}-hub-"
  description        = "The nightly audit: hub_principal of member/"
  assume_role_policy = local.of_tasks
}

# The hub's own account is audited with the first.
resource "aws_iam_role_policy" "hub" {
  for_each = local.policies
  name     = each.key
  role     = aws_iam_role.hub.id
  policy   = replace(each.value, "role/StudioAuditor", "role/${var.member_role}")
}

resource "aws_iam_role_policy" "store" {
  name = "store"
  role = aws_iam_role.hub.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "List", Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.store.arn },
      {
        Sid      = "Files"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["${aws_s3_bucket.store.arn}/nights/*", "${aws_s3_bucket.store.arn}/nights-parts/*"]
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.this.arn
      },
    ]
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "1024"
  memory                   = "4096"
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.hub.arn

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([
    {
      name                   = "audit"
      image                  = var.image
      essential              = true
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      privileged             = false
      linuxParameters        = { initProcessEnabled = true }
      mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
      workingDirectory       = "/scratch"
      environment = [
        { name = "TMPDIR", value = "/scratch" },
        { name = "HOME", value = "/scratch" },
        { name = "AWS_DEFAULT_REGION", value = local.region },
      ]
      secrets = [{ name = "AUDITOR_EXTERNAL_ID", valueFrom = var.external_id_secret }]
      command = [
        "audit", "--organization", "--role", var.member_role, "--external-id", "env:AUDITOR_EXTERNAL_ID",
        "--region", "all", "--store", "s3://${aws_s3_bucket.store.id}/nights", "--output", "/scratch/audit-report",
        "--new-only", "--verbose",
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = local.region
          awslogs-stream-prefix = "audit"
        }
      }
    },
  ])
}

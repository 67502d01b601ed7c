# The role in each account that the audit assumes. It only reads: policies/audit.json is what auditor permissions prints.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }
}

variable "hub_principal" {
  description = "ARN of the role that runs the audit"
  type        = string
}

variable "organization_id" {
  description = "Id of the organization"
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "An organization's id begins with o-."
  }
}

variable "external_id" {
  description = "External ID, as in the hub's secret"
  type        = string
  sensitive   = true
}

variable "role" {
  description = "The role's name, as the hub's member_role"
  type        = string
  default     = "StudioAuditor"
}

resource "aws_iam_role" "this" {
  name                 = var.role
  description          = "Role that the SageMaker Studio auditor assumes. It only reads."
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = var.hub_principal }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:PrincipalOrgID" = var.organization_id
            "sts:ExternalId"     = var.external_id
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "audit" {
  name   = "audit"
  role   = aws_iam_role.this.id
  policy = file("${path.module}/../policies/audit.json")
}

output "role_arn" {
  value = aws_iam_role.this.arn
}

variable "name" {
  description = "Beginning of every name"
  type        = string
  default     = "studio-audit"
}

variable "image" {
  description = "The auditor's image, by digest (…@sha256:…)"
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Give the image by digest."
  }
}

variable "subnets" {
  description = "Private subnets from which AWS's endpoints can be reached"
  type        = list(string)
}

variable "security_groups" {
  description = "Security groups that allow HTTPS out and nothing in"
  type        = list(string)
}

variable "external_id_secret" {
  description = "ARN of the secret in AWS Secrets Manager that holds the external ID of the role in each account"
  type        = string
}

variable "member_role" {
  description = "Role that is assumed in each account (member/)"
  type        = string
  default     = "StudioAuditor"
}

variable "schedule" {
  description = "When the audit runs"
  type        = string
  default     = "cron(0 2 * * ? *)"
}

variable "shards" {
  description = "Tasks that collect at the same time, each its share of the accounts; 0: one task does it all"
  type        = number
  default     = 0

  validation {
    condition     = var.shards >= 0 && var.shards <= 1000 && floor(var.shards) == var.shards
    error_message = "Give a whole number from 0 to 1000."
  }
}

variable "time_zone" {
  description = "Time zone of the schedule"
  type        = string
  default     = "UTC"
}

variable "alarm_email" {
  description = "Whom to notify when no audit has ended for 26 hours; empty for nobody"
  type        = string
  default     = ""
}

variable "lock_days" {
  description = "Days for which Object Lock keeps every file of the store from being deleted; 0 for none"
  type        = number
  default     = 0
}

variable "keep_days" {
  description = "Days after which versions that were overwritten or deleted go"
  type        = number
  default     = 400
}

"""Terraform plans in JSON: what is known, what only applying it tells, and what refers to what."""

"""Terraform and OpenTofu: folders with modules and variables, and plan files.

``auditor.collect.iac.terraform.terraform_reader`` is the way in. ``auditor.collect.iac.hcl`` reads the files.
"""

"""Terraform and OpenTofu: folders with modules and variables, and plan files.

``auditor.collect.iac.terraform.module_reader`` is the way in. ``auditor.collect.iac.hcl`` reads the files.
"""

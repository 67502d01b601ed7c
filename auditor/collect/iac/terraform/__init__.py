"""Terraform and OpenTofu: folders with modules and variables, and plan files.

``auditor.collect.iac.terraform.reader`` is the way in. checkov's HCL parser reads the files; docs/templates.md says why
values are not taken from checkov's renderer.
"""

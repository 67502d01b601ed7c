"""Templates as a source: CloudFormation, the CDK's assemblies, Terraform. See docs/templates.md.

``auditor.collect.iac.scan`` is the way in.
"""

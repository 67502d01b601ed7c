"""CloudFormation templates and CDK assemblies: checkov parses, this package resolves what checkov leaves open."""

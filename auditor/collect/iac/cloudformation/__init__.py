"""CloudFormation templates and CDK assemblies: read with the place of everything in them, their functions resolved."""

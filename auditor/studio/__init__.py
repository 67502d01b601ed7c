"""What SageMaker Studio and AWS are: settings, tools, practices and the names of both in template languages."""

"""Policy-as-code compliance auditor for Amazon SageMaker Studio."""

__version__ = "0.1.0"

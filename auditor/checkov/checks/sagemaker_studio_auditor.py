"""What checkov loads: it registers the rules as checks. See docs/templates.md, section checkov."""

try:
    from auditor.checkov.register import register
except ImportError as error:
    raise ImportError(
        f"sagemaker-studio-auditor cannot be imported in the environment that checkov runs in ({error}). Install it"
        " there: pip install 'sagemaker-studio-auditor[checkov]', or: pipx inject checkov sagemaker-studio-auditor"
    ) from error

register()

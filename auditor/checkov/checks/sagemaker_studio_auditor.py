"""What checkov loads: it registers the rules as checks. See docs/templates.md, section checkov."""

import logging
import multiprocessing

try:
    from auditor.checkov.register import register
except ImportError as error:
    logging.getLogger(__name__).error(
        "The SageMaker Studio rules cannot be used: sagemaker-studio-auditor is not installed where checkov runs (%s)."
        " Install it there: pip install 'sagemaker-studio-auditor[checkov]', or pipx inject checkov"
        " sagemaker-studio-auditor",
        error,
    )
    if multiprocessing.parent_process() is None:
        raise SystemExit(2) from None
else:
    register()

"""What checkov loads: it registers the rules as checks. See docs/templates.md, section checkov."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

try:
    from auditor.checkov.register import register
except ImportError as error:
    # The folder lies in another environment than checkov. This module of it needs checkov only.
    spec = spec_from_file_location("auditor_checkov_runner", Path(__file__).resolve().parents[1] / "runner.py")
    assert spec is not None
    assert spec.loader is not None
    runner = module_from_spec(spec)
    spec.loader.exec_module(runner)
    if runner.asked():
        runner.fail(
            "The SageMaker Studio rules cannot be used: sagemaker-studio-auditor is not installed where checkov runs"
            f" ({error}). Install it there: pip install 'sagemaker-studio-auditor[checkov]', or pipx inject checkov"
            " sagemaker-studio-auditor"
        )
else:
    register()

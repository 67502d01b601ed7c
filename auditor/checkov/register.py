"""Give the rules to checkov."""

from __future__ import annotations

import logging
import threading

from checkov.common.bridgecrew.check_type import CheckType
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.runner_filter import RunnerFilter

from auditor.checkov.runner import asked, fail
from auditor.errors import AuditorError

logger = logging.getLogger(__name__)
_known: set[str] = set()
_lock = threading.Lock()


def register() -> None:
    """Register a check for each rule, in both registries. Several calls are as good as one.

    A configuration that cannot be used ends checkov with exit code 2.
    """
    if not asked():
        return
    # Late, since most frameworks get no further.
    from auditor.checkov.check_settings import load
    from auditor.checkov.metadata import KINDS

    try:
        settings = load()
    except AuditorError as error:
        fail(f"The SageMaker Studio rules cannot be used: {error.diagnosis()}")
        return
    from auditor.checkov.cloudformation import CloudFormationCheck
    from auditor.checkov.terraform import TerraformCheck

    graph_checks = get_graph_checks_registry(CheckType.CLOUDFORMATION).checks
    with _lock:
        for rule in settings.choice.rules:
            if rule.table in KINDS and rule.id not in _known:
                _known.add(rule.id)
                TerraformCheck(rule, settings)  # it registers itself
                graph_checks.append(CloudFormationCheck(rule, settings))
                RunnerFilter.notify_external_check(rule.id)
    # Warnings show by themselves: which rules there are depends on that file.
    for text in (settings.problem, settings.weakened, settings.note):
        if text:
            logger.warning("SageMaker Studio rules: %s", text)
    logger.info(
        "%d rules of SageMaker Studio are checks, with %s", len(_known), settings.config.path or "no auditor.yaml"
    )

"""Give the rules to checkov."""

from __future__ import annotations

import logging
import multiprocessing
import threading

from checkov.common.bridgecrew.check_type import CheckType
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.runner_filter import RunnerFilter

from auditor.checkov.runner import runner
from auditor.errors import AuditorError, ExitCode

logger = logging.getLogger(__name__)
_FRAMEWORKS = frozenset({CheckType.TERRAFORM, CheckType.TERRAFORM_PLAN, CheckType.CLOUDFORMATION})
_known: set[str] = set()
_lock = threading.Lock()


def register() -> None:
    """Register a check for each rule, in both registries. Several calls are as good as one.

    checkov loads external checks anew for each of its frameworks, most of them in a process of their own; only those
    that read our languages are worth the time. A configuration that cannot be used ends checkov with exit code 2; in
    those processes nothing can, so there it is an error in the log, and no result.
    """
    asking = runner()
    if asking is not None and asking.check_type not in _FRAMEWORKS:
        return
    # Late, since most frameworks get no further.
    from auditor.checkov.metadata import KINDS
    from auditor.checkov.settings import load

    try:
        settings = load()
    except AuditorError as error:
        logger.error("The SageMaker Studio rules cannot be used: %s", error.diagnosis())
        if multiprocessing.parent_process() is None:
            raise SystemExit(ExitCode.USAGE) from None
        return
    from auditor.checkov.cloudformation import CloudFormationCheck
    from auditor.checkov.terraform import TerraformCheck

    graph_checks = get_graph_checks_registry(CheckType.CLOUDFORMATION).checks
    with _lock:
        for rule in settings.rules:
            if rule.table in KINDS and rule.id not in _known:
                _known.add(rule.id)
                TerraformCheck(rule, settings)  # it registers itself
                graph_checks.append(CloudFormationCheck(rule, settings))
                RunnerFilter.notify_external_check(rule.id)
    logger.info("%d rules of SageMaker Studio are checks, with %s", len(_known), settings.config or "no auditor.yaml")

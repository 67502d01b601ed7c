"""The framework of checkov that is at work: checkov tells its checks neither that nor, always, its graph.

Nothing of the auditor is imported here: the folder of checks uses this module by its path where the auditor's own
dependencies are missing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from checkov.common.bridgecrew.check_type import CheckType
from checkov.common.models.enums import ErrorStatus
from checkov.common.output.report import Report
from checkov.common.runners.base_runner import BaseRunner

logger = logging.getLogger(__name__)
FRAMEWORKS = frozenset({CheckType.TERRAFORM, CheckType.TERRAFORM_PLAN, CheckType.CLOUDFORMATION})
_reports: list[Report] = []
_failed: list[str] = []


def runner() -> Any:
    """The runner that called, directly or not; None where there is none. It is looked for on the stack of calls, since
    several may be at work in threads of one process."""
    return next((frame.f_locals["self"] for frame in _runners()), None)


def _runners() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), BaseRunner):
            yield frame
        frame = frame.f_back


def asked() -> bool:
    """Whether checks are loaded for a framework that reads our languages. checkov loads them anew for each of its
    frameworks, most of them in a process of their own.

    The report that the framework will hand over is kept for ``fail``: graph checks are called in other threads.
    """
    asking = runner()
    if asking is not None and asking.check_type not in FRAMEWORKS:
        return False
    reports = (frame.f_locals.get("report") for frame in _runners())
    _reports.extend(report for report in reports if isinstance(report, Report))
    return True


def fail(message: str) -> None:
    """Have checkov end with exit code 2: an error in its log, and its report marked as one that is not to be trusted.

    An exception would not do. checkov logs those of a module of checks and goes on, drops those of graph checks, and
    loses the end of a process of one framework.
    """
    for report in _reports:
        report.set_error_status(ErrorStatus.ERROR)
    if message not in _failed:
        _failed.append(message)
        logger.error(message)
    if not _reports:
        raise SystemExit(2)


def graphs() -> list[Any]:
    """The graphs of the runner that called: several where it was told to split them (TF_SPLIT_GRAPH)."""
    found = runner()
    split = getattr(found, "all_graphs", None)
    if isinstance(split, list) and split:
        return [graph for graph, _ in split]
    manager = getattr(found, "graph_manager", None)
    graph = manager.get_reader_endpoint() if manager is not None else None
    return [] if graph is None else [graph]

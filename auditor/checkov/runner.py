"""The framework of checkov that is at work: checkov tells its checks neither that nor, always, its graph."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from checkov.common.runners.base_runner import BaseRunner


def runner() -> Any:
    """The runner that called, directly or not; None where there is none. It is looked for on the stack of calls, since
    several may be at work in threads of one process."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals.get("self")
        if isinstance(found, BaseRunner):
            return found
        frame = frame.f_back
    return None


def graphs() -> list[Any]:
    """The graphs of the runner that called: several where it was told to split them (TF_SPLIT_GRAPH)."""
    found = runner()
    split = getattr(found, "all_graphs", None)
    if isinstance(split, list) and split:
        return [graph for graph, _ in split]
    manager = getattr(found, "graph_manager", None)
    graph = manager.get_reader_endpoint() if manager is not None else None
    return [] if graph is None else [graph]

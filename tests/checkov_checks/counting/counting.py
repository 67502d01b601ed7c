"""Counts evaluations in the file EVALUATIONS, and raises in the function of the auditor that BROKEN names."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from auditor.checkov import graph_evaluation


def _counted(graph: Any, settings: Any, evaluate: Any = graph_evaluation.evaluate) -> Any:
    with Path(os.environ["EVALUATIONS"]).open("a") as file:
        file.write(f"{type(graph).__name__}\n")
    return evaluate(graph, settings)


def _broken(*arguments: Any) -> None:
    raise RuntimeError("the auditor is broken")


if "EVALUATIONS" in os.environ:
    graph_evaluation.evaluate = _counted
if "BROKEN" in os.environ:
    module, _, name = os.environ["BROKEN"].partition(":")
    setattr(import_module(module), name, _broken)

"""A module written into a folder, and what its names stand for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.budget import Budget
from auditor.collect.iac.interface import Root
from auditor.collect.iac.terraform.module_files import LocalFiles
from auditor.collect.iac.terraform.module_reader import ModuleReader, _inputs
from auditor.collect.iac.terraform.modules import ABSENT, ModuleInstance, Shared
from auditor.collect.iac.terraform.plan.plan_reader import read_plan
from auditor.collect.iac.terraform.variables import Given, root_values
from auditor.collect.iac.tree import Tree

from .plans import Json

Files = dict[str, str]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Files], Path]:
    """Write files by name, and give their folder."""

    def write(files: Files) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def module(write: Callable[[Files], Path]) -> Callable[..., ModuleInstance]:
    """The root module of some files; one text is main.tf."""

    def module(files: Files | str, given: Given | None = None) -> ModuleInstance:
        folder = write({"main.tf": files} if isinstance(files, str) else files)
        reader = ModuleReader(lambda path: path.name, Tree.around([folder]), given or Given())
        read = reader.module(folder)
        files = LocalFiles(read.path, reader._allowed, reader.tree)
        shared = Shared(reader, files, str(read.path), {}, Budget())
        empty = ModuleInstance(read, shared, lambda _: None)
        values = root_values(read, given or Given(), empty, reader.tree)
        return ModuleInstance(read, shared, _inputs(values, lambda _: ABSENT))

    return module


@pytest.fixture
def roots(write: Callable[[Files], Path]) -> Callable[..., list[Root]]:
    """The roots of some files, of the folder and those below it that hold configuration."""

    def roots(files: Files | str, given: Given | None = None) -> list[Root]:
        folder = write({"main.tf": files} if isinstance(files, str) else files)
        tree = Tree.around([folder])
        reader = ModuleReader(lambda path: path.relative_to(folder.resolve()).as_posix(), tree, given or Given())
        folders = sorted({path.parent for ending in (".tf", ".tofu", ".json") for path in folder.rglob(f"*{ending}")})
        return list(reader.folders([f for f in folders if "/." not in f.as_posix()]))

    return roots


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Root]:
    def read(content: Json | str, files: dict[str, str] | None = None) -> Root:
        for name, text in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "plan.json").write_text(text, encoding="utf-8")
        tree = Tree.around([tmp_path])
        return read_plan(
            tmp_path / "plan.json", ModuleReader(lambda p: p.relative_to(tmp_path.resolve()).as_posix(), tree)
        )

    return read

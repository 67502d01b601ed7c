"""The corpus in checkov and in ``auditor scan``: for each rule, each file and each resource they agree."""

from __future__ import annotations

import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac import scan as scanning
from auditor.collect.iac.interface import Root
from auditor.collect.iac.scope import Scope
from auditor.evaluate.audit import load_tables
from auditor.evaluate.engine import evaluate_rules
from auditor.model.rule import Rule
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.resource_types import RESOURCE_TYPES, TABLES

from .commandline import Run, checkov

pytestmark = pytest.mark.checkov
ROOT = Path(__file__).resolve().parents[1] / "iac" / "corpus"
EVERY = Path(__file__).parent / "every_entity"
#: Cases whose resources checkov does not show to any check: Fn::ForEach and what is a text inside a template are no
#: resources to it (nor what Terraform deploys as one, or Terragrunt generates), and its framework terraform reads
#: neither JSON nor .tofu files.
UNSEEN = {
    "cfn-for-each", "cfn-for-each-unknown", "cfn-stack-set", "tf-enabled", "tf-json-syntax", "tf-opentofu",
    "tf-stack-inside", "tf-terragrunt-generated",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A resource with the verdict of each rule. ``root``: what it is deployed with; both are absolute paths."""

    root: str
    file: str
    address: str
    verdicts: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """How checkov names it: file and logical id, plan and address, or file and address."""
        if self.root.endswith(".json") and "::" not in self.address and not self.file.endswith(".template"):
            return (self.root, self.address)
        return (self.file, self.address)


def scanned(rules: Sequence[Rule], monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """What ``auditor scan`` finds in the whole corpus."""
    roots: list[Root] = []
    build = scanning.build
    monkeypatch.setattr(scanning, "build", lambda found, as_of: roots.extend(found) or build(found, as_of))
    monkeypatch.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, scanning.scan([Path()], scanning.ScanOptions()))
        con, _ = load_tables([path])
        evaluate_rules(con, rules, {})
    verdicts: dict[tuple[str, str, str], dict[str, str]] = {}
    for table in TABLES:
        names = [rule.id for rule in rules if rule.table == table]
        columns = ", ".join(f'v."{name}"::VARCHAR' for name in names)
        for account, id_, *values in con.execute(
            f"select t.account, t.id, {columns} from {table} t join verdict_{table} v using (key)"
        ).fetchall():
            verdicts[table, account, id_] = dict(zip(names, values, strict=True))
    rows = []
    for root in roots:
        scope = Scope(root)
        for table, kind in ((type_.table, type_.kind) for type_ in RESOURCE_TYPES):
            for resource in scope.of(kind):
                id_ = scope.role_arn(resource) if table == "execution_role" else resource.address
                address = resource.address.rpartition("/")[2] if "::" in resource.type else resource.address
                # checkov knows nothing of the stack that a module is a component of.
                address = re.sub(r"^component\.[^.]+\.", "", address)
                file = root.path if root.path.endswith("plan.json") else resource.file
                said = verdicts.get((table, root.path, id_), {})
                rows.append(Row(root.called.get("", root.path), str(ROOT / file), address, said))
    return rows


def as_checkov_says(verdicts: Iterable[str]) -> set[str]:
    """The result for a resource of checkov's that is several: fail for certain, pass for certain, or none."""
    found = {verdict for verdict in verdicts if verdict != "not_applicable"}
    if "fail" in found:
        return {"FAILED"}
    return {"PASSED"} if found == {"pass"} else set()


def without_keys(address: str) -> str:
    return re.sub(r'\["[^"]*"\]|\[\d+\]', "", address)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return checkov(
        "-d", ".", "--framework", "cloudformation", "terraform", "terraform_plan", "-c", "STU*,TST_EVERY",
        "--external-checks-dir", EVERY, "-o", "json",
        folder=ROOT, watched=tmp_path_factory.mktemp("watched"),
    )  # fmt: skip


def test_checkov_and_scan_agree(
    run: Run, built_in_rules: Sequence[Rule], monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    rows = scanned(built_in_rules, monkeypatch)
    entities: set[tuple[str, str]] = set()
    results: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for found in run.results():
        name = found.resource.rpartition(".")[2] if "::" in found.resource else found.resource
        if found.check == "TST_EVERY":
            entities.add((found.file, name))
        else:
            results[found.file, name, found.check].add(found.result)
    assert {(file, name) for file, name, _ in results} <= entities

    known: set[int] = set()
    files, compared, wrong = set(), 0, []
    for file, name in sorted(entities):
        own = [n for n, row in enumerate(rows) if (row.file, row.address) == (file, name)]
        # Instances that checkov did not tell apart are one resource to it.
        own = own or [n for n, row in enumerate(rows) if (row.file, without_keys(row.address)) == (file, name)]
        known |= set(own)
        files.add(file)
        for rule in built_in_rules:
            # Root modules that share a module give one name to resources that checkov reports one by one.
            by_root: dict[str, list[str]] = defaultdict(list)
            for n in own:
                by_root[rows[n].root].append(rows[n].verdicts.get(rule.id, "not_applicable"))
            several = file.endswith(".tf") and len(by_root) > 1
            groups = by_root.values() if several else [[v for values in by_root.values() for v in values]]
            expected = {result for group in groups for result in as_checkov_says(group)}
            compared += 1
            if results.get((file, name, rule.id), set()) != expected:
                wrong.append((os.path.relpath(file, ROOT), name, rule.id, results.get((file, name, rule.id)), expected))
    assert wrong == []
    record_property("compared", f"{compared} results: {len(built_in_rules)} rules, {len(files)} files")
    print(f"{compared} results compared: {len(built_in_rules)} rules, {len(files)} files, {len(entities)} resources")
    assert compared > 10_000
    assert sum(map(len, results.values())) > 2000

    unparsed = {os.path.realpath(p) for report in run.reports for p in report["results"]["parsing_errors"]}
    missing = {row.file for n, row in enumerate(rows) if n not in known and row.verdicts}
    assert {Path(file).relative_to(ROOT).parts[0] for file in missing - unparsed} <= UNSEEN


def test_nothing_of_it_reached_for_the_network(run: Run) -> None:
    assert run.connections == ""


def test_the_log_holds_nothing_of_ours(run: Run) -> None:
    assert "SageMaker Studio rules" not in run.err
    # checkov's own parser does show tracebacks, of the corpus's invalid files.
    assert not re.search(r'File ".*[/\\]auditor[/\\]', run.err)

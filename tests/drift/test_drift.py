"""Drift of documents that no API gives and no reader makes: never a crash, and never a claim without a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from auditor.drift.compared_settings import compared
from auditor.drift.detect import drift
from auditor.drift.sides import LiveFile
from auditor.model.drift import Drift
from auditor.model.resource import SnapshotInfo
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, TEMPLATE, Header, Kind, Place, Record, Scope, Snapshot
from auditor.report.drift_view import drift_view
from auditor.report.json_format import drift_parts
from auditor.report.json_text import to_json
from tests.budgets import examples

AS_OF = "2026-11-25T00:00:00Z"
_VALUES: Sequence[Any] = (
    None, "x", "", "${Key}", 1, True, 3.5, [], ["a"], ["a", 1], [{}], [{"RepositoryUrl": "u"}], {}, {"a": 1},
    "arn:aws:iam::template:role/x", "alias/x", "studio::",
)  # fmt: skip
_OTHERS = ("DomainName", "UserProfileName", "SpaceName", "AppName", "AppType", "DomainId", "CreationTime", "Status",
           "OwnershipSettings", "DomainSettings", "UserSettings")  # fmt: skip
_GAPS = ("*", "exists", "Tags", "DomainName", "UserProfileName", "DomainId", "UserSettings", "DefaultUserSettings")
_NAMES: dict[Kind, str] = {"user_profile": "UserProfileName", "space": "SpaceName", "app": "AppName"}


@st.composite
def documents(draw: st.DrawFn, kind: Kind, base: dict[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for path in draw(st.lists(st.sampled_from([*compared(kind), *_OTHERS]), max_size=8)):
        node = found
        *parents, last = path.split(".")
        for parent in parents:
            if not isinstance(node.get(parent), dict):
                node[parent] = {}
            node = node[parent]
        node[last] = draw(st.sampled_from(_VALUES))
    return found


@st.composite
def records(draw: st.DrawFn, live: bool) -> tuple[Record, ...]:
    found = []
    account, region = ("1", "eu-west-1") if live else ("t.yaml", TEMPLATE)
    for number in range(draw(st.integers(0, 2))):
        domain = f"d-{number}" if live else f"Domain{number}"
        every: list[tuple[Kind, str, dict[str, Any]]] = [
            ("domain", domain, {"DomainId": domain, "DomainName": draw(st.sampled_from(["a", "b"]))})
        ]
        for kind, member in _NAMES.items():
            name = draw(st.sampled_from(["p", "P", "q"]))
            inside = f"profile/p/JupyterLab/{name}" if kind == "app" else name
            id_ = f"{domain}/{inside}" if live else f"{kind}{number}"
            every.append((kind, id_, {"DomainId": domain, member: name}))
        for kind, id_, base in every:
            tags = draw(st.sampled_from([None, (), (("owner", "x"), ("aws:y", "z"))]))
            gaps = tuple(draw(st.lists(st.sampled_from(_GAPS), max_size=1)))
            place = None if live else Place("t.yaml", 3, region=draw(st.sampled_from(["", "eu-west-1", "us-east-1"])))
            found.append(Record(account, region, kind, id_, draw(documents(kind, base)), tags, gaps, place))
    return tuple(found)


def made(ours: tuple[Record, ...], theirs: tuple[Record, ...], lists: tuple[str, ...] = ()) -> Drift:
    place = Record("1", "eu-west-1", "account_region", "eu-west-1", {}, None, lists)
    scope = (Scope("1", "eu-west-1"),)
    live = Snapshot(Header(SCHEMA_VERSION, "aws", AS_OF, "0", "1", "", scope, kinds=KINDS), (place, *theirs))
    scope = (Scope("t.yaml", TEMPLATE),)
    templates = Snapshot(Header(SCHEMA_VERSION, "cloudformation", AS_OF, "0", "", "", scope), ours)
    file = SnapshotInfo("live.jsonl", "0" * 64, AS_OF, "aws", "1", "", (("1", "eu-west-1"),))
    return drift(templates, [LiveFile(file, live)])


@examples(150, suppress_health_check=list(HealthCheck))
@given(ours=records(live=False), theirs=records(live=True), lists=st.sampled_from([(), ("space",), ("domain",)]))
def test_whatever_stands_in_the_documents(
    ours: tuple[Record, ...], theirs: tuple[Record, ...], lists: tuple[str, ...]
) -> None:
    found = made(ours, theirs, lists)
    # Each resource of a template is in one place: matched, not deployed, or not known.
    assert sum(found.matched.values()) + len(found.not_deployed) + len(found.unmatched) == len(ours)
    for difference in found.disagreements:
        assert difference.template_value.set or difference.account_value.set
        assert difference.template_value != difference.account_value
    open_ = {(n.account.key, n.template.key, s) for n in found.not_compared for s in n.settings}
    assert not open_ & {(d.account.key, d.template.key, d.setting) for d in found.disagreements}
    assert drift_view(found).drift is found
    for part in drift_parts(found).values():
        assert to_json(part if isinstance(part, dict) else list(part))

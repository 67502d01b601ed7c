"""The law of drift: an estate written as a template and deployed as it is has none; one change in the account gives
exactly that disagreement; what cannot be seen is never one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from auditor.collect.iac.build import build
from auditor.collect.iac.interface import Root
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.drift.detect import drift, load_live
from auditor.model.drift import Drift
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.run.template_values import nested
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.template_names import rows
from auditor.studio.template_types import Language
from tests.budgets import examples

from .estates import AS_OF, ROOT, Estate, Item, Link, estates
from .test_parity import resources, template

ACCOUNT, REGION = "111122223333", "eu-west-1"
_FIXED = {"DomainName", "DomainId", "UserProfileName", "SpaceName", "AppName", "AppType"}
_NAMES = {"domain": "DomainName", "user_profile": "UserProfileName", "space": "SpaceName"}
QUIET = examples(12, suppress_health_check=list(HealthCheck))


@st.composite
def possible(draw: st.DrawFn, languages: Sequence[Language]) -> Estate:
    """Estates that AWS would take, of what is compared: an app is a profile's or a space's, never both; roles of
    Studio's parts are not compared."""
    estate = draw(estates(languages))

    def left_out(item: Item, path: str) -> bool:
        return path in SIDE_ROLES.get(item.kind, ()) or (item.kind == "app" and path == "SpaceName")

    items = (replace(i, members={p: v for p, v in i.members.items() if not left_out(i, p)}) for i in estate.items)
    return replace(estate, items=tuple(items))


def deployed(estate: Estate) -> Snapshot:
    """The estate as a live collection sees it once it is deployed: with AWS's ids and ARNs."""
    ids = {item.id: f"d-{number:012}" for number, item in enumerate(estate.items) if item.kind == "domain"}

    def real(value: Any) -> Any:
        if isinstance(value, Link):
            return f"arn:aws:iam::{ACCOUNT}:role/{value.id}" if value.kind == "role" else ids[value.id]
        return value

    def record(item: Item) -> Record:
        document = nested({path: real(value) for path, value in item.members.items()})
        document |= {"Status": "InService", "CreationTime": "2026-01-01T00:00:00Z"}
        domain = ids.get(item.id) or document["DomainId"]
        if item.kind == "domain":
            id_ = domain
            document |= {"DomainId": domain, "DomainArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/{domain}"}
        elif item.kind == "app":
            id_ = f"{domain}/profile/{document['UserProfileName']}/{document['AppType']}/{document['AppName']}"
        else:
            id_ = f"{domain}/{document[_NAMES[item.kind]]}"
        return Record(ACCOUNT, REGION, item.kind, id_, document, tuple(sorted(item.tags.items())))

    header = Header(SCHEMA_VERSION, "aws", AS_OF, "0", "1", "", (Scope(ACCOUNT, REGION),), kinds=KINDS)
    place = Record(ACCOUNT, REGION, "account_region", REGION, {})
    return Snapshot(header, (place, *map(record, estate.items)))


def beside(templates: Snapshot, live: Snapshot) -> Drift:
    """The drift, through a file as in use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "live.jsonl"
        write_snapshot(path, live)
        return drift(templates, load_live([path]))


def written(estate: Estate, language: Language) -> Snapshot:
    return build([Root(ROOT, "Terraform", resources(estate, language), ("main.tf",))], AS_OF)


def assert_none(found: Drift, estate: Estate) -> None:
    assert found.disagreements == ()
    assert found.not_compared == ()
    assert found.live_only == ()
    assert found.not_deployed == ()
    assert found.unmatched == ()
    assert found.incomplete == ()
    assert sum(found.matched.values()) == len(estate.items)


def changed(value: Any) -> Any:
    """Another value of the same type, that means nothing to AWS."""
    if isinstance(value, Link):
        return Link(value.kind, f"{value.id}-changed")
    if isinstance(value, str):
        return f"{value}-changed"
    if isinstance(value, int):
        return value + 1
    if all(isinstance(v, Mapping) for v in value) and value:
        return [*value, {"RepositoryUrl": "https://git.example/changed"}]
    return [*value, "changed"]


@pytest.mark.parametrize("language", ["aws", "awscc"])
@QUIET
@given(data=st.data())
def test_what_is_deployed_as_written_does_not_differ(language: Language, data: st.DataObject) -> None:
    estate = data.draw(possible([language]))
    assert_none(beside(written(estate, language), deployed(estate)), estate)


@examples(10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_cloudformation_template_that_is_deployed_does_not_differ(data: st.DataObject) -> None:
    estate = data.draw(possible(["cloudformation"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(template(estate, data)))
        found = scan([path], ScanOptions())
    assert_none(beside(found, deployed(estate)), estate)


@pytest.mark.parametrize("language", ["aws", "awscc"])
@QUIET
@given(data=st.data())
def test_one_changed_setting_is_one_disagreement(language: Language, data: st.DataObject) -> None:
    estate = data.draw(possible([language]))
    read = {(kind, row.path): row.read for kind in ("domain", "user_profile", "space", "app") for row in rows(kind)}  # type: ignore[arg-type]
    choices = [
        (number, path)
        for number, item in enumerate(estate.items)
        for path in sorted(item.members)
        if path not in _FIXED and read[item.kind, path] != "present"
    ]
    number, path = data.draw(st.sampled_from(choices))
    item = estate.items[number]
    other = replace(item, members={**item.members, path: changed(item.members[path])})
    if read[item.kind, path] == "items" and not item.members[path]:
        other = replace(item, members={**item.members, path: [{"RepositoryUrl": "https://git.example/changed"}]})
    items = (*estate.items[:number], other, *estate.items[number + 1 :])
    found = beside(written(estate, language), deployed(replace(estate, items=items)))
    (difference,) = found.disagreements
    assert difference.setting == path
    assert difference.template.id == item.id
    assert difference.account_value.set
    assert found.not_compared == found.live_only == found.not_deployed == found.unmatched == ()


@QUIET
@given(data=st.data())
def test_what_was_not_seen_is_no_disagreement(data: st.DataObject) -> None:
    """A member that was denied, whatever it holds."""
    estate = data.draw(possible(["awscc"]))
    live = deployed(estate)
    choices = [
        (item, path) for item in estate.items for path in sorted(item.members) if path not in _FIXED and "." in path
    ]
    assume(choices)
    item, path = data.draw(st.sampled_from(choices))
    number = 1 + estate.items.index(item)
    bare = {p: v for p, v in item.members.items() if p != path}
    document = {
        **deployed(replace(estate, items=tuple(replace(i, members=bare) if i is item else i for i in estate.items)))
        .records[number].document
    }  # fmt: skip
    records = list(live.records)
    records[number] = replace(records[number], document=document, gaps=(path,))
    found = beside(written(estate, "awscc"), replace(live, records=tuple(records)))
    assert found.disagreements == ()
    assert [(n.settings, str(n.side)) for n in found.not_compared if n.template.id == item.id] == [((path,), "account")]


@QUIET
@given(data=st.data())
def test_what_is_on_one_side_only(data: st.DataObject) -> None:
    estate = data.draw(possible(["awscc"]))
    gone = data.draw(st.sampled_from([i for i in estate.items if i.kind != "domain"] or list(estate.items)))
    # What lies in a domain that is gone is gone as well.
    lost = [i for i in estate.items if i is gone or i.members.get("DomainId") == Link("domain", gone.id)]
    kept = replace(estate, items=tuple(i for i in estate.items if i not in lost))
    found = beside(written(estate, "awscc"), deployed(kept))
    assert {r.id for r in found.not_deployed} == {i.id for i in lost}
    assert found.live_only == found.unmatched == found.disagreements == ()
    found = beside(written(kept, "awscc"), deployed(estate))
    settings = "DomainSettings.UnifiedStudioSettings"
    unified = {
        i.id
        for i in estate.items
        if i.members.get(f"{settings}.ProjectId") and i.members.get(f"{settings}.StudioWebPortalAccess") != "ENABLED"
    }
    aside = [i for i in lost if i.id in unified or getattr(i.members.get("DomainId"), "id", "") in unified]
    assert found.out_of_scope == len(aside)
    assert len(found.live_only) == len(lost) - len(aside)
    assert all(item.certain for item in found.live_only)
    assert found.not_deployed == found.unmatched == found.disagreements == ()

"""A what-if takes what stays from the tables of the snapshots as they are, looks only at accounts in which something
changes, and compares in SQL. On changes drawn by chance it says what two whole audits say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from auditor.config import Config
from auditor.model.rule import Rule
from auditor.resolve import alike_profiles, build_tables, evidence_tables
from auditor.rules.verdict_sql import parse_overrides
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if import WhatIfOptions, combined, what_if
from auditor.run.what_if_sides import compare, first_side
from auditor.store.snapshot_file import sealed, write_lines
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.whatif.changes import Change, gone, put
from auditor.whatif.consequences import WhatIf
from auditor.whatif.differences import WITHIN_ACCOUNT, looks_elsewhere
from auditor.whatif.overlay import overlay, read_lines
from auditor.whatif.second_side import Changed

from .full_way import Rules, long_way, quick

ACME, TWIN = "123456789012", "210987654321"
_PORTAL = {
    "StudioWebPortalSettings.HiddenAppTypes": ('["JupyterServer"]', "[]", "null"),
    "StudioWebPortalSettings.HiddenMlTools": ('["Comet", "DataWrangler"]', "null"),
    "AutoMountHomeEFS": ("Enabled", "Disabled", "null"),
    "DefaultLandingUri": ("studio::", "app:JupyterServer:", "null"),
    "ExecutionRole": (f"arn:aws:iam::{ACME}:role/studio-legacy", f"arn:aws:iam::{TWIN}:role/nobody", "null"),
    "JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes": ("60", "5000", "null"),
}  # fmt: skip
_SETS = {
    "domain": {
        **{f"DefaultUserSettings.{path}": values for path, values in _PORTAL.items()},
        "TagPropagation": ("ENABLED", "DISABLED"),
        "AppNetworkAccessType": ("VpcOnly", "PublicInternetOnly"),
        "DefaultSpaceSettings.ExecutionRole": (f"arn:aws:iam::{ACME}:role/studio-legacy",),
        "Tags.owner": ("ana", "null"),
    },
    "user_profile": {
        **{f"UserSettings.{path}": values for path, values in _PORTAL.items()},
        "Tags.owner": ("ana", "null"),
        "Tags.team": ("risk",),
    },
    "space": {
        "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb": ("5", "900"),
        "SpaceSettings.AppType": ("JupyterLab", "CodeEditor"),
        "Tags.owner": ("ana",),
    },
}  # fmt: skip
_FIXES = ("storage", "roles", "STU4*", "experience", "people", "operations")


@pytest.fixture(scope="module")
def twins(estate_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The estate in two accounts, each a snapshot of its own."""
    folder = tmp_path_factory.mktemp("twins")
    files = []
    for account in (ACME, TWIN):
        lines = (
            line.replace(ACME.encode(), account.encode()) for _, line in SnapshotReader(estate_file("acme")).lines()
        )
        files.append(folder / f"{account}.jsonl")
        write_lines(files[-1], sealed(lines))
    return files


@pytest.fixture(scope="module")
def keys(twins: Sequence[Path]) -> list[Key]:
    """Those that may be changed, of both."""
    return [key for file in twins for key, _ in SnapshotReader(file).lines() if key[2] in _SETS]


# An example takes four evaluations: shrinking one would take an hour.
@settings(max_examples=max(2, settings().max_examples // 12), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_it_says_what_two_audits_say(
    data: st.DataObject, twins: list[Path], keys: list[Key], built_in_rules: tuple[Rule, ...]
) -> None:
    account = data.draw(st.sampled_from((ACME, TWIN, "")))
    mine = [key for key in keys if account in ("", key[0])]
    sets = []
    for key in data.draw(st.lists(st.sampled_from(mine), max_size=4, unique=True)):
        path = data.draw(st.sampled_from(sorted(_SETS[key[2]])))
        sets.append(f"{'/'.join(key)}:{path}={data.draw(st.sampled_from(_SETS[key[2]][path]))}")
    fixes = data.draw(st.lists(st.sampled_from(_FIXES), max_size=0 if sets and account else 1))
    parameters = data.draw(st.sampled_from(((), ("STU505.max_gib=1",), ("STU101.min_letters=9", "STU505.max_gib=900"))))
    if not (sets or fixes or parameters):
        fixes = ["storage"]
    event(f"accounts: {len({s.partition('/')[0] for s in sets})}, fixes: {len(fixes)}, parameters: {len(parameters)}")
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):  # as of very many profiles
            patch.setattr(alike_profiles, "MANY_BYTES", 0)
            if data.draw(st.booleans()):
                patch.setattr(build_tables, "MATERIALISED_PROFILES", 0)
                patch.setattr(build_tables, "MATERIALISED_DOCUMENTED", 0)
                patch.setattr(evidence_tables, "MATERIALISED_ROLES", 0)
        found = what_if(Config(), twins, WhatIfOptions(sets, fixes, RuleOptions(parameters=parameters)))
    then = Rules(built_in_rules, parse_overrides(parameters, built_in_rules))
    expected, _ = long_way(twins, found.changes, Rules(built_in_rules), then)
    assert quick(found) == expected


def test_where_more_hangs_on_a_change_everything_is_loaded_afresh(
    twins: list[Path], keys: list[Key], built_in_rules: tuple[Rule, ...], tmp_path: Path
) -> None:
    """A domain gets RStudio, which makes a profile and apps AWS's own; a profile holds a member of another type, which
    leaves its list open, and is removed."""
    domain = next(key for key in keys if key[2] == "domain")
    profile = next(key for key in keys if key[2] == "user_profile" and key[3].startswith(f"{domain[3]}/"))
    lines = {key: json.loads(line) for key, line in SnapshotReader(twins[0]).lines() if key[2]}
    lines[profile]["user_profile"]["UserProfileName"] = "domain-shared-rstudio-server"
    odd = next(key for key in keys if key[2] == "user_profile" and key[3].startswith("d-legacy"))
    lines[odd]["user_profile"]["UserProfileName"] = 7
    file = tmp_path / "odd.jsonl"
    overlay(twins[0], {profile: lines[profile], odd: lines[odd]}, file)
    gets = put(
        "DomainSettings.RStudioServerProDomainSettings", {"DomainExecutionRoleArn": f"arn:aws:iam::{ACME}:role/x"}
    )
    for key, edit in ((domain, gets), (odd, gone), (odd, put("UserSettings.AutoMountHomeEFS", "Enabled"))):
        change = Change(key, "test", "test", edit)
        found = _compared([file, twins[1]], change, tmp_path)
        expected, _ = long_way([file, twins[1]], [change], Rules(built_in_rules))
        assert quick(found) == expected
        assert len(found.gone) + len(found.came) + len(found.unknown) + len(found.settings) > 0


def _compared(files: Sequence[Path], change: Change, folder: Path) -> WhatIf:
    folder = folder / str(len(list(folder.iterdir())))
    folder.mkdir()
    lines = [read_lines(file, {change.key}.__contains__) for file in files]
    becomes, _ = combined(lines, [{} for _ in files], [change])
    first = first_side(Config(), choose(Config(), RuleOptions()), files, folder)
    return compare(first, None, Changed([change], [], [], lines, becomes), None)


def test_what_is_listed_of_many_is_the_first_of_all(twins: list[Path]) -> None:
    options = WhatIfOptions(fix=["storage", "STU4*", "STU901"])
    everything, few = what_if(Config(), twins, options), what_if(Config(), twins, options, most=2)
    for kind in ("gone", "came", "unknown"):
        whole, part = getattr(everything, kind), getattr(few, kind)
        assert part.numbers == whole.numbers
        assert {rule: those[:2] for rule, those in whole.by_rule().items()} == part.by_rule()
    assert few.headline == everything.headline
    assert [(m.number, m.names) for m in few.settings.moves] == [
        (m.number, m.names[:2]) for m in everything.settings.moves
    ]  # fmt: skip


def test_no_rule_looks_beyond_an_account_unseen(built_in_rules: tuple[Rule, ...]) -> None:
    """Rules with a subquery are named, each looked at: a what-if of one account does not read the others' tables."""
    assert {rule.id for rule in built_in_rules if rule.reads} == WITHIN_ACCOUNT
    # What is the company's own word hangs on the names in all accounts.
    assert {rule.id for rule in built_in_rules if rule.own_words} == {"STU101", "STU105", "STU703"}
    assert looks_elsewhere(built_in_rules)
    others = [rule for rule in built_in_rules if not rule.own_words]
    assert not looks_elsewhere(others)
    assert looks_elsewhere([_of_all(others[0])])


def _of_all(rule: Rule) -> Rule:
    from dataclasses import replace

    return replace(rule, id="X1", require="(select count(*) from domain) < 9")

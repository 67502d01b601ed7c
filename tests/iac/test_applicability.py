"""Which rules templates can answer: from the tables' metadata, for users' own rules too, and row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac.build import build
from auditor.collect.iac.interface import Reference, Resource, Root, Unknown
from auditor.evaluate.audit import evaluate
from auditor.model.report import Report
from auditor.model.rule import Case, Rule, Verdict
from auditor.model.snapshot import KINDS
from auditor.resolve.tables import LIVE, TABLES
from auditor.resources import rules_dir
from auditor.rules.applicability import NAMES, NOT_IN_TEMPLATES, SETTING, missing_kinds, template_limits
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules
from auditor.store.snapshot_file import write_snapshot

AS_OF = "2026-11-23T02:00:00Z"
#: Rules that need what no template holds, whatever the template says. From the rules' own texts: sign-ins, Identity
#: Center's people, session names, rootless Docker, how long an app runs, the bill's tags, quotas.
NEVER = {
    "STU102",
    "STU103",
    "STU107",
    "STU109",
    "STU111",
    "STU112",
    "STU207",
    "STU219",
    "STU615",
    "STU616",
    "STU707",
    "STU718",
    "STU806",
    "STU807",
}

SIGNED_IN = (
    "case when exists (select 1 from sign_in s where (s.user_profile_name = lower(user_profile.name)) is null)"
    " then null else (select count(*) from sign_in s where s.user_profile_name = lower(user_profile.name)) > 0 end"
)
ROLE = "(select {} from execution_role r where r.id = execution_role)"


def _domain(**properties: Any) -> Resource:
    return Resource(
        "Domain", "AWS::SageMaker::Domain", {"DomainName": "d", "AuthMode": "IAM", **properties}, "t.yaml", 3
    )


def _profile(id_: str = "Ana", doubt: Unknown | None = None, **user: Any) -> Resource:
    properties = {
        "DomainId": Reference("Domain", "Ref"),
        "UserProfileName": id_.lower() + "-lopez",
        "UserSettings": user,
    }
    return Resource(id_, "AWS::SageMaker::UserProfile", properties, "t.yaml", 9, {}, "", doubt)


def _report(folder: Path, rules: Sequence[Rule], *resources: Resource) -> Report:
    path = folder / "snapshot.jsonl"
    write_snapshot(path, build([Root("t.yaml", "CloudFormation", resources, ("t.yaml",))], AS_OF))
    return evaluate([path], rules)


def _rule(folder: Path, **members: str) -> Rule:
    base = {
        "id": "TST001", "name": "test", "title": "T", "severity": "low", "table": "user_profile", "message": "m",
        "why": "w", "remediation": "{steps: s}", "practices": "[P01]", "references": "[https://x.example]",
        "since": "0.1.0", "cases": "[{given: {}, then: pass}]", **members,
    }  # fmt: skip
    path = folder / "rule.yaml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in base.items()))
    return load_rules([path])[0]


def _decided_without(rules: Sequence[Rule]) -> set[str]:
    """Rules of which some case passes or fails although everything that no template holds is unknown in it."""
    changed = []
    for rule in rules:
        hidden = {c: None for c in rule.columns if missing_kinds(replace(rule, columns=(c,), reads=()))}
        changed.append(replace(rule, cases=tuple(_hidden(case, hidden) for case in rule.cases)))
    return {r.rule.id for r in run_cases(changed) if r.got in (Verdict.PASS, Verdict.FAIL)}


def _hidden(case: Case, hidden: dict[str, None]) -> Case:
    return replace(case, given={**case.given, **hidden})


def test_the_share_of_rules_that_templates_can_answer(built_in_rules: tuple[Rule, ...]) -> None:
    """Each rule is decided by some case without what templates lack, or is known to be one that never is."""
    decided = _decided_without(built_in_rules)
    rest = {rule.id for rule in built_in_rules} - decided
    # About an account's trail, log group, MLflow servers and images, which a template may hold; and about app types
    # that show, whatever the role permits.
    held = {"STU408", "STU614", "STU720", "STU726", "STU727", "STU802", "STU803", "STU804", "STU805"}
    assert rest <= NEVER | held | {"STU704", "STU719"}
    assert len(decided) / len({rule.id for rule in built_in_rules} - NEVER) >= 0.9


def test_rules_that_read_what_no_template_holds(built_in_rules: tuple[Rule, ...]) -> None:
    needs = {rule.id: missing_kinds(rule) for rule in built_in_rules}
    assert needs["STU102"] == {"sign_in"}
    assert needs["STU107"] == {"identity_user"}
    assert needs["STU207"] == {SETTING}
    assert needs["STU208"] == {"partner_app"}
    assert needs["STU404"] == {"partner_app"}
    assert needs["STU707"] == {LIVE}
    assert needs["STU802"] == {"trail"}
    assert all(needs[rule] for rule in NEVER)
    assert not needs["STU501"] | needs["STU201"] | needs["STU601"] | needs["STU203"] | needs["STU304"]


def test_the_list_of_rules_says_the_same_without_checking_them(built_in_rules: tuple[Rule, ...]) -> None:
    unchecked = {rule.id: missing_kinds(rule) for rule in load_rules([rules_dir()], bind=False)}
    assert unchecked == {rule.id: missing_kinds(rule) for rule in built_in_rules}


def test_kinds_are_kinds() -> None:
    named = {kind for t in TABLES for kind in (*t.kinds, *(k for c in t.columns for k in c.kinds))}
    assert named <= {*KINDS, LIVE}
    assert set(NAMES) == NOT_IN_TEMPLATES
    assert set(NOT_IN_TEMPLATES) <= {*KINDS, LIVE}


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({"require": "len(human_principals) <= 1"}, {"sign_in"}),
        ({"require": "auto_mount_home_efs = 'Disabled'"}, set()),
        ({"require": SIGNED_IN}, {"sign_in"}),
        ({"require": f"not {ROLE.format('r.allows_everything')}"}, set()),
        ({"require": f"{ROLE.format('r.allowed_tools')} = ['Canvas']"}, set()),
        ({"require": "name <> ''", "when": "mlflow_servers > 0"}, {"mlflow_server", "mlflow_app"}),
        ({"require": "creation_time < as_of"}, {LIVE}),
        ({"require": "execution_role_session_name_mode_origin = 'profile'"}, {SETTING}),
    ],
)  # fmt: skip
def test_a_users_own_rule(tmp_path: Path, members: dict[str, str], needs: set[str]) -> None:
    assert missing_kinds(_rule(tmp_path, **members)) == needs


def test_not_applicable_only_where_nothing_else_is_unknown(tmp_path: Path) -> None:
    rule = _rule(tmp_path, require="sign_ins_complete or execution_role_origin = 'profile'", when="auth_mode = 'IAM'")
    known = _report(tmp_path, [rule], _domain(), _profile())
    assert known.rule("TST001").counts["not_applicable"] == 1
    assert known.rule("TST001").not_run == template_limits(rule) == "no template holds who opened which profile"
    decided = _report(tmp_path, [rule], _domain(), _profile(ExecutionRole="arn:aws:iam::111122223333:role/x"))
    assert decided.rule("TST001").counts["pass"] == 1
    assert decided.rule("TST001").not_run == ""
    rule = _rule(
        tmp_path, require="sign_ins_complete or execution_role_origin = 'profile'",
        when="studio_web_portal = 'ENABLED'",
    )  # fmt: skip
    portal = Unknown("${Portal}", "parameter Portal has no default")
    open_ = _report(tmp_path, [rule], _domain(), _profile(StudioWebPortal=portal))
    assert open_.rule("TST001").counts["unknown"] == 1


def test_what_no_template_can_decide_is_never_unknown(tmp_path: Path) -> None:
    """Whatever else is unknown: no value of it would let a template say who opened the profile."""
    rule = _rule(tmp_path, require="sign_ins_complete", when="studio_web_portal = 'ENABLED'")
    portal = Unknown("${Portal}", "parameter Portal has no default")
    report = _report(tmp_path, [rule], _domain(), _profile(StudioWebPortal=portal))
    assert report.rule("TST001").counts["not_applicable"] == 1


def test_a_parameter_of_a_lambda_is_not_the_column_of_that_name(tmp_path: Path) -> None:
    """``name`` is a column of user_profile; here it stands for a tool."""
    require = "len(list_filter(subscribed_partner_tools, lambda name: name <> 'Comet')) = 0"
    rule = _rule(tmp_path, require=f'"{require}"', when="studio_web_portal = 'ENABLED'")
    portal = Unknown("${Portal}", "parameter Portal has no default")
    report = _report(tmp_path, [rule], _domain(), _profile(StudioWebPortal=portal))
    assert report.rule("TST001").counts["not_applicable"] == 1
    # Read beside it as well, the column may keep the rule from a verdict.
    both = f"{require.replace('name', 'studio_web_portal')} and studio_web_portal = 'ENABLED'"
    rule = _rule(tmp_path, require=f'"{both}"', when="not unified_studio")
    report = _report(tmp_path, [rule], _domain(), _profile(StudioWebPortal=portal))
    assert report.rule("TST001").counts["unknown"] == 1


def test_what_may_not_exist_is_never_certain(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    doubt = Unknown("${Condition:C}", "condition C: parameter P has no default")
    report = _report(tmp_path, built_in_rules, _domain(), _profile(doubt=doubt))
    about = [f for f in report.findings if f.resource.id == "Ana"]
    assert about
    assert {f.status for f in about} == {Verdict.UNKNOWN}
    name = next(f for f in about if f.rule_id == "STU101")
    assert "condition C: parameter P has no default" in name.message
    counts = {r.id: r.counts for r in report.rules if r.table == "user_profile"}
    assert not any(c["pass"] or c["fail"] for c in counts.values())


def test_beside_a_live_account_a_rule_runs_there(tmp_path: Path) -> None:
    from tests.evaluate.helpers import domain, profile, snapshot_file

    rule = _rule(tmp_path, require="sign_ins_complete")
    live = snapshot_file(tmp_path / "live.jsonl", domain(), profile("ben"))
    templates = tmp_path / "templates.jsonl"
    write_snapshot(templates, build([Root("t.yaml", "CloudFormation", (_domain(), _profile()), ("t.yaml",))], AS_OF))
    report = evaluate([live, templates], [rule])
    # The live snapshot did not look for sign-ins: unknown there, as ever; not applicable in the template.
    assert report.rule("TST001").counts == {
        "pass": 0, "fail": 0, "unknown": 1, "not_applicable": 1, "error": 0, "waived": 0,
    }  # fmt: skip
    assert report.rule("TST001").not_run == ""
    assert report.source == "mixed"

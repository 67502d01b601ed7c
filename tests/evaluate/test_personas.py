"""Personas: whose profile is whose, what that person needs, and what STU401, STU405 and STU406 say about it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.main import run
from auditor.evaluate.audit import EvaluateOptions, evaluate, load_tables
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import SCHEMA_VERSION, Header, Kind, Record, Scope, Snapshot
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS, Match, Persona
from auditor.studio.tools import (
    FIRST_PARTY_TOOLS,
    HIDEABLE_APP_TYPES,
    ML_TOOLS,
    MLFLOW,
    NEEDABLE_APP_TYPES,
    PARTNER_TOOLS,
)
from tests.budgets import examples

ACCOUNT, REGION = "111122223333", "eu-west-1"
APPS = ("JupyterLab", "CodeEditor", "Canvas")
ESTATES = Path(__file__).resolve().parents[2] / "auditor/simulator/estates"


def record(kind: Kind, id_: str, document: Mapping[str, Any], **options: Any) -> Record:
    return Record(ACCOUNT, REGION, kind, id_, document, **options)


def domain(id_: str = "d-1", **document: Any) -> Record:
    base = {"DomainId": id_, "DomainName": f"name of {id_}", "CreationTime": "2025-02-03T10:00:00Z", "AuthMode": "IAM"}
    return record("domain", id_, base | document)


def profile(name: str, tags: Mapping[str, str] | None = None, *, of: str = "d-1", **document: Any) -> Record:
    """A profile; ``tags`` None: they could not be read."""
    pairs = None if tags is None else tuple(tags.items())
    document = {"DomainId": of, "UserProfileName": name, **document}
    return record("user_profile", f"{of}/{name}", document, tags=pairs, gaps=() if tags is not None else ("Tags",))


def partner_app(type_: str, status: str = "Available") -> Record:
    return record("partner_app", f"arn:{type_}", {"Type": type_, "Status": status})


def tables(
    folder: Path, records: Iterable[Record], personas: Sequence[Persona], gaps: tuple[str, ...] = ()
) -> dict[str, dict[str, Any]]:
    """Rows of user_profile by name."""
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),))
    path = folder / "snapshot.jsonl"
    write_snapshot(path, Snapshot(header, (*records, record("account_region", REGION, {}, gaps=gaps))))
    con, _ = load_tables([path], NestedMerge.UNKNOWN, personas)
    cursor = con.execute("select * from user_profile")
    names = [d[0] for d in cursor.description or ()]
    return {row["name"]: row for row in (dict(zip(names, r, strict=True)) for r in cursor.fetchall())}


# --- the data


def test_every_value_of_the_sdk_is_known() -> None:
    model = boto3.client("sagemaker", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x").meta.service_model
    assert set(model.shape_for("MlTools").enum) <= set(ML_TOOLS)
    assert set(HIDEABLE_APP_TYPES) <= set(model.shape_for("AppType").enum)
    assert {"lakera-guard", "comet", "deepchecks-llm-evaluation", "fiddler"} == set(PARTNER_TOOLS)
    assert not set(FIRST_PARTY_TOOLS) & set(PARTNER_TOOLS.values())


def test_the_rules_lists_are_the_data(built_in_rules: tuple[Rule, ...]) -> None:
    defaults = {r.id: {p.name: p.default for p in r.params} for r in built_in_rules}
    assert defaults["STU405"]["judged_ml_tools"] == list(FIRST_PARTY_TOOLS)
    assert sorted(defaults["STU404"]["partner_tools"]) == sorted(PARTNER_TOOLS.values())
    assert {*defaults["STU401"]["judged_app_types"], "RStudioServerPro"} == set(NEEDABLE_APP_TYPES)


# --- whose profile is whose

KINDS = (
    Persona("platform", matches=(Match({"role": "platform", "team": "ml-*"}), Match({}, "platform-*", "d-2"))),
    Persona("scientist", matches=(Match({"role": "sci*"}), Match({}, "", "name of d-3"))),
    Persona("analyst", matches=(Match({}, "ana?-*"), Match({"": "x"}))),
    *DEFAULT_PERSONAS,
)


#: Name of the profile, its tags, its domain, and its persona.
WHO: tuple[tuple[str, dict[str, str] | None, str, str | None], ...] = (
    ("a1", {"role": "platform", "team": "ml-ops"}, "d-1", "platform"),
    ("a2", {"role": "platform", "team": "ops"}, "d-1", "default"),
    ("a3", {"role": "platform"}, "d-1", "default"),
    ("a4", {"role": "Platform", "team": "ml-"}, "d-1", "default"),
    ("PLATFORM-x", {}, "d-2", "platform"),
    ("platform-y", {}, "d-1", "default"),
    ("platform-", None, "d-2", "platform"),
    ("x-platform-", {}, "d-2", "default"),
    ("a5", {"role": "scientist"}, "d-1", "scientist"),
    ("a6", {"role": "sci"}, "d-1", "scientist"),
    ("a7", {"role": "a sci"}, "d-1", "default"),
    ("a8", {}, "d-3", "scientist"),
    ("anab-b", {}, "d-1", "analyst"),
    ("AnaX-b", {}, "d-1", "analyst"),
    ("ana-b", {}, "d-1", "default"),
    ("anac-b", {"role": "scientist"}, "d-1", "scientist"),
    # Tags that were not read: unknown, unless an earlier persona fits whatever they are.
    ("a9", None, "d-1", None),
    ("anad-b", None, "d-1", None),
    # The domain itself was not read: its name could be "name of d-3".
    ("b1", {}, "d-gone", None),
    ("platform-z", {}, "d-gone", None),
    ("b2", {"role": "scientist"}, "d-gone", "scientist"),
)


def test_the_first_that_fits(tmp_path: Path) -> None:
    domains = [domain(f"d-{n}") for n in (1, 2, 3)]
    rows = tables(tmp_path, [*domains, *(profile(name, tags, of=of) for name, tags, of, _ in WHO)], KINDS)
    assert {name: rows[name]["persona"] for name, *_ in WHO} == {name: persona for name, *_, persona in WHO}
    for row in rows.values():
        assert (row["needed_app_types"] is None) is (row["needed_ml_tools"] is None) is (row["persona"] is None)


def test_an_earlier_persona_is_certain_although_tags_are_unknown(tmp_path: Path) -> None:
    by_name = Persona("by-name", matches=(Match({}, "ana*"),))
    by_tag = Persona("by-tag", matches=(Match({"role": "x"}),))
    rows = [domain(), profile("anabel", None), profile("bob", None)]
    personas = {n: r["persona"] for n, r in tables(tmp_path, rows, (by_name, by_tag, *DEFAULT_PERSONAS)).items()}
    assert personas == {"anabel": "by-name", "bob": None}


PATTERNS = (
    ("100%", "100%", True), ("100%", "1000", False), ("a_b", "a_b", True), ("a_b", "axb", False),
    ("100%*", "100% sure", True), ("100%*", "1000", False), ("a_?", "a_b", True), ("a_?", "aab", False),
    ("a\\*", "a\\b", True), ("a\\*", "a*", False), ("[ab]*", "a", False), ("[ab]*", "[ab]c", True),
    ("it's*", "it's me", True), ("*", "", True), ("?", "", False), ("x", "", False), ("é?", "éa", True),
)  # fmt: skip


def test_only_star_and_question_mark_are_special(tmp_path: Path) -> None:
    personas = [Persona(f"p{n}", matches=(Match({f"key's {n}": p}),)) for n, (p, _, _) in enumerate(PATTERNS)]
    people = [profile(f"u{n}", {f"key's {n}": value}) for n, (_, value, _) in enumerate(PATTERNS)]
    rows = tables(tmp_path, [domain(), *people], (*personas, *DEFAULT_PERSONAS))
    for n, (pattern, value, fits) in enumerate(PATTERNS):
        assert rows[f"u{n}"]["persona"] == (f"p{n}" if fits else "default"), (pattern, value)


def _regex(pattern: str, flags: int) -> re.Pattern[str]:
    special = {"*": ".*", "?": "."}
    return re.compile("".join(special.get(c, re.escape(c)) for c in pattern), re.DOTALL | flags)


def _three(values: Iterable[bool | None], decisive: bool) -> bool | None:
    """``and`` (decisive False) or ``or`` (decisive True) of SQL."""
    found = list(values)
    return decisive if decisive in found else None if None in found else not decisive


def _oracle(personas: Sequence[Persona], name: str, tags: Mapping[str, str] | None, id_: str, of: str | None) -> object:
    for persona in personas[:-1]:
        fits = _three(
            (
                _three(
                    [
                        *(
                            None if tags is None else key in tags and bool(_regex(p, 0).fullmatch(tags[key]))
                            for key, p in match.tags.items()
                        ),
                        *([bool(_regex(match.name, re.IGNORECASE).fullmatch(name))] if match.name else []),
                        *(
                            [
                                _three(
                                    [
                                        bool(_regex(match.domain, re.IGNORECASE).fullmatch(id_)),
                                        None if of is None else bool(_regex(match.domain, re.IGNORECASE).fullmatch(of)),
                                    ],
                                    True,
                                )
                            ]
                            if match.domain
                            else []
                        ),
                    ],
                    False,
                )
                for match in persona.matches
            ),
            True,
        )
        if fits is not False:
            return persona.name if fits else None
    return personas[-1].name


WORD = st.text("ab_%", min_size=1, max_size=4)
PATTERN = st.text("aAb_%*?", min_size=1, max_size=3)
MATCH = st.builds(
    Match, st.dictionaries(st.sampled_from("kl"), PATTERN, max_size=2), st.one_of(st.just(""), PATTERN),
    st.one_of(st.just(""), PATTERN),
).filter(lambda m: bool(m.tags or m.name or m.domain))  # fmt: skip
PROFILE = st.tuples(
    WORD,
    st.one_of(st.none(), st.dictionaries(st.sampled_from("kl"), WORD, max_size=2)),
    st.sampled_from(["a", "b", "c"]),
)


@examples(12)
@given(
    matches=st.lists(st.lists(MATCH, min_size=1, max_size=2), min_size=1, max_size=4),
    profiles=st.lists(PROFILE, min_size=20, max_size=40, unique_by=lambda p: p[0].lower()),
)
def test_sql_and_three_valued_logic_agree(
    tmp_path: Path,
    matches: list[list[Match]],
    profiles: list[tuple[str, dict[str, str] | None, str]],
) -> None:
    personas = (*(Persona(f"p{n}", matches=tuple(m)) for n, m in enumerate(matches)), *DEFAULT_PERSONAS)
    names = {"a": "ab_", "b": "B%"}  # the domain c was not read
    records = [domain(id_, DomainName=name) for id_, name in names.items()]
    rows = tables(tmp_path, [*records, *(profile(n, tags, of=of) for n, tags, of in profiles)], personas)
    for name, tags, of in profiles:
        assert rows[name]["persona"] == _oracle(personas, name, tags, of, names.get(of)), (name, tags, of)


# --- what is needed


@pytest.mark.parametrize("license_", [True, False])
def test_rstudio_is_needed_exactly_where_licensed(tmp_path: Path, license_: bool) -> None:
    settings_ = {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn"}} if license_ else {}
    personas = (Persona("plain", apps=("Canvas",), matches=(Match({}, "plain"),)), *DEFAULT_PERSONAS)
    rows = tables(tmp_path, [domain(DomainSettings=settings_), profile("ana", {}), profile("plain", {})], personas)
    assert rows["ana"]["needed_app_types"] == [*APPS, *(["RStudioServerPro"] if license_ else [])]
    assert rows["plain"]["needed_app_types"] == ["Canvas"]
    (alone,) = tables(tmp_path, [domain(DomainSettings=settings_), profile("ana", {})], DEFAULT_PERSONAS).values()
    assert alone["persona"] == "default"
    assert alone["needed_app_types"] == rows["ana"]["needed_app_types"]
    assert alone["needed_ml_tools"] == rows["ana"]["needed_ml_tools"] == [*FIRST_PARTY_TOOLS, MLFLOW]


def test_features_of_canvas_are_needed_where_the_persona_says_so(tmp_path: Path) -> None:
    needs = Persona("analyst", canvas=("Kendra", "OAuth"), matches=(Match({"role": "analyst"}),))
    people = [profile("ana", {"role": "analyst"}), profile("ben", {}), profile("cleo")]
    rows = tables(tmp_path, [domain(), *people], (needs, *DEFAULT_PERSONAS))
    features = {name: row["needed_canvas_features"] for name, row in rows.items()}
    assert features == {"ana": ["Kendra", "OAuth"], "ben": [], "cleo": None}


def test_a_partners_tool_is_needed_where_it_is_in_service(tmp_path: Path) -> None:
    personas = (Persona("ml", tools=("Training", "Comet", "Fiddler"), matches=(Match({}, "ml*"),)), *DEFAULT_PERSONAS)
    people = [domain(), profile("ml", {}), profile("ana", {})]
    apps = [partner_app("comet"), partner_app("fiddler", "Deleted")]
    rows = tables(tmp_path, [*people, *apps], personas)
    assert rows["ml"]["needed_ml_tools"] == ["Training", "Comet"]
    unlisted = tables(tmp_path, people, personas, gaps=("partner_app",))
    assert unlisted["ml"]["needed_ml_tools"] is None
    assert unlisted["ana"]["needed_ml_tools"] == [*FIRST_PARTY_TOOLS, MLFLOW]


# --- what the rules say


def _verdicts(rules: Iterable[Rule], path: Path, personas: Sequence[Persona], status: Verdict) -> dict[str, set[str]]:
    report = evaluate(
        [path], [r for r in rules if r.id in ("STU401", "STU405", "STU406")], EvaluateOptions(personas=personas)
    )
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.status is status:
            found.setdefault(finding.rule_id, set()).add(finding.resource.id)
    return found


def test_what_acme_expects_of_the_default_persona(
    estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]
) -> None:
    expected = yaml.safe_load((ESTATES / "acme.expected.yaml").read_text(encoding="utf-8"))
    data = yaml.safe_load((ESTATES / "acme.yaml").read_text(encoding="utf-8"))
    ids = {
        short: next(d["id"] for d in data["domains"] if d["DomainName"] == n)
        for short, n in expected["domains"].items()
    }
    for status in (Verdict.FAIL, Verdict.UNKNOWN):
        wanted = {
            rule: {
                "/".join((ids[short], name))
                for short, name in (r.split("/", 1) for r in expected[status].get(rule, ()))
            }
            for rule in ("STU401", "STU405", "STU406")
        }
        got = _verdicts(built_in_rules, estate_file("acme"), DEFAULT_PERSONAS, status)
        assert got == {rule: names for rule, names in wanted.items() if names}
        assert _verdicts(built_in_rules, estate_file("clean"), DEFAULT_PERSONAS, status) == {}


def test_without_personas_it_is_enough_that_somebody_decided(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    """A list on the profile or its domain is a decision, whatever it holds and whichever reading applies. Where none
    is, STU401 and STU405 say so as info. Nobody said what people need, so nothing that they need is hidden."""
    lists = [None, [], ["Canvas"], ["JupyterServer", "RStudioServerPro"], [*APPS]]
    portals = [{"HiddenAppTypes": v} if v is not None else {"HiddenMlTools": ["Comet"]} for v in lists]
    records = [
        domain(f"d-{n}", DefaultUserSettings={"StudioWebPortalSettings": handed}, DomainSettings=license_)
        for n, (handed, license_) in enumerate(itertools.product(portals, ({}, {"RStudioServerProDomainSettings": {}})))
    ]
    for n, (of, portal) in enumerate(itertools.product(list(records), portals)):
        records.append(
            profile(
                f"p{n}",
                None,
                of=of.id,
                UserSettings={"StudioWebPortalSettings": portal, "DefaultLandingUri": "studio::"},
            )
        )
    tables(tmp_path, records, DEFAULT_PERSONAS)
    report = evaluate([tmp_path / "snapshot.jsonl"], [r for r in built_in_rules if r.id in ("STU401", "STU406")])
    undecided = {f"{of.id}/p{n}" for n, (of, portal) in enumerate(itertools.product(records[:10], portals))
                 if "HiddenAppTypes" not in portal and of.id in ("d-0", "d-1")}  # fmt: skip
    assert {f.resource.id for f in report.findings} == undecided
    assert {(f.rule_id, f.status, f.severity) for f in report.findings} == {("STU401", Verdict.FAIL, Severity.INFO)}
    assert report.rule("STU401").counts["pass"] == len(lists) * len(lists) * 2 - len(undecided)
    assert report.rule("STU406").counts["not_applicable"] == len(lists) * len(lists) * 2


PERSONAS = """
personas:
  - name: writer
    apps: [JupyterLab, CodeEditor]
    match: [{name: yuki-*}, {name: ravi-*}]
  - name: researcher
    apps: [JupyterLab, CodeEditor]
    tools: [Training, Experiments, Comet]
    match: [{domain: research}]
"""


def test_personas_of_the_configuration_judge(
    estate_file: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    acme = estate_file("acme")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditor.yaml").write_text(PERSONAS)
    assert run(["check", str(acme), "--only", "visibility", "--format", "json", "-q", "--fail-on", "low"]) == 4
    report = json.loads((tmp_path / "audit-report/report.json").read_text())
    by_rule: dict[str, dict[str, Any]] = {}
    for finding in report["findings"]:
        if finding["status"] == "fail":
            by_rule.setdefault(finding["rule"]["id"], {})[finding["resource"]["name"]] = finding
    # Canvas is hidden from the writer yuki on purpose now; ravi, a writer as well, sees it, as every researcher does.
    # Dmitri's own list hides Comet, which is in service and which researchers need.
    assert set(by_rule["STU406"]) == {"dmitri-volkov"}
    assert "yuki-sato" not in by_rule["STU401"]
    assert {"ravi-kumar", "aiko-tanaka"} <= set(by_rule["STU401"])
    # Of the others nobody said what they need, nor did anybody hide anything.
    severities = {(f["resource"]["domain_name"] == "research", f["severity"]) for f in by_rule["STU401"].values()}
    assert severities == {(True, "medium"), (False, "info")}
    aiko = by_rule["STU405"]["aiko-tanaka"]
    assert aiko["message"].startswith("User profile aiko-tanaka sees DataWrangler, ")
    assert aiko["message"].endswith(", which the persona researcher doesn't need")
    assert "Training" not in aiko["message"]
    assert "yuki-sato" not in by_rule["STU405"]
    # The list is the domain's, but each persona's is to differ: it is changed on the profile.
    cause = next(c for c in report["root_causes"] if c["id"] == aiko["root_cause"])
    assert cause["resource"]["name"] == "aiko-tanaka"
    assert cause["setting"] == "UserSettings.StudioWebPortalSettings.HiddenMlTools"
    capfd.readouterr()
    sql = "select persona, count(*) as n from user_profile where domain_name = 'research' group by 1 order by 1"
    assert run(["query", sql, "--snapshot", str(acme), "--format", "json", "-q"]) == 0
    assert json.loads(capfd.readouterr().out) == [{"persona": "researcher", "n": 21}, {"persona": "writer", "n": 2}]
    assert run(["query", sql, "--snapshot", str(acme), "--format", "json", "--config", "/dev/null"]) == 0
    assert json.loads(capfd.readouterr().out) == [{"persona": "default", "n": 23}]


def test_unknown_tags_say_why(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    personas = (Persona("ml", apps=("Canvas",), tools=(), matches=(Match({"role": "ml"}),)), *DEFAULT_PERSONAS)
    hidden = {"StudioWebPortalSettings": {"HiddenAppTypes": ["CodeEditor"], "HiddenMlTools": ["JumpStart"]}}
    studio = {"DefaultLandingUri": "studio::", **hidden}
    tables(tmp_path, [domain(), profile("ana", None, UserSettings=studio)], personas)
    rules = [r for r in built_in_rules if r.id in ("STU401", "STU405", "STU406")]
    report = evaluate([tmp_path / "snapshot.jsonl"], rules, EvaluateOptions(personas=personas))
    assert {f.rule_id: f.status for f in report.findings} == dict.fromkeys(
        ("STU401", "STU405", "STU406"), Verdict.UNKNOWN
    )
    assert "needed app types" in report.findings[0].message

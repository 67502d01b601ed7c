"""auditor rules new: what it writes can be used as it stands, and goes where the tests of the product look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.errors import ConfigError
from auditor.resolve.tables import TABLES
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules
from auditor.rules.scaffold import BLANK, NewRule, scaffold

ROOT = Path(__file__).resolve().parents[2]
WITH_A_NAME = [t.name for t in TABLES if t.resource_type and t.column("name") is not None]


@pytest.mark.parametrize("table", WITH_A_NAME)
def test_a_rule_of_ones_own_runs_as_it_is_written(table: str, tmp_path: Path) -> None:
    (path, text), *others = scaffold(NewRule("ACME001", table, "my-rule", "low", ("P24",)), tmp_path, None).items()
    assert others == []
    path.write_text(text, encoding="utf-8")
    (rule,) = load_rules([path])
    assert (rule.id, rule.table, rule.severity, rule.practices) == ("ACME001", table, "low", ("P24",))
    assert [result.ok for result in run_cases([rule])] == [True, True, True]


def test_the_command_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "new", "ACME001", "--table", "space", "--name", "small-spaces"]) == 0
    assert capfd.readouterr().out.startswith(f"wrote {Path('rules/ACME001-small-spaces.yaml')}\nReplace each {BLANK}")
    assert run(["rules", "test", "rules"]) == 0
    assert run(["rules", "new", "ACME001", "--table", "space"]) == 2
    assert "ACME001 is already defined in rules/ACME001-small-spaces.yaml" in capfd.readouterr().err
    assert run(["rules", "new", "STU999", "--table", "space"]) == 2
    assert "ids that begin with STU are the product's" in capfd.readouterr().err


def test_a_built_in_rule_is_entered_in_order_wherever_a_test_asks_for_it() -> None:
    files = scaffold(NewRule("STU699", "domain", "a-new-rule", "high", ("P24",)), ROOT, ROOT)
    rule, catalogue, estate, proofs = files
    assert rule.relative_to(ROOT) == Path("rules/domains/STU699-a-new-rule.yaml")
    patterns = {catalogue: r"^(STU\d{3}) [a-z]", estate: r"^  (STU\d{3}): \[", proofs: r'^    "(STU\d{3})": "'}
    for path, pattern in patterns.items():
        text = files[path]
        if path == estate:
            text = text.partition("\nunknown:\n")[0]
        ids = re.findall(pattern, text, flags=re.MULTILINE)
        assert "STU699" in ids
        place = ids.index("STU699")
        assert ids[place - 1][:4] == "STU6"
        assert ids[place + 1][:4] > "STU6"
        added = set(text.splitlines()) - set(path.read_text(encoding="utf-8").splitlines())
        assert len(added) == 1
    assert "STU699 a-new-rule                        high     domain         P24" in files[catalogue]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (NewRule("stu1", "domain", "x"), "'stu1' is not a rule id"),
        (NewRule("ACME001", "domain", "Not Kebab"), "'Not Kebab' is not a rule name"),
        (NewRule("ACME001", "domian", "x"), "there is no table 'domian'"),
        (NewRule("ACME001", "domain", "x", practices=("P99",)), "there is no practice 'P99'"),
        (NewRule("STU603", "domain", "x"), "STU603 is already defined in "),
        (NewRule("ACME001", "domain", "domain-on-public-internet"), "domain-on-public-internet is already defined in "),
        (NewRule("ACME001", "domain", "x"), "ACME001: a built-in rule is called STU and three digits"),
    ],
)
def test_what_is_taken_or_unknown_is_refused(new: NewRule, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        scaffold(new, ROOT, ROOT)

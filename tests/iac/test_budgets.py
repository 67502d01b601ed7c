"""What asks for more than any machine has ends soon, and says where: small bombs with small budgets.

benchmarks/bombs.py runs the same ones large, through the whole command.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.budget import Budget, Limits, OverBudgetError, parse_limits, size_of
from auditor.collect.iac.hcl import regular_expressions
from auditor.collect.iac.hcl.comparison import equals3
from auditor.collect.iac.hcl.numbers import calculated, power, whole
from auditor.collect.iac.hcl.values import EvaluationError, SetOf, identity, once_each
from auditor.collect.iac.interface import Reference, Unknown
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.config.load_config import load_config
from auditor.errors import AuditorError, ConfigError
from auditor.rules.load import load_rules
from auditor.waivers.file import load_waivers

from .bombs import BOMBS, YAML_BOMBS, Files

SMALL = Limits(seconds=1.0, megabytes=10)
N = 4_000


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Files], Path]:
    monkeypatch.chdir(tmp_path)

    def write(files: Files) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def said(limits: Limits) -> list[str]:
    """Why something of the working folder is not assessed, or not known."""
    try:
        snapshot = scan([Path()], ScanOptions(limits=limits))
    except AuditorError as error:
        return [error.diagnosis()]
    return [gap.detail for gap in snapshot.gaps if gap.reason in ("not_assessed", "unresolved_expression")]


#: Those that end with a value: RE2 and sets that are hashed need time in proportion to what is written.
CHEAP = {"redos-replace", "toset", "distinct", "matchkeys", "count"}
#: What spends the budget, and the part of it.
SPENT = {
    "contains": "main.tf:1, aws_sagemaker_domain.d", "lists-of-lists": "main.tf:1, aws_sagemaker_domain.d",
    "template-for": "main.tf:1, aws_sagemaker_domain.d", "for-in-for": "main.tf:1, aws_sagemaker_domain.d",
    "dynamic": "main.tf:1, aws_sagemaker_domain.d", "count-nested": "module.a[",
    "module-fan": "l8/main.tf:1, module.m0.",
    "for-each": "t.json#Domain", "nested-stacks": "/D", "conditions": "t.json#D",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_and_say_where(written: Callable[[Files], Path], name: str) -> None:
    written(BOMBS[name](N))
    begun = time.thread_time()
    reasons = said(SMALL)
    assert time.thread_time() - begun < 10
    assert bool(reasons) or name in CHEAP
    if name in SPENT:
        assert any("its budget of" in reason and SPENT[name] in reason for reason in reasons), reasons


def test_a_larger_budget_lets_it_end(written: Callable[[Files], Path]) -> None:
    """What is honest and large is assessed with more of it."""
    profile = '  count             = 3000\n  user_profile_name = "p${count.index}"\n'
    written({"main.tf": f'resource "aws_sagemaker_user_profile" "p" {{\n{profile}}}\n'})
    assert "its budget of 10 MB of values is spent at main.tf:1" in said(SMALL)[0]
    assert len(scan([Path()], ScanOptions()).records) == 3001


@pytest.mark.parametrize("name", YAML_BOMBS)
def test_aliases_are_counted(written: Callable[[Files], Path], name: str) -> None:
    folder = written(YAML_BOMBS[name](20_000))
    begun = time.thread_time()
    load: Callable[[], object] = {
        "aliases-waivers": lambda: load_waivers(folder / "w.yaml", ()),
        "aliases-rule": lambda: load_rules([folder / "rules"]),
    }.get(name, lambda: load_config(folder / "auditor.yaml"))
    with pytest.raises(ConfigError, match=r"its aliases stand for more than 100,000 values|nested too deeply"):
        load()
    assert time.thread_time() - begun < 2


def test_files_of_people_are_regular_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a device, not a file"):
        load_config(Path("/dev/zero"))
    assert load_config(Path("/dev/null")).path == Path("/dev/null")


# The parts


@pytest.mark.parametrize(
    ("text", "limits"),
    [("30", Limits(30.0)), ("30s", Limits(30.0)), ("0.5s,50MB", Limits(0.5, 50)), ("60, 500", Limits(60.0, 500))],
)
def test_limits(text: str, limits: Limits) -> None:
    assert parse_limits(text) == limits


@pytest.mark.parametrize("text", ["", "0", "s", "-1", "20s,", "20s,0MB", "1e3", "20m", "20s,200MB,3"])
def test_wrong_limits(text: str) -> None:
    with pytest.raises(ConfigError, match="expected seconds"):
        parse_limits(text)


def _spend(budget: Budget, steps: int, size: int) -> None:
    for _ in range(10_000_000):
        budget.spend(steps, size)


def test_each_part_of_a_budget() -> None:
    def over(limits: Limits, steps: int, size: int) -> str:
        budget = Budget(limits)
        budget.place = "main.tf:3"
        with pytest.raises(OverBudgetError) as raised:
            _spend(budget, steps, size)
        return raised.value.reason

    end = " is spent at main.tf:3; --budget gives it more"
    assert over(Limits(), 1000, 0) == f"its budget of 1,000,000 steps{end}"
    assert over(Limits(), 0, 1_000_000) == f"its budget of 200 MB of values{end}"
    assert over(Limits(0.01, 9), 0, 0) == f"its budget of 0.01 seconds{end}"


def test_sizes_end_behind_the_most() -> None:
    shared = ["x" * 1000] * 1000
    assert 10_000 < size_of([shared] * 1000, 10_000) < 2_000_000
    assert size_of({"a": [1, "bc"]}, 10_000) < 1_000


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[a-z]+", "53453453.345345aaabbbccc23454", "aaabbbccc"),
        (r"(\d\d\d\d)-(\d\d)-(\d\d)", "2019-02-01", ["2019", "02", "01"]),
        (r"^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?", "https://terraform.io/docs/",
         {"scheme": "https", "authority": "terraform.io"}),
    ],
)  # fmt: skip
def test_regex_as_terraform_documents_it(pattern: str, text: str, found: object) -> None:
    assert regular_expressions.first(pattern, text) == found


def test_regexall_and_replace_as_terraform_documents_them() -> None:
    assert regular_expressions.every("[a-z]+", "1234abcd5678efgh9") == ["abcd", "efgh"]
    assert regular_expressions.every("[a-z]+", "123456789") == []
    assert regular_expressions.replaced(r"w.*d", "hello world", "everybody") == "hello everybody"
    assert regular_expressions.replaced(r"(\w+)@(\w+)", "ä@b c@d", "$2 at ${1}$$") == "ä@b d at c$"
    # As Go's regexp: an empty match does not follow right behind another.
    assert regular_expressions.replaced("a*", "baac", "x") == "xbxcx"
    for pattern in ("(?=a)", r"(a)\1", "(", "x" * 6_000):
        with pytest.raises(EvaluationError):
            regular_expressions.first(pattern, "aa")


def test_numbers_have_terraforms_precision() -> None:
    assert calculated("+", 0.1, 0.2) == 0.3
    assert calculated("*", 12345678901234567890, 98765432109876543210) == 12345678901234567890 * 98765432109876543210
    assert (calculated("/", 10, 4), calculated("/", 10, 5), calculated("%", -7, 3)) == (2.5, 2, -1)
    assert calculated("/", 2**200, 2) == 2**199
    # pow has the precision of a 64-bit number.
    assert power(3, 40) == 12157665459056928768
    assert whole(2**600 + 1) == 2**600
    assert whole(-(2**512 + 2**511 + 1)).bit_length() == 513
    for wrong in (lambda: power(10, 400), lambda: whole(2**20_000)):
        with pytest.raises(OverflowError):
            wrong()


A, B = Reference("aws_vpc.a", "id"), Reference("aws_vpc.b", "id")
VALUES = [
    None, True, False, 0, 1, 1.0, 2, "1", "", "a", [], [1], ["1"], [1.0], SetOf([1]), {}, {"a": 1}, {"a": "1"},
    {"a": A}, A, B,
    [A], [B], Unknown("${var.x}", "unknown"), [Unknown("${var.x}", "unknown")],
]  # fmt: skip


def test_what_is_hashed_is_what_is_equal() -> None:
    for left in VALUES:
        for right in VALUES:
            same = identity(left) is not None and identity(left) == identity(right)
            assert same is (equals3(left, right) is True), (left, right)
    assert once_each([1, 1.0, "1", A, A, B, 1]) == [1, "1", A, B]

"""How well STU101 and STU105 tell people from everybody else, on the labelled names of tests/evaluate/names.

The positive class is the generic name, the one that is found. What counts is the held-out part: names
chosen by their hash, which nobody looks at while the rules' lists are changed. The names go through a snapshot and the
real rules.

    python benchmarks/names.py                # figures on every part, by group
    python benchmarks/names.py --misses       # with the names that were misjudged, but for the held-out parts
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.sql_text import literal
from auditor.store.snapshot_file import write_snapshot

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "evaluate" / "names"
PRECISION, RECALL = 0.99, 0.95
#: The later draws miss the aim, for the most part by names that begin with a product of their owner. The lists were
#: tuned on them since, but for "fresh", of which three names were known when they were widened, and "placed".
#: This says that none gets worse. Three people in "owned" have handles made of words (``nomad3k``); one of the two in
#: "sealed" is John Q. Public.
RECALL_OF = {"blind": 0.95, "sealed": 0.91, "fresh": 0.86, "sampled": 0.94, "owned": 0.90, "answered": 0.76,
             "placed": 0.84}  # fmt: skip
PRECISION_OF = {"owned": 0.985, "sealed": 0.985}
#: Precision and recall where each owner has the words of its name in ``more_generic_words``.
WITH_WORDS = {"owned": (0.985, 0.975), "placed": (PRECISION, 0.97)}
#: What the lists may be tuned on and what counts, by hash; names from public repositories, looked up after the rules
#: were finished; later draws, used to widen the lists; and those that count, drawn and frozen before they were judged.
PARTS = ("tune", "held_out", "public", "drawn", "unseen", "blind", "sealed", "fresh", "sampled", "owned", "answered",
         "placed")  # fmt: skip
HELD_OUT = ("held_out", "unseen", "fresh", "placed")
#: Draws that are judged with a company's list of cities.
LATER = ("drawn", "unseen", "blind", "sealed", "fresh", "sampled", "owned", "answered", "placed")
REGION = "eu-west-1"
#: Rules of lists of their own that are evaluated at once: DuckDB limits how deep an expression is.
_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Name:
    """A labelled name. ``generic`` is the truth, ``part`` one of PARTS, ``group`` its heading in the file, ``owner``
    who has it (a company, or the owner and the repository of a file), where that was drawn with it."""

    text: str
    generic: bool
    group: str
    part: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Which of the names does the rule fail? Each is the name of a profile (IAM), or of the Identity Center user behind
    one (SSO)."""

    rule: Rule
    names: Sequence[str]
    auth_mode: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Judged names: ``found`` and ``missed`` generic ones, ``wronged`` people and ``spared`` ones."""

    found: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    wronged: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()

    @property
    def precision(self) -> float:
        return len(self.found) / ((len(self.found) + len(self.wronged)) or 1)

    @property
    def recall(self) -> float:
        return len(self.found) / ((len(self.found) + len(self.missed)) or 1)

    @property
    def total(self) -> int:
        return len(self.found) + len(self.missed) + len(self.wronged) + len(self.spared)

    def __str__(self) -> str:
        people = len(self.wronged) + len(self.spared)
        return (
            f"{len(self.found) + len(self.missed):5} generic, {len(self.missed):3} missed; {people:5} people,"
            f" {len(self.wronged):3} wronged; precision {self.precision:.4f}, recall {self.recall:.4f}"
        )


def part_of(text: str) -> str:
    """Two names in five are held out, whatever their case, by a hash that nobody chose."""
    return "held_out" if hashlib.sha256(text.lower().encode()).digest()[0] % 5 < 2 else "tune"


def _read(file: str) -> dict[str, Any]:
    # Strings, all of them: 004711, NO and 1e5 are names here.
    loaded: dict[str, Any] = yaml.load((FOLDER / file).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return loaded


def profile_names() -> tuple[Name, ...]:
    """The labelled names of user profiles."""
    files = {"people.yaml": False, "generic.yaml": True}
    own = [Name(text, generic, group, part_of(text)) for file, generic in files.items()
           for group, texts in _read(file).items() for text in texts]  # fmt: skip
    public = [Name(text, label == "generic", "public", "public") for label, texts in _read("public.yaml").items()
              for text in texts]  # fmt: skip
    return (*own, *public, *later_names())


def later_names() -> tuple[Name, ...]:
    """The labelled names of the later draws, half of them from public code and directories."""
    return tuple(
        Name(text, label == "generic", f"{part} {group}", part, owner)
        for part in LATER
        for label, groups in _read(f"{part}.yaml").items()
        if label in ("person", "generic")
        for group, listed in groups.items()
        for owner, texts in (listed.items() if isinstance(listed, dict) else [("", listed)])
        for text in texts
    )


def words_of(owner: str) -> list[str]:
    """The words of an owner's name, by the rule that stands in owned.yaml: parts and their pieces, of three letters."""
    parts = re.findall(r"[A-Za-z0-9]+", owner.replace("'", ""))
    pieces = [piece for part in parts for piece in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", part)]
    return sorted({word.lower() for word in (*parts, *pieces) if len(re.sub("[^A-Za-z]", "", word)) >= 3})


def with_words(rule: Rule, names: Sequence[Name], generic: set[str], auth_mode: str) -> set[str]:
    """Which of the owned names are generic where each owner has set the words of its own name, given those that are so
    anyway. Nobody's words touch another's names; where none is in a name, that name is judged as it was."""
    owners: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.owner and any(word in name.text.lower() for word in words_of(name.owner)):
            owners[name.owner].append(name.text)
    asked = [Question(_setting(rule, cities=cities(), more_generic_words=words_of(owner)), texts, auth_mode)
             for owner, texts in owners.items()]  # fmt: skip
    found = [texts for start in range(0, len(asked), _AT_ONCE) for texts in answers(asked[start : start + _AT_ONCE])]
    changed = {text for texts in owners.values() for text in texts}
    return {n.text for n in names if n.owner and n.text in generic - changed}.union(*found)


def cities() -> tuple[str, ...]:
    """The places where the company of the later draws has offices."""
    return tuple(_read("drawn.yaml")["cities"])


def user_names() -> tuple[Name, ...]:
    """The labelled user names of Identity Center."""
    return tuple(
        Name(text, label == "generic", group, part_of(text))
        for label, groups in _read("identity_center.yaml").items()
        for group, texts in groups.items()
        for text in texts
    )


def in_company(rule: Rule, places: Sequence[str]) -> Rule:
    """The rule as a company sets it that has offices in these places."""
    return _setting(rule, cities=places)


def _setting(rule: Rule, **lists: Sequence[str]) -> Rule:
    params = tuple(replace(p, default=list(lists[p.name])) if p.name in lists else p for p in rule.params)
    return replace(rule, params=params)


def failed(rule: Rule, names: Sequence[str], auth_mode: str) -> set[str]:
    """The names that the rule fails. Raises AssertionError where it left one undecided."""
    return answers([Question(rule, names, auth_mode)])[0]


def answers(questions: Sequence[Question]) -> list[set[str]]:
    """The names that fail, for each question: all of them evaluated at once, since an evaluation takes a second however
    little it reads. Each has an account of its own, and a rule speaks of the accounts of its own questions only.

    Raises AssertionError where a rule left a name undecided.
    """
    once = [question for place, question in enumerate(questions) if question not in questions[:place]]
    accounts = [f"{number:012}" for number in range(len(once))]
    records: list[Record] = []
    spoken_of: list[tuple[Rule, list[str]]] = []
    for account, question in zip(accounts, once, strict=True):
        records += _profiles(account, question)
        for rule, places in spoken_of:
            if rule == question.rule:
                places.append(account)
                break
        else:
            spoken_of.append((question.rule, [account]))
    rules = [
        replace(
            rule, id=f"{rule.id}-{number}", when=f"account in ({', '.join(map(literal, places))}) and ({rule.when})"
        )
        for number, (rule, places) in enumerate(spoken_of)
    ]
    scopes = tuple(Scope(account, REGION) for account in accounts)
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0", "1.44.5", "", scopes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "names.jsonl"
        write_snapshot(path, Snapshot(header, tuple(records), ()))
        report = evaluate([path], rules)
    assert {f.status for f in report.findings} <= {Verdict.FAIL}, "the rule left a name undecided"
    found: list[set[str]] = [set() for _ in once]
    for finding in report.findings:
        number = accounts.index(finding.resource.account)
        found[number].add(once[number].names[int(finding.resource.id.rpartition("/")[2])])
    return [found[once.index(question)] for question in questions]


def _profiles(account: str, question: Question) -> Iterator[Record]:
    """An account with a domain in which each name has a profile."""
    domain = {"DomainId": "d-1", "DomainName": "names", "AuthMode": question.auth_mode,
              "CreationTime": "2025-02-03T10:00:00Z"}  # fmt: skip
    yield Record(account, REGION, "account_region", REGION, {})
    yield Record(account, REGION, "domain", "d-1", domain)
    for number, name in enumerate(question.names):
        document = {"DomainId": "d-1", "UserProfileName": name, "UserSettings": {}}
        if question.auth_mode == "SSO":
            document |= {"UserProfileName": f"p-{number}", "SingleSignOnUserValue": name}
        yield Record(account, REGION, "user_profile", f"d-1/{number}", document)


def judge(names: Iterable[Name], generic: set[str], part: str) -> Figures:
    """What a set of names called generic is worth against the truth, on one part of the names."""
    piles: dict[tuple[bool, bool], list[str]] = defaultdict(list)
    for name in names:
        if name.part == part:
            piles[name.generic, name.text in generic].append(name.text)
    return Figures(*(tuple(piles[key]) for key in ((True, True), (True, False), (False, True), (False, False))))


def rule_of(rule_id: str) -> Rule:
    (rule,) = load_rules(sorted(rules_dir().rglob(f"{rule_id}-*.yaml")))
    return rule


def asked(rule: Rule, names: Sequence[Name], auth_mode: str) -> tuple[Question, Question]:
    """Which names are generic: those of the later draws in a company that lists its cities."""
    placed, others = ([n.text for n in names if (n.part in LATER) is later] for later in (True, False))
    return Question(rule, others, auth_mode), Question(in_company(rule, cities()), placed, auth_mode)


def measurement(rule_id: str) -> tuple[tuple[Name, ...], tuple[Question, Question]]:
    """The labelled names that a rule is measured on, and what it is asked of them: the names in any of the answers are
    those that it calls generic."""
    names = profile_names() if rule_id == "STU101" else (*user_names(), *later_names())
    return names, asked(rule_of(rule_id), names, "IAM" if rule_id == "STU101" else "SSO")


def main(arguments: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="print the misjudged names, but for the held-out parts")
    options = parser.parse_args(arguments)
    good = True
    for rule_id in ("STU101", "STU105"):
        names, questions = measurement(rule_id)
        generic = set().union(*answers(questions))
        print(f"# {rule_id}: {len(names)} names (aims on the held-out parts: precision {PRECISION}, recall {RECALL})")
        for part in PARTS:
            figures = judge(names, generic, part)
            if not figures.total:
                continue
            print(f"{part:11}{figures}")
            if part in HELD_OUT:
                good &= figures.precision >= PRECISION_OF.get(part, PRECISION)
                good &= figures.recall >= RECALL_OF.get(part, RECALL)
            elif options.misses:
                print(f"  missed:  {' '.join(figures.missed)}\n  wronged: {' '.join(figures.wronged)}")
        owned = with_words(rule_of(rule_id), names, generic, questions[1].auth_mode)
        for part in WITH_WORDS:
            figures = judge(names, owned, part)
            print(f"{part} with words: {figures}")
            if options.misses and part not in HELD_OUT:
                print(f"  missed:  {' '.join(figures.missed)}\n  wronged: {' '.join(figures.wronged)}")
        for is_generic, group in dict.fromkeys((n.generic, n.group) for n in names):
            own = [n for n in names if (n.generic, n.group) == (is_generic, group)]
            figures = judge(own, generic, next((p for p in HELD_OUT if group.startswith(f"{p} ")), "held_out"))
            if figures.total:
                right = len(figures.found) + len(figures.spared)
                label = "generic" if is_generic else "people"
                print(f"  {label:8}{group:20} {right:4} of {figures.total:3} held-out names judged right")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

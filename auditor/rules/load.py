"""Load rule files. Whatever is wrong with one is said with file, line and what to do, before anything runs."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from auditor.errors import ConfigError, RuleError
from auditor.model.rule import Case, OwnWords, Param, Remediation, Rule, UnlikeNames, Verdict, Withheld
from auditor.regular_files import NotReadError, files_below
from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES, table
from auditor.resources import rules_dir
from auditor.rules import prevention, remediation_set
from auditor.rules.kept_rules import keep, kept, made_from
from auditor.rules.references import SharedError, resolve_references
from auditor.rules.schema import OPTION, Layered, RuleFile
from auditor.rules.word_kinds import written_out
from auditor.studio.practices import PRACTICES
from auditor.yaml_source import Source, near, read_yaml

AREAS = ("people", "roles", "experience", "visibility", "storage", "domains", "operations", "account", "applications")
#: Folder of framework mappings inside a folder of rules.
FRAMEWORKS = "frameworks"
#: Folder of presets among the built-in rules.
PRESETS = "presets"
_BUILT_IN = re.compile(r"^STU([1-9])[0-9]{2}$")
#: Ids that only the product gives.
PRODUCT_ID = re.compile(r"^STU[0-9]")
#: 1.2 or 1.2.3, and what may follow a version that is not out yet: 1.3.0-rc.1, 2.0.0b2.
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,2}(-?[a-z]+[0-9.]*)?")


def rule_files(dirs: Sequence[Path]) -> Iterator[Path]:
    """Every rule file below the folders; a path may also be one file. Raises ConfigError where there is none."""
    for place in dirs:
        if place.is_dir():
            try:
                below = files_below(place)
            except NotReadError as error:
                raise ConfigError(f"{place}: {error.reason}") from error
            # Somebody's own folder may be called presets.
            others = {FRAMEWORKS, PRESETS} if _is_built_in(place) else {FRAMEWORKS}
            found = [p for p in below if _is_yaml(p) and not others & set(p.relative_to(place).parent.parts)]
            if not found:
                raise ConfigError(f"{place}: no rule files (*.yaml) in this folder")
            yield from found
        elif place.exists():
            yield place
        else:
            raise ConfigError(f"{place}: no such file or folder", hint="--rules takes a folder of rule files.")


def _is_yaml(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml")


def load_rules(dirs: Sequence[Path], *, bind: bool = True, own_types: bool = False) -> tuple[Rule, ...]:
    """All rules of the folders, by id. Raises RuleError for the first file that cannot be used.

    ``bind=False`` skips what needs DuckDB (columns, types, forbidden constructs); such rules can be listed, not run.
    ``own_types``: of the built-in rules, too, each expression's type is held against the tables. It takes longer than
    all else, and they are the same in every installation: ``auditor rules test`` and the product's tests ask for it.
    The built-in rules by themselves are loaded once a process.
    """
    if list(dirs) != [rules_dir()]:
        return _load(dirs, bind, own_types)
    return _TAKEN[-1] if _TAKEN and not own_types else _built_in(bind, own_types)


#: The built-in rules, where they were read and checked elsewhere.
_TAKEN: list[tuple[Rule, ...]] = []


def take_built_in(rules: Sequence[Rule]) -> None:
    """Let these be what ``load_rules`` gives for the built-in rules in this process."""
    _TAKEN[:] = [tuple(rules)]


@cache
def _built_in(bind: bool, own_types: bool) -> tuple[Rule, ...]:
    folder = rules_dir()
    if own_types:
        return _load([folder], bind, own_types)
    origin = made_from(folder, tuple(rule_files([folder])))
    if found := kept(folder, origin):
        return found
    rules = _load([folder], bind, own_types)
    if bind:
        keep(folder, origin, rules)
    return rules


@cache
def _built_in_files() -> tuple[tuple[Source, Rule], ...]:
    """The built-in rules as they are written, read once a process."""
    return tuple(_read(path) for path in rule_files([rules_dir()]))


def _load(dirs: Sequence[Path], bind: bool, own_types: bool) -> tuple[Rule, ...]:
    read: list[tuple[Source, Rule]] = []
    places: dict[str, str] = {}
    for source, rule in _each(dirs):
        for unique in (rule.id, rule.name):
            if unique in places:
                raise source.error(f"{unique!r} is already defined in {places[unique]}", "id")
            places[unique] = f"{rule.file}:{rule.line}"
        read.append((source, rule))
    if own_types and rules_dir() not in dirs:
        _refuse_taken(read)
    read = _shared(read)
    rules = _checked(read, own_types) if bind else [rule for _, rule in read]
    return tuple(sorted(rules, key=lambda r: r.id))


def _refuse_taken(read: Sequence[tuple[Source, Rule]]) -> None:
    """Refuse rules of a user's own that are called as built-in ones, beside which they will run."""
    own = [(source, rule) for source, rule in read if not _is_built_in(source.path)]
    built_in = {rule.name: rule for rule in load_rules([rules_dir()])} if own else {}
    for source, rule in own:
        if taken := built_in.get(rule.name):
            raise source.error(f"{rule.name!r} is the name of the built-in rule {taken.id}", "name")


def _each(dirs: Sequence[Path]) -> Iterator[tuple[Source, Rule]]:
    for place in dirs:
        if place == rules_dir():
            yield from _built_in_files()
        else:
            yield from map(_read, rule_files([place]))


def _is_built_in(path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(rules_dir()))


def _shared(read: Sequence[tuple[Source, Rule]]) -> list[tuple[Source, Rule]]:
    """The rules with what they take from others written out: from rules of the same folders, else built-in ones."""
    by_id = {rule.id: rule for _, rule in read}

    def find(rule_id: str) -> Rule | None:
        if rule_id not in by_id and _BUILT_IN.match(rule_id):
            by_id.update((rule.id, rule) for _, rule in _built_in_files() if rule.id == rule_id)
        return by_id.get(rule_id)

    filled: list[tuple[Source, Rule]] = []
    for source, rule in read:
        try:
            filled.append((source, resolve_references(rule, find)))
        except SharedError as error:
            raise source.error(str(error), *error.keys) from error
    return filled


def _checked(read: Sequence[tuple[Source, Rule]], own_types: bool) -> list[Rule]:
    from auditor.rules.expressions import ExpressionChecker
    from auditor.rules.validate import checked

    guard = ExpressionChecker()
    guard.read_ahead(
        [
            expression
            for _, rule in read
            for expression in (
                written_out(rule.when, rule.word_kind),
                written_out(rule.require, rule.word_kind),
                rule.cause,
                rule.remediation.at,
                *rule.severity_when.values(),
                *rule.remediation.values.values(),
                *(reason.when for reason in rule.remediation.withhold_when),
            )
            if expression
        ]
    )
    return [
        checked(rule, source.error, guard, types=own_types or not _is_built_in(source.path)) for source, rule in read
    ]


def _read(path: Path) -> tuple[Source, Rule]:
    source = read_yaml(path, "a rule file holds one mapping (id: …, name: …)", kind=RuleError, plain=False)
    wire = source.convert(RuleFile, "See: auditor rules schema")
    documented = table(wire.table)
    if documented is None:
        raise source.error(
            f"there is no table {wire.table!r}", "table", hint="Tables: " + ", ".join(t.name for t in TABLES)
        )
    built_in = _is_built_in(path)
    _where_from(source, wire, built_in=built_in)
    if wire.tests_null and not built_in:
        raise source.error(
            "tests_null: only built-in rules may test for NULL", "tests_null",
            hint="What is unknown is neither pass nor fail: docs/writing-rules.md says how to write it.",
        )  # fmt: skip
    remediation_set.check(source, wire, documented)
    prevention.check(source, wire)
    _placeholders(source, wire, documented)
    for name, param in wire.params.items():
        if (param.default is msgspec.UNSET) == (not param.same_as):
            raise source.error(f"params: {name} needs either default or same_as", "params", name)
    return source, _rule(path, source.line(), wire)


def _where_from(source: Source, wire: RuleFile, *, built_in: bool) -> None:
    """Hold id, practices and version against what there is: a typing error in them changes no verdict, so that nobody
    would see it."""
    if PRODUCT_ID.match(wire.id) and not built_in:
        hint = "Rules of your own begin with other letters: ACME001."
        raise source.error(f"id: {wire.id}: ids that begin with STU are the product's", "id", hint=hint)
    for number, practice in enumerate(wire.practices):
        if practice not in PRACTICES:
            hint = near(practice, PRACTICES, f"docs/practices.md lists them: P01 to {max(PRACTICES)}.")
            raise source.error(f"practices: there is no practice {practice!r}", "practices", str(number), hint=hint)
    if not _VERSION.fullmatch(wire.since):
        raise source.error(
            f"since: {wire.since!r} is not a version", "since", hint="Write the version of your rules: 1.0.0"
        )


def _placeholders(source: Source, wire: RuleFile, documented: Table) -> None:
    texts = [("message", wire.message)]
    for name in ("aws", "cloudformation", "terraform"):
        layered = getattr(wire.remediation, name)
        texts += [("remediation", text) for text in _layers(layered).values() if name == "aws"]
    sentences = [text for one in wire.remediation.withhold_when for text in (one.because, one.unknown)]
    texts += [("remediation", text) for text in sentences]
    for key, text in texts:
        try:
            parts = [part for part in string.Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise source.error(f"{key}: {error}", key, hint="Write {{ and }} for literal braces.") from error
        for _, placeholder, spec, conversion in parts:
            field = placeholder or ""
            option = key == "remediation" and OPTION.fullmatch(spec or "")
            if (spec and not option) or conversion:
                raise source.error(
                    f"{key}: {{{field}}} takes no format", key, hint="Write the name alone in the braces."
                )
            known = [*(c.name for c in documented.columns), *wire.values]
            if key == "remediation":
                known += wire.remediation.values
            if not field.isidentifier() or field not in known:
                hint = near(field, known, "Write {{ and }} for literal braces.")
                raise source.error(f"{key}: {{{field}}} is not a column of {documented.name}", key, hint=hint)


def _layers(value: Layered | None) -> Mapping[str, str]:
    if value is None:
        return {}
    return {"any": value} if isinstance(value, str) else {str(layer): text for layer, text in value.items()}


def _rule(path: Path, line: int, wire: RuleFile) -> Rule:
    built_in = _BUILT_IN.match(wire.id)
    fix = wire.remediation
    return Rule(
        id=wire.id,
        name=wire.name,
        title=wire.title,
        severity=wire.severity,
        area=AREAS[int(built_in.group(1)) - 1] if built_in else path.parent.name,
        table=wire.table,
        when=wire.when,
        require=wire.require,
        setting=wire.setting,
        cause=wire.cause,
        tests_null=wire.tests_null,
        message=wire.message,
        values=wire.values,
        word_kind=wire.word_kind,
        unlike_names=(
            UnlikeNames(u.unlisted, u.beside, u.unlike, u.doubtful, u.joined, u.own, u.generic)
            if (u := wire.unlike_names)
            else None
        ),
        own_words=OwnWords(own.unlisted, own.generic, own.person) if (own := wire.own_words) else None,
        severity_when=wire.severity_when,
        why=wire.why.strip(),
        remediation=Remediation(
            steps=fix.steps.strip(),
            aws=_layers(fix.aws),
            cloudformation=_layers(fix.cloudformation),
            terraform=_layers(fix.terraform),
            changes=remediation_set.changes_of(wire),
            values={**wire.values, **fix.values},
            at=fix.at,
            withhold_when=tuple(Withheld(one.when, one.because, one.unknown) for one in fix.withhold_when),
        ),
        practices=tuple(wire.practices),
        references=tuple(wire.references),
        since=wire.since,
        params=tuple(
            Param(name, p.type, None if p.default is msgspec.UNSET else p.default, p.doc, p.same_as)
            for name, p in wire.params.items()
        ),
        cases=tuple(
            Case(
                c.given,
                Verdict(c.then),
                c.name,
                c.params,
                {k: tuple(rows) for k, rows in c.tables.items()} if c.tables else None,
                c.severity,
                c.message,
                c.withheld,
            )
            for c in wire.cases
        ),
        file=str(path),
        line=line,
        prevent=prevention.prevent_of(wire),
    )

"""Load rule files. Whatever is wrong with one is said with file, line and what to do, before anything runs."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
import yaml

from auditor.errors import ConfigError, RuleError
from auditor.evaluate.rulefile import CaseFile, Layered, RemediationFile, RuleFile
from auditor.model.rule import Case, Param, Remediation, Rule, Verdict
from auditor.resolve.tables import TABLES, Table, table

AREAS = ("people", "roles", "experience", "visibility", "storage", "domains", "operations", "account")
_BUILT_IN = re.compile(r"^STU([1-8])[0-9]{2}$")
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Deeper than any rule; the C parser builds its tree recursively and would bring the process down.
_MAX_DEPTH = 50
_FIELD = re.compile(r"`([^`]+)`")


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Says where a value stands that only looks like a date or a number, such as 2024-13-45."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error


class _Source:
    """A rule file's text, and the line that each of its keys stands on."""

    def __init__(self, path: Path, root: yaml.Node) -> None:
        self.path = path
        self.root = root

    def line(self, *keys: str) -> int:
        """Line of the value at the keys; of the nearest parent that exists."""
        node = self.root
        line = node.start_mark.line + 1
        for key in keys:
            following = None
            if isinstance(node, yaml.MappingNode):
                for name, value in node.value:
                    if name.value == key:
                        line, following = name.start_mark.line + 1, value
            elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
                following = node.value[int(key)]
                line = following.start_mark.line + 1
            if following is None:
                break
            node = following
        return line

    def error(self, message: str, *keys: str, hint: str = "") -> RuleError:
        return RuleError(f"{self.path}:{self.line(*keys)}: {message}", hint=hint)


def rule_files(dirs: Sequence[Path]) -> Iterator[Path]:
    """Every rule file below the folders; a path may also be one file. Raises ConfigError where there is none."""
    for place in dirs:
        if place.is_file():
            yield place
        elif place.is_dir():
            found = sorted(
                p
                for p in place.rglob("*")
                if p.suffix in (".yaml", ".yml") and "frameworks" not in p.parts and p.is_file()
            )
            if not found:
                raise ConfigError(f"{place}: no rule files (*.yaml) in this folder")
            yield from found
        else:
            raise ConfigError(f"{place}: no such file or folder", hint="--rules takes a folder of rule files.")


def load_rules(dirs: Sequence[Path], *, bind: bool = True) -> tuple[Rule, ...]:
    """All rules of the folders, by id. Raises RuleError for the first file that cannot be used.

    ``bind=False`` skips what needs DuckDB (columns, types, forbidden constructs); such rules can be listed, not run.
    """
    read: list[tuple[_Source, Rule]] = []
    places: dict[str, str] = {}
    for path in rule_files(dirs):
        source, rule = _read(path)
        for unique in (rule.id, rule.name):
            if unique in places:
                raise source.error(f"{unique!r} is already defined in {places[unique]}", "id")
            places[unique] = f"{rule.file}:{rule.line}"
        read.append((source, rule))
    rules = _checked(read) if bind else [rule for _, rule in read]
    return tuple(sorted(rules, key=lambda r: r.id))


def _checked(read: Sequence[tuple[_Source, Rule]]) -> list[Rule]:
    from auditor.evaluate.check import checked
    from auditor.evaluate.guard import Guard

    guard = Guard()
    guard.read_ahead([e for _, rule in read for e in (rule.when, rule.require, rule.cause) if e])
    return [checked(rule, source.error, guard) for source, rule in read]


def _compose(path: Path) -> tuple[yaml.Node, dict[str, Any]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RuleError(f"{path}:{line}: not UTF-8 text ({error.reason})") from error
    loader = _Loader(text)
    try:
        _refuse_depth(path, text)
        node = loader.get_single_node()
        if node is None or not isinstance(node, yaml.MappingNode):
            raise RuleError(f"{path}:1: a rule file holds one mapping (id: …, name: …)")
        _refuse_duplicates(path, node)
        document: dict[str, Any] = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RuleError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise RuleError(f"{path}:1: not valid YAML: {error}") from error
    finally:
        loader.dispose()
    return node, document


def _refuse_depth(path: Path, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise RuleError(f"{path}:{line}: nested too deeply")


def _refuse_duplicates(path: Path, node: yaml.Node, above: tuple[yaml.Node, ...] = ()) -> None:
    if any(node is outer for outer in above):
        raise RuleError(f"{path}:{node.start_mark.line + 1}: an alias stands for what it lies in")
    inner = (*above, node)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise RuleError(f"{path}:{key.start_mark.line + 1}: a key must be a word")
            if key.value in seen:
                raise RuleError(f"{path}:{key.start_mark.line + 1}: {key.value!r} is given twice")
            seen.add(key.value)
            _refuse_duplicates(path, value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(path, item, inner)


def _read(path: Path) -> tuple[_Source, Rule]:
    node, data = _compose(path)
    source = _Source(path, node)
    try:
        wire = msgspec.convert(data, RuleFile)
    except msgspec.ValidationError as error:
        raise _wire_error(source, str(error)) from error
    documented = table(wire.table)
    if documented is None:
        raise source.error(
            f"there is no table {wire.table!r}", "table", hint="Tables: " + ", ".join(t.name for t in TABLES)
        )
    _placeholders(source, wire, documented)
    return source, _rule(path, node.start_mark.line + 1, wire)


def _wire_error(source: _Source, text: str) -> RuleError:
    reason, _, place = text.partition(" - at `")
    place = place.removeprefix("key` in `").removeprefix("$")
    keys = [k for k in re.split(r"[.\[\]`]+", place) if k and k != "..."]
    field = _FIELD.search(reason)
    hint = ""
    if field and "unknown field" in reason:
        names = [f.name for s in (RuleFile, RemediationFile, CaseFile) for f in msgspec.structs.fields(s)]
        near = get_close_matches(field.group(1), names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "See: auditor rules schema"
        keys.append(field.group(1))
    where = ".".join(keys)
    return source.error(f"{where}: {reason}" if where else reason, *keys, hint=hint)


def _placeholders(source: _Source, wire: RuleFile, documented: Table) -> None:
    texts = [("message", wire.message)]
    for name in ("aws", "cloudformation", "terraform"):
        layered = getattr(wire.remediation, name)
        texts += [("remediation", text) for text in _layers(layered).values() if name == "aws"]
    for key, text in texts:
        try:
            parts = [part for part in string.Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise source.error(f"{key}: {error}", key, hint="Write {{ and }} for literal braces.") from error
        for _, placeholder, spec, conversion in parts:
            field = placeholder or ""
            if spec or conversion:
                raise source.error(
                    f"{key}: {{{field}}} takes no format", key, hint="Write the name alone in the braces."
                )
            if not field.isidentifier() or documented.column(field) is None:
                near = get_close_matches(field, [c.name for c in documented.columns], n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "Write {{ and }} for literal braces."
                raise source.error(f"{key}: {{{field}}} is no column of {documented.name}", key, hint=hint)


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
        message=wire.message,
        why=wire.why.strip(),
        remediation=Remediation(
            fix.steps.strip(), _layers(fix.aws), _layers(fix.cloudformation), _layers(fix.terraform)
        ),
        practices=tuple(wire.practices),
        references=tuple(wire.references),
        since=wire.since,
        params=tuple(Param(name, p.type, p.default, p.doc) for name, p in wire.params.items()),
        cases=tuple(
            Case(
                c.given,
                Verdict(c.then),
                c.name,
                c.params,
                {k: tuple(rows) for k, rows in c.tables.items()} if c.tables else None,
            )
            for c in wire.cases
        ),
        file=str(path),
        line=line,
    )


def select(rules: Sequence[Rule], only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that ``--only`` and ``--skip`` leave, by id, name or area. Raises ConfigError for an unknown one."""
    known = {n for r in rules for n in (r.id, r.name, r.area)}
    for option, wanted in (("--only", only), ("--skip", skip)):
        for name in wanted:
            if name not in known:
                near = get_close_matches(name, sorted(known), n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "See: auditor rules list"
                raise ConfigError(f"{option} {name}: there is no rule or area of that name", hint=hint)
    kept = [r for r in rules if not only or {r.id, r.name, r.area} & set(only)]
    return tuple(r for r in kept if not {r.id, r.name, r.area} & set(skip))

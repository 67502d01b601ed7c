"""Read auditor.yaml. Whatever is wrong in it is said with file, line, column and what to do, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from auditor.config.file_schema import ACCOUNT, ConfigFile, PersonaFile, SignFile, config_schema
from auditor.config.notify_section import notify_section
from auditor.config.organization_section import OrganizationSection, organization_section, refuse_odd_regions
from auditor.config.owners_section import owners_section
from auditor.errors import ConfigError
from auditor.model.notification import Channel
from auditor.model.owner import OwnerRule
from auditor.model.rule import Rule, Severity
from auditor.report.render import Format
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.rule_names import named_by, near_rule
from auditor.rules.verdict_sql import value_problem
from auditor.store.signing import SignKey
from auditor.studio.canvas_settings import CANVAS_FEATURES
from auditor.studio.personas import DEFAULT, DEFAULT_PERSONAS, Match, Persona
from auditor.studio.tools import HIDEABLE_APP_TYPES, NEEDABLE_APP_TYPES, NEEDABLE_TOOLS
from auditor.yaml_source import Source, near, read_yaml

__all__ = ["Config", "config_schema", "load_config"]

_SCHEMA = "See docs/configuration.md; auditor config schema prints a JSON Schema for editors."
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says; None or empty where it says nothing. Paths are resolved against the file's folder.

    ``severities``, ``params`` and ``fail_on_rules`` are by rule id or name, as written; ``for_rules`` and
    ``thresholds`` hold them against the rules. ``waiver_tag`` is empty where no tag may waive.
    ``personas`` end with the one that is everybody else's.
    """

    path: Path | None = None
    profile: str | None = None
    regions: tuple[str, ...] = ()
    skip_regions: tuple[str, ...] = ()
    organization: OrganizationSection | None = None
    rules_dirs: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    personas: tuple[Persona, ...] = DEFAULT_PERSONAS
    frameworks: tuple[str, ...] = ()
    waivers: Path | None = None
    waiver_tag: str = ""
    inline_waivers: bool | None = None
    fail_on: str | None = None
    fail_on_rules: Mapping[str, str] = field(default_factory=dict)
    fail_on_accounts: Mapping[str, str] = field(default_factory=dict)
    sla: Mapping[Severity, int] = field(default_factory=dict)
    sla_owners: Mapping[str, Mapping[Severity, int]] = field(default_factory=dict)
    baseline: Path | None = None
    new_only: bool | None = None
    allow_incomplete: bool | None = None
    allow_unread: bool | None = None
    allow_empty: bool | None = None
    nested_merge: NestedMerge | None = None
    formats: tuple[Format, ...] | None = None
    output: Path | None = None
    store: str | None = None
    sign: SignKey | None = None
    notify: tuple[Channel, ...] = ()
    owners: tuple[OwnerRule, ...] = ()
    _source: Source | None = field(default=None, repr=False, compare=False)

    def error(self, message: str, *keys: str, hint: str = "", value: bool = False) -> ConfigError:
        """An error at the keys of the file."""
        assert self._source is not None, message  # without a file there is nothing to be wrong
        return self._source.error(message, *keys, hint=hint, value=value)

    def said(self) -> dict[str, tuple[Any, int]]:
        """Key → what the file says there, as it is written, and the line."""
        source = self._source
        return {} if source is None else {key: (value, source.line(key)) for key, value in source.data.items()}

    def for_rules(self, rules: Sequence[Rule]) -> tuple[dict[str, Severity], dict[str, dict[str, Any]]]:
        """Severities and parameters by rule id. Raises ConfigError where the file names what the rules do not have.

        ``rules`` are all that there are, whatever is selected of them.
        """
        by_name = {name: rule for rule in rules for name in (rule.id, rule.name)}
        areas = {rule.area for rule in rules}
        for key, names in (("only", self.only), ("skip", self.skip)):
            for number, name in enumerate(names):
                if not named_by(rules, name):
                    hint = near_rule(name, [*by_name, *areas])
                    raise self.error(f"{key}: there is no rule or area {name!r}", key, str(number), hint=hint)
        severities = {self._rule("severities", name, by_name).id: s for name, s in self.severities.items()}
        params: dict[str, dict[str, Any]] = {}
        for name, values in self.params.items():
            rule = self._rule("params", name, by_name)
            params.setdefault(rule.id, {}).update(self._values(rule, name, values))
        return severities, params

    def thresholds(self, rules: Sequence[Rule]) -> tuple[dict[str, Severity | None], dict[str, Severity | None]]:
        """What fails a run by rule id and by account; None: never. Raises ConfigError for a rule that there is not."""
        by_name = {name: rule for rule in rules for name in (rule.id, rule.name)}
        return (
            {self._rule("fail_on_rules", name, by_name).id: _limit(word) for name, word in self.fail_on_rules.items()},
            {account: _limit(word) for account, word in self.fail_on_accounts.items()},
        )

    def check_frameworks(self, known: Iterable[str]) -> None:
        """Raises ConfigError where the file asks for a framework that there is not."""
        names = list(known)
        for number, name in enumerate(self.frameworks):
            if name not in names:
                hint = near(name, names, f"Known: {', '.join(names)}")
                raise self.error(f"frameworks: there is no framework {name!r}", "frameworks", str(number), hint=hint)

    def _rule(self, key: str, name: str, by_name: Mapping[str, Rule]) -> Rule:
        rule = by_name.get(name)
        if rule is None:
            raise self.error(f"{key}: there is no rule {name!r}", key, name, hint=near_rule(name, by_name))
        both = next((n for n in getattr(self, key) if n != name and by_name.get(n) is rule), None)
        if both is not None:
            raise self.error(f"{key}: {name!r} and {both!r} are the same rule", key, name, hint="Keep one of them.")
        return rule

    def _values(self, rule: Rule, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        known = {p.name: p for p in rule.params}
        for param, value in values.items():
            if param not in known:
                hint = near(param, known, f"It has: {', '.join(known)}" if known else "It has none.")
                message = f"params.{name}: {rule.id} has no parameter {param!r}"
                raise self.error(message, "params", name, param, hint=hint)
            problem = value_problem(known[param], value)
            if problem:
                raise self.error(f"params.{name}: {problem}", "params", name, param, value=True)
        return dict(values)


def _limit(word: str) -> Severity | None:
    return None if word == "none" else Severity(word)


def load_config(path: Path | None, *, baseline: bool = True) -> Config:
    """Read the file; without one, a Config that says nothing. Raises ConfigError naming file, line and column.

    ``baseline`` false: for who compares with none, so that a missing one is no error.
    """
    if path is None:
        return Config()
    source = read_yaml(path, "a configuration holds one mapping (fail_on: …, personas: …)", empty=True)
    wire = source.convert(ConfigFile, _SCHEMA)
    folder = path.parent
    refuse_odd_regions(source, wire.regions, wire.skip_regions)
    return Config(
        path=path,
        profile=_given(wire.profile),
        regions=tuple(wire.regions),
        skip_regions=tuple(wire.skip_regions),
        organization=None
        if isinstance(wire.organization, UnsetType)
        else organization_section(source, wire.organization),
        rules_dirs=tuple(_existing(source, folder / p, "rules", str(n)) for n, p in enumerate(wire.rules)),
        only=tuple(wire.only),
        skip=tuple(wire.skip),
        severities=wire.severities,
        params=wire.params,
        personas=_personas(source, wire.personas),
        frameworks=tuple(wire.frameworks),
        waivers=None if isinstance(wire.waivers, UnsetType) else _existing(source, folder / wire.waivers, "waivers"),
        waiver_tag=_given(wire.waiver_tag) or "",
        inline_waivers=_given(wire.inline_waivers),
        fail_on=_given(wire.fail_on),
        fail_on_rules=wire.fail_on_rules,
        fail_on_accounts=_accounts(source, wire.fail_on_accounts),
        sla=wire.sla,
        sla_owners=wire.sla_owners,
        baseline=None
        if isinstance(wire.baseline, UnsetType) or not baseline
        else _existing(source, folder / wire.baseline, "baseline"),
        new_only=_given(wire.new_only),
        allow_incomplete=_given(wire.allow_incomplete),
        allow_unread=_given(wire.allow_unread),
        allow_empty=_given(wire.allow_empty),
        nested_merge=_given(wire.nested_merge),
        formats=None if isinstance(wire.formats, UnsetType) else _formats(source, wire.formats),
        output=None if isinstance(wire.output, UnsetType) else _output(folder, wire.output),
        store=None if isinstance(wire.store, UnsetType) else _store(folder, wire.store),
        owners=owners_section(source, wire.owners),
        notify=notify_section(source, folder, wire.notify),
        sign=None if isinstance(wire.sign, UnsetType) else _sign(source, folder, wire.sign),
        _source=source,
    )


def _given(value: _Value | UnsetType) -> _Value | None:
    return None if value is UNSET or isinstance(value, UnsetType) else value


def _existing(source: Source, path: Path, *keys: str) -> Path:
    if not path.exists():
        hint = f"Paths in the file count from its folder, {source.path.parent.absolute()}"
        raise source.error(f"{keys[0]}: {path}: no such file or folder", *keys, hint=hint, value=True)
    return path


def _output(folder: Path, text: str) -> Path:
    return Path("-") if text == "-" else folder / text


def _accounts(source: Source, limits: Mapping[str, str]) -> Mapping[str, str]:
    for account in limits:
        if not re.match(ACCOUNT, account):
            message = f"fail_on_accounts: {account!r} is not an account id of 12 digits"
            raise source.error(message, "fail_on_accounts", account)
    return limits


def _store(folder: Path, text: str) -> str:
    return text if "://" in text else str(folder / text)


def _sign(source: Source, folder: Path, wire: SignFile) -> SignKey:
    if (wire.ed25519 is UNSET) is (wire.kms is UNSET):
        raise source.error("sign: names one key", "sign", hint="Write ed25519: FILE or kms: KEY, not both.")
    file = None if isinstance(wire.ed25519, UnsetType) else folder / wire.ed25519
    return SignKey(file, _given(wire.kms) or "")


def _formats(source: Source, formats: Sequence[Format]) -> tuple[Format, ...]:
    if not formats:
        known = ", ".join(f.value for f in Format)
        raise source.error("formats: an empty list writes no report", "formats", hint=f"Known: {known}")
    return tuple(dict.fromkeys(formats))


def _personas(source: Source, wires: Sequence[PersonaFile]) -> tuple[Persona, ...]:
    """The personas, the one without matches last: the file's own ``default``, else the built-in one."""
    named: list[Persona] = []
    for number, wire in enumerate(wires):
        at = ("personas", str(number))
        if any(p.name == wire.name for p in named):
            raise source.error(f"personas: {wire.name!r} is defined twice", *at, "name", value=True)
        if wire.name == DEFAULT and wire.match:
            raise source.error(
                "personas: default is everybody who fits no other persona and takes no match", *at, "match",
                hint="Give the persona another name, or take its match away.",
            )  # fmt: skip
        if wire.name != DEFAULT and not wire.match:
            raise source.error(
                f"personas: no profile would be of {wire.name!r}", *at,
                hint="Say under match: which profiles are (tags, name or domain), or call the persona default.",
            )  # fmt: skip
        named.append(_persona(source, at, wire))
    default = [p for p in named if p.name == DEFAULT] or list(DEFAULT_PERSONAS)
    return (*(p for p in named if p.name != DEFAULT), *default)


def _persona(source: Source, at: tuple[str, ...], wire: PersonaFile) -> Persona:
    base = DEFAULT_PERSONAS[0]
    matches = []
    for number, match in enumerate(wire.match):
        if not match.tags and match.name is UNSET and match.domain is UNSET:
            raise source.error(
                "match: names neither tags, name nor domain", *at, "match", str(number),
                hint="It would fit every profile; a persona called default is for those.",
            )  # fmt: skip
        matches.append(Match(dict(match.tags), _given(match.name) or "", _given(match.domain) or ""))
    return Persona(
        wire.name,
        base.apps if isinstance(wire.apps, UnsetType) else _needs(source, wire.apps, NEEDABLE_APP_TYPES, *at, "apps"),
        base.tools if isinstance(wire.tools, UnsetType) else _needs(source, wire.tools, NEEDABLE_TOOLS, *at, "tools"),
        tuple(matches),
        canvas=_needs(source, wire.canvas, CANVAS_FEATURES, *at, "canvas"),
    )


def _needs(source: Source, names: Iterable[str], known: Sequence[str], *at: str) -> tuple[str, ...]:
    """The names, in the order of ``known``, which are all that can be needed."""
    wanted = list(names)
    for number, name in enumerate(wanted):
        if name in known:
            continue
        if at[-1] == "apps" and name in HIDEABLE_APP_TYPES:
            message = f"{name} is Studio Classic, which nobody needs on the new Studio"
            hint = "See: auditor rules show STU402"
        else:
            what = "a feature of Canvas" if at[-1] == "canvas" else "something that can be hidden"
            message, hint = f"{name!r} is not {what}", near(name, known, f"Known: {', '.join(known)}")
        raise source.error(f"{at[-1]}: {message}", *at, str(number), hint=hint)
    return tuple(name for name in known if name in wanted)

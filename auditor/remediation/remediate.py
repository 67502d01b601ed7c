"""What mends a finding: the command for its resource, where the value was set, and the same for templates."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.model.finding import FindingRemediation
from auditor.model.paths import value_at
from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Rule
from auditor.remediation import snippets, update_call
from auditor.remediation.cautions import Cautions
from auditor.remediation.inheritance import call, demand_whole, domain_ref, on_purpose, replaces, value_of
from auditor.remediation.raw_documents import Document, Documents
from auditor.remediation.shell import (
    UnusableError,
    Words,
    explained,
    followed_no_more,
    in_partition,
    sent_whole,
    shared,
    to_fill_in,
    word,
)
from auditor.remediation.status import by_status
from auditor.remediation.update_call import Step
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.remediation_set import TAGS
from auditor.rules.value_columns import AT, VALUE
from auditor.rules.verdict_sql import Overrides, parameter_values
from auditor.rules.withheld import withheld
from auditor.studio.resource_types import UPDATABLE_KINDS
from auditor.studio.settings import DOMAIN_USER_ROOT
from auditor.studio.template_names import DEMANDED

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Remediation:
    """A remediation and where it acts.

    ``place``: ``profile`` where a user setting is to be changed on the profile, because that holds it (or the structure
    that it lies in) itself, or because the rule is about that one person; ``domain`` where the domain hands it down,
    else empty. ``steps``: what is changed there.
    """

    remediation: FindingRemediation
    place: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def change(self) -> str:
        """What is changed: alike where one change fixes two findings of one origin. Empty where nobody can say."""
        return f"{self.place} {self.steps}" if self.steps else self.remediation.aws

    @property
    def reach(self) -> int:
        """How many values are changed: what covers another reaches as far at least."""
        return sum(len(step.value) if isinstance(step.value, list) else 1 for step in self.steps)

    def covers(self, other: Remediation) -> bool:
        """Whether this change does all that the other does, on one domain."""
        return self.place == other.place == "domain" and all(
            any(mine.includes(step) for mine in self.steps) for step in other.steps
        )

    def of_all(self) -> FindingRemediation:
        """The remediation of the cause."""
        return replace(self.remediation, aws_only_here="")


def columns(rule: Rule, documented: Table) -> tuple[str, ...]:
    """Columns of the rule's table that its remediation needs beside those of the rule."""
    fix = rule.remediation
    texts = [*fix.aws.values(), *(text for one in fix.withhold_when for text in (one.because, one.unknown))]
    named = {"status"} | {part[1] for text in texts for part in string.Formatter().parse(text) if part[1]}
    for change in fix.changes:
        named |= {v[1:] for v in (change.value, change.but_not) if isinstance(v, str) and v.startswith("$")}
        column = _column_at(documented, change.path)
        if column:
            named.add(column)
    return tuple(c.name for c in documented.columns if c.name in named)


@cache
def _columns_at(table_name: str) -> Mapping[str, str]:
    """The columns of a table by the path of the setting in a profile's own document."""
    documented = table(table_name)
    assert documented is not None, table_name
    return {c.paths["profile"]: c.name for c in documented.columns if c.paths and "profile" in c.paths}


def _column_at(documented: Table, path: str) -> str:
    """The column that holds the setting at a path of a profile's own document, empty where there is none."""
    return _columns_at(documented.name).get(path.partition("[]")[0], "")


#: Commands for what AWS does not update any more: to delete it is what is left.
_DELETES = re.compile(r"aws [a-z]+ delete-")


def _chosen(row: Mapping[str, Any]) -> str:
    """The place that the rule names itself, also where there is no command."""
    return "profile" if row.get(AT) == "profile" else ""


class Remediator:
    """Makes remediations over one connection's tables and the documents behind them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, documents: Documents, overrides: Overrides) -> None:
        self._con = con
        self._documents = documents
        self._overrides = overrides
        self._cautions = Cautions(con)
        self._followers: dict[str, dict[str, int]] = {}
        self._made: dict[str, FindingRemediation] = {}
        self._options: dict[str, list[str]] = {}
        self._parameters: dict[str, Mapping[str, Any]] = {}

    def remediation(
        self, rule: Rule, documented: Table, row: Mapping[str, Any], resource: ResourceRef, where: Origin
    ) -> Remediation:
        """The remediation of one failure. ``row`` holds the columns and expressions that this module asks for."""
        fix = rule.remediation
        if reason := withheld(rule, row):
            return Remediation(FindingRemediation(fix.steps, note=reason), _chosen(row))
        try:
            if not fix.changes:
                return Remediation(self._written(rule, row, resource, where))
            return self._changed(rule, documented, row, resource)
        except UnusableError as error:
            return Remediation(FindingRemediation(fix.steps, note=str(error)), _chosen(row))

    # Commands that are written out in the rule

    def _written(self, rule: Rule, row: Mapping[str, Any], resource: ResourceRef, where: Origin) -> FindingRemediation:
        fix = rule.remediation

        def pick(texts: Mapping[str, str]) -> str:
            order = (where.layer, "any", *(("domain",) if where.layer == "service" else ()))
            return next((texts[layer] for layer in order if layer in texts), "")

        template, command, note = pick(fix.aws), "", ""
        if template and self._live(resource):
            words = Words(row)
            try:
                command = in_partition(template.format_map(words).strip(), resource)
                about = "" if _DELETES.match(command) else self._by_status(row, resource)
                caution = self._cautions.of_command(command, resource)
                note = " ".join(filter(None, (caution, about, to_fill_in(template + "".join(str(words.used))))))
            except KeyError:
                # A name that the command needs is unknown for this resource: no command is better than a wrong one.
                pass
            except UnusableError as error:
                command, note = "", str(error)
        return FindingRemediation(
            fix.steps, command, pick(fix.cloudformation).strip(), pick(fix.terraform).strip(), note
        )

    def _by_status(self, row: Mapping[str, Any], resource: ResourceRef) -> str:
        """What to know of the statuses of what is updated before it is. Raises UnusableError where it can't be."""
        if not self._live(resource):
            return ""
        there: list[tuple[ResourceRef, Mapping[str, Any]]] = []
        if resource.type in UPDATABLE_KINDS and resource.type != "domain":
            own = self._documents.get((resource.account, resource.region, resource.type, resource.id))
            there.append((resource, {"Status": row.get("status"), **(own.members if own else {})}))
        if resource.domain_id:
            domain = domain_ref(resource)
            held = self._documents.get((domain.account, domain.region, "domain", domain.id))
            there.append((domain, held.members if held else {}))
        refused, note = by_status(there)
        if refused:
            raise UnusableError(refused)
        return note

    # Commands that follow from changes

    def _changed(self, rule: Rule, documented: Table, row: Mapping[str, Any], resource: ResourceRef) -> Remediation:
        steps = tuple(self._steps(rule, row))
        if not steps:
            return Remediation(FindingRemediation(rule.remediation.steps), _chosen(row))
        about = self._by_status(row, resource)
        made = self._by_steps(rule, documented, row, resource, steps)
        if not about or not made.remediation.aws:
            return made
        return replace(made, remediation=replace(made.remediation, note=f"{about} {made.remediation.note}".strip()))

    def _by_steps(
        self, rule: Rule, documented: Table, row: Mapping[str, Any], resource: ResourceRef, steps: tuple[Step, ...]
    ) -> Remediation:
        if steps[0].root == TAGS:
            return Remediation(self._tagged(rule, row, resource, steps))
        if documented.name != "user_profile":
            return Remediation(self._on(rule, resource, steps, documented.name))
        chosen = str(row.get(AT) or "")
        held = self._held(row, resource, documented, steps)
        place = "profile" if chosen == "profile" or (held and chosen != "domain") else "domain"
        if place == "profile":
            sent, copied = self._of_profile(documented, row, resource, steps)
            return Remediation(self._command(rule, resource, steps, sent, copied), "profile", steps)
        key = f"{rule.id} {resource.account}/{resource.region}/{resource.domain_id} {steps}"
        if key not in self._made:
            domain = domain_ref(resource)
            made = self._on(rule, domain, tuple(step.moved(DOMAIN_USER_ROOT) for step in steps), "domain")
            others = self._followers_of(documented, domain, steps) - 1
            self._made[key] = replace(made, note=" ".join(filter(None, (shared(others), made.note))))
        alone = self._alone(documented, row, resource, steps, key)
        return Remediation(replace(self._made[key], aws_only_here=alone), "domain", steps)

    def _steps(self, rule: Rule, row: Mapping[str, Any]) -> Iterator[Step]:
        if rule.id not in self._parameters:
            self._parameters[rule.id] = parameter_values(rule, self._overrides.get(rule.id))
        parameters = self._parameters[rule.id]

        def worked_out(part: Any) -> Any:
            if not (isinstance(part, str) and part.startswith("$")):
                return part
            name = part[1:]
            if name in rule.remediation.values:
                return row.get(VALUE + name)
            return parameters[name] if name in parameters else row.get(name)

        for change in rule.remediation.changes:
            value = worked_out(change.value)
            spared = [] if change.but_not is None else worked_out(change.but_not)
            if value is None or spared is None:
                continue
            if change.action != "set":
                spared = spared if isinstance(spared, list | tuple) else [spared]
                value = [v for v in (value if isinstance(value, list | tuple) else [value]) if v not in spared]
            yield Step(change.path, change.action, list(value) if isinstance(value, tuple) else value)

    def _held(self, row: Mapping[str, Any], resource: ResourceRef, documented: Table, steps: Sequence[Step]) -> bool:
        """Whether the profile itself holds one of the settings, or sets a structure that one lies in: a change of the
        domain would not reach it then."""
        own = self._document(resource, "user_profile")
        for step in steps:
            column = _column_at(documented, step.path)
            if row.get(f"{column}_origin") == "profile" or on_purpose(own, step):
                return True
        return False

    def _alone(
        self, documented: Table, row: Mapping[str, Any], resource: ResourceRef, steps: Sequence[Step], key: str
    ) -> str:
        """The command for this profile alone where the domain is the place; ``key`` names domain and change."""
        if not self._live(resource):
            return ""
        own = self._document(resource, "user_profile")
        # Profiles that hold nothing of it, which are most, differ in their names only.
        common = all(value_of(own, step.top) is None for step in steps)
        options = self._options.get(key) if common else None
        if options is None:
            options = update_call.options(self._of_profile(documented, row, resource, steps)[0])
            if common:
                self._options[key] = options
        for step in steps:
            self._demand_whole(resource, own, step)
        return " ".join((*call(resource), *options))

    def _of_profile(
        self, documented: Table, row: Mapping[str, Any], resource: ResourceRef, steps: Sequence[Step]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a change of the profile alone sends, and the structures that it gets for its own: what it takes over of
        them from its domain goes with them, so that nothing else changes for it."""
        own = self._document(resource, "user_profile")
        held: dict[str, Any] = {}
        lists: dict[str, list[Any]] = {}
        copied: list[str] = []
        for step in steps:
            mine = value_of(own, step.top)
            held[step.top] = mine
            if step.nested and not on_purpose(own, step) and replaces(step):
                domain = self._document(domain_ref(resource), "domain")
                theirs = value_of(domain, step.moved(DOMAIN_USER_ROOT).top)
                if theirs:
                    held[step.top] = {**theirs, **(mine or {})}
                    copied.append(step.top.partition(".")[2])
                    self._demand_whole(resource, domain, step.moved(DOMAIN_USER_ROOT))
            listed, item = row.get(_column_at(documented, step.path)), step.path.partition("[].")[2]
            if isinstance(listed, list | tuple):
                lists[step.path] = [{item: value} for value in listed] if item else list(listed)
            self._demand_whole(resource, own, step)
        return update_call.settings(steps, held, lists), tuple(dict.fromkeys(copied))

    def _on(self, rule: Rule, resource: ResourceRef, steps: Sequence[Step], kind: str) -> FindingRemediation:
        """The change on a resource that inherits nothing."""
        document = self._document(resource, kind)
        for step in steps:
            self._demand_whole(resource, document, step)
        sent = update_call.settings(steps, {step.top: value_of(document, step.top) for step in steps}, {})
        return self._command(rule, resource, steps, sent, ())

    def _live(self, resource: ResourceRef) -> bool:
        """Whether a command can change it. What a template makes is fixed in the template, not beside it."""
        return not resource.file and self._documents.live(resource.account)

    def _demand_whole(self, resource: ResourceRef, document: Document, step: Step) -> None:
        # A template is fixed where it is written: nothing is sent, so nothing is lost.
        if self._live(resource):
            demand_whole(document, step)

    def _document(self, resource: ResourceRef, kind: str) -> Document:
        found = self._documents.get((resource.account, resource.region, kind, resource.id))
        if found is None:
            raise UnusableError(f"No command: the snapshot does not hold the {kind.replace('_', ' ')} itself.")
        return found

    def _command(
        self,
        rule: Rule,
        resource: ResourceRef,
        steps: Sequence[Step],
        sent: Mapping[str, Any],
        copied: tuple[str, ...],
    ) -> FindingRemediation:
        fix = rule.remediation
        if not sent:
            return FindingRemediation(fix.steps)
        changed = tuple(step.path.replace("[]", "") for step in steps)
        command = ""
        note = [to_fill_in(" ".join(map(str, steps)))]
        if self._live(resource):
            whole = tuple(dict.fromkeys(s.top.partition(".")[2] for s in steps if s.nested and value_at(sent, s.top)))
            command = " ".join((*call(resource), *update_call.options(sent)))
            caution = self._cautions.of_settings(steps, resource)
            note = [caution, followed_no_more(copied), sent_whole(whole), *note]
        written = {name: self._demanded(resource, name, value) for name, value in sent.items()}
        return FindingRemediation(
            fix.steps,
            command,
            fix.cloudformation.get("any", "") or snippets.cloudformation(resource, written, changed),
            fix.terraform.get("any", "") or snippets.terraform(resource, written, changed),
            " ".join(filter(None, note)),
        )

    def _demanded(self, resource: ResourceRef, name: str, value: Any) -> Any:
        """The value with what templates demand beside it, as the resource has it."""
        beside = DEMANDED.get(name)
        if beside is None or beside in value:
            return value
        return {beside: value_of(self._document(resource, resource.type), f"{name}.{beside}") or "ROLE_ARN", **value}

    def _tagged(
        self, rule: Rule, row: Mapping[str, Any], resource: ResourceRef, steps: Sequence[Step]
    ) -> FindingRemediation:
        pairs: dict[str, str] = {}
        for step in steps:
            if step.action == "add":
                # Whoever writes the tag knows its value: the key says what it is.
                pairs |= {key: re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_") or "VALUE" for key in step.value}
            else:
                pairs[step.path.removeprefix(f"{TAGS}.")] = str(step.value)
        present = row.get("tags") or {}
        pairs = {key: value for key, value in pairs.items() if key not in present}
        if not pairs:
            return FindingRemediation(rule.remediation.steps)
        live = self._live(resource)
        command = ""
        if live:
            words = ("--region", word(resource.region), "--resource-arn", word(resource.arn))
            command = " ".join(("aws sagemaker add-tags", *words, *update_call.tag_options(pairs)))
        return FindingRemediation(
            rule.remediation.steps,
            command,
            *snippets.tags(resource, pairs),
            " ".join(
                explained(value, f"the value of the tag {key}") for key, value in pairs.items() if value.isupper()
            ),
        )

    def _followers_of(self, documented: Table, domain: ResourceRef, steps: Sequence[Step]) -> int:
        """How many profiles of the domain take one of the settings over from it."""
        named = {c for step in steps if (c := _column_at(documented, step.path))}
        condition = " or ".join(f"{c}_origin in ('domain', 'service', 'ambiguous')" for c in sorted(named)) or "true"
        if condition not in self._followers:
            rows = self._con.execute(
                f"select domain_key, count(*) from user_profile where {condition} group by 1"
            ).fetchall()
            self._followers[condition] = dict(rows)
        return self._followers[condition].get(domain.key, 0)

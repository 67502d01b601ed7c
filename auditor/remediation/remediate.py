"""What fixes a failure: the command at the place that is to blame for it, and the same for templates."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from auditor.model.finding import FindingRemediation
from auditor.model.paths import value_at
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule
from auditor.remediation import snippets, update_call
from auditor.remediation.cautions import Cautions
from auditor.remediation.failures import Failure
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
from auditor.remediation.status import by_status, with_status
from auditor.remediation.steps import Step, column_at
from auditor.resolve.alike_profiles import counted_by_domain
from auditor.resolve.table_model import Table
from auditor.rules.remediation_set import TAGS
from auditor.rules.value_columns import IN_SNIPPET, VALUE
from auditor.studio.resource_types import UPDATABLE_KINDS
from auditor.studio.settings import DOMAIN_USER_ROOT
from auditor.studio.template_names import DEMANDED

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Remediation:
    """A remediation, and what it changes: ``steps`` where the failure is to blame, none where nobody can say."""

    remediation: FindingRemediation
    steps: tuple[Step, ...] = ()

    @property
    def change(self) -> str:
        """What is changed: alike where one change fixes two failures with one owner. Empty where nobody can say."""
        return str(self.steps) if self.steps else self.remediation.aws

    @property
    def reach(self) -> int:
        """How many values are changed: what covers another reaches as far at least."""
        return sum(len(step.value) if isinstance(step.value, list) else 1 for step in self.steps)

    def covers(self, other: Remediation) -> bool:
        """Whether this change does all that the other does, on the same owner."""
        return bool(other.steps) and all(any(mine.includes(step) for mine in self.steps) for step in other.steps)

    def of_all(self) -> FindingRemediation:
        """The remediation of the cause."""
        return replace(self.remediation, aws_only_here="") if self.remediation.aws_only_here else self.remediation


def columns(rule: Rule, documented: Table) -> tuple[str, ...]:
    """Columns of the rule's table that its remediation needs beside those of the rule."""
    fix = rule.remediation
    texts = [*fix.aws.values(), *(text for one in fix.withhold_when for text in (one.because, one.unknown))]
    named = {"status", "failure_reason"} | {
        part[1] for text in texts for part in string.Formatter().parse(text) if part[1]
    }
    for change in fix.changes:
        named |= {v[1:] for v in (change.value, change.but_not) if isinstance(v, str) and v.startswith("$")}
        column = column_at(documented, change.path)
        if column:
            named.add(column)
        if change.path.partition(".")[0] == TAGS:
            # A key that is there is left alone.
            named.add(TAGS.lower())
    return tuple(c.name for c in documented.columns if c.name in named)


#: Commands for what AWS does not update any more: to delete it is what is left.
_DELETES = re.compile(r"aws [a-z]+ delete-")


def _filled(snippet: str, row: Mapping[str, Any], quote: Callable[[str], str]) -> str:
    """A snippet that a rule has written out, with the rule's values in its quotes; empty where one is unknown."""
    named = {name for name in IN_SNIPPET.findall(snippet) if VALUE + name in row}
    if any(row[VALUE + name] is None for name in named):
        return ""

    def value(found: re.Match[str]) -> str:
        return quote(str(row[VALUE + found[1]])) if found[1] in named else found[0]

    return IN_SNIPPET.sub(value, snippet)


class Remediator:
    """Makes remediations over one connection's tables and the documents behind them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, documents: Documents, *, commands_only: bool = False) -> None:
        """``commands_only``: what templates would say and notes beside a command are left out, which take longer to
        make than the command."""
        self._con = con
        self._commands_only = commands_only
        self._documents = documents
        self._cautions = Cautions(con)
        self._followers: dict[str, dict[str, int]] = {}
        self._made: dict[str, FindingRemediation] = {}
        self._options: dict[str, list[str]] = {}

    def remediate(self, failure: Failure) -> Remediation:
        """The remediation of one failure, at the owner that its blame names."""
        made = self._remediated(failure)
        told = with_status(made.remediation, failure.row, failure.resource)
        return made if told is made.remediation else replace(made, remediation=told)

    def _remediated(self, failure: Failure) -> Remediation:
        fix = failure.rule.remediation
        if failure.withheld:
            return Remediation(FindingRemediation(fix.steps, note=failure.withheld))
        try:
            if not fix.changes:
                return Remediation(self._written(failure))
            return self._changed(failure)
        except UnusableError as error:
            return Remediation(FindingRemediation(fix.steps, note=str(error)))

    # Commands that are written out in the rule

    def _written(self, failure: Failure) -> FindingRemediation:
        fix, row, resource, layer = failure.rule.remediation, failure.row, failure.resource, failure.blame.layer

        def pick(texts: Mapping[str, str]) -> str:
            order = (layer, "any", *(("domain",) if layer == "service" else ()))
            return next((texts[name] for name in order if name in texts), "")

        template, command, note = pick(fix.aws), "", ""
        if template and self._live(resource):
            words = Words(row)
            try:
                command = in_partition(template.format_map(words).strip(), resource)
                about = "" if _DELETES.match(command) else self._by_status(row, resource)
                caution = "" if self._commands_only else self._cautions.of_command(command, resource)
                note = " ".join(filter(None, (caution, about, to_fill_in(template + "".join(str(words.used))))))
            except KeyError:
                # A name that the command needs is unknown for this resource: no command is better than a wrong one.
                pass
            except UnusableError as error:
                command, note = "", str(error)
        template = _filled(pick(fix.cloudformation).strip(), row, json.dumps)
        hcl = snippets.written_out(resource, _filled(pick(fix.terraform).strip(), row, snippets.hcl_text))
        return FindingRemediation(fix.steps, command, template, hcl, note)

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

    def _changed(self, failure: Failure) -> Remediation:
        if not failure.steps:
            return Remediation(FindingRemediation(failure.rule.remediation.steps))
        about = self._by_status(failure.row, failure.resource)
        made = self._by_steps(failure)
        if not about or not made.aws:
            return Remediation(made, failure.steps)
        return Remediation(replace(made, note=f"{about} {made.note}".strip()), failure.steps)

    def _by_steps(self, failure: Failure) -> FindingRemediation:
        rule, resource, steps, documented = failure.rule, failure.resource, failure.steps, failure.documented
        if steps[0].root == TAGS:
            return self._tagged(failure)
        if documented.name != "user_profile":
            return self._on(rule, resource, steps, documented.name)
        if failure.blame.owner.type != "domain":
            sent, copied = self._of_profile(failure)
            return self._command(rule, resource, steps, sent, copied)
        domain = failure.blame.owner
        key = f"{rule.id} {domain.key} {steps}"
        if key not in self._made:
            made = self._on(rule, domain, tuple(step.moved(DOMAIN_USER_ROOT) for step in steps), "domain")
            if not self._commands_only:
                others = self._followers_of(documented, domain, steps) - 1
                made = replace(made, note=" ".join(filter(None, (shared(others), made.note))))
            self._made[key] = made
        return replace(self._made[key], aws_only_here=self._alone(failure, key))

    def _alone(self, failure: Failure, key: str) -> str:
        """The command for this profile alone where the domain is the place; ``key`` names domain and change."""
        resource, steps = failure.resource, failure.steps
        if not self._live(resource):
            return ""
        own = self._document(resource, "user_profile")
        # Profiles that hold nothing of it, which are most, differ in their names only.
        common = all(value_of(own, step.top) is None for step in steps)
        options = self._options.get(key) if common else None
        if options is None:
            options = update_call.options(self._of_profile(failure)[0])
            if common:
                self._options[key] = options
        for step in steps:
            self._demand_whole(resource, own, step)
        return " ".join((*call(resource), *options))

    def _of_profile(self, failure: Failure) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a change of the profile alone sends, and the structures that it gets for its own: what it takes over of
        them from its domain goes with them, so that nothing else changes for it."""
        row, resource, steps = failure.row, failure.resource, failure.steps
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
            listed, item = row.get(column_at(failure.documented, step.path)), step.path.partition("[].")[2]
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
        if self._commands_only:
            live = self._live(resource)
            return FindingRemediation(
                fix.steps, " ".join((*call(resource), *update_call.options(sent))) if live else ""
            )
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

    def _tagged(self, failure: Failure) -> FindingRemediation:
        resource, steps = failure.resource, failure.rule.remediation.steps
        pairs: dict[str, str] = {}
        for step in failure.steps:
            if step.action == "add":
                # Whoever writes the tag knows its value: the key says what it is.
                pairs |= {key: re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_") or "VALUE" for key in step.value}
            else:
                pairs[step.path.removeprefix(f"{TAGS}.")] = str(step.value)
        held = failure.row.get("tags")
        present = held or {}
        pairs = {key: value for key, value in pairs.items() if key not in present}
        if not pairs:
            return FindingRemediation(steps)
        live = self._live(resource)
        command = ""
        if live:
            words = ("--region", word(resource.region), "--resource-arn", word(resource.arn))
            command = " ".join(("aws sagemaker add-tags", *words, *update_call.tag_options(pairs)))
        return FindingRemediation(
            steps,
            command,
            *snippets.tags(resource, pairs, beside=held is None or bool(held)),
            " ".join(
                explained(value, f"the value of the tag {key}") for key, value in pairs.items() if value.isupper()
            ),
        )

    def _followers_of(self, documented: Table, domain: ResourceRef, steps: Sequence[Step]) -> int:
        """How many profiles of the domain take one of the settings over from it."""
        named = {c for step in steps if (c := column_at(documented, step.path))}
        condition = " or ".join(f"{c}_origin in ('domain', 'service', 'ambiguous')" for c in sorted(named)) or "true"
        if condition not in self._followers:
            origins = [f"{column}_origin" for column in named]
            self._followers[condition] = counted_by_domain(self._con, condition, origins)
        return self._followers[condition].get(domain.key, 0)

"""What findings of one rule on rows that are alike share, made once.

Ten thousand profiles that take the same settings over from one domain differ in their names. Where the first finding of
such a row shows that names are all that it has of its own, the next ones are made from it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from auditor.evaluate.fingerprints import fingerprint
from auditor.model.finding import Evidence, Finding, FindingRemediation, RootCause
from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Rule, Severity
from auditor.remediation import remediate
from auditor.remediation.inheritance import call
from auditor.remediation.raw_documents import Documents
from auditor.remediation.remediate import Remediation
from auditor.remediation.shell import UnusableError
from auditor.remediation.steps import Step
from auditor.resolve.origin import deciding, needed
from auditor.resolve.table_model import Table
from auditor.rules.message import filled, format_placeholder
from auditor.rules.value_columns import VALUE
from auditor.studio.resource_types import BY_TABLE, UPDATABLE_KINDS
from auditor.studio.template_names import DEMANDED

#: Columns that tell one resource from another.
_OWN = frozenset({"key", "id", "name", "arn"})
#: Names that any text and any command takes as they are, among them all that AWS allows.
PLAIN_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.@-]{0,127}")

#: Kinds of rows of one rule that are known at a time.
_MOST = 500

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """Evidence of which each row has its own: the value, and the place where that is the resource (``at_home``)."""

    setting: str
    origin: Origin
    at_home: bool

    def of(self, row: Row, resource: ResourceRef) -> Evidence:
        """The evidence of a row."""
        o = self.origin
        return Evidence(self.setting, row[self.setting], Origin(o.layer, resource.id, o.path) if self.at_home else o)


#: Stand in a text for what holds a resource's names: the call that changes it, its ARN, its id with its name.
_MARKS = ("\x01", "\x02", "\x03")


def _names(resource: ResourceRef) -> tuple[str, str, str]:
    """What the marks stand for. Raises UnusableError where a command can't name the resource."""
    changed = " ".join(call(resource)) if resource.type in UPDATABLE_KINDS else ""
    return changed, resource.arn, f"{resource.id} ({resource.name})"


@dataclass(frozen=True, slots=True)
class Alike:
    """What the findings of alike rows share.

    ``message``: placeholders are left in it where rows differ, if it ``varies``. ``cause``: of a row alone; where that
    lies at the resource itself (``at_home``), each row has its own, with the value that the column ``blamed`` has.
    ``texts``: the remediation's, of which those at ``marked`` have marks. ``fix``: what fixes the cause, None where its
    texts have marks, so that each row has its own; ``steps`` are its changes.
    """

    evidence: tuple[Evidence | Piece, ...]
    message: str
    varies: bool
    severity: Severity
    cause: RootCause
    at_home: bool
    blamed: str
    texts: tuple[str, ...]
    marked: tuple[int, ...]
    fix: Remediation | None
    steps: tuple[Step, ...]

    def cause_of(self, row: Row, resource: ResourceRef) -> RootCause:
        """What causes the failure of a row, taken alone."""
        if not self.at_home:
            return self.cause
        like = self.cause
        id_ = fingerprint(like.rule_id, resource, f"{like.layer}\x1f{like.setting}")[:16]
        return RootCause(
            id_, like.rule_id, self.severity, resource, like.setting, row.get(self.blamed), like.layer, 1, None
        )

    def fix_of(self, resource: ResourceRef) -> tuple[FindingRemediation, Remediation]:
        """The remediation of a row, and what fixes its cause."""
        if self.fix is not None and not self.marked:
            return self.fix.remediation, self.fix
        texts = list(self.texts)
        for mark, name in zip(_MARKS, _names(resource), strict=True):
            for place in self.marked:
                texts[place] = texts[place].replace(mark, name)
        made = FindingRemediation(*texts)
        return made, self.fix or Remediation(made, self.steps)

    def message_of(self, row: Row) -> str:
        """The message of a row."""
        return filled(self.message, row) if self.varies else self.message

    def evidence_of(self, row: Row, resource: ResourceRef) -> tuple[Evidence, ...]:
        """The evidence of a row."""
        return tuple([one.of(row, resource) if isinstance(one, Piece) else one for one in self.evidence])


class AlikeRows:
    """Failing rows of one rule in an account, and what is known of those like them.

    Rows are alike where all that a remediation reads is the same (``remediate.columns``), with where all values come
    from, what the rule works out of them, and what its own document has where the rule changes it.
    """

    def __init__(self, rule: Rule, documented: Table, header: Sequence[str], documents: Documents) -> None:
        """``header``: the names of the rows' columns."""
        self._rule, self._documented, self._documents = rule, documented, documents
        read = {*remediate.columns(rule, documented), *needed(documented, (rule.setting,))}
        free = set() if rule.cause else {name for name in rule.columns if name not in read}
        self._compared = frozenset(name for name in header if name not in _OWN and name not in free)
        names = sorted(self._compared)
        self._values: Callable[[Row], tuple[Any, ...]] = itemgetter(*names, names[0])
        self._paths = document_paths(rule, documented)
        self._known: dict[Any, Alike] = {}

    def find(self, row: Row, resource: ResourceRef) -> tuple[Any, Alike | None]:
        """What alike rows have in common, None for a row that is to be taken by itself, and what is known of them."""
        if not PLAIN_NAME.fullmatch(resource.name):
            return None, None
        told = b""
        if self._paths is not None:
            told = self._documents.told((resource.account, resource.region, resource.type, resource.id), self._paths)
        # The beginning of an ARN holds the partition, which a domain's ARN is made with.
        key: Any = (told, resource.arn[:12], self._values(row))
        try:
            return key, self._known.get(key)
        except TypeError:
            values = tuple([repr(v) if isinstance(v, (list, dict)) else v for v in key[2]])
            key = (*key[:2], values)
            return key, self._known.get(key)

    def learn(self, key: Any, row: Row, made: Finding, blamed: str, cause: RootCause, fix: Remediation) -> None:
        """Keep of a finding what others share, if names are all that is its own. ``blamed``: the column that it is put
        down to; ``cause`` and ``fix``: of the row alone."""
        resource, remedy = made.resource, fix.remediation
        whole = (remedy.steps, remedy.aws, remedy.cloudformation, remedy.terraform, remedy.note, remedy.aws_only_here)
        if made.remediation is not remedy or any(mark in text for mark in _MARKS for text in whole):
            return
        try:
            names = _names(resource)
        except UnusableError:
            return
        texts = list(whole)
        for mark, name in zip(_MARKS, names, strict=True):
            texts = [text.replace(name, mark) if name else text for text in texts]
        if any(resource.name in text for text in texts):
            return
        marked = tuple(place for place, text in enumerate(texts) if text != whole[place])
        only = len(texts) - 1
        of_all = Remediation(FindingRemediation(*texts[:only]), fix.steps) if set(marked) <= {only} else None
        column = deciding(self._documented, blamed, row)
        decided = blamed if column is None else column.name
        at_home = cause.resource is resource
        if not at_home and decided not in self._compared:
            return
        message, varies = self._message(row)
        if len(self._known) >= _MOST:
            # Rows come by key: those of one domain one after the other.
            self._known.clear()
        self._known[key] = Alike(
            tuple(self._shared(one, resource) for one in made.evidence),
            message, varies, made.severity, cause, at_home, decided, tuple(texts), marked, of_all, fix.steps,
        )  # fmt: skip

    def _shared(self, one: Evidence, resource: ResourceRef) -> Evidence | Piece:
        at_home = one.origin.resource == resource.id
        return one if one.setting in self._compared and not at_home else Piece(one.setting, one.origin, at_home)

    def _message(self, row: Row) -> tuple[str, bool]:
        """The rule's message with what alike rows share filled in, and whether placeholders are left in it."""
        parts: list[str] = []
        varies = False
        for text, name, form, conversion in string.Formatter().parse(self._rule.message):
            parts.append(_escaped(text))
            if name is None:
                continue
            place = name if name in row else VALUE + name
            if form or conversion or place not in self._compared:
                parts.append("{" + name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "") + "}")
                varies = True
            else:
                parts.append(_escaped(format_placeholder(name, row)))
        return ("".join(parts), True) if varies else (filled(self._rule.message, row), False)


def document_paths(rule: Rule, documented: Table) -> tuple[str, ...] | None:
    """What a command for a failure depends on in the resource's own document, beside its status and its gaps; None
    where it does not depend on the document."""
    fix = rule.remediation
    described = documented.name in UPDATABLE_KINDS and BY_TABLE[documented.name].in_domain
    if not (described and (fix.changes or fix.aws)):
        return None
    steps = [Step(change.path, change.action, None) for change in fix.changes]
    beside = [f"{step.root}.{DEMANDED[step.root]}" for step in steps if step.root in DEMANDED]
    return tuple(dict.fromkeys((*(step.top for step in steps), *beside)))


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

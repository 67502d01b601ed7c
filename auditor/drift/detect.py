"""From the templates' snapshot and the account's to one frozen Drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from auditor.counting import plural
from auditor.drift.compare import Comparer
from auditor.drift.match_resources import match
from auditor.drift.sides import Live, LiveFile, Templates, live_key, reference
from auditor.errors import SnapshotError
from auditor.evaluate.audit import snapshot_info
from auditor.model.drift import Disagreement, Drift, LiveOnly, NotCompared, Unmatched
from auditor.model.resource import ResourceRef
from auditor.model.snapshot import Record, Snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.resource_types import BY_KIND, STACK_TAG, STUDIO_KINDS

_ORDER = {kind: number for number, kind in enumerate(STUDIO_KINDS)}


def load_live(paths: Sequence[Path]) -> tuple[LiveFile, ...]:
    """The account's snapshots, verified. Raises SnapshotError for a file that is none, is damaged, of a newer version,
    or of templates, and where two hold the same account and region."""
    files: list[LiveFile] = []
    seen: dict[tuple[str, str], Path] = {}
    for path in paths:
        reader = SnapshotReader(path)
        header = reader.header
        if header.source != "aws":
            raise SnapshotError(
                f"{path}: a snapshot of templates; --against takes one of an account",
                hint="auditor collect --snapshot FILE makes one.",
            )
        for scope in header.scopes:
            other = seen.setdefault((scope.account, scope.region), path)
            if other is not path:
                raise SnapshotError(
                    f"{path} and {other} both hold account {scope.account} in {scope.region}",
                    hint="Pass one snapshot for each account and region.",
                )
        info = snapshot_info(reader)
        try:
            snapshot = reader.snapshot()
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(f"{path}: a line is not what a snapshot holds ({error})") from error
        odd = next((r for r in snapshot.records if not isinstance(r.document, dict)), None)
        if odd is not None:
            raise SnapshotError(f"{path}: the document of {odd.kind} {odd.id} is not what a snapshot holds")
        files.append(LiveFile(info, snapshot))
    return tuple(files)


def drift(templates: Snapshot, files: Sequence[LiveFile], owners: Sequence[str] = ()) -> Drift:
    """How the templates and the account differ. ``owners``: tags that name an owner, best first. Equal snapshots give
    equal values."""
    ours, live = Templates.of(templates), Live.of(files)
    found = match(ours, live)
    comparer = Comparer(ours, live)
    disagreements: list[Disagreement] = []
    not_compared: list[NotCompared] = []
    compared = 0
    for template, account in found.pairs:
        refs = _template(ours, template), _account(live, account)
        result = comparer.compare(template, account, refs)
        compared += result.compared
        disagreements += result.disagreements
        not_compared += result.not_compared(*refs)
    matched = Counter(template.kind for template, _ in found.pairs)
    only = [_live_only(live, record, "", owners) for record in found.only]
    only += [_live_only(live, record, reason, owners) for record, reason in found.maybe]
    return Drift(
        against=tuple(file.info for file in files),
        incomplete=_incomplete(live),
        matched={kind: matched[kind] for kind in STUDIO_KINDS},
        compared=compared,
        live_only=tuple(sorted(only, key=lambda item: (not item.certain, *_order(item.resource)))),
        not_deployed=tuple(sorted((_template(ours, r) for r in found.not_deployed), key=_order)),
        unmatched=tuple(
            sorted((Unmatched(_template(ours, r), reason) for r, reason in found.unmatched),
                   key=lambda item: _order(item.resource))
        ),
        disagreements=tuple(sorted(disagreements, key=lambda d: (*_order(d.account), d.setting, d.file, d.line or 0))),
        not_compared=tuple(
            sorted(not_compared, key=lambda n: (*_order(n.account), n.settings, n.side, n.reason, n.template.key))
        ),
        out_of_scope=found.out_of_scope,
    )  # fmt: skip


def _order(ref: ResourceRef) -> tuple[Any, ...]:
    return (_ORDER[ref.type], ref.account, ref.region, ref.domain_name, ref.domain_id, ref.name, ref.id)  # type: ignore[index]


def _template(ours: Templates, record: Record) -> ResourceRef:
    return reference(record, ours.by_address.get((record.account, str(record.document.get("DomainId")))))


def _account(live: Live, record: Record) -> ResourceRef:
    return reference(record, live.domain_of(live_key(record)))


def _live_only(live: Live, record: Record, reason: str, owners: Sequence[str]) -> LiveOnly:
    tags = dict(record.tags or ())
    lower = {key.casefold(): value for key, value in tags.items()}
    document = record.document
    profile = document.get("UserProfileName", "") if record.kind == "app" else ""
    if record.kind == "space":
        ownership = document.get("OwnershipSettings")
        profile = ownership.get("OwnerUserProfileName", "") if isinstance(ownership, dict) else ""
    return LiveOnly(
        resource=_account(live, record),
        certain=not reason,
        reason=reason,
        created=str(document.get("CreationTime", "")),
        owner=next((lower[key.casefold()] for key in owners if lower.get(key.casefold())), ""),
        profile=str(profile),
        stack=tags.get(STACK_TAG, ""),
    )


def _incomplete(live: Live) -> tuple[str, ...]:
    """What the account's snapshots do not hold, in sentences."""
    found = [f"{account}/{region}: the list of {BY_KIND[kind].plural} is not complete" for account, region, kind
             in sorted(live.incomplete)]  # fmt: skip
    for (account, region, kind), paths in sorted(live.unseen.items()):
        found.append(
            f"{account}/{region}: the collecting SDK doesn't know"
            f" {plural(len(paths), 'member')} of {BY_KIND[kind].plural}"
        )
    for kind in STUDIO_KINDS:
        dark = Counter((r.account, r.region) for r in live.by_key[kind].values() if r.gaps)
        for (account, region), number in sorted(dark.items()):
            found.append(f"{account}/{region}: {number:,} of the {BY_KIND[kind].plural} could not be read whole")
    return tuple(found)

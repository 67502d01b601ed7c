"""Kinds of resources that a ``Spec`` describes: listed over a whole region, and described while listing goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import plain, text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.collect.aws.specs import SPECS, Spec


def collect(run: Run, request: EvidenceRequest) -> None:
    """Submit the lists of evidence that is described as resources are."""
    for region in request.regions:
        for spec in SPECS:
            if spec.kind in request.kinds:
                run.tasks.submit(list_kind, run, spec, region)


def _kept(spec: Spec, item: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: value for name, value in item.items() if name in spec.kept} if spec.kept else item
    return kept if spec.trimmed is None else {**kept, **spec.trimmed(item)}


def _keep(run: Run, spec: Spec, region: str, item: Mapping[str, Any], gaps: tuple[str, ...] = ()) -> None:
    run.keep(region, spec.kind, spec.record_id(item), _kept(spec, item), gaps)


def list_kind(run: Run, spec: Spec, region: str) -> None:
    request = {"MaxResults": spec.page_size}
    with run.reading([region], spec.kind, spec.list_operation):
        for page in run.pages(spec.service, region, spec.list_operation, request, spec.result):
            for item in page[spec.result]:
                with run.reading([region], spec.kind, spec.list_operation):
                    if spec.describe_operation:
                        _describe_or_carry(run, spec, region, item)
                    else:
                        _keep(run, spec, region, item)


def _describe_or_carry(run: Run, spec: Spec, region: str, item: Mapping[str, Any]) -> None:
    # Whatever comes of it: an item without its id, or one that no snapshot can hold, is none.
    item, record_id = plain(item), spec.record_id(item)
    old = run.earlier.unchanged(region, spec.kind, record_id, item) if spec.carried else None
    if old is None:
        run.tasks.submit(_describe, run, spec, region, item, {key: text(item[key]) for key in spec.keys})
        return
    run.ledger.carried(region, spec.describe_operation)
    if all(old.document.get(name) == value for name, value in item.items()):
        run.carry(replace(old, tags=None, gaps=()))
    else:
        run.keep(region, spec.kind, old.id, {**old.document, **item}, described=old.described)


def _describe(run: Run, spec: Spec, region: str, item: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    if run.is_described(region, spec.kind, spec.record_id(item), spec.describe_operation):
        return
    try:
        answer, retries = run.ask(spec.service, region, spec.describe_operation, request, spec.keys)
        with call_errors.understood(spec.describe_operation):
            # An answer may lack what the list knew (never the other way round), so the list's members stand behind it.
            document = {**item, **_same(answer, request, spec)}
            run.keep_described(region, spec.kind, spec.record_id(document), _kept(spec, document), retries)
    except CALL_FAILED as error:
        if call_errors.gone(error):
            run.ledger.dropped(region, spec.describe_operation)
            run.spool.drop(region, spec.kind, spec.record_id(item))
            if spec.kind == "domain":
                run.drop_domain(region, spec.record_id(item))
            return
        _keep(run, spec, region, item, gaps=("*",))
        run.ledger.gap(region, spec.kind, spec.record_id(item), spec.describe_operation, error)


def _same(answer: Mapping[str, Any], request: Mapping[str, Any], spec: Spec) -> Mapping[str, Any]:
    """The answer, if it is about what was asked for; AWS writes names in other cases than one may ask for them."""
    for key, asked in request.items():
        if text(answer[key]).lower() != asked.lower():
            raise call_errors.OddAnswerError(f"{spec.describe_operation} answered about another {key}")
    return answer

"""One evaluation for each graph of checkov, and the verdict on each of its resources."""

from __future__ import annotations

import logging
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from checkov.common.graph.graph_builder.graph_components.attribute_names import CustomAttributes

from auditor.checkov.check_settings import Settings, load
from auditor.checkov.entities import Entity, entities, fits, templates, without_keys
from auditor.checkov.read import read
from auditor.checkov.runner import fail
from auditor.collect.iac.build import build, scan_moment
from auditor.collect.iac.interface import Resource, Root
from auditor.collect.iac.scope import Scope
from auditor.errors import AuditorError
from auditor.evaluate.verdicts import ResourceVerdict, judge
from auditor.model.rule import Verdict
from auditor.run.conclude import evaluate_options
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.resource_types import RESOURCE_TYPES
from auditor.temporary_files import workspace

logger = logging.getLogger(__name__)

#: Rule id → what it says.
Verdicts = Mapping[str, ResourceVerdict]
#: Where a resource is (a root's path, or a template's file) and its name there.
Location = tuple[str, str]
_COMPONENT = re.compile(r"""^component\.[^.\[]+(?:\["[^"]*"\]|\[[^\]]*\])?\.""")


class Found(NamedTuple):
    """A resource as the readers found it, and what the rules say of it."""

    address: str
    file: str
    verdicts: Verdicts


class Evaluation:
    """The verdicts on one graph's resources.

    ``found``: what the readers found at each place; several where a block makes several
    resources, or a template is deployed several times. ``columns`` that each rule reads.
    """

    def __init__(
        self,
        entities: Sequence[Entity] = (),
        found: Mapping[Location, Sequence[Found]] | None = None,
        columns: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.entities = entities
        self.columns = columns or {}
        self._found = found or {}
        self._by_configuration: dict[int, Entity] = {}
        self._by_address: dict[str, list[Entity]] = defaultdict(list)
        self._called: dict[str, set[str]] = {}
        for entity in entities:
            if entity.source != "template":
                self._by_address[entity.address].append(entity)
                for named in (entity.vertex.get(CustomAttributes.CONFIG) or {}).values():
                    if isinstance(named, Mapping):
                        self._by_configuration.update((id(inner), entity) for inner in named.values())

    def about(self, configuration: Mapping[str, Any], scanned_file: str) -> Sequence[Entity]:
        """Terraform's resource with that very configuration; else, since checkov copies those of plans, what has its
        address in a file of that name."""
        exact = self._by_configuration.get(id(configuration))
        if exact is not None:
            return (exact,)
        if scanned_file not in self._called:
            self._called[scanned_file] = called({entity.file for entity in self.entities}, scanned_file)
        named = self._by_address.get(str(configuration.get(CustomAttributes.TF_RESOURCE_ADDRESS)), ())
        return [entity for entity in named if entity.file in self._called[scanned_file]]

    def verdict(self, rule_id: str, about: Sequence[Entity]) -> tuple[Verdict, ResourceVerdict | None]:
        """What the rule says of the resources taken together, and the judgement that decided. NOT_APPLICABLE where it
        says nothing at all."""
        judged = [verdicts.get(rule_id) for entity in about for verdicts in self._verdicts(entity)]
        return together([j for j in judged if j is not None])

    def _verdicts(self, entity: Entity) -> list[Verdicts]:
        if entity.source == "template":
            return [found.verdicts for found in self._found.get((entity.root, entity.address), ())]
        at = self._found.get((entity.root, without_keys(entity.address)), ())
        if entity.source == "module":
            # Not so in an override file, or in a .tf file that OpenTofu leaves aside for a .tofu file of that name:
            # what is said is said of the block that the resource is known by.
            at = [found for found in at if found.file == entity.file]
        exact = [found.verdicts for found in at if found.address == entity.address]
        return exact or [found.verdicts for found in at if fits(entity.address, found.address)]


def called(files: Iterable[str], scanned_file: str) -> set[str]:
    """Those of a graph's files that checkov may mean by ``/its/path`` from the folder that it scans."""
    every = list(files)
    # The folder lies around all files: of /b and /a/b, the second is not meant by /b.
    return {
        file
        for file in every
        if file.endswith(scanned_file)
        and all(other.startswith(f"{file.removesuffix(scanned_file)}/") for other in every)
    }


def together(judged: Sequence[ResourceVerdict]) -> tuple[Verdict, ResourceVerdict | None]:
    """Verdicts on what checkov knows as one resource: fail where one fails, pass where all pass, else unknown."""
    for worst in (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN, Verdict.PASS):
        for one in judged:
            if one.verdict is worst:
                return worst, one
    return Verdict.NOT_APPLICABLE, None


def evaluate(graph: Any, settings: Settings) -> Evaluation:
    """Read and evaluate the files of a graph. Raises AuditorError."""
    known = entities(graph)
    roots = read(known, templates(graph))
    if not roots:
        return Evaluation(known)
    choice = settings.bound()
    with workspace() as folder:
        path = folder / "snapshot.jsonl"
        write_snapshot(path, build(roots, scan_moment()))
        judged = judge([path], choice.rules, evaluate_options(choice))
    _say(judged, roots)
    return Evaluation(known, _placed(judged, roots), {rule.id: rule.columns for rule in choice.rules})


def _placed(judged: Iterable[ResourceVerdict], roots: Sequence[Root]) -> dict[Location, list[Found]]:
    by_row: dict[tuple[str, str, str], dict[str, ResourceVerdict]] = defaultdict(dict)
    for one in judged:
        by_row[one.account, one.table, one.id][one.rule_id] = one
    found: dict[Location, list[Found]] = defaultdict(list)
    for root in roots:
        scope = Scope(root)
        for table, resource in ((type_.table, r) for type_ in RESOURCE_TYPES for r in scope.of(type_.kind)):
            # A role is known by its ARN, all else by its address.
            id_ = scope.role_arn(resource) if table == "execution_role" else resource.address
            verdicts = by_row.get((root.path, table, id_), {})
            for place in _places(root, resource):
                found[place].append(Found(_own(resource.address), resource.file, verdicts))
    return found


def _places(root: Root, resource: Resource) -> list[Location]:
    """Where checkov may have the resource."""
    if "::" in resource.type:
        # Behind the ids of the nested stacks that it lies in.
        return [(resource.file, resource.address.rpartition("/")[2])]
    address = without_keys(resource.address)
    # checkov knows nothing of who deploys a module from outside.
    for before, folder in root.called.items():
        if not before:
            # What stands in the folder of a Terragrunt unit, beside its module's files, is in a module of its own.
            return list(dict.fromkeys([(folder, address), (root.path, address)]))
        if address.startswith(f"{before}."):
            return [(folder, without_keys(_own(resource.address)))]
    return [(root.path, address)]


def _own(address: str) -> str:
    """The address of a resource without the component of a stack that it belongs to."""
    return _COMPONENT.sub("", address)


def _say(judged: Sequence[ResourceVerdict], roots: Sequence[Root]) -> None:
    """checkov has no word for unknown; its log has."""
    for missed in (m for root in roots for m in root.not_assessed):
        # Warnings show by themselves: a file that was not read may hold what the checks would fail on.
        logger.log(
            logging.INFO if missed.elsewhere else logging.WARNING, "%s is not assessed: %s", missed.what, missed.reason
        )
    errors: dict[str, str] = {}
    for one in judged:
        if one.finding is None or one.verdict is Verdict.FAIL:
            continue
        if one.verdict is Verdict.ERROR:
            errors.setdefault(one.rule_id, one.finding.message)
        else:
            logger.info("%s has no result on %s: %s", one.rule_id, one.id, one.finding.message)
    for rule_id, message in errors.items():
        logger.error("%s has no results: %s", rule_id, message)


class Evaluations:
    """Evaluations by graph: each graph is evaluated when a check first asks, whichever thread it is in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The graph is kept as well, so that its id is not given to another one.
        self._known: dict[int, tuple[Any, Evaluation]] = {}

    def of(self, graph: Any) -> Evaluation:
        """The evaluation of a graph. Where it fails there are no verdicts, and checkov ends with exit code 2."""
        with self._lock:
            if id(graph) not in self._known:
                self._known[id(graph)] = (graph, _attempt(graph))
            return self._known[id(graph)][1]


def _attempt(graph: Any) -> Evaluation:
    try:
        return evaluate(graph, load())
    except AuditorError as error:
        fail(f"The SageMaker Studio rules have no results: {error.diagnosis()}")
    except Exception as error:
        # What rules, settings and templates can cause is an AuditorError. Anything else is a defect of the auditor or
        # another checkov than it was made for, so it may be of any kind. checkov drops what a check raises and would
        # end with 0, so ``fail`` makes that 2; an empty evaluation has no verdict on any resource, so none is a pass.
        fail(f"The SageMaker Studio rules have no results, by a fault of the auditor: {type(error).__name__}: {error}")
        logger.debug("Traceback:", exc_info=True)
    return Evaluation()


evaluations = Evaluations()

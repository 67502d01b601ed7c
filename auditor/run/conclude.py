"""From snapshot files to a decided report, kept and written: every run ends here, whatever was audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.counting import plural
from auditor.errors import AuditorError, ExitCode
from auditor.evaluate.audit import EvaluateOptions, Export, evaluate
from auditor.evaluate.gate import apply_gate, exit_code
from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.report.render import Format, write
from auditor.run.messages import Messages, logger
from auditor.run.plan import RunPlan
from auditor.run.recorded_attempt import recorded
from auditor.run.selection import RuleChoice
from auditor.store.masked_copies import without_secrets

if TYPE_CHECKING:
    from auditor.model.drift import Drift
    from auditor.org.member_sessions import MemberSessions
    from auditor.run.run_store import RunRecorder


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run: the decided report, the exit code that it deserves, the files written, where it was kept.

    ``sessions``: of a run over several accounts, what leads into each once more.
    """

    report: Report
    code: ExitCode
    written: tuple[Path, ...] = ()
    kept: str = ""
    sessions: MemberSessions | None = None


def run(
    plan: RunPlan,
    files: Sequence[Path],
    messages: Messages,
    *,
    drift: Drift | None = None,
    made_by: Callable[[Report], Report] | None = None,
) -> RunResult:
    """Evaluate the snapshots, compare with what was before, apply the gate, write the reports, keep the run.

    ``drift`` goes into the report and changes no exit code; neither does ``made_by``, which says who made
    what is new. Raises SnapshotError for a snapshot that cannot be used,
    ConfigError where a report or the store cannot be written.
    """
    with ExitStack() as stack:
        outcome = stack.enter_context(recorded(plan.store, "check"))
        recorder = None
        if plan.store is not None:
            from auditor.run.run_store import recording

            recorder = stack.enter_context(recording(plan.store, plan.sign, plan.choice.rules))
        files = stack.enter_context(without_secrets(files))
        logger.info("evaluating %s", plural(len(files), "snapshot"))
        report = replace(_decided(plan, files, recorder), drift=drift)
        if made_by is not None:
            report = made_by(report)
        failed, open_ = report.by_status[Verdict.FAIL], report.by_status[Verdict.UNKNOWN]
        logger.info("%s: %s, %s not evaluated", plural(len(report.rules), "rule"), plural(failed, "failure"), open_)
        for aside in plan.store.survey().set_aside if plan.store is not None else ():
            messages.problem(f"{aside.reason}. The run is left out; auditor store repair moves it out of the way.")
        code = exit_code(report)
        written: tuple[Path, ...] = ()
        if plan.output is not None and not plan.printed:
            written = write(report, plan.formats, plan.output, plan.templates, plan.mode)
        for path in written:
            logger.info("wrote %s", path)
        kept = ""
        if recorder is not None:
            try:
                kept = recorder.keep(report, code, written)
            except AuditorError as error:
                # That the run could not be kept must not hide that the gate failed: 4 wins.
                if code is not ExitCode.FINDINGS:
                    raise
                messages.problem(f"Error: {error.diagnosis()}")
                outcome.lost, outcome.code = error.message, code
    logger.info("exit code %d", code)
    return RunResult(report, code, written, kept)


def evaluated(plan: RunPlan, files: Sequence[Path], export: Export | None = None) -> Report:
    """The report, waivers applied, without what earlier runs know and without a gate. Raises SnapshotError."""
    shown = Format.HTML in plan.formats or bool(plan.templates)
    options = replace(
        evaluate_options(plan.choice),
        frameworks=plan.frameworks,
        waivers=plan.waivers,
        export=export,
        with_inventory=shown,
        with_summaries=shown or Format.JSON in plan.formats,
    )
    return evaluate(files, plan.choice.rules, options)


def evaluate_options(choice: RuleChoice) -> EvaluateOptions:
    """How the chosen rules are evaluated."""
    return EvaluateOptions(
        choice.severities, choice.overrides, choice.merge, choice.personas, owners=choice.owners
    )  # fmt: skip


def _decided(plan: RunPlan, files: Sequence[Path], recorder: RunRecorder | None) -> Report:
    """The report, compared with the store or the baseline, and what fails the run decided."""
    report = evaluated(plan, files, recorder.export if recorder is not None else None)
    by_owner = {owner: dict(days) for owner, days in plan.config.sla_owners.items()}
    report = replace(report, sla=dict(plan.config.sla), sla_owners=by_owner)
    comparison, known = None, None
    if plan.baseline is not None:
        known = plan.baseline.known
    if recorder is not None:
        comparison = recorder.compare(report)
    elif plan.baseline is not None:
        from auditor.history.compare_runs import compare
        from auditor.history.facts import facts_of

        comparison = compare(plan.baseline, facts_of(report))
    return apply_gate(report, plan.gate, comparison, known)

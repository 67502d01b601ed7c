"""auditor verify"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.option_groups import debug_option
from auditor.cli.store_options import Reading, named_store, reading_options
from auditor.cli.terminal import emit
from auditor.counting import plural
from auditor.errors import ConfigError, ExitCode, SnapshotError
from auditor.file_kinds import kind_hint
from auditor.inert_text import in_json, printable

if TYPE_CHECKING:
    from auditor.store.verification import Verified

_ROOT = re.compile(r"[0-9a-f]{64}")


@click.command("verify", short_help="Verify that a store, or a snapshot, was not changed.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@reading_options
@click.option("--expect", default="", metavar="ROOT", help="A root that an earlier verify printed and that you kept.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FILE|kms:ID",
    help="Public key (PEM) that must have signed the runs, or a key in AWS KMS; repeatable: one of them is enough.",
)
@click.option("--chain-only", is_flag=True, help="Check manifests and signatures only, not the files that they name.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@debug_option
def command(
    file: Path | None, reading: Reading, expect: str, keys: tuple[str, ...], chain_only: bool, output: str
) -> ExitCode:
    """Verify the runs of a store, or a snapshot FILE, and print the root over them.

    Exit codes: 0 intact, 2 usage, 3 a store without a run, 4 changed (each run or file is named), 5 some runs can't be
    proven: they are from a version that kept no hashes, or in quarantine. docs/verify.md says what this does not prove.
    """
    if expect and not _ROOT.fullmatch(expect := expect.strip().lower()):
        raise ConfigError(f"--expect {expect}: is not a root", hint="A root has 64 hexadecimal digits.")
    if file is not None:
        if reading.store or keys:
            raise click.UsageError("FILE goes without --store and --key: runs are signed in a store.")
        return _file(file, expect, output)
    from auditor.store.signing import public_keys
    from auditor.store.verification import verify_store

    store = named_store(reading, "neither a file nor a store to verify")
    trusted = public_keys(keys, reading.profile)
    store.check()
    found = verify_store(store.place, expect=expect, keys=trusted, contents=not chain_only)
    code = _code(found)
    if output == "json":
        _print_json(_values(found, store.place.label, code))
    else:
        _print(found, store.place.label, code, signed=bool(keys))
    return code


def _code(found: Verified) -> ExitCode:
    if found.tampered:
        return ExitCode.FINDINGS
    if not found.runs:
        return ExitCode.NOTHING_COLLECTED
    return ExitCode.INCOMPLETE if found.unproven or found.quarantined else ExitCode.OK


def _print(found: Verified, label: str, code: ExitCode, *, signed: bool) -> None:
    def line(text: str) -> None:
        click.echo(printable(text))

    for one in found.tampered:
        line(": ".join(part for part in ("TAMPERED", one.run_id and f"run {one.run_id}", one.key, one.reason) if part))
    for run_id in found.unproven:
        line(f"UNPROVEN: run {run_id}: from a version that kept no hashes, so nothing proves its files")
    for run_id in found.quarantined:
        line(f"UNPROVEN: run {run_id}: in quarantine, where auditor store repair moved it")
    for gone in found.retired:
        line(f"Note: run {gone.run_id} was {gone.reason}; only the store itself says so")
    if code is ExitCode.NOTHING_COLLECTED:
        line(f"{label} holds no run: there is nothing to verify.")
        return
    said = {ExitCode.OK: "Intact", ExitCode.FINDINGS: "Changed", ExitCode.INCOMPLETE: "Not all proven"}[code]
    of = f"{plural(found.runs, 'run')}, {plural(found.files, 'file')}"
    line(f"{said}: {label}: {of}{'' if found.contents else ' (named, not read)'}")
    if signed and not found.tampered:
        covered = f", {found.unsigned:,} of them through a later run's signature" if found.unsigned else ""
        line(f"Signed: every run{covered}")
    if found.added is not None:
        line(f"Expected root found; {plural(found.added, 'run')} added since")
    line(f"Root: {found.root}")


def _values(found: Verified, label: str, code: ExitCode) -> dict[str, Any]:
    return {
        "schema_version": "1",
        "store": label,
        "code": int(code),
        "root": found.root,
        "runs": found.runs,
        "files": found.files,
        "contents_read": found.contents,
        "tampered": [{"run": t.run_id, "file": t.key, "reason": t.reason} for t in found.tampered],
        "unproven": list(found.unproven),
        "quarantined": list(found.quarantined),
        "retired": [{"run": r.run_id, "root": r.root, "reason": r.reason} for r in found.retired],
        "runs_since_expected": found.added,
    }


def _file(file: Path, expect: str, output: str) -> ExitCode:
    """A snapshot beside the hash in its last line."""
    from auditor.store.snapshot_reader import SnapshotReader

    reader = SnapshotReader(file)
    reason, root = "", ""
    try:
        root = reader.sha256
    except SnapshotError as error:
        # What is not a snapshot, or of a newer version, is an error and no changed one.
        if not kind_hint(file).startswith("This is a snapshot") or "newer version" in error.message:
            raise
        reason = error.message.removeprefix(f"{file}: ")
    if root and expect and root != expect:
        reason = "the expected root is another: this is another snapshot"
    code = ExitCode.FINDINGS if reason else ExitCode.OK
    if output == "json":
        tampered = [{"run": "", "file": str(file), "reason": reason}] if reason else []
        _print_json({"schema_version": "1", "file": str(file), "code": int(code), "root": root, "tampered": tampered})
        return code
    click.echo(printable(f"TAMPERED: {file}: {reason}" if reason else f"Intact: {file}"))
    if root:
        click.echo(f"Root: {root}")
    return code


def _print_json(values: dict[str, Any]) -> None:
    import json

    emit([in_json(json.dumps(values, indent=2)), "\n"])

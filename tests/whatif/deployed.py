"""An account as it is, and a template that is deployed over it."""

from __future__ import annotations

from pathlib import Path

from auditor.model.snapshot import Record
from auditor.run.run_options import TemplateOptions
from auditor.run.template_changes import TemplateChanges, template_changes
from auditor.store.snapshot_file import write_snapshot
from auditor.whatif.changes import Line, combine
from auditor.whatif.gather import gather
from tests.iac.accounts import account


class Deployed:
    """A working folder with a template; ``over`` lays it over an account's snapshot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def over(self, text: str, *records: Record, name: str = "t.yaml", parameters: tuple[str, ...] = ()) -> Made:
        (self.folder / name).write_text(text)
        write_snapshot(self.folder / "live.jsonl", account(*records))
        options = TemplateOptions(parameters)
        return Made(self.folder / "live.jsonl", template_changes([Path(name)], options, [self.folder / "live.jsonl"]))


class Made:
    """What was made: the lines afterwards, by kind and id."""

    def __init__(self, file: Path, changes: TemplateChanges) -> None:
        self.changes, self.left = changes.changes, {one.resource: one.reason for one in changes.left}
        self.said = [f"{c.said}  ({c.origin})" for c in changes.changes if c.said]
        found, _, _ = gather([file], (), (), changes.changes)
        self.file, self.new, self.lines = file, changes.made[0], {}
        for key, line in {**changes.made[0], **found[0]}.items():
            made, clashes = combine(line, [c for c in changes.changes if c.key == key])
            assert clashes == []
            assert made is not None
            self.lines[key] = made

    def line(self, kind: str, id_: str) -> Line:
        return next(line for key, line in self.lines.items() if key[2:] == (kind, id_))

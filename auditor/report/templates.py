"""The Jinja environment: strict, escaping HTML, reading templates from their folder only.

What Jinja compiles them to is kept beside them (``auditor/kept_files.py``): to compile the page takes longer than to
render a small report.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from auditor.kept_files import keep_file, kept_file, may_keep, read_kept_file
from auditor.report.json_text import to_json
from auditor.resources import templates_dir
from auditor.version import __version__


class _Compiled(jinja2.BytecodeCache):
    """Keeps compiled templates of one kind of environment, each with a hash of what it was made from and of itself.
    Jinja compares the template's text and Python's version, but not its own version or the environment's options."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._made_by = "\n".join((__version__, version("jinja2"), version("markupsafe"), kind)).encode()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 — the name is enough in one folder
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        found = read_kept_file(self._path(bucket))
        if found is not None and found[:32] == self._hash(bucket, found[32:]):
            bucket.bytecode_from_string(found[32:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        if may_keep(self._folder):
            code = bucket.bytecode_to_string()
            keep_file(self._path(bucket), self._hash(bucket, code) + code)

    def _path(self, bucket: Bucket) -> Path:
        return kept_file(self._folder, f"{bucket.key.replace('/', '.')}.{self._kind}.code")

    def _hash(self, bucket: Bucket, code: bytes) -> bytes:
        return hashlib.sha256(b"\n".join((self._made_by, bucket.checksum.encode(), code))).digest()


def environment(kind: str) -> jinja2.Environment:
    """Undefined names raise; ``.html.j2`` escapes everything. ``kind``: a name for the options that the caller adds,
    since a template compiles to other code with other options."""
    folder = templates_dir()
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_Compiled(folder, kind),
    )
    made.filters["json"] = to_json
    return made

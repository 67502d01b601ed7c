"""docs/troubleshooting.md: every message of the error tree (auditor/errors.py) as the code has it, with what to do."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditor import errors
from auditor.errors import AuditorError, ExitCode

PACKAGE = Path(errors.__file__).parent
#: Parts of the package → the heading under which their messages stand; the first that fits counts.
SECTIONS: Mapping[str, str] = {
    "collect/iac": "Templates",
    "collect": "Credentials and AWS",
    "org": "Several accounts",
    "notify": "Messages to people",
    "deliver": "Security Hub",
    "store": "Stores, snapshots and signatures",
    "history": "Stores, snapshots and signatures",
    "config": "auditor.yaml",
    "rules": "Rules",
    "waivers": "Waivers",
    "report": "Reports and templates of your own",
    "simulator": "The simulated account",
    "": "Options and files",
}
_MOVE = "Move the run out of the way: `auditor store repair`. The next run goes on without it."
#: What each error class of the tree means, and what to do where a message has no advice of its own.
CLASSES: Mapping[str, tuple[str, str]] = {
    "AuditorError": ("a defect of the auditor", "Run it again with `--debug` and report what it prints."),
    "ConfigError": ("an option, a file or a setting is wrong", "Correct what the message names, and run it again."),
    "NoRegionLeftError": ("all Regions are left out", "Leave one of them in."),
    "RuleError": ("a rule file is wrong", "Correct the line that it names; `auditor rules test` tries the file."),
    "SnapshotError": ("a snapshot is damaged, or isn't one", "Take another copy of the file, or collect again."),
    "DamagedError": ("a file of a store is missing or damaged", _MOVE),
    "DamagedTableError": ("a table of a run in a store is damaged", _MOVE),
    "NewerVersionError": ("a newer version wrote the file", "Upgrade the auditor."),
    "CollectError": ("nothing could be collected", "Check credentials, role and network; nothing was kept."),
    "OutputError": ("stdout takes nothing", "Check the disk, or the program that reads."),
    "DeliveryError": (
        "a channel of `notify:` didn't take a message",
        "Correct the channel; the next run sends the message again. The audit itself is complete.",
    ),
}
#: What stands for a value in a message.
VALUE = "…"
#: A module that makes an error, or derives a class of them.
_MAKES = re.compile(r"Error(?:\.at)?\(")
#: A message that is nothing but values says what another program said.
_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]|[A-Za-z]{4,}")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the class that carries it, its text with … for values, and its advice, empty where it has none."""

    module: str
    error: str
    text: str
    hint: str

    @property
    def section(self) -> str:
        """The heading under which it stands."""
        return next(title for part, title in SECTIONS.items() if self.module.startswith(part))

    @property
    def advice(self) -> str:
        """What to do: its own advice, else its class's."""
        return self.hint or CLASSES[self.error][1]


def classes(trees: Mapping[str, ast.Module]) -> dict[str, ExitCode]:
    """The classes of the tree, those that other modules derive included → the exit code of each."""
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, AuditorError)
    }
    derived = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := [n for n in derived if n.name not in found and any(_name(b) in found for b in n.bases)]:
        for node in more:
            found[node.name] = found[next(_name(b) for b in node.bases if _name(b) in found)]
    return found


@cache
def trees() -> dict[str, ast.Module]:
    """The package's modules that make errors, by their path in it, parsed."""
    texts = {p: p.read_text(encoding="utf-8") for p in sorted(PACKAGE.rglob("*.py"))}
    return {p.relative_to(PACKAGE).as_posix(): ast.parse(text) for p, text in texts.items() if _MAKES.search(text)}


@cache
def messages() -> tuple[Message, ...]:
    """Every message that the code can raise, once each, in the order of the page."""
    parsed = trees()
    known = classes(parsed)
    found: dict[tuple[str, str], Message] = {}
    for module, tree in parsed.items():
        constants = _constants(tree.body)
        for scope in _scopes(tree):
            texts = constants | _constants(scope.body)
            for call in _raised(scope, known):
                for message in _read(module, call, texts):
                    if _WORDS.search(message.text):
                        kept = found.setdefault((message.section, message.text), message)
                        if message.hint and not kept.hint:
                            found[message.section, message.text] = message
    order = list(dict.fromkeys(SECTIONS.values()))
    return tuple(sorted(found.values(), key=lambda m: (order.index(m.section), m.text.lower(), m.text)))


def page(note: str) -> str:
    """docs/troubleshooting.md; ``note`` says that it is generated."""
    parsed = trees()
    codes = classes(parsed)
    parts = [
        note,
        "# Troubleshooting\n\nEvery error message of the auditor, with what to do. `…` stands for a value: a name, a",
        " file, or what another program said. The line under a message on the terminal is the same advice. Nothing is",
        " written after an error but the record of a failed run in its [store](store.md).\n\n",
        "For what an exit code means, see [the nightly runbook](nightly.md#the-exit-codes-of-auditor-audit). A data",
        " source that failed isn't an error: it is a line under *Missing data* in the report, and the exit code is 5.",
        " `--debug` prints a traceback, and `--log-file FILE` keeps what was done.\n\n",
        "## Kinds of errors\n\n| kind | exit code | what happened | what to do |\n|---|---|---|---|\n",
    ]
    parts += (
        f"| {name} | {'none' if name == 'DeliveryError' else int(codes[name])} | {what} | {then} |\n"
        for name, (what, then) in CLASSES.items()
    )
    grouped: dict[str, list[Message]] = defaultdict(list)
    for message in messages():
        grouped[message.section].append(message)
    for section, listed in grouped.items():
        parts.append(f"\n## {section}\n\n| message | kind | what to do |\n|---|---|---|\n")
        parts += (f"| {_cell(m.text)} | {m.error} | {m.advice if not m.hint else _cell(m.hint)} |\n" for m in listed)
    return "".join(parts)


def _cell(text: str) -> str:
    """Text of the code as it is: nothing in it is markup."""
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", " ".join(text.split()))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _scopes(tree: ast.Module) -> Iterator[ast.Module | ast.FunctionDef]:
    """The module and each function of it; what lies in a function belongs to the innermost one."""
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    waiting = list(ast.iter_child_nodes(scope))[::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            waiting += list(ast.iter_child_nodes(node))[::-1]


def _raised(scope: ast.AST, known: Mapping[str, ExitCode]) -> Iterator[ast.Call]:
    for node in _own(scope):
        if isinstance(node, ast.Call) and _class(node.func) in known:
            yield node


def _class(function: ast.expr) -> str:
    at = isinstance(function, ast.Attribute) and function.attr == "at"
    return _name(function.value) if at and isinstance(function, ast.Attribute) else _name(function)


def _read(module: str, call: ast.Call, texts: Mapping[str, list[ast.expr]]) -> Iterator[Message]:
    at = isinstance(call.func, ast.Attribute) and call.func.attr == "at"
    place = 2 if at else 0
    if len(call.args) <= place:
        return
    hint = next((k.value for k in call.keywords if k.arg == "hint"), None)
    hints = [text for text in _texts(hint, texts) if text.strip(VALUE + " ")] if hint is not None else []
    for text in _texts(call.args[place], texts):
        yield Message(module, _class(call.func), f"{VALUE}: {text}" if at else text, hints[0] if hints else "")


def _texts(node: ast.expr, texts: Mapping[str, list[ast.expr]], depth: int = 0) -> list[str]:
    """What an expression may say, … for what only a run knows."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        said = [""]
        for part in node.values:
            more = _texts(part, texts, depth) if isinstance(part, (ast.Constant, ast.FormattedValue)) else [VALUE]
            said = [before + one for before in said for one in more]
        return [re.sub(rf"{VALUE}(?:[ ,]*{VALUE})+", VALUE, one) for one in said]
    if isinstance(node, ast.FormattedValue):
        return _texts(node.value, texts, depth + 1) if isinstance(node.value, ast.Name) else [VALUE]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, texts, depth), *_texts(node.orelse, texts, depth)]
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in _texts(value, texts, depth)]
    if isinstance(node, ast.Name) and depth < 3:
        return [text for one in texts.get(node.id, ()) for text in _texts(one, texts, depth + 1)] or [VALUE]
    return [VALUE]


def _constants(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Names that a scope gives texts to."""
    named: dict[str, list[ast.expr]] = defaultdict(list)
    own = [statement for statement in body if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))]
    for node in (inner for statement in own for inner in (statement, *_own(statement))):
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.JoinedStr, ast.IfExp)):
            for target in node.targets:
                if isinstance(target, ast.Name) and not _is_number(node.value):
                    named[target.id].append(node.value)
    return named


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)

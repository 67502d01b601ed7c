"""One rule, readable in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from auditor.cli.terminal import STYLES
from auditor.model.rule import Rule
from auditor.remediation.preview import preview
from auditor.rules.applicability import template_limits
from auditor.studio.practices import PRACTICES


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _block(text: str, language: str) -> RenderableType:
    """Code in its own lines, as it is copied: a terminal shows long ones in several rows."""
    code = Syntax("", language, background_color="default").highlight(text.strip())
    code.rstrip()
    shown = Text("\n", no_wrap=True, overflow="ignore").join(Text("  ").append_text(line) for line in code.split("\n"))
    shown.no_wrap, shown.overflow = True, "ignore"
    return shown


def _texts(title: str, texts: Mapping[str, str], language: str) -> Iterator[RenderableType]:
    for where, text in texts.items():
        yield _heading(f"{title}{', ' + where if where else ''}")
        yield _block(text, language)


def _fixes(rule: Rule) -> Iterator[RenderableType]:
    shown = preview(rule)
    yield from _texts("AWS CLI", shown.commands, "bash")
    if shown.changes:
        yield _heading("What the command changes, sending the rest of each structure as it is")
        for path, becomes in shown.changes:
            yield Padding(Text.assemble((path, "bold"), f": {becomes}"), (0, 0, 0, 2))
    # Every place says the same; the first one is enough to see what it says.
    yield from _texts("CloudFormation", dict([*shown.cloudformation.items()][:1]), "yaml")
    yield from _texts("Terraform", dict([*shown.terraform.items()][:1]), "terraform")


def page(rule: Rule) -> RenderableType:
    """Everything that a user needs to know about the rule."""
    parts: list[RenderableType] = [
        Text.assemble((f"{rule.id} ", "bold"), (rule.name, "bold"), "  ", (rule.severity.value, STYLES[rule.severity])),
        Text(rule.title),
        Text(f"table {rule.table}, area {rule.area}, since {rule.since}", "dim"),
        *(Text(f"{severity} where {condition}") for severity, condition in rule.severity_when.items()),
        _heading("Why"),
        Padding(Text(rule.why), (0, 0, 0, 2)),
        _heading("Applies to"),
        _block(rule.when, "sql"),
        _heading("Requires"),
        _block(rule.require, "sql"),
    ]
    if rule.word_kind:
        parts += [_heading("Kind of a word"), _block(rule.word_kind, "sql")]
    if own := rule.own_words:
        pairs = ", ".join(f"{a} counts as {b}" for a, b in zip(own.unlisted, own.generic, strict=True))
        parts += [_heading("The company's own words"), Padding(Text(pairs), (0, 0, 0, 2))]
    if spec := rule.unlike_names:
        beside = f"{spec.unlisted} beside one of {', '.join(spec.beside)}"
        text = f"{beside} counts as {spec.unlike}, or as {spec.doubtful} where that is doubtful"
        others = [*zip(spec.joined, spec.generic, strict=False), *zip(spec.own, spec.generic, strict=True)]
        text += "".join(f"; {letter} counts as {instead}" for letter, instead in others)
        parts += [_heading("Words that aren't a person's name"), Padding(Text(text), (0, 0, 0, 2))]
    missing = template_limits(rule)
    if missing:
        parts += [
            _heading("On templates"),
            Padding(Text(f"As far as it can be decided without: {missing}."), (0, 0, 0, 2)),
        ]
    if rule.params:
        parts.append(_heading("Parameters"))
        for param in rule.params:
            value = ", ".join(param.default) if isinstance(param.default, list) else str(param.default)
            value = f"that of {param.same_as}" if param.same_as else value
            parts.append(
                Padding(Text(f"{rule.id}.{param.name} ({param.type}): {param.doc}\ndefault: {value}"), (0, 0, 0, 2))
            )
    parts += [_heading("Remediation"), Padding(Text(rule.remediation.steps), (0, 0, 0, 2))]
    parts += _fixes(rule)
    parts += [_heading("Practices"), *(Text(f"  {p} {PRACTICES.get(p, '')}".rstrip()) for p in rule.practices)]
    parts += [_heading("References"), *(Text(f"  {url}", no_wrap=True, overflow="ignore") for url in rule.references)]
    parts.append(Text(f"\n{rule.file}", "dim", no_wrap=True, overflow="ignore"))
    return Group(*parts)

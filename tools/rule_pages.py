"""Generated pages about rules: one for each, their index, practices, frameworks, and what prevents them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from auditor.model.rule import Rule, UnlikeNames
from auditor.prevent.deny_policies import minified
from auditor.prevent.matrix import matrix
from auditor.remediation.preview import preview
from auditor.resources import rules_dir
from auditor.rules.applicability import template_limits
from auditor.rules.frameworks import framework_files, load_frameworks
from auditor.rules.load import AREAS
from auditor.rules.prevention import EmptyError, statements
from auditor.studio.practices import PRACTICES
from tools.page_parts import NOTE, cell, code


def _list(values: Sequence[object], rule: str) -> str:
    """A parameter's list, or where to read it if it is too long for a table."""
    if len(values) > 200:
        return f"{len(values):,} words, which `auditor rules show {rule}` prints"
    return ", ".join(map(str, values))


def _texts(title: str, texts: Mapping[str, str], language: str) -> Iterator[str]:
    for where, text in texts.items():
        yield f"\n{title}{', ' + where if where else ''}\n\n{code(language, text)}"


def _fixes(rule: Rule) -> Iterator[str]:
    shown = preview(rule)
    yield from _texts("AWS CLI", shown.commands, "bash")
    if rule.remediation.withhold_when:
        yield "\nThe finding has no command while one of these holds, or is unknown, and says so instead.\n"
        yield "\n| where | it says | where that is unknown, it says |\n|---|---|---|\n"
        for one in rule.remediation.withhold_when:
            yield f"| `{cell(one.when)}` | {cell(one.because)} | {cell(one.unknown)} |\n"
    if shown.changes:
        yield ("\nWhat the command changes; it sends [the rest of each structure as it is](../remediation.md).\n")
        yield "\n| setting | becomes |\n|---|---|\n"
        for path, becomes in shown.changes:
            yield f"| `{path}` | {cell(becomes)} |\n"
    for name, expression in rule.remediation.values.items():
        if name in rule.values:
            continue
        yield f"\n`{name}` is:\n\n{code('sql', expression)}"
    if rule.remediation.at:
        yield f"\nWhere it is changed, if not where it was set:\n\n{code('sql', rule.remediation.at)}"
    yield from _texts("CloudFormation", shown.cloudformation, "yaml")
    yield from _texts("Terraform", shown.terraform, "hcl")


def _severities(rule: Rule) -> str:
    """The rule's severity, and those that some of its findings have."""
    others = [f"{severity} where `{cell(condition)}`" for severity, condition in rule.severity_when.items()]
    return "; ".join((rule.severity.value, *others))


def _own_words(rule: Rule) -> str:
    own = rule.own_words
    if own is None:
        return ""
    pairs = ", ".join(
        f"`{letter}` counts as `{instead}`" for letter, instead in zip(own.unlisted, own.generic, strict=True)
    )
    return f"\nOf [the company's own words](../writing-rules.md#words-of-the-companys-own), {pairs}.\n"


def _unlike_names(rule: Rule) -> str:
    spec = rule.unlike_names
    if spec is None:
        return ""
    beside = ", ".join(f"`{letter}`" for letter in spec.beside)
    return (
        "\nOf [words that aren't a person's name](../writing-rules.md#words-that-arent-a-persons-name),"
        f" `{spec.unlisted}` beside one of {beside} counts as `{spec.unlike}`, or as `{spec.doubtful}` where that is"
        f" doubtful{_others(spec)}.\n"
    )


def _others(spec: UnlikeNames) -> str:
    """What words count as that are asked about wherever they stand."""
    pairs = [*zip(spec.joined, spec.generic, strict=False), *zip(spec.own, spec.generic, strict=True)]
    return "".join(f", `{letter}` as `{instead}`" for letter, instead in pairs)


def rule_page(rule: Rule) -> str:
    """docs/rules/<ID>.md"""
    parts = [
        NOTE,
        f"# {rule.id} {rule.name}\n\n{rule.title}.\n\n",
        f"| severity | table | area | practices | since |\n|---|---|---|---|---|\n"
        f"| {_severities(rule)} | [{rule.table}](../tables.md#{rule.table}) | {rule.area} |"
        f" {', '.join(rule.practices)} | {rule.since} |\n\n",
        *(f"- [{number}](../practices.md): {PRACTICES[number]}\n" for number in rule.practices),
        "\n",
        f"## Why\n\n{rule.why}\n\n## What it requires\n\nApplies to:\n\n{code('sql', rule.when)}\n",
        f"Requires:\n\n{code('sql', rule.require)}",
        f"\nThe kind of a word is:\n\n{code('sql', rule.word_kind)}" if rule.word_kind else "",
        _own_words(rule),
        _unlike_names(rule),
        *(f"\n`{name}`, in its message, is:\n\n{code('sql', sql)}" for name, sql in rule.values.items()),
    ]
    missing = template_limits(rule)
    if missing:
        parts.append(f"\n## On templates\n\nRuns as far as it can be decided without: {missing}.\n")
    if rule.params:
        parts.append("\n## Parameters\n\n| parameter | type | default | meaning |\n|---|---|---|---|\n")
        for p in rule.params:
            default = _list(p.default, rule.id) if isinstance(p.default, list) else p.default
            default = f"that of `{p.same_as}`" if p.same_as else default
            parts.append(f"| `{rule.id}.{p.name}` | {p.type} | {cell(default)} | {cell(p.doc)} |\n")
    parts.append(f"\n## Remediation\n\n{rule.remediation.steps}\n")
    parts += _fixes(rule)
    parts += _prevention(rule)
    parts.append("\n## Examples\n\n| given | verdict |\n|---|---|\n")
    for case in rule.cases:
        given = ", ".join(f"{k}: {json.dumps(v, default=str, ensure_ascii=False)}" for k, v in case.given.items())
        name = f"{case.name}: " if case.name else ""
        parts.append(f"| {cell(name)}`{cell(given)}` | {case.then} |\n")
    parts.append("\n## References\n\n" + "".join(f"- <{url}>\n" for url in rule.references))
    return "".join(parts)


def _prevention(rule: Rule) -> Iterator[str]:
    """The rule's statements, or why it has none as long as nobody sets a parameter."""
    if rule.prevent is None:
        return
    yield "\n## Prevention\n\n[`auditor prevent`](../prevent.md) prints policies that deny the calls.\n"
    if rule.prevent.beyond:
        yield f"\n{rule.prevent.beyond}\n"
    try:
        made = [json.loads(minified([one]))["Statement"][0] for one in statements(rule)]
    except EmptyError as error:
        yield f"\nThe statements need `{rule.id}.{error}`.\n"
    else:
        yield f"\n{code('json', json.dumps(made, indent=2))}"


def prevention_matrix(rules: tuple[Rule, ...]) -> str:
    """docs/prevent-matrix.md"""
    parts = [
        NOTE,
        "# What stops which rule\n\nA policy denies the call; a template is refused before it is deployed",
        " (`auditor scan`, checkov, a CloudFormation Hook); an audit that a CloudTrail event starts sees it minutes",
        " later; the nightly audit evaluates every rule. `partly` says that a policy reaches further than the rule, or",
        " not so far: see the note. [Prevention](prevent.md) says how to print the policies.\n\n",
        "| rule | policy | template | event | night | note |\n|---|---|---|---|---|---|\n",
    ]
    parts += (
        f"| [{r.rule_id}](rules/{r.rule_id}.md) {r.name} | {r.policy} | {r.template} | {r.event} | yes |"
        f" {cell(r.note)} |\n"
        for r in matrix(rules)
    )
    return "".join(parts)


def practices(rules: tuple[Rule, ...]) -> str:
    """docs/practices.md"""
    parts = [
        NOTE,
        "# Practices\n\nThe practices that the rules check. A practice without a rule is one that no setting shows;"
        " `auditor whereami` answers P11.\n\n| practice | says | rules |\n|---|---|---|\n",
    ]
    for number, sentence in PRACTICES.items():
        links = ", ".join(f"[{r.id}](rules/{r.id}.md)" for r in rules if number in r.practices)
        parts.append(f"| {number} | {sentence} | {links} |\n")
    return "".join(parts)


def rule_index(rules: tuple[Rule, ...]) -> str:
    """docs/rules/README.md"""
    parts = [NOTE, f"# Rules\n\n{len(rules)} rules.\n"]
    for area in AREAS:
        inside = [r for r in rules if r.area == area]
        if inside:
            parts.append(f"\n## {area}\n\n| id | name | severity | table | control |\n|---|---|---|---|---|\n")
            parts += (
                f"| [{r.id}]({r.id}.md) | {r.name} | {r.severity} | {r.table} | {cell(r.title)} |\n" for r in inside
            )
    return "".join(parts)


def frameworks(rules: tuple[Rule, ...]) -> str:
    """docs/frameworks.md"""
    files = framework_files([rules_dir()])
    parts = [
        NOTE,
        "# Compliance frameworks\n\n`--framework NAME` on `auditor audit`, `check` and `demo` (or `frameworks:` in",
        " [auditor.yaml](configuration.md)) groups the report by a framework's requirements as well: in report.html,",
        " in report.json under `frameworks`, and one line in the summary. `auditor rules frameworks` lists them.\n\n",
        "| a requirement is | where |\n|---|---|\n",
        "| `fail` | one of its rules fails on some resource |\n",
        "| `unknown` | none fails, but one could not be evaluated on some resource, or ended in an error |\n",
        "| `pass` | neither, and at least one of its rules passes on some resource |\n",
        "| `not_assessed` | its rules had nothing to judge, or were not evaluated |\n\n",
        "A framework requires more than rules about Studio can check. A requirement that passes here is evidence, not",
        " conformity. The titles are ours; the frameworks' own texts are where the links lead.\n\n",
        "A mapping of your own is a file `frameworks/NAME.yaml` inside a folder that `--rules` names, with `name`,",
        " `title`, `version`, `source` and `requirements` (`id`, `title`, and under `rules` each rule id with the",
        " reason for it). A rule that does not exist is refused with file, line and column.\n",
    ]
    for framework in load_frameworks(files, list(files), rules):
        parts.append(
            f"\n## {framework.name}\n\n[{framework.title}, {framework.version}]({framework.source})\n\n"
            "| requirement | title | rules |\n|---|---|---|\n"
        )
        for requirement in framework.requirements:
            ids = ", ".join(f"[{rule}](rules/{rule}.md)" for rule in requirement.rules)
            parts.append(f"| {requirement.id} | {cell(requirement.title)} | {ids} |\n")
    return "".join(parts)

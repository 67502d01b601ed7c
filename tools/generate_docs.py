"""Write the generated documentation, or with --check say what has drifted. ``make docs`` and a test call this."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from auditor.cli.main import COMMANDS, cli
from auditor.collect.aws.specs import OTHER_PERMISSIONS, SPECS, permissions
from auditor.deliver.security_hub import PERMISSIONS as SENDING
from auditor.evaluate.asked_tables import ALIASES, ASKED_TABLES, EXAMPLES, FORMER_NAMES
from auditor.model.rule import Rule
from auditor.report.glossary import GLOSSARY
from auditor.report.render import Format
from auditor.resolve.table_model import Column, Table
from auditor.resolve.tables import TABLES
from auditor.resources import rules_dir
from auditor.rules.applicability import template_limits
from auditor.rules.expressions import AGGREGATES, FUNCTIONS
from auditor.rules.load import load_rules
from auditor.store.store_tables import STORE_TABLES
from auditor.studio.settings import SETTINGS
from tools.error_page import page as error_page
from tools.page_parts import NOTE, cell, code
from tools.rule_pages import frameworks, practices, prevention_matrix, rule_index, rule_page

ROOT = Path(__file__).resolve().parent.parent


def _paths(column: Column) -> str:
    if not column.paths:
        return ""
    shown: dict[str, list[str]] = defaultdict(list)
    for layer, path in column.paths.items():
        if layer != "service":
            shown[path].append(layer)
    return "<br>".join(f"{'/'.join(layers)}: `{path}`" for path, layers in shown.items())


def _table(table: Table) -> Iterator[str]:
    yield f"\n## {table.name}\n\n{table.doc}\n\n| column | type | meaning | set at |\n|---|---|---|---|\n"
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        origin = f"<br>origin in `{column.name}_origin`" if column.has_origin else ""
        yield f"| `{column.name}` | {column.type} | {cell(column.doc)}{unit} | {cell(_paths(column))}{origin} |\n"


def _aliases() -> str:
    """AWS's names for columns, table by table."""
    named = (
        f"`{alias}` for `{column}` of {table}" for table, found in ALIASES.items() for alias, column in found.items()
    )
    return ", ".join(named)


def _former() -> str:
    """Former names of columns, which are still understood."""
    named = (
        f"`{former}` for `{column}` of {table}"
        for table, found in FORMER_NAMES.items()
        for former, column in found.items()
    )
    return ", ".join(named)


def tables() -> str:
    """docs/tables.md"""
    parts = [
        NOTE,
        "# Tables\n\nRules and `auditor query` read these tables. **NULL means unknown, and only that**:",
        " what nobody set holds AWS's default, and where AWS has none, `''`, `[]`, `0` or `false`. Timestamps are in",
        " UTC.\n\n",
        "A column that holds a setting in force has a companion `<column>_origin` with the layer that set it:",
        " `profile`, `domain`, `space`, `app` or `service` (AWS's default). `ambiguous` is a nested structure whose",
        " merge AWS does not document: the value is then NULL, unless `--nested-merge` chooses a reading.\n",
    ]
    parts += [
        "\n`auditor query` has AWS's own names for columns as well: `account_id` wherever there is `account`, and"
        f" {_aliases()}. Deprecated names, which go with the next version: {_former()}. It also has the tables"
        " `finding`, `rule` and `setting`, which rules can't read.\n"
    ]
    for table in (*TABLES, *ASKED_TABLES):
        parts += _table(table)
        question, sql = EXAMPLES[table.name]
        parts.append(f"\n{question}:\n\n{code('sql', sql)}")
    parts += [
        "\n## Functions\n\nWhat an expression of a rule may call:",
        f" {', '.join(f'`{name}`' for name in sorted(FUNCTIONS) if name.isidentifier())}; the operators"
        f" {' '.join(f'`{cell(name)}`' for name in sorted(FUNCTIONS) if not name.isidentifier())}.",
        f" In a subquery also {', '.join(f'`{name}`' for name in sorted(AGGREGATES))}. Some of them are refused where",
        " they could decide over what is [unknown](writing-rules.md#three-valued-logic).\n",
    ]
    parts.append("\n## Defaults\n\nWhat holds where no layer sets a value, and who says so.\n\n")
    parts.append("| setting | scope | default | source |\n|---|---|---|---|\n")
    for setting in SETTINGS:
        default = "unknown" if setting.default == "NULL" else f"`{setting.default}`"
        parts.append(f"| `{setting.path}` | {setting.scope} | {cell(default)} | {cell(setting.source)} |\n")
    return "".join(parts)


def glossary() -> str:
    """docs/glossary.md"""
    parts = [
        NOTE,
        "# Glossary\n\nWords of the reports and of these pages. AWS's own words mean what AWS's pages say.\n",
    ]
    parts += (f"\n## {term}\n\n{meaning}\n" for term, meaning in GLOSSARY.items())
    return "".join(parts)


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100, terminal_width=100)
    yield f"\n## {context.command_path}\n\n{code('', command.get_help(context))}"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            inner = command.get_command(context, sub)
            assert inner is not None, sub
            yield from _command(sub, inner, context)


def commands() -> str:
    """docs/cli.md"""
    root = click.Context(cli, info_name="auditor", terminal_width=100, **cli.context_settings)
    parts = [NOTE, f"# Commands\n\n{code('', cli.get_help(root))}"]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None, name
        parts += _command(name, command, root)
    return "".join(parts)


def permission_page() -> str:
    """docs/permissions.md"""
    parts = [
        NOTE,
        "# Permissions\n\nThe least IAM policy that an audit needs, computed from the calls that it makes",
        " (`auditor permissions` prints it). It is read-only. `sagemaker:CreatePresignedDomainUrl` is not in it and",
        " never will be: whoever may call it can sign in as anybody.\n\n",
        code("json", json.dumps(permissions(), indent=2)),
        "\nWithout one of them the audit goes on: what is missing is a gap, and the rules that need it answer",
        " “unknown”.\n\n",
        "`auditor permissions --only RULES` (`--skip`, `--rules DIR`) prints the policy of an audit with the same",
        " options, which doesn't collect what none of its rules reads. `auditor.yaml` isn't read. Where that leaves",
        " out `cloudtrail:LookupEvents`, reports of such an audit don't say who made a new finding.\n\n",
        "| action | for |\n|---|---|\n",
    ]
    for spec in SPECS:
        parts += (f"| `{action}` | {spec.kind.replace('_', ' ')}{' (optional)' if spec.optional else ''} |\n"
                  for action in spec.permissions)  # fmt: skip
    parts += (f"| `{action}` | {why} |\n" for action, why in OTHER_PERMISSIONS.items())
    statement = {"Sid": "StudioAuditorSends", "Effect": "Allow", "Action": sorted(SENDING), "Resource": "*"}
    parts += [
        "\n## Sending to Security Hub\n\nAn audit only reads. `--send-to-security-hub` writes, into Security Hub and",
        " nowhere else, and needs these beside the policy above, in each account whose findings are sent:\n\n",
        code("json", json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)),
        "\n| action | for |\n|---|---|\n",
    ]
    parts += (f"| `{action}` | {why} |\n" for action, why in SENDING.items())
    return "".join(parts)


def store_tables() -> str:
    """docs/store-tables.md"""
    parts = [
        NOTE,
        "# The store's tables\n\nParquet files, partitioned by `date` (of the run, UTC), `account` and `region`",
        " (`aws-global` for execution roles). [The store](store.md) says where they lie and how to query them.\n",
    ]
    for table in STORE_TABLES:
        parts.append(f"\n## {table.name}\n\n{table.doc}\n\n| column | type | meaning |\n|---|---|---|\n")
        parts += (f"| `{c.name}` | {c.type} | {cell(c.doc)} |\n" for c in table.columns)
    return "".join(parts)


#: A number in a text that people write: ``<!-- rules -->61<!-- -->``.
_NUMBER = re.compile(r"<!-- ([a-z ]+) -->[0-9,]+<!-- -->")


def numbers(rules: Sequence[Rule]) -> Mapping[str, int]:
    """What the texts that people write may count, by the words in front of the number."""
    return {
        "rules": len(rules),
        "rules answered by templates alone": sum(not template_limits(r) for r in rules),
        "rules with a command": sum(r.remediation.by_command for r in rules),
        "formats": len(Format),
        "cases": sum(len(r.cases) for r in rules),
        "rules with a policy": sum(r.prevent is not None for r in rules),
    }


def counted(rules: Sequence[Rule]) -> dict[Path, str]:
    """README and the pages of docs/ that people write, with their numbers as they are now."""
    values = numbers(rules)

    def number(match: re.Match[str]) -> str:
        if match[1] not in values:
            sys.exit(f"a number called {match[1]!r}: known are {', '.join(values)}")
        return f"<!-- {match[1]} -->{values[match[1]]:,}<!-- -->"

    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
    return {path: _NUMBER.sub(number, text) for path, text in texts.items() if _NUMBER.search(text)}


def generated() -> dict[Path, str]:
    """Every generated file and its text."""
    rules = load_rules([rules_dir()], bind=False)
    docs = ROOT / "docs"
    files = {
        docs / "tables.md": tables(),
        docs / "cli.md": commands(),
        docs / "permissions.md": permission_page(),
        docs / "frameworks.md": frameworks(rules),
        docs / "store-tables.md": store_tables(),
        docs / "practices.md": practices(rules),
        docs / "glossary.md": glossary(),
        docs / "prevent-matrix.md": prevention_matrix(rules),
        docs / "troubleshooting.md": error_page(NOTE),
        docs / "rules" / "README.md": rule_index(rules),
    }
    files |= {docs / "rules" / f"{rule.id}.md": rule_page(rule) for rule in rules}
    return counted(rules) | files


def drift() -> list[str]:
    """Generated files that are missing, out of date, or of a rule that is no more."""
    files = generated()
    wrong = [p for p, text in files.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    left = [p for p in (ROOT / "docs" / "rules").glob("*.md") if p not in files]
    return sorted(str(p.relative_to(ROOT)) for p in (*wrong, *left))


def main() -> None:
    if "--check" in sys.argv[1:]:
        wrong = drift()
        if wrong:
            sys.exit("Out of date, run make docs:\n  " + "\n  ".join(wrong))
        return
    files = generated()
    for path in (ROOT / "docs" / "rules").glob("*.md"):
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write("docs/ written\n")


if __name__ == "__main__":
    main()

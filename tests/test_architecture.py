"""What may import what, how long a module may be, and what no file of the repository may hold."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "auditor"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: {model, iam} ← studio ← {collect, resolve, store} ← {org, rules} ← {waivers, remediation} ← evaluate ← drift ←
#: {history, report} ← {config, deliver} ← run ← {checkov, cli, hook}. A part imports itself and what stands lower.
RANKS = {
    "": 0, "counting": 0, "errors": 0, "version": 0, "resources": 1, "yaml_source": 1, "sql_text": 1,
    "regular_files": 0, "kept_files": 1, "file_kinds": 1, "budget": 1, "inert_text": 1, "json_source": 0,
    "temporary_files": 1, "secret_forms": 0, "masking": 1, "deadline": 0, "aws_credentials": 1,
    "model": 1, "iam": 1,
    "studio": 2,
    "collect": 3, "resolve": 3, "store": 3,
    "org": 4, "rules": 4, "waivers": 5, "remediation": 5, "evaluate": 6, "drift": 7, "prevent": 7, "whatif": 7,
    "history": 8, "report": 8, "simulator": 8, "fixplan": 9,
    "config": 9, "deliver": 9, "notify": 9, "run": 10,
    "checkov": 11, "cli": 11, "hook": 11, "program": 12, "__main__": 13,
}  # fmt: skip
#: Library → the only parts that may import it.
HOMES = {
    "boto3": {"aws_credentials.py", "collect/aws", "notify", "simulator", "store"},
    "botocore": {"collect/aws", "notify", "org", "simulator", "store"},
    "checkov": {"checkov"},
    "tree_sitter": {"collect/iac"},
    "tree_sitter_hcl": {"collect/iac"},
    "re2": {"collect/iac"},
    "cryptography": {"store"},
    "moto": {"simulator"},
    "werkzeug": {"simulator"},
    "distributed": {"run"},
    "duckdb": {"store", "resolve", "rules", "waivers", "remediation", "evaluate", "drift", "whatif", "history"},
    "jinja2": {"report"},
    "click": {"cli"},
    "rich": {"cli"},
}


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top, in a function, or for type checkers, by its whole name."""
    package = path.parent.relative_to(ROOT).parts
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name | ast.Attribute)
            and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) in ("import_module", "__import__")
            and node.args
        ):
            # Computed names of our own packages only: f"auditor.report.{…}".
            first = node.args[0]
            text = first.values[0] if isinstance(first, ast.JoinedStr) else first
            assert isinstance(text, ast.Constant), f"{path}: an import that cannot be read"
            yield str(text.value).rstrip(".")


def _part(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py") if inside.name != "__init__.py" or len(inside.parts) > 1 else ""


def _ours(module: str) -> str | None:
    """Part of the package that a module name lies in; None for other people's."""
    parts = module.split(".")
    if parts[0] != "auditor":
        return None
    return parts[1] if len(parts) > 1 and (parts[1] in RANKS or (PACKAGE / parts[1]).exists()) else ""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_part_has_a_place() -> None:
    """A new package has to say where it stands."""
    assert {_part(path) for path in MODULES} <= set(RANKS)


def test_imports_point_one_way() -> None:
    # The package's own file has the public names, each imported when it is first used.
    wrong = {
        (_name(path), module)
        for path in MODULES
        if path != PACKAGE / "__init__.py"
        for module in _imports(path)
        if (target := _ours(module)) is not None and target != _part(path) and RANKS[target] >= RANKS[_part(path)]
    }
    assert wrong == set()


@cache
def _modules() -> dict[str, Path]:
    return {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in MODULES}


@cache
def _graph() -> dict[str, set[str]]:
    """Module → modules of ours that it imports, wherever in the file, for type checkers too."""
    known = _modules()
    return {name: _edges(path, known) - {name} for name, path in known.items()}


def _edges(path: Path, known: Collection[str]) -> set[str]:
    """The modules themselves that a file imports: of ``from auditor.iam import patterns`` patterns, not the package."""
    named = [
        f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else str(node.module)
        for node in _nodes(path)
        if isinstance(node, ast.ImportFrom) and node.level == 0
        for alias in node.names
    ]
    return {module for module in named if module in known}


def _circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected parts of more than one module."""
    found: list[list[str]] = []
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in graph[name]:
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            at = stack.index(name)
            part = stack[at:]
            del stack[at:]
            if len(part) > 1:
                found.append(sorted(part))

    for name in graph:
        if name not in order:
            visit(name)
    return found


def test_no_module_imports_itself_over_others() -> None:
    """For type checkers neither: what needs another's type and is needed by it belongs together, or apart."""
    assert _circles(_graph()) == []


#: Names that may occur more than once: an interface for each stage; and a command's module is called as the command is.
AGREED = {"__init__", "__main__", "interface"}


def test_a_name_stands_for_one_module() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        if path.stem not in AGREED and path.parent != PACKAGE / "cli" / "commands":
            places.setdefault(path.stem, []).append(_name(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_circles_are_found() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


#: Inside a part as well: part → layers, lowest first. A module (or a folder with all that is in it) imports lower
#: layers only.
LAYERS = {
    "collect/iac": [
        {"interface", "unreadable"},
        {"arn_parts", "marked", "other_languages", "partly_known", "source_text", "translate", "tree"},
        # The search knows no language.
        {"discover", "hcl"},
        # Terraform may hold stacks of CloudFormation.
        {"cloudformation", "scope"}, {"terraform"}, {"networks", "policy_text"},
        {"data_applications", "keys_and_images", "lifecycle_scripts", "network_guards"}, {"roles_and_logs"},
        {"build"}, {"scan"},
    ],
    "rules": [
        {"applicability", "evidence_read", "kept_rules", "rule_names", "schema", "unknowns", "word_kinds"},
        {"growth", "literals", "references", "verdict_sql"},
        {"expressions", "prevention", "remediation_set", "value_columns"},
        {"message", "prevent_cases", "validate"}, {"withheld"}, {"cases", "load"},
        {"frameworks", "packed_rules", "presets", "scaffold"}, {"catalogue"},
    ],
    "report": [
        {"drift_view", "glossary", "json_text", "phrases"},
        {"first_screen"},
        {"asff_format", "codequality_format", "csv_format", "junit_format", "markdown", "ocsf_format", "sarif_format",
         "message_template", "templates"},
        {"custom", "html", "json_format", "markdown_format", "oscal_format"},
        {"executive_format", "explanation", "finding_lines", "html_format", "render"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("part", LAYERS)
def test_layers_inside_a_part(part: str) -> None:
    root = f"auditor.{part.replace('/', '.')}."
    graph = _graph()
    rank = {name: number for number, layer in enumerate(LAYERS[part]) for name in layer}
    inside = {name: name.removeprefix(root).split(".")[0] for name in _modules() if name.startswith(root)}
    assert set(inside.values()) == set(rank), "a new module has to say where it stands"
    wrong = [
        (name, other)
        for name in inside
        for other in graph[name]
        if other in inside and inside[other] != inside[name] and rank[inside[other]] >= rank[inside[name]]
    ]
    assert wrong == []


def test_values_at_the_bottom_import_nothing_of_ours() -> None:
    for part in ("model", "iam"):
        for path in (PACKAGE / part).glob("*.py"):
            targets = {_ours(module) for module in _imports(path)} - {None, ""}
            # Errors, and how JSON is read, import nothing themselves.
            assert targets <= {"errors", "json_source", part}, _name(path)
    for name in ("errors.py", "json_source.py"):
        assert {_ours(m) for m in _imports(PACKAGE / name)} <= {None}


def test_only_the_command_line_starts_a_simulated_account() -> None:
    users = {_part(path) for path in MODULES if any(_ours(m) == "simulator" for m in _imports(path))}
    assert users <= {"simulator", "cli"}


@pytest.mark.parametrize("library", HOMES)
def test_libraries_have_a_home(library: str) -> None:
    """So that each can be replaced, and is loaded only where it is needed."""
    homes = [PACKAGE / home for home in HOMES[library]]
    users = [path for path in MODULES if any(module.split(".")[0] == library for module in _imports(path))]
    assert [_name(path) for path in users if not any(path.is_relative_to(home) for home in homes)] == []
    assert users, f"nothing imports {library}: take it off the list"


def test_modules_are_short() -> None:
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: number for name, number in lines.items() if number >= 400} == {}


#: More of them are a value of their own: a frozen dataclass that says what each means.
PARAMETERS = 7


def test_functions_take_few_parameters() -> None:
    crowded = []
    for path in MODULES:
        for node in _nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                taken = node.args
                names = [
                    a.arg for a in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg) if a
                ]
                if len([name for name in names if name not in ("self", "cls")]) > PARAMETERS:
                    crowded.append(f"{_name(path)}: {node.name}, line {node.lineno}")
    assert crowded == []


def test_only_the_command_lines_end_the_process() -> None:
    """Everything below them raises: ours, and checkov's, which is told to end where the rules cannot be used."""
    for path in MODULES:
        if _part(path) in ("cli", "checkov", "__main__"):
            continue
        names = {
            node.attr if isinstance(node, ast.Attribute) else node.id
            for node in _nodes(path)
            if isinstance(node, ast.Attribute | ast.Name)
        }
        assert not names & {"exit", "_exit", "SystemExit"}, _name(path)


def _files() -> list[Path]:
    """Files that git knows or would add."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


# Written apart, so that this file does not hold them itself.
NEEDLES = [
    "/wo" + "rk/",
    "/tmp" + "/b",
    "pypi." + "org",
    "conda.ana" + "conda",
    "extra-" + "index-url",
    "files.python" + "hosted.org",
    "registry." + "npmjs.org",
]


def test_no_file_names_a_machine() -> None:
    """No path of the place where it was written, no package index: both are the user's own."""
    files = _files()
    assert PACKAGE / "errors.py" in files
    found = [(_name(path), needle) for path in files for needle in NEEDLES if needle.encode() in path.read_bytes()]
    assert found == []

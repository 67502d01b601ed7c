"""Values of a template's parameters: what the user gives, else the default, else unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auditor.collect.iac.cloudformation.context_lookups import NO_LOOKUPS, ContextLookups
from auditor.collect.iac.cloudformation.evaluator import PSEUDO
from auditor.collect.iac.cloudformation.property_values import listed, literal
from auditor.collect.iac.cloudformation.template_nodes import members, scalar
from auditor.collect.iac.interface import Unknown, Value
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.translate import plain_text
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import ConfigError

_SSM = "AWS::SSM::Parameter::Value<"
_FORMS = (
    'Known forms: the CLI\'s [{ParameterKey, ParameterValue}, …], its short ["Name=Value", …], a mapping of names to'
    " values, and a mapping with Parameters and Tags."
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gives: parameters and pseudo parameters by name (None: "the previous value", which is not known
    here; an Unknown says why another one is not), tags of the stacks, and the names that came from ``--parameter``:
    those have to fit somewhere. ``around``: pseudo parameters that count where neither the user nor a stack says more.
    """

    values: Mapping[str, str | Unknown | None] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    options: frozenset[str] = frozenset()
    around: Mapping[str, str] = field(default_factory=dict)

    @property
    def pseudo(self) -> dict[str, str]:
        """Pseudo parameters among them, by full name."""
        own = {n: value for n, value in self.values.items() if n.startswith("AWS::") and isinstance(value, str)}
        return {**self.around, **own}


def given(options: Sequence[str], files: Sequence[Path], tree: Tree) -> Given:
    """From ``--parameter NAME=VALUE`` (they win) and parameter files, in order. Raises ConfigError."""
    values: dict[str, str | None] = {}
    tags: dict[str, str] = {}
    for file in files:
        found, tagged = _file(file, tree)
        values |= found
        tags |= tagged
    named = set()
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--parameter {option}: expected NAME=VALUE", hint="Example: --parameter VpcId=vpc-0a1b2c"
            )
        name = name.strip()
        if name.startswith("AWS::") and name.removeprefix("AWS::") not in PSEUDO:
            known = ", ".join(f"AWS::{p}" for p in PSEUDO)
            raise ConfigError(f"--parameter {option}: there is no pseudo parameter {name}", hint=f"Known: {known}")
        values[name] = value
        named.add(name)
    return Given(values, tags, frozenset(named))


def _file(file: Path, tree: Tree) -> tuple[dict[str, str | None], dict[str, str]]:
    import yaml

    try:
        content = yaml.safe_load(decoded(tree.read_named(file)))
    except UnreadableError as error:
        raise ConfigError(f"--parameters {file}: {error.reason}") from error
    except RecursionError as error:
        raise ConfigError(f"--parameters {file}: it is nested too deeply", hint=_FORMS) from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ConfigError.at(file, line, "neither JSON nor YAML", hint=_FORMS) from error
    if isinstance(content, Mapping) and isinstance(content.get("Parameters"), Mapping):
        return _named(file, content["Parameters"]), {
            k: v or "" for k, v in _named(file, content.get("Tags") or {}).items()
        }
    if isinstance(content, Mapping):
        return _named(file, content), {}
    if not isinstance(content, list):
        raise ConfigError(f"--parameters {file}: holds no parameters", hint=_FORMS)
    values: dict[str, str | None] = {}
    for entry in content:
        if isinstance(entry, Mapping) and "ParameterKey" in entry:
            key = str(entry["ParameterKey"])
            values |= (
                {key: None} if entry.get("UsePreviousValue") else _named(file, {key: entry.get("ParameterValue", "")})
            )
        elif isinstance(entry, str) and "=" in entry:
            key, _, value = entry.partition("=")
            values[key] = value
        else:
            raise ConfigError(f"--parameters {file}: {entry!r} is not a parameter", hint=_FORMS)
    return values, {}


def _named(file: Path, content: Mapping[Any, Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, value in content.items():
        items = value if isinstance(value, list) else [value]
        texts = [
            plain_text(scalar(item)) for item in items if not isinstance(item, Mapping | list) and item is not None
        ]
        if len(texts) != len(items):
            raise ConfigError(f"--parameters {file}: {name} is neither text nor a list of texts", hint=_FORMS)
        found[str(name)] = ",".join(text or "" for text in texts)
    return found


def declared(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The template's parameters by name."""
    section = template.get("Parameters")
    if not isinstance(section, Mapping):
        return {}
    return {name: node if isinstance(node, Mapping) else {} for name, node in members(section)}


def parameter_values(
    template: Mapping[str, Any], values: Mapping[str, Value], prefix: str = "", lookups: ContextLookups = NO_LOOKUPS
) -> dict[str, Value]:
    """The value of every parameter: the one given (text, or what a parent stack passes; None: not known), else its
    default. ``prefix`` tells the stack's parameters from those of other stacks; ``lookups``: what the CDK has not
    looked up, for which a placeholder stands."""
    found = {name: _named_value(name, node, values, prefix) for name, node in declared(template).items()}
    return {name: (lookups.asked(v) if isinstance(v, str) else None) or v for name, v in found.items()}


def _named_value(name: str, node: Mapping[str, Any], values: Mapping[str, Value], prefix: str) -> Value:
    """Whatever a parameter's value is, it is the same wherever the stack refers to it, and one of those allowed."""
    found = _value(name, node, values)
    if not isinstance(found, Unknown):
        return found
    return replace(found, symbol=found.symbol or f"${{{prefix}{name}}}", among=found.among or _allowed(node))


def _allowed(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of which a parameter is one; empty where it is a list, or may be any."""
    allowed = node.get("AllowedValues")
    texts = [plain_text(scalar(one)) for one in allowed] if isinstance(allowed, list) else []
    known = tuple(text for text in texts if text is not None)
    return known if str(node.get("Type", "String")) == "String" and len(known) == len(texts) else ()


def _value(name: str, node: Mapping[str, Any], values: Mapping[str, Value]) -> Value:
    kind = str(node.get("Type", "String"))
    if name in values:
        value = values[name]
        if value is None:
            return Unknown(f"${{{name}}}", f"parameter {name} keeps its previous value")
    elif "Default" in node:
        value = scalar(node["Default"]) if not isinstance(node["Default"], Mapping | list) else ""
    else:
        allowed = node.get("AllowedValues")
        if not (isinstance(allowed, list) and len(allowed) == 1):
            return Unknown(f"${{{name}}}", f"parameter {name} has no default")
        value = scalar(allowed[0])
    if isinstance(value, Unknown):
        return Unknown(f"${{{name}}}", f"parameter {name}: {value.reason}", symbol=value.symbol)
    if kind.startswith(_SSM):
        return Unknown(f"${{{name}}}", f"parameter {name} is read from the parameter store at deployment")
    if (kind == "CommaDelimitedList" or kind.startswith("List<")) and not isinstance(value, list):
        text = plain_text(value)
        return [value] if text is None else listed(text.split(","))
    text = plain_text(value)
    return value if text is None else literal(text)

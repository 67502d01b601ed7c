"""Files that ask for more than any machine has: each a few lines. ``n`` is how much; large ones are for
benchmarks/bombs.py, small ones, with a small budget, for the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

Files = Mapping[str, str]

_DOMAIN = 'resource "aws_sagemaker_domain" "d" {\n  domain_name = %s\n}\n'


def _value(expression: str) -> Files:
    """A domain with that name, which has to be worked out."""
    return {"main.tf": _DOMAIN % expression}


def _modules(levels: int, calls: int) -> Files:
    """Each module calls the next one so often."""
    files = {}
    for level in range(levels):
        inner = "".join(f'module "m{n}" {{\n  source = "../l{level + 1}"\n}}\n' for n in range(calls))
        files[f"l{level}/main.tf"] = inner
    files[f"l{levels}/main.tf"] = _DOMAIN % '"x"'
    return files


def _repeated_modules(n: int) -> Files:
    return {
        "main.tf": f'module "a" {{\n  source = "./a"\n  count  = {n}\n}}\n',
        "a/main.tf": f'module "b" {{\n  source = "../b"\n  count  = {n}\n}}\n',
        "b/main.tf": _DOMAIN % '"x"',
    }


def _dynamic(n: int) -> Files:
    inner = (
        f'  dynamic "default_user_settings" {{\n    for_each = range({n})\n    content {{\n'
        f'      dynamic "custom_file_system_config" {{\n        for_each = range({n})\n        content {{}}\n      }}\n'
        "    }\n  }\n"
    )
    return {"main.tf": f'resource "aws_sagemaker_domain" "d" {{\n{inner}}}\n'}


def _template(resources: object, **sections: object) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **sections, "Resources": resources})


def _loops(n: int) -> Files:
    body: object = {"Domain${L0}": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": "x"}}}
    for level in range(n):
        body = {f"Fn::ForEach::X{level}": [f"L{level}", ["a", "b", "c"], body]}
    return {"t.json": _template(body, Transform="AWS::LanguageExtensions")}


def _stacks(n: int) -> Files:
    files = {}
    for level in range(n):
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"t{level + 1}.json"}}
        files[f"t{level}.json"] = _template({f"S{at}": stack for at in range(10)})
    files[f"t{n}.json"] = _template({"D": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": "x"}}})
    return files


def _sub(n: int) -> Files:
    value: object = "x" * 64
    for _ in range(n):
        value = {"Fn::Sub": ["${a}${a}${a}${a}", {"a": value}]}
    return {"t.json": _template({"D": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": value}}})}


def _conditions(n: int) -> Files:
    conditions: dict[str, object] = {"C0": {"Fn::Equals": ["${L}", "a"]}}
    for at in range(1, n):
        conditions[f"C{at}"] = {"Fn::And": [{"Condition": f"C{at - 1}"}, {"Condition": f"C{at - 1}"}]}
    value = {"Fn::If": [f"C{n - 1}", "a", "b"]}
    domain = {"D${L}": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": value}}}
    loop = {"Fn::ForEach::X": ["L", ["a", "b"], domain]}
    return {"t.json": _template(loop, Transform="AWS::LanguageExtensions", Conditions=conditions)}


def _long(n: int) -> str:
    return f'join("", [for i in range({n}) : "{"x" * 100}"])'


#: What is not assessed, or has no value, by its name.
BOMBS: Mapping[str, Callable[[int], Files]] = {
    "redos": lambda n: _value(f'regex("^(a+)+$", "{"a" * n}!")'),
    "redos-replace": lambda n: _value(f'replace("{"a" * n}", "/^(a|a)*$/", "b")'),
    "pow": lambda n: _value(f"pow(pow(pow(10, {n}), {n}), {n})"),
    "squares": lambda n: {
        "main.tf": "locals {\n  n0 = 12345678901234567890\n"
        + "".join(f"  n{at} = local.n{at - 1} * local.n{at - 1}\n" for at in range(1, n))
        + "}\n"
        + _DOMAIN % f'"${{local.n{n - 1}}}"',
    },
    "parseint": lambda n: _value(f"parseint({_long(n)}, 36) * 2"),
    "indent": lambda n: _value(f'indent({n} * 1000, "\\n\\n")'),
    "replace-amplified": lambda n: _value(f'replace(join(",", range({n})), "/[0-9]/", {_long(n)})'),
    "regexall-amplified": lambda n: _value(f'join("", flatten(regexall("((((.*))))", {_long(n)})))'),
    "join-amplified": lambda n: _value(f'join("", [for i in range({n}) : {_long(n)}])'),
    "jsonencode-amplified": lambda n: {
        "main.tf": f"locals {{\n  l = {_long(n)}\n}}\n" + _DOMAIN % f"jsonencode([for i in range({n}) : local.l])",
    },
    "format-amplified": lambda n: {
        "main.tf": f"locals {{\n  l = {_long(n)}\n}}\n"
        + _DOMAIN % f'format(join("", [for i in range({n}) : "%s"]), [for i in range({n}) : local.l]...)',
    },
    "property-amplified": lambda n: {
        "main.tf": f"locals {{\n  l = {_long(n)}\n}}\n"
        f'resource "aws_sagemaker_domain" "d" {{\n  subnet_ids = [for i in range({n}) : local.l]\n}}\n',
    },
    "toset": lambda n: _value(f'join("", toset([for i in range({n}) : "n${{i}}"]))'),
    "distinct": lambda n: _value(f'join("", [for o in distinct([for i in range({n}) : {{ n = i }}]) : o.n])'),
    "matchkeys": lambda n: _value(f"length(matchkeys(range({n}), range({n}), reverse(range({n}))))"),
    "contains": lambda n: _value(f"length([for i in range({n}) : i if contains(range({n}), -i)])"),
    "lists-of-lists": lambda n: _value(f"length([for i in range({n}) : range({n})])"),
    "template-for": lambda n: _value(f'"%{{for i in range({n})}}%{{for j in range({n})}}x%{{endfor}}%{{endfor}}"'),
    "template-file": lambda n: {
        "main.tf": _DOMAIN % f'join("", [for i in range({n}) : templatefile("t.txt", {{ n = i }})])',
        "t.txt": f"%{{for j in range({n})}}x%{{endfor}}" + "y" * 1000,
    },
    "for-in-for": lambda n: _value(f"length(flatten([for i in range({n}) : [for j in range({n}) : j]]))"),
    "dynamic": _dynamic,
    "count-nested": lambda n: _repeated_modules(n // 60),
    "module-fan": lambda n: _modules(8, max(3, n // 2000)),
    "count": lambda n: {"main.tf": f'resource "aws_sagemaker_domain" "d" {{\n  count = {n}\n  domain_name = "x"\n}}\n'},
    "csv": lambda n: _value(
        f'length(csvdecode(join("", concat([join(",", range({n // 20})), "\\n"], [for i in range({n}) : "1\\n"]))))'
    ),
    "deep-json": lambda n: {
        "main.tf.json": '{"locals": {"a": ' + "[" * (n // 20) + "]" * (n // 20) + "}}",
        "main.tf": _DOMAIN % '"x"',
    },
    "for-each": lambda n: _loops(max(4, n // 500)),
    "nested-stacks": lambda n: _stacks(max(3, n // 2000)),
    "sub": lambda n: _sub(max(9, n // 1400)),
    "conditions": lambda n: _conditions(max(17, n // 330)),
}


def _aliases(n: int, indent: str) -> str:
    """Each list holds the one before nine times."""
    levels = max(3, min(11, n // 1800))
    lines = [f"{indent}- &a0 [{', '.join(['x'] * 9)}]"]
    lines += [f"{indent}- &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, levels)]
    return "\n".join(lines) + "\n"


#: Aliases of aliases in what the command line names, or finds.
YAML_BOMBS: Mapping[str, Callable[[int], Files]] = {
    "aliases-configuration": lambda n: {**_value('"x"'), "auditor.yaml": "skip:\n" + _aliases(n, "  ")},
    "aliases-waivers": lambda n: {
        **_value('"x"'), "auditor.yaml": "waivers: w.yaml\n", "w.yaml": "waivers:\n" + _aliases(n, "  "),
    },
    "aliases-rule": lambda n: {**_value('"x"'), "rules/r.yaml": "id: ACME001\ncases:\n" + _aliases(n, "  ")},
    "aliases-of-aliases": lambda n: {
        **_value('"x"'), "auditor.yaml": "skip:\n  - &a0 [x]\n" + "".join(
            f"  - &a{at} [*a{at - 1}]\n" for at in range(1, max(60, n // 4))
        ),
    },
}  # fmt: skip

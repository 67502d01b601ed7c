"""Expressions give what Terraform's language documentation says that they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.hcl.values import PartialJson
from auditor.collect.iac.interface import Reference, Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance

Module = Callable[..., ModuleInstance]

#: Names that the expressions below may use. ``var.open`` has no value; the role's ARN is made up by AWS.
GIVEN = """
variable "open" {}
variable "text" { default = "abc" }
variable "n" { default = 2 }
variable "yes" { default = true }
variable "none" { default = null }
variable "names" { default = ["zoe", "amy", "bob"] }
variable "roles" { default = { b = { arn = "B", tags = ["x"] }, a = { arn = "A", tags = [] } } }
resource "aws_iam_role" "r" { name_prefix = "x" }
resource "aws_iam_role" "named" { name = "n-${var.text}" }
resource "aws_iam_role" "many" {
  for_each = toset(["a", "b"])
  name     = "role-${each.key}"
}
resource "aws_subnet" "s" { count = 2 }
resource "aws_subnet" "unsure" { count = var.open }
data "aws_vpc" "d" { default = true }
data "aws_vpc" "other" { tags = { Name = "x" } }
data "aws_iam_policy" "given" { arn = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
"""

KNOWN: list[tuple[str, Any]] = [
    # Literals and texts
    ('"a"', "a"),
    ("12", 12),
    ("0.5", 0.5),
    ("-3", -3),
    ("null", None),
    (r'"a\tb\"c\\d\u0041"', 'a\tb"c\\dA'),
    ('"$${x} %%{y}"', "${x} %{y}"),
    ('"${var.text}"', "abc"),
    ('"${var.n}"', 2),
    ('"<${var.n}>"', "<2>"),
    ('"${var.yes}!"', "true!"),
    ('"a-${var.text}-${var.n + 1}"', "a-abc-3"),
    ('"${var.roles["a"].arn}"', "A"),
    ('"${join(",", var.names)}"', "zoe,amy,bob"),
    ('"%{ if var.yes }on%{ else }off%{ endif }"', "on"),
    ('"%{ for n in var.names }${n} %{ endfor }"', "zoe amy bob "),
    ('"%{ for i, n in var.names }${i}${n}%{ endfor }"', "0zoe1amy2bob"),
    ("<<EOT\na ${var.text}\n  b\nEOT", "a abc\n  b\n"),
    ("<<-EOT\n    a\n      b\n    EOT", "a\n  b\n"),
    ("<<EOT\n%{ for n in var.names ~}\n${n}\n%{ endfor ~}\nEOT", "zoe\namy\nbob\n"),
    # A literal stays what it is, whatever it looks like.
    ('"1e5"', "1e5"),
    ('"2024-01-02"', "2024-01-02"),
    ('"10-5"', "10-5"),
    ('"true"', "true"),
    ('"pi"', "pi"),
    # Operators and their precedence
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 - 3 - 2", 5),
    ("7 / 2", 3.5),
    ("6 / 2", 3),
    ("-7 % 3", -1),
    ("1 < 2 && 2 < 3", True),
    ("false && true || true", True),
    ("true || true && false", True),
    ("!true || true", True),
    ("!(true || true)", False),
    ("1 + 1 == 2", True),
    ('"1" == 1', False),
    ("true == true && false == false", True),
    ('var.text == "abc" ? "yes" : "no"', "yes"),
    ('var.n == 1 ? "one" : var.n == 2 ? "two" : "many"', "two"),
    ('var.text != "abc" || var.n > 1 ? "yes" : "no"', "yes"),
    ("var.none == null", True),
    ("[1, 2] == [1, 2]", True),
    ('"3" + 4', 7),
    # References, indices, splats
    ("var.names[0]", "zoe"),
    ("var.names[var.n]", "bob"),
    ("var.names.1", "amy"),
    ('var.roles["b"].arn', "B"),
    ("var.roles.b.tags[0]", "x"),
    ("values(var.roles)[*].arn", ["A", "B"]),
    ("values(var.roles).*.arn", ["A", "B"]),
    ("var.none[*]", []),
    ("var.text[*]", ["abc"]),
    # for
    ("[for n in var.names : upper(n)]", ["ZOE", "AMY", "BOB"]),
    ('[for i, n in var.names : "${i}-${n}" if i > 0]', ["1-amy", "2-bob"]),
    ("[for k, v in var.roles : k]", ["a", "b"]),
    ("{ for k, v in var.roles : v.arn => k }", {"A": "a", "B": "b"}),
    ("{ for n in var.names : length(n) => n... }", {"3": ["zoe", "amy", "bob"]}),
    ("[for s in toset(var.names) : s]", ["amy", "bob", "zoe"]),
    ('{ for p in setproduct(["a", "b"], [1]) : "${p[0]}${p[1]}" => p[0] }', {"a1": "a", "b1": "b"}),
    # Structures
    ('{ a = 1, "b" = 2, (var.text) = 3 }', {"a": 1, "b": 2, "abc": 3}),
    ("{ var = 1, null = 2 }", {"var": 1, "null": 2}),
    ('[1, "a", true, null]', [1, "a", True, None]),
    # try, can
    ('try(var.roles.c.arn, "none")', "none"),
    ("try(var.none.arn, var.names[7], 5)", 5),
    ("can(var.roles.a)", True),
    ("can(var.roles.c)", False),
    # What is unknown does not matter.
    ("false && var.open", False),
    ("true || var.open", True),
    ("var.open && false", False),
    ('var.open ? "same" : "same"', "same"),
    ('contains(concat(var.names, [var.open]), "amy")', True),
    ("length([var.open, var.open])", 2),
    ("[var.open, 1][1]", 1),
    ('merge({ a = var.open }, { a = 1 })["a"]', 1),
    ('lookup({ a = var.open, b = 2 }, "b")', 2),
    ("aws_iam_role.r.arn == null", False),
    ('"x${var.open}" == ""', False),
    # Resources
    ("aws_iam_role.named.name", "n-abc"),
    ('aws_iam_role.many["b"].name', "role-b"),
    ("[for k, r in aws_iam_role.many : r.name]", ["role-a", "role-b"]),
    ("length(aws_subnet.s)", 2),
    ("keys(aws_iam_role.many)", ["a", "b"]),
    ("data.aws_iam_policy.given.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ("resource.aws_iam_role.named.name", "n-abc"),
    ("path.module", "."),
]


@pytest.mark.parametrize(("expression", "expected"), KNOWN, ids=[e for e, _ in KNOWN])
def test_known(module: Module, expression: str, expected: Any) -> None:
    found = module(f"{GIVEN}\nlocals {{\n  x = {expression}\n}}\n").local("x")
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


REFERENCES: list[tuple[str, Any]] = [
    ("aws_iam_role.r.arn", Reference("aws_iam_role.r", "arn")),
    ("aws_iam_role.r.name", Reference("aws_iam_role.r", "name")),
    ('"${aws_iam_role.r.arn}"', Reference("aws_iam_role.r", "arn")),
    ('aws_iam_role.many["a"].arn', Reference('aws_iam_role.many["a"]', "arn")),
    ("aws_subnet.s[1].id", Reference("aws_subnet.s[1]", "id")),
    ("aws_subnet.s[*].id", [Reference("aws_subnet.s[0]", "id"), Reference("aws_subnet.s[1]", "id")]),
    ("aws_subnet.s.*.id", [Reference("aws_subnet.s[0]", "id"), Reference("aws_subnet.s[1]", "id")]),
    ("data.aws_vpc.d.id", Reference("data.aws_vpc.d", "id")),
    ('coalesce(null, "", aws_iam_role.r.arn, "x")', Reference("aws_iam_role.r", "arn")),
    ("try(aws_iam_role.r.arn, null)", Reference("aws_iam_role.r", "arn")),
    ("one(aws_iam_role.r[*].arn)", Reference("aws_iam_role.r", "arn")),
    ("element([aws_iam_role.r.arn], 3)", Reference("aws_iam_role.r", "arn")),
    ("var.open ? aws_iam_role.r.arn : aws_iam_role.r.arn", Reference("aws_iam_role.r", "arn")),
    ('"s3://${aws_iam_role.r.id}/x"', "s3://${aws_iam_role.r}/x"),
]


@pytest.mark.parametrize(("expression", "expected"), REFERENCES, ids=[e for e, _ in REFERENCES])
def test_made_up_by_aws(module: Module, expression: str, expected: Any) -> None:
    assert module(f"{GIVEN}\nlocals {{\n  x = {expression}\n}}\n").local("x") == expected


UNKNOWN: list[tuple[str, str, str]] = [
    ("var.open", "${var.open}", "variable open of the root module has no value"),
    ("var.open.role", "${var.open.role}", "variable open"),
    ("upper(var.open)", "${upper(var.open)}", "variable open"),
    ('"arn:aws:iam::1:role/${var.open}"', "arn:aws:iam::1:role/${var.open}", "variable open"),
    (
        'var.open == "prod" ? "VpcOnly" : "PublicInternetOnly"',
        '${var.open == "prod" ? "VpcOnly" : "PublicInternetOnly"}',
        "variable open",
    ),
    ("var.open && true", "${var.open && true}", "variable open"),
    ('format("%s-%s", "a", var.open)', "a-${var.open}", "variable open"),
    ('join("-", ["a", var.open])', "a-${var.open}", "variable open"),
    ('lookup(var.open, "a", "b")', '${lookup(var.open, "a", "b")}', "variable open"),
    ('try(var.open.a, "x")', "${var.open.a}", "variable open"),
    ("[for n in var.open : n]", "${[for n in var.open : n]}", "variable open"),
    ("upper(aws_iam_role.r.arn)", "${upper(aws_iam_role.r.arn)}", "known after apply"),
    ("aws_iam_role.r.path", "${aws_iam_role.r.path}", "known after apply"),
    ("data.aws_vpc.other.id", "${data.aws_vpc.other.id}", "read when Terraform runs"),
    ("aws_subnet.unsure[0].id", "${aws_subnet.unsure[0].id}", "count is not known"),
    ("terraform.workspace", "${terraform.workspace}", "chosen at run time"),
    ("timestamp()", "${timestamp()}", "different each time"),
    ('uuidv5("dns", "x")', '${uuidv5("dns", "x")}', "not evaluated here"),
    ("provider::aws::arn_parse(var.text)", "${provider::aws::arn_parse(var.text)}", "not evaluated here"),
    ('coalesce(var.open, "x")', '${coalesce(var.open, "x")}', "variable open"),
    ('contains([var.open], "x")', '${contains([var.open], "x")}', "variable open"),
]


@pytest.mark.parametrize(("expression", "text", "reason"), UNKNOWN, ids=[e for e, *_ in UNKNOWN])
def test_unknown(module: Module, expression: str, text: str, reason: str) -> None:
    found = module(f"{GIVEN}\nlocals {{\n  x = {expression}\n}}\n").local("x")
    assert isinstance(found, Unknown)
    assert found.expression == text
    assert reason in found.reason


REFUSED = [
    "var.names[3]",
    "var.roles.c",
    "var.none.x",
    "var.missing",
    "local.missing",
    "aws_vpc.missing.id",
    "module.missing.x",
    "1 / 0",
    '1 + "a"',
    '!"a"',
    "upper([])",
    "element([], 0)",
    "one([1, 2])",
    'lookup({}, "a")',
    'jsondecode("{")',
    'regex("^b", "a")',
    'tonumber("a")',
    '"a${null}"',
    "nothing",
    "{ for n in [1, 1] : n => n }",
    "local.x",
]


@pytest.mark.parametrize("expression", REFUSED)
def test_what_terraform_would_refuse_is_unknown_where_it_is_used(module: Module, expression: str) -> None:
    text = f'{GIVEN}\nlocals {{\n  x = {expression}\n}}\noutput "o" {{\n  value = local.x\n}}\n'
    found = module(text).output("o")
    assert isinstance(found, Unknown)
    assert found.expression == "${local.x}"


TEMPLATES: list[tuple[str, str]] = [
    ("%{ if true ~}\n  a\n%{ else ~}\n  b\n%{ endif ~}", "  a\n"),
    ('a  ${~ "b" ~}  c', "abc"),
    ("%{ for k, v in { x = 1 } }${k}=${v};%{ endfor }", "x=1;"),
    ("%{ for a in [1, 2] }%{ if a > 1 }${a}%{ endif }%{ endfor }", "2"),
    ("$${a} %%{b} $5 100%", "${a} %{b} $5 100%"),
    ('${"}"}', "}"),
    ('${ { a = "{" }.a }', "{"),
]


@pytest.mark.parametrize(("text", "expected"), TEMPLATES, ids=[t for t, _ in TEMPLATES])
def test_templates(module: Module, text: str, expected: str) -> None:
    files = {"main.tf": 'locals {\n  x = templatefile("t", {})\n}\n', "t": text}
    assert module(files).local("x") == expected


@pytest.mark.parametrize(
    "text",
    ["%{ if true }", "%{ endif }", "%{ if true }%{ endfor }", "%{ for x }%{ endfor }", "${", "%{ what }", "${a b}",
     "%{ if true }%{ else }%{ else }", "%{ for x in 1 }%{ endfor }", "${nothing}"],
)  # fmt: skip
def test_broken_templates_are_unknown(module: Module, text: str) -> None:
    files = {"main.tf": 'output "o" {\n  value = templatefile("t", {})\n}\n', "t": text}
    assert isinstance(module(files).output("o"), Unknown)


def test_directives_that_hang_on_what_is_not_known(module: Module) -> None:
    text = """
variable "open" {}
locals {
  same  = "%{ if var.open }a%{ else }a%{ endif }"
  other = "<%{ if var.open }a%{ else }b%{ endif }>"
  loop  = "<%{ for x in var.open }${x}%{ endfor }>"
}
"""
    found = module(text)
    assert found.local("same") == "a"
    assert found.local("other").expression == "<${var.open}>"
    assert found.local("loop").expression == "<${var.open}>"


LAYOUTS: list[tuple[str, Any]] = [
    ('(\n  var.n == 1 ? "one" :\n  var.n == 2 ? "two" :\n  "many"\n)', "two"),
    ("(var.n\n  > 1\n  && var.yes\n  || false)", True),
    ("(var.yes &&\n  var.n == 2)", True),
    ("merge(\n  { a = 1 }, # one\n  // two\n  { b = 2 },\n)", {"a": 1, "b": 2}),
    ("[\n  # one\n  1, /* x */\n  2\n]", [1, 2]),
    ('{\n  # one\n  b = 1 # x\n\n  c = 2,\n  "d-e" : 3\n}', {"b": 1, "c": 2, "d-e": 3}),
    ("var.yes ? {\n  b = 1\n} : {\n  c = 2\n}", {"b": 1}),
    ('[\n  for k in var.names : {\n    a = k\n  } if k != "zoe"\n]', [{"a": "amy"}, {"a": "bob"}]),
    ('{\n  for k, v in var.roles :\n  k => {\n    a = v.arn\n  }\n  if k == "a"\n}', {"a": {"a": "A"}}),
    ("merge([for n in var.names : { (n) = 1 }]...)", {"zoe": 1, "amy": 1, "bob": 1}),
    ('jsondecode(<<-EOT\n  {"a": 1}\n  EOT\n)', {"a": 1}),
    ('"${var.text == "" ? "a" : "b"}-${lookup(var.roles["a"], "arn", "d")}"', "b-A"),
    ("[1, 2][1]", 2),
    ("{ a = 1 }.a", 1),
    ("(var.roles).a.arn", "A"),
    ("keys(var.roles)[0]", "a"),
    ("{ b = var.yes ? 1 : 2, c = var.none == null ? {} : { d = 1 } }", {"b": 1, "c": {}}),
    ("-(1 + 2) - -3", 0),
    ("!var.yes", False),
    ('"a # b // c /* d"', "a # b // c /* d"),
]


@pytest.mark.parametrize(("expression", "expected"), LAYOUTS, ids=range(len(LAYOUTS)))
def test_layouts(module: Module, expression: str, expected: Any) -> None:
    assert module(f"{GIVEN}\nlocals {{\n  x = {expression}\n}}\n").local("x") == expected


def test_json_keeps_its_unknown_parts(module: Module) -> None:
    text = """
variable "open" {}
resource "aws_s3_bucket" "b" {}
locals {
  encoded = jsonencode({ Statement = [{ Effect = "Allow", Resource = "arn:aws:s3:::${var.open}/*" }] })
  written = <<-EOT
    {"Statement": [{"Effect": "Allow", "Resource": ["arn:aws:s3:::${var.open}", "${aws_s3_bucket.b.arn}"]}]}
  EOT
  known   = jsonencode({ b = [1, null], a = true })
  back    = jsondecode(jsonencode({ a = var.open })).a
}
"""
    found = module(text)
    # The symbol makes the same text of the same unknown equal to itself.
    shown, reason = "arn:aws:s3:::${var.open}/*", "variable open of the root module has no value"
    bucket = Unknown(shown, reason, symbol=shown)
    assert found.local("encoded") == PartialJson({"Statement": [{"Effect": "Allow", "Resource": bucket}]})
    statement = found.local("written").content["Statement"][0]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"][0].expression == "arn:aws:s3:::${var.open}"
    assert statement["Resource"][1] == Reference("aws_s3_bucket.b", "arn")
    assert found.local("known") == '{"a":true,"b":[1,null]}'
    assert found.local("back") == Unknown("${var.open}", reason, symbol="${var.open}")


def test_twenty_seven_levels(module: Module) -> None:
    """A default behind many levels is found; a value that is not known is not replaced by the default."""
    known, unknown = '"Disabled"', "var.open"
    for _ in range(27):
        known = f'lookup(try({{ a = {known} }}, {{}}), "a", "Enabled")'
        unknown = f'lookup(try({{ a = {unknown} }}, {{}}), "a", "Enabled")'
    found = module(f'variable "open" {{}}\nlocals {{\n  known = {known}\n  unknown = {unknown}\n}}\n')
    assert found.local("known") == "Disabled"
    assert isinstance(found.local("unknown"), Unknown)


def test_a_circle_is_unknown(module: Module) -> None:
    found = module('locals {\n  a = local.b\n  b = local.a\n}\noutput "o" {\n  value = local.a\n}\n').output("o")
    assert isinstance(found, Unknown)
    assert "hangs on itself" in found.reason


def test_many_brackets(module: Module) -> None:
    assert module("locals {\n  a = " + "(" * 100 + "1" + ")" * 100 + "\n}\n").local("a") == 1


def test_files_are_read_below_what_is_scanned(module: Module) -> None:
    files = {
        "main.tf": """
locals {
  yaml     = yamldecode(file("${path.module}/users.yaml"))
  template = templatefile("t.tpl", { names = ["a", "b"], on = true })
  outside  = try(file("/etc/hostname"), "not read")
  listed   = fileset(path.module, "d/*.json")
  each     = { for f in fileset(path.module, "d/*.json") : trimsuffix(basename(f), ".json") => jsondecode(file(f)) }
  missing  = fileexists("nothing.txt")
}
""",
        "users.yaml": "users:\n  - {name: amy, on: yes, when: 2024-01-02, n: 3, b: true}\n",
        "t.tpl": "%{ for n in names }<${n}>%{ endfor }%{ if on }!%{ endif }",
        "d/x.json": '{"a": 1}',
    }
    found = module(files)
    assert found.local("yaml") == {"users": [{"name": "amy", "on": "yes", "when": "2024-01-02", "n": 3, "b": True}]}
    assert found.local("template") == "<a><b>!"
    assert found.local("outside") == "not read"
    assert found.local("listed") == ["d/x.json"]
    assert found.local("each") == {"x": {"a": 1}}
    assert found.local("missing") is False

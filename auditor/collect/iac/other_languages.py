"""Files that declare something of Studio in a language, or a form, that is not read here.

What they deploy is not in the report, so that has to be said. A file that only mentions a type (a list of types, a page
of documentation) declares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TYPES = "(?:Domain|UserProfile|Space|App)"
#: Endings of files that a program fills in before anybody reads them.
FILLED_IN = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".tftpl", ".erb", ".mustache", ".hbs")
#: What begins a template that CloudFormation takes: its resources, at the left.
_OWN_RESOURCES = re.compile(r"""(?m)^\s*\{|^["']?Resources["']?\s*:""")
_CLOUDFORMATION = re.compile(rf"""["']?\bType["']?\s*:\s*["']?AWS::SageMaker::{_TYPES}\b""")
#: Where a member may stand: a resource of Kubernetes may lie in a List, a Composition, or a ResourceGraphDefinition.
_LEFT = r"(?m)(?:^[ ]*(?:-[ ]+)?|[{,]\s*)"
#: How each declares, and what to say of it.
_OTHERS: Mapping[str, re.Pattern[str]] = {
    "it is Terraform that something fills in first": re.compile(
        r"""(?m)^\s*resource\s+"aws(?:cc)?_sagemaker_(?:domain|user_profile|space|app)\""""
    ),
    "it is a program of Pulumi's, which is not read": re.compile(
        rf"""["']?\btype["']?\s*:\s*["']?aws(?:-native)?:sagemaker(?:/\w+)?:{_TYPES}\b"""
    ),
    "it is a resource of Kubernetes, which is not read": re.compile(
        rf"""{_LEFT}["']?apiVersion["']?\s*:\s*["']?sagemaker\.(?:services\.k8s\.aws|aws\.(?:m\.)?(?:upbound|crossplane)\.io)/"""
    ),
}
_KIND = re.compile(rf"""{_LEFT}["']?kind["']?\s*:\s*["']?{_TYPES}\b""")
#: Projects whose resources a program makes, by the name of their file.
_PROJECTS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "cdktf.json": (re.compile(""), "CDKTF source is not read: run cdktf synth and scan the folder cdktf.out"),
    "Pulumi.yaml": (re.compile(r"(?m)^runtime\s*:(?!\s*[\"']?yaml\b)"), "the program of Pulumi's is not read"),
}  # fmt: skip

#: Files of such projects.
PROJECTS = frozenset({*_PROJECTS, "Pulumi.yml"})
#: Endings of the languages that CDK apps are written in.
PROGRAMS = (".py", ".ts", ".js", ".mjs", ".java", ".cs", ".go")
#: SageMaker's module of the CDK, as each of them names it, and a construct of Studio with what it is called by.
_CDK_MODULE = re.compile(r"""\baws[_-]sagemaker\b|awscdk\.services\.sagemaker|CDK\.AWS\.SageMaker|awssagemaker""")
_CDK_ALIAS = re.compile(r"""\baws_sagemaker\s+as\s+(\w+)|\*\s+as\s+(\w+)\s+from\s+['"][^'"]*/aws-sagemaker['"]""")
_CONSTRUCT = re.compile(r"(?:\b(\w+)\.)?\b(?:New)?Cfn(?:Domain|UserProfile|Space|App)\b\s*(?:\(|\.Builder)")
#: SageMaker's module of other languages' libraries, beside what says that a program uses one.
_LIBRARIES: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"""\bpulumi_aws(?:_native)?\b|@pulumi/aws(?:-native)?\b|pulumi/pulumi-aws(?:-native)?/|\$config\("""
        ),
        re.compile(rf"\bsagemaker\.(?:New)?{_TYPES}\s*\("),
        "it is a program of Pulumi's, which is not read",
    ),
    (
        re.compile(r"@cdktf/provider-aws|\bcdktf_cdktf_provider_aws\b|\bimports\.aws\b"),
        re.compile(rf"\bSagemaker{_TYPES}\s*\("),
        "CDKTF source is not read: run cdktf synth and scan the folder cdktf.out",
    ),
    (
        re.compile(r"\btroposphere\b"),
        re.compile(
            rf"\bsagemaker\.{_TYPES}\s*\(|\bfrom\s+troposphere\.sagemaker\s+import\b[^\n]*\b{_TYPES}\b"
            rf"|\btroposphere(?:\.|\s+import\s+)sagemaker\s+as\s+(\w+)(?s:.*)\b\1\.{_TYPES}\s*\("
        ),
        "it is a program of troposphere's: scan the template that it writes",
    ),
)
OUTSIDE_AN_APP = "it is source of the CDK without a cdk.json above it: scan the folder that cdk synth writes"


def of_cdk(text: str) -> bool:
    """Whether a program makes something of Studio by the CDK's constructs. Other modules have a ``CfnDomain`` too."""
    if not _CDK_MODULE.search(text):
        return False
    aliases = {name for found in _CDK_ALIAS.findall(text) for name in found if name}
    callers = {found[1] or "" for found in _CONSTRUCT.finditer(text)}
    return any(not name or "sagemaker" in name.lower() or name in aliases for name in callers)


def why_unread(text: str, *, cdk: bool, others: bool) -> str:
    """Why what a program makes of Studio is not read; empty where it makes nothing. ``cdk``, ``others``: whether it is
    said of the CDK's programs, and of those of other libraries."""
    if cdk and of_cdk(text):
        return OUTSIDE_AN_APP
    found = (why for library, makes, why in _LIBRARIES if library.search(text) and makes.search(text))
    return next(found, "") if others else ""


def unread(name: str, text: str) -> str:
    """Why what the file declares of Studio is not read; empty where it declares nothing, or is a template."""
    project = _PROJECTS.get(name.replace(".yml", ".yaml"))
    if project is not None and project[0].search(text):
        return project[1]
    if _CLOUDFORMATION.search(text):
        if name.endswith(FILLED_IN):
            return "it is a template that something fills in first"
        return "" if _OWN_RESOURCES.search(text) else "it is a part of a template: what takes it in is not known here"
    for reason, pattern in _OTHERS.items():
        if pattern.search(text) and ("Kubernetes" not in reason or _KIND.search(text)):
            return reason
    return ""

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
#: How each declares, and what to say of it.
_OTHERS: Mapping[str, re.Pattern[str]] = {
    "it is Terraform that something fills in first": re.compile(
        r"""(?m)^\s*resource\s+"aws(?:cc)?_sagemaker_(?:domain|user_profile|space|app)\""""
    ),
    "it is a program of Pulumi's, which is not read": re.compile(
        rf"""["']?\btype["']?\s*:\s*["']?aws(?:-native)?:sagemaker(?:/\w+)?:{_TYPES}\b"""
    ),
    "it is a resource of Kubernetes, which is not read": re.compile(
        r"""(?m)^["']?apiVersion["']?\s*:\s*["']?sagemaker\.(?:services\.k8s\.aws|aws\.(?:m\.)?(?:upbound|crossplane)\.io)/"""
    ),
}
_KIND = re.compile(rf"""(?m)^["']?kind["']?\s*:\s*["']?{_TYPES}\b""")
#: Projects whose resources a program makes, by the name of their file.
_PROJECTS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "cdktf.json": (re.compile(""), "CDKTF source is not read: run cdktf synth and scan the folder cdktf.out"),
    "Pulumi.yaml": (re.compile(r"(?m)^runtime\s*:(?!\s*[\"']?yaml\b)"), "the program of Pulumi's is not read"),
}  # fmt: skip

#: Endings of the languages that CDK apps are written in.
PROGRAMS = (".py", ".ts", ".js", ".mjs", ".java", ".cs", ".go")
#: SageMaker's module of the CDK, as each of them names it, and a construct of Studio with what it is called by.
_CDK_MODULE = re.compile(r"""\baws[_-]sagemaker\b|awscdk\.services\.sagemaker|CDK\.AWS\.SageMaker|awssagemaker""")
_CDK_ALIAS = re.compile(r"""\baws_sagemaker\s+as\s+(\w+)|\*\s+as\s+(\w+)\s+from\s+['"][^'"]*/aws-sagemaker['"]""")
_CONSTRUCT = re.compile(r"(?:\b(\w+)\.)?\b(?:New)?Cfn(?:Domain|UserProfile|Space|App)\b\s*(?:\(|\.Builder)")
OUTSIDE_AN_APP = "it is source of the CDK without a cdk.json above it: scan the folder that cdk synth writes"


def of_cdk(text: str) -> bool:
    """Whether a program makes something of Studio by the CDK's constructs. Other modules have a ``CfnDomain`` too."""
    if not _CDK_MODULE.search(text):
        return False
    aliases = {name for found in _CDK_ALIAS.findall(text) for name in found if name}
    callers = {found[1] or "" for found in _CONSTRUCT.finditer(text)}
    return any(not name or "sagemaker" in name.lower() or name in aliases for name in callers)


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

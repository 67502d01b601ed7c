"""What checkov shows of a rule: title, severity, guideline, category, the types and the properties that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from checkov.common.bridgecrew.severities import Severity, get_severity
from checkov.common.models.enums import CheckCategories

from auditor.checkov.check_settings import Settings
from auditor.model.rule import Rule
from auditor.model.snapshot import Kind
from auditor.resolve.origin import needed
from auditor.resolve.tables import table
from auditor.studio.resource_types import RESOURCE_TYPES, TABLES
from auditor.studio.template_names import rows
from auditor.studio.template_types import TYPES, Language

#: Tables whose rows are resources of a template. An account, a sign-in or a gap is none, so no check speaks about them.
KINDS: Mapping[str, tuple[Kind, ...]] = {
    table: tuple(t.kind for t in RESOURCE_TYPES if t.table == table) for table in TABLES
}
_LAYERS = {t.table: t.layer for t in RESOURCE_TYPES if t.layer}
_CATEGORIES = {
    "people": CheckCategories.IAM,
    "roles": CheckCategories.IAM,
    "domains": CheckCategories.NETWORKING,
    "operations": CheckCategories.CONVENTION,
}
#: Members that are no settings, by the column that shows them.
_PROPERTIES_BESIDE_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "name": {t.kind: t.name_member for t in RESOURCE_TYPES},
    "tags": {t.kind: "Tags" for t in RESOURCE_TYPES if t.taggable},
    "managed_policies": {"role": "ManagedPolicyArns"},
    "allows_everything": {"role": "Policies"},
    "administrator": {"role": "Policies"},
    "broad_access": {"role": "Policies"},
    "trusts_set_source_identity": {"role": "AssumeRolePolicyDocument"},
}


def category(rule: Rule) -> CheckCategories:
    """checkov's category of a rule."""
    return _CATEGORIES.get(rule.area, CheckCategories.AI_AND_ML)


def severity(rule: Rule, settings: Settings) -> Severity | None:
    """The rule's severity, or the one that auditor.yaml gives it."""
    return get_severity(settings.choice.severities.get(rule.id, rule.severity))


def guideline(rule: Rule) -> str:
    """The page that the rule rests on; the command that shows the rule where it names no page."""
    return next((r for r in rule.references if r.startswith("https://")), f"auditor rules show {rule.id}")


def types(rule: Rule, *languages: Language) -> list[str]:
    """Resource types that the rule speaks about, in the languages given."""
    kinds = KINDS[rule.table]
    return [name for name, info in TYPES.items() if info.kind in kinds and info.language in languages]


@cache
def evaluated_keys(name: str, columns: tuple[str, ...], language: Language) -> list[str]:
    """Properties of the resource itself that a rule reads on columns of its table, as checkov writes them:
    ``user_settings/[0]/auto_mount_home_efs``."""
    # Kinds that share a table share what their members are called.
    documented, kind = table(name), KINDS[name][0]
    assert documented is not None, name
    names = {row.path: row.names[language] for row in rows(kind)}
    keys: list[str] = []
    for column in needed(documented, columns):
        found = documented.column(column)
        path = _PROPERTIES_BESIDE_SETTINGS.get(column, {}).get(kind) or ((found.paths if found else None) or {}).get(
            _LAYERS.get(name, "")
        )
        written = names.get(path or "")
        if written:
            # Blocks of the aws provider are lists of one.
            step = "/[0]/" if language == "aws" else "/"
            start = "Properties/" if language == "cloudformation" else ""
            keys.append(start + step.join(written.replace("[]", "").split(".")))
    return list(dict.fromkeys(keys))

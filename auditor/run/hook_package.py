"""The package of a CloudFormation Lambda Hook: the function, its template, and the rules as they are chosen here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from auditor.resources import deploy_dir
from auditor.run.plan import RunPlan
from auditor.run.thresholds import NEVER
from auditor.version import __version__

_FILES = ("README.md", "handler.py", "template.yaml")
#: What only the file can say, and stays as it says it.
_KEPT = ("owners", "personas", "waiver_tag", "inline_waivers")


def write_hook(plan: RunPlan, folder: Path) -> list[Path]:
    """Write the package for the rules, parameters, severities, thresholds and waivers of the plan. What lies there
    under the same names is replaced. Gives the files written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [deploy_dir() / "hook" / name for name in _FILES]
    written = [Path(shutil.copyfile(source, folder / source.name)) for source in sources]
    settings: dict[str, Any] = _settings(plan)
    if plan.choice.folders:
        settings["rules"] = []
        for number, rules in enumerate(plan.choice.folders, 1):
            name = f"rules/{number}"
            shutil.rmtree(folder / name, ignore_errors=True)
            if rules.is_dir():
                shutil.copytree(rules, folder / name)
            else:
                (folder / name).mkdir(parents=True)
                shutil.copyfile(rules, folder / name / rules.name)
            settings["rules"].append(name)
    if plan.config.waivers is not None:
        settings["waivers"] = "waivers.yaml"
        written.append(Path(shutil.copyfile(plan.config.waivers, folder / "waivers.yaml")))
    texts = {
        "auditor.yaml": yaml.safe_dump(settings, sort_keys=False, allow_unicode=True),
        "requirements.txt": f"sagemaker-studio-auditor=={__version__}\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return sorted(written)


def _settings(plan: RunPlan) -> dict[str, Any]:
    """An auditor.yaml that says what the plan does."""
    said = plan.config.said()
    choice, gate = plan.choice, plan.gate
    settings: dict[str, Any] = {
        "only": [rule.id for rule in choice.rules],
        "fail_on": str(gate.fail_on or NEVER),
        "fail_on_rules": {rule: str(limit or NEVER) for rule, limit in gate.by_rule.items()},
        "fail_on_accounts": {account: str(limit or NEVER) for account, limit in gate.by_account.items()},
        "severities": {rule: str(severity) for rule, severity in choice.severities.items()},
        "params": {rule: dict(values) for rule, values in choice.overrides.items() if values},
        "nested_merge": str(choice.merge),
    }
    kept = {key: said[key][0] for key in _KEPT if key in said}
    return {key: value for key, value in {**settings, **kept}.items() if value not in ({}, [])}

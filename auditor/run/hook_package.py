"""The package of a CloudFormation Lambda Hook: the function, its template, and the rules as they are chosen here."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from auditor.resources import deploy_dir
from auditor.rules.packed_rules import RULES_FILE, packed
from auditor.run.plan import RunPlan
from auditor.run.thresholds import NEVER
from auditor.store.files import unwritable, write_shared
from auditor.temporary_files import workspace
from auditor.version import __version__

_FILES = ("README.md", "handler.py", "template.yaml")
#: What only the file can say, and stays as it says it.
_KEPT = ("owners", "personas", "waiver_tag", "inline_waivers")


def write_hook(plan: RunPlan, folder: Path) -> list[Path]:
    """Write the package for the rules, parameters, severities, thresholds and waivers of the plan. What lies there
    under the same names is replaced. Gives the files written. Raises ConfigError where the folder cannot be written."""
    texts = {name: (deploy_dir() / "hook" / name).read_text(encoding="utf-8") for name in _FILES}
    settings: dict[str, Any] = _settings(plan)
    if plan.choice.folders:
        copies = {f"rules/{number}": rules for number, rules in enumerate(plan.choice.folders, 1)}
        _copied(copies, folder)
        settings["rules"] = list(copies)
    else:
        # Rules of somebody's own may take parts of the built-in ones, and are read together with them.
        texts[RULES_FILE] = packed()
    if plan.config.waivers is not None:
        settings["waivers"] = "waivers.yaml"
        texts["waivers.yaml"] = plan.config.waivers.read_text(encoding="utf-8")
    texts |= {
        "auditor.yaml": yaml.safe_dump(settings, sort_keys=False, allow_unicode=True),
        "requirements.txt": f"sagemaker-studio-auditor=={__version__}\n",
    }
    for name, text in texts.items():
        write_shared(folder / name, text)
    return sorted(folder / name for name in texts)


def _copied(copies: Mapping[str, Path], folder: Path) -> None:
    """Copy folders of rules, or files of one, each into the folder of its name. Raises ConfigError."""
    try:
        with workspace("hook") as aside:
            # All of them before any is replaced: a package may be written again over the one that it is made from.
            for name, rules in copies.items():
                if rules.is_dir():
                    shutil.copytree(rules, aside / name)
                else:
                    (aside / name).mkdir(parents=True)
                    shutil.copyfile(rules, aside / name / rules.name)
            for name in copies:
                shutil.rmtree(folder / name, ignore_errors=True)
                shutil.copytree(aside / name, folder / name)
    except OSError as error:
        raise unwritable(folder, error) from error


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

"""The rules of SageMaker Studio as a validation plug-in of the AWS CDK, for apps in Python.

    app = cdk.App(policy_validation_beta1=[StudioRules()])

``cdk synth`` then fails where a finding is at or above the threshold. The command ``auditor`` does the work, so it may
be installed in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii

#: Exit codes of ``auditor scan`` that come with a report: nothing found, findings, something unknown.
_REPORTED = (0, 4, 5)


@jsii.implements(cdk.IPolicyValidationPluginBeta1)
class StudioRules:
    """``options`` go to ``auditor scan``: ``"--fail-on", "critical"``. ``command`` starts the auditor."""

    def __init__(self, *options: str, command: Sequence[str] = ("auditor",)) -> None:
        self._options, self._command = options, tuple(command)

    @property
    def name(self) -> str:
        """What the report calls the plug-in."""
        return "sagemaker-studio-auditor"

    @property
    def rule_ids(self) -> list[str] | None:
        """Not told: which rules run is the configuration's to say."""
        return None

    @property
    def version(self) -> str | None:
        """Not told: the command has its own."""
        return None

    def validate(self, context: cdk.IPolicyValidationContextBeta1) -> cdk.PolicyValidationPluginReportBeta1:
        """Scan what was synthesised. An error of the command is raised, and the CDK reports it as a failure."""
        # The folder of the assembly, so that nested stacks, stages and parameters count as they are deployed.
        folder = os.path.commonpath([Path(path).parent for path in context.template_paths])
        report = self._scan(folder)
        stopping = [finding for finding in report["findings"] if finding["gates"]]
        unknown = sum(finding["status"] in ("unknown", "error") for finding in report["findings"])
        return cdk.PolicyValidationPluginReportBeta1(
            success=not stopping,
            violations=[_violation(finding) for finding in stopping],
            metadata={"below the threshold": str(_below(report)), "unknown": str(unknown)},
        )

    def _scan(self, folder: str) -> dict[str, Any]:
        arguments = [*self._command, "scan", folder, "--quiet", "--format", "json", "--output", "-", *self._options]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603 - as the app says
        if done.returncode not in _REPORTED:
            raise RuntimeError(f"auditor scan failed: {done.stderr.strip() or done.returncode}")
        report: dict[str, Any] = json.loads(done.stdout)
        return report


def _below(report: dict[str, Any]) -> int:
    return sum(f["status"] == "fail" and not f["gates"] and not f.get("waiver") for f in report["findings"])


def _violation(finding: dict[str, Any]) -> cdk.PolicyViolationBeta1:
    resource, remediation = finding["resource"], finding.get("remediation") or {}
    found = cdk.PolicyViolatingResourceBeta1(
        # Behind the ids of the nested stacks that it lies in.
        resource_logical_id=resource["id"].rpartition("/")[2],
        template_path=str(Path(resource.get("file") or ".").absolute()),
        locations=[f"line {resource['line']}"] if resource.get("line") else [],
    )
    return cdk.PolicyViolationBeta1(
        rule_name=finding["rule"]["id"],
        description=finding["message"],
        violating_resources=[found],
        fix="\n\n".join(filter(None, (remediation.get("steps"), remediation.get("cloudformation")))) or None,
        # What the CDK fails for. The rule's own severity stands beside it.
        severity="error",
        rule_metadata={"severity": finding["severity"]},
    )

"""Write prowler's own HTML report with so many findings: ``PYTHON prowler_html.py FILE NUMBER``.

Runs in an environment of prowler's own; benchmarks/html_report.py calls it. The findings are of prowler's SageMaker
checks, with their own texts, on made-up resources.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import prowler
from prowler.lib.check.models import CheckMetadata
from prowler.lib.outputs.finding import Finding
from prowler.lib.outputs.html.html import HTML

CHECKS = Path(prowler.__file__).parent / "providers" / "aws" / "services" / "sagemaker"


def main(file: str, number: int) -> None:
    metadata = [CheckMetadata(**json.loads(p.read_text())) for p in sorted(CHECKS.glob("*/*.metadata.json"))]
    findings = []
    for n in range(number):
        check, name = metadata[n % len(metadata)], f"grace-hopper-{n}"
        findings.append(Finding(
            auth_method="profile", timestamp=0, account_uid="111122223333", metadata=check, uid=f"finding-{n}",
            status="FAIL", status_extended=f"SageMaker domain {name} does not have what the check asks for.",
            resource_uid=f"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-{n % 97:012d}/{name}",
            resource_name=name, resource_details="", region="eu-west-1",
        ))  # fmt: skip
    identity = SimpleNamespace(profile="p", account="111122223333", account_arn="a", user_id="u", identity_arn="i",
                               audited_regions=["eu-west-1"])  # fmt: skip
    provider = SimpleNamespace(type="aws", identity=identity, organizations_metadata=None, audit_config={},
                               audit_resources=[])  # fmt: skip
    report = HTML(findings, file_path=file, file_extension="")
    report.batch_write_data_to_file(provider, {"findings_count": number, "total_fail": number})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

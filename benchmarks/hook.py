"""Processor time of the CloudFormation Hook's requests, with all built-in rules: the first one of a function with its
start, others about templates that it has not seen, and one that it was asked before.

``python benchmarks/hook.py [TIMES]``: how many functions are started (3).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import auditor, machine

DOMAIN = """\
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: lab-NUMBER
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      AppNetworkAccessType: PublicInternetOnly
      DefaultUserSettings: {ExecutionRole: "arn:aws:iam::123456789012:role/studio"}
"""
PROFILE = """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: "sts:AssumeRole"}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]
  Profile:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Domain
      UserProfileName: jane-doe-NUMBER
      UserSettings: {ExecutionRole: !GetAtt Role.Arn}
"""
TEMPLATES = {"domain": f"Resources:\n{DOMAIN}", "domain, role, profile": f"Resources:\n{DOMAIN}{PROFILE}"}
#: Requests about templates that differ in a name, after the first one.
OTHERS = 6
FUNCTION = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import handler

template, others = sys.argv[2], int(sys.argv[3])
data = {"targetName": "STACK", "targetType": "STACK", "targetLogicalId": "a", "payload": "https://signed"}
event = {
    "awsAccountId": "123456789012", "actionInvocationPoint": "CREATE_PRE_PROVISION", "requestData": data,
    "stackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/a/1",
}

def ask(number):
    handler.HOOK.fetch = lambda url: json.dumps({"template": template.replace("NUMBER", str(number))})
    before = time.process_time() if number else 0.0
    found = handler.handler(event, None)
    assert found.get("errorCode") == "NonCompliant", found
    return time.process_time() - before

print(json.dumps([ask(0), *(ask(number) for number in range(1, others + 1)), ask(others)]))
"""


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"# processor time of a Hook's request ({machine()}, {times} functions)")
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "hook"
        subprocess.run(auditor("prevent", "hook", "--output", str(package), "--quiet"), check=True)
        for name, template in TEMPLATES.items():
            runs = [_asked(package, template) for _ in range(times)]
            first, second, known = ([run[place] for run in runs] for place in (0, 1, -1))
            later = [taken for run in runs for taken in run[2:-1]]
            print(f"{name}")
            for what, taken in (("first, with the start", first), ("second", second), ("later ones", later)):
                print(f"  {what:22} {min(taken):6.3f} to {max(taken):6.3f} s, median {statistics.median(taken):6.3f} s")
            print(f"  {'asked before':22} {1000 * statistics.median(known):6.1f} ms")


def _asked(package: Path, template: str) -> list[float]:
    """The processor times of one function: its first request, the others, and the last of these again."""
    command = [sys.executable, "-c", FUNCTION, str(package), template, str(OTHERS)]
    found: list[float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


if __name__ == "__main__":
    main()

"""Settings that a profile has of its own or takes over: the printed command, run by the real AWS CLI, makes the finding
go away where the setting was made, and changes nothing else under either reading of what AWS leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.finding import Finding

from .in_force import nothing_else_in_force
from .proof import example, examples
from .proofs import Proofs, asked, run
from .simulated_account import RULES, Audit, Beginning

#: Rule → layer that set the value, operation that mends it.
PROOFS = """
STU201 domain update-domain, service update-domain, profile update-user-profile
STU202 domain update-user-profile
STU207 domain update-domain, service update-domain, profile update-user-profile, service update-user-profile
STU301 domain update-domain, service update-domain, profile update-user-profile
STU303 domain update-domain, profile update-user-profile
STU306 domain update-domain, profile update-user-profile
STU307 domain update-domain, profile update-user-profile
STU401 domain update-user-profile, profile update-user-profile
STU402 domain update-domain, service update-domain, profile update-user-profile, service update-user-profile
STU403 domain update-domain, service update-domain, domain update-user-profile, service update-user-profile
STU404 domain update-domain, service update-domain, profile update-user-profile, service update-user-profile
STU405 domain update-user-profile, profile update-user-profile
STU406 domain update-user-profile, profile update-user-profile
STU407 domain update-domain, profile update-user-profile
STU501 domain update-domain, service update-domain, profile update-user-profile
STU505 domain update-domain, profile update-user-profile
STU617 domain update-domain, profile update-user-profile
STU704 domain update-domain, service update-domain, profile update-user-profile, service update-user-profile
STU705 domain update-domain, profile update-user-profile
STU706 domain update-domain, profile update-user-profile
STU716 domain update-domain, profile update-user-profile
STU801 domain update-domain, service update-domain, profile update-user-profile, service update-user-profile
"""
CASES = [
    (line.split()[0], *case.split())
    for line in PROOFS.strip().splitlines()
    for case in line.partition(" ")[2].split(",")
]
#: Where the domain is changed, the profile alone can be changed instead.
ON_DOMAINS = [(rule, layer) for rule, layer, operation in CASES if operation == "update-domain"]


def of_two_teams(before: Audit) -> Finding:
    """One of a role that people of two teams share."""
    return next(f for f in before.failures("STU201").values() if f.resource.name == "eve-stone")


@pytest.fixture(scope="module")
def proofs(at_first: Beginning, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    """All commands that are proven below, run and audited at once."""
    before = at_first.audit
    commands = [
        (finding, finding.remediation.aws)
        for case in asked(request, "test_the_command_mends_its_finding_and_nothing_else")
        if (finding := next(examples(before, *case), None)) and finding.remediation
    ]
    commands += [
        (finding, finding.remediation.aws)
        for _ in asked(request, "test_a_role_that_two_teams_share_is_replaced")
        if (finding := of_two_teams(before)).remediation
    ]
    commands += [
        (finding, finding.remediation.aws_only_here)
        for case in asked(request, "test_one_profile_can_be_mended_alone")
        if (finding := next(examples(before, *case, "update-domain"), None)) and finding.remediation
    ]
    return run(at_first, commands, tmp_path_factory.mktemp("proofs"))


@pytest.mark.parametrize(("rule", "layer", "operation"), CASES)
def test_the_command_mends_its_finding_and_nothing_else(
    rule: str, layer: str, operation: str, before: Audit, proofs: Proofs
) -> None:
    finding = example(before, rule, layer, operation)
    assert finding.remediation is not None
    proofs.prove(finding, finding.remediation.aws)


def test_a_role_that_two_teams_share_is_replaced(before: Audit, proofs: Proofs) -> None:
    """To name the person in its sessions would not keep the teams apart."""
    finding = of_two_teams(before)
    assert finding.remediation is not None
    assert "ROLE_ARN" in finding.remediation.aws
    assert "ExecutionRoleSessionNameMode" not in finding.remediation.aws
    proofs.prove(finding, finding.remediation.aws)


@pytest.mark.parametrize(("rule", "layer"), ON_DOMAINS)
def test_one_profile_can_be_mended_alone(rule: str, layer: str, before: Audit, proofs: Proofs) -> None:
    finding = example(before, rule, layer, "update-domain")
    assert finding.remediation is not None
    assert "update-user-profile" in finding.remediation.aws_only_here
    proofs.prove(finding, finding.remediation.aws_only_here, only_here=True)


def test_nothing_else_is_in_force_afterwards(proofs: Proofs, tmp_path: Path) -> None:
    """After each of the commands above."""
    if not proofs.proven:
        pytest.skip("none of the commands above was run")
    nothing_else_in_force(proofs, tmp_path)


def test_every_rule_about_user_settings_is_proven_on_domain_and_profile() -> None:
    """But for those that speak of one person: their command is for the profile wherever the value comes from."""
    proven: dict[str, set[str]] = {}
    for rule, _, operation in CASES:
        proven.setdefault(rule, set()).add(operation)
    about = {r.id: r for r in RULES.values() if any(c.path.startswith("UserSettings.") for c in r.remediation.changes)}
    assert set(proven) == set(about)
    for rule, operations in proven.items():
        personal = about[rule].remediation.at == "'profile'"
        assert operations == {"update-user-profile"} | (set() if personal else {"update-domain"}), rule

"""Commands for domains, spaces, apps, roles, tags and logs: the same proof."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.studio.placeholders import PLACEHOLDERS

from .in_force import nothing_else_in_force
from .proof import example, examples
from .proofs import Proofs, asked, run
from .simulated_account import FILLED_IN, ROOT, RULES, Audit, Beginning
from .test_user_settings import CASES as USER_CASES

CASES = [
    ("STU108", "derived", "add-tags"),
    ("STU203", "derived", "detach-role-policy"),
    ("STU204", "derived", "detach-role-policy"),
    ("STU205", "service", "update-domain"),
    ("STU206", "derived", "update-assume-role-policy"),
    ("STU210", "derived", "put-role-policy"),
    ("STU302", "domain", "update-domain"),
    ("STU302", "service", "update-domain"),
    ("STU304", "app", "delete-app"),
    ("STU305", "service", "delete-space"),
    ("STU408", "profile", "put-role-policy"),
    ("STU502", "domain", "update-domain"),
    ("STU502", "service", "update-domain"),
    ("STU504", "domain", "update-domain"),
    ("STU507", "domain", "update-domain"),
    ("STU603", "domain", "update-domain"),
    ("STU604", "domain", "update-domain"),
    ("STU606", "domain", "update-domain"),
    ("STU607", "derived", "add-tags"),
    ("STU615", "service", "update-domain"),
    ("STU701", "space", "add-tags"),
    ("STU702", "space", "delete-space"),
    ("STU707", "derived", "delete-app"),
    ("STU708", "app", "delete-app"),
    ("STU709", "space", "update-space"),
    ("STU710", "service", "update-domain"),
    ("STU711", "service", "update-domain"),
    ("STU712", "space", "update-space"),
    ("STU713", "space", "update-space"),
    ("STU714", "domain", "update-domain"),
    ("STU715", "domain", "update-domain"),
    ("STU718", "derived", "delete-app"),
    ("STU723", "domain", "update-domain"),
    ("STU803", "derived", "put-retention-policy"),
]
#: Rules that no single call can mend, and why not.
NO_CALL = {
    "STU101": "a profile cannot be renamed",
    "STU102": "what has been opened stays opened",
    "STU103": "what has been opened stays opened",
    "STU104": "the profile to keep is for people to choose, and the user of a profile never changes",
    "STU105": "the user of a profile never changes",
    "STU106": "AuthMode never changes",
    "STU107": "the user of a profile never changes; what to keep of it is for people to choose",
    "STU109": "whether the person may have access, or the profile goes, is for people to decide",
    "STU110": "a member of UserSettings cannot be unset",
    "STU111": "what to keep of it is for people to choose",
    "STU112": "whose the profile is only people know",
    "STU208": "tools share actions, so which to deny is for people to decide",
    "STU209": "which roles must be passed is for people to say",
    "STU211": "which data a role needs is for people to say",
    "STU212": "who else needs the role is for people to decide",
    "STU213": "a boundary takes away what nobody has compared with it",
    "STU214": "which roles must be passed is for people to say",
    "STU215": "which instance types are needed is for people to say",
    "STU216": "jobs that name no VPC or key would fail at once",
    "STU219": "which role the people need is for people to say",
    "STU217": "the change is the domain's, and each role has to trust it first",
    "STU218": "each role has to trust sts:SetContext first",
    "STU503": "an EFS, once made, stays with its domain",
    "STU506": "a volume cannot shrink",
    "STU508": "which directory a person needs is for people to say, and AWS takes a POSIX user only at creation",
    "STU509": "the owner has to stop the space first",
    "STU510": "which directory the domain shares is for people to say",
    "STU601": "a domain's VPC never changes",
    "STU602": "a quick setup differs in its network, sign-in and key, which never change",
    "STU605": "a domain's key never changes",
    "STU608": "what uses a rule of a security group only its owner knows, and there may be several",
    "STU609": "a subnet in another zone has to be made first",
    "STU610": "what stands at the other end of the route has to be made first",
    "STU611": "an endpoint has to be made, with subnets and security groups, or a policy written",
    "STU612": "a place that the log goes to, and a role that writes it, have to be made first",
    "STU613": "which address serves HTTPS only its owner knows",
    "STU614": "a key is often another team's, and which call it takes depends on its state",
    "STU616": "what has to go first differs",
    "STU703": "a space's owner never changes",
    "STU717": "which space can go only its owner knows",
    "STU719": "people have to stop their apps before they take another image",
    "STU720": "an image has to be built first",
    "STU721": "a configuration cannot be changed, and its script is the user's to write",
    "STU722": "the right address only its reader knows",
    "STU724": "the right address only its reader knows",
    "STU725": "the right address only its reader knows",
    "STU726": "the owner has to stop the space first",
    "STU727": "only the owner knows when the app can stop",
    "STU802": "a trail takes a bucket, its policy, the trail and its start",
    "STU804": "a target that somebody reads has to be made first",
    "STU805": "the key has to let CloudTrail use it first",
    "STU806": "which account pays, and which key names the owner, is for people to say",
    "STU807": "Service Quotas takes requests for increases only",
    "STU901": "people lose sight of the files that Canvas keeps until somebody moves them",
    "STU902": "neither role, key nor version can be changed, and artifacts have to be moved",
    "STU903": "neither role nor key can be changed, and an upgrade has no way back",
}


@pytest.fixture(scope="module")
def proofs(at_first: Beginning, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    """All commands that are proven below, run and audited at once."""
    commands = [
        (finding, finding.remediation.aws)
        for case in asked(request, "test_the_command_mends_its_finding_and_nothing_else")
        if (finding := next(examples(at_first.audit, *case), None)) and finding.remediation
    ]
    return run(at_first, commands, tmp_path_factory.mktemp("proofs"))


@pytest.mark.parametrize(("rule", "layer", "operation"), CASES)
def test_the_command_mends_its_finding_and_nothing_else(
    rule: str, layer: str, operation: str, before: Audit, proofs: Proofs
) -> None:
    finding = example(before, rule, layer, operation)
    assert finding.remediation is not None
    proofs.prove(finding, finding.remediation.aws)


def test_nothing_else_is_in_force_afterwards(proofs: Proofs, tmp_path: Path) -> None:
    """After each of the commands above."""
    if not proofs.proven:
        pytest.skip("none of the commands above was run")
    nothing_else_in_force(proofs, tmp_path)


def test_every_rule_with_a_command_is_proven() -> None:
    proven = {case[0] for case in (*CASES, *USER_CASES)}
    assert proven == {r.id for r in RULES.values() if r.remediation.by_command}
    assert set(NO_CALL) == set(RULES) - proven


def test_the_guide_names_every_rule_without_a_command_and_every_placeholder() -> None:
    guide = (ROOT / "docs" / "remediation.md").read_text(encoding="utf-8")
    section = guide.partition("## Findings that can't be fixed with one API call")[2].partition("\n## ")[0]
    assert set(re.findall(r"STU\d{3}", section.replace("(STU101)", ""))) == set(NO_CALL)
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", guide, re.MULTILINE))
    assert listed == dict(PLACEHOLDERS)
    assert set(FILLED_IN) == set(PLACEHOLDERS)


@pytest.mark.parametrize("rule", NO_CALL)
def test_where_no_call_mends_it_the_steps_lead_on(rule: str, before: Audit) -> None:
    """What to do instead, in order: something to make, move or ask before something is deleted or changed."""
    steps = RULES[rule].remediation.steps
    assert len(steps.split()) >= 20, rule
    found = [f for f in before.failures(rule).values() if f.remediation is not None]
    assert all(f.remediation.steps == steps and f.remediation.aws == "" for f in found if f.remediation)

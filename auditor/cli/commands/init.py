"""auditor init nightly | ci github | ci gitlab"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from auditor.cli.option_groups import debug_option, several
from auditor.cli.terminal import say
from auditor.errors import ConfigError

_OUTPUT = several(
    click.option(
        "--output", type=click.Path(path_type=Path, file_okay=False), default=".", show_default=True, metavar="DIR",
        help="Folder to write to.",
    ),
    click.option("--force", is_flag=True, help="Overwrite files that are there."),
)  # fmt: skip
#: A folder of the repository that stands in a shell script as it is.
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*|\.")
#: An option of "init nightly" → what its value must look like, and in words. The template refuses the same values, when
#: it is deployed.
_FORMS = {
    "--image": (r".+@sha256:[0-9a-f]{64}", "an image by digest (IMAGE@sha256:…)"),
    "--subnet": (r"subnet-[0-9a-z]+", "the id of a subnet (subnet-…)"),
    "--security-group": (r"sg-[0-9a-z]+", "the id of a security group (sg-…)"),
    "--schedule": (r"(cron|rate|at)\(.+\)", "a schedule of EventBridge Scheduler (cron(0 2 * * ? *), rate(1 day))"),
    "--external-id-secret": (r"arn:[a-z-]+:secretsmanager:.+", "the ARN of a secret in AWS Secrets Manager"),
    "--email": (r"[^@\s]+@[^@\s]+", "an e-mail address"),
}
_SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.group("init", short_help="Write the files of a nightly audit, or of a pipeline.")
def command() -> None:
    """Write the files of a nightly audit, or of a pipeline, with your values. Nothing is deployed."""


@command.command("nightly")
@click.option("--image", default="", metavar="IMAGE@sha256:…", help="The auditor's image, by digest.")
@click.option("--subnet", "subnets", multiple=True, metavar="ID", help="Private subnet of the task; repeatable.")
@click.option("--security-group", "groups", multiple=True, metavar="ID", help="Its security group; repeatable.")
@click.option("--schedule", default="cron(0 2 * * ? *)", show_default=True, help="When the audit runs.")
@click.option("--external-id-secret", default="", metavar="ARN", help="Secret that holds the external ID.")
@click.option("--role", default="StudioAuditor", show_default=True, help="Role in each account.")
@click.option("--email", default="", metavar="ADDRESS", help="Address to notify when no audit has ended for 26 hours.")
@click.option("--lock-days", type=click.IntRange(0, 3650), default=0, show_default=True, help="Days of Object Lock.")
@_OUTPUT
@debug_option
def nightly(
    output: Path, force: bool, subnets: tuple[str, ...], groups: tuple[str, ...], role: str, **values: str
) -> None:
    """Write hub.yaml, shards.yaml, member-role.json, parameters.json, the Dockerfile, units of systemd, and more.

    docs/nightly.md explains them. Values that are not given are left for you to fill in parameters.json.
    """
    from auditor.org.account_policies import member_template
    from auditor.org.request import role_problem
    from auditor.resources import deploy_dir

    if problem := role_problem(role):
        raise ConfigError(f"--role {problem}")
    _check({"--subnet": subnets, "--security-group": groups})
    _check({f"--{name.replace('_', '-')}": (value,) for name, value in values.items() if value and name != "lock_days"})
    folder = deploy_dir() / "nightly"
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}
    parameters = {
        "Image": values["image"],
        "Subnets": ",".join(subnets),
        "SecurityGroups": ",".join(groups),
        "Schedule": values["schedule"],
        "ExternalIdSecret": values["external_id_secret"],
        "MemberRole": role,
        "AlarmTopicEmail": values["email"],
        "LockDays": str(values["lock_days"]),
    }
    listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    files["parameters.json"] = json.dumps(listed, indent=2) + "\n"
    given = {
        "image": values["image"],
        "subnets": list(subnets),
        "security_groups": list(groups),
        "schedule": values["schedule"],
        "external_id_secret": values["external_id_secret"],
        "member_role": role,
        "alarm_email": values["email"],
        "lock_days": values["lock_days"],
    }
    files["terraform/terraform.tfvars.json"] = json.dumps({k: v for k, v in given.items() if v}, indent=2) + "\n"
    files["member-role.json"] = json.dumps(member_template(role), indent=2) + "\n"
    _write(output, files, force)
    left = [key for key in ("Image", "Subnets", "SecurityGroups", "ExternalIdSecret") if not parameters[key]]
    if left:
        say(f"Fill in parameters.json: {', '.join(left)} (for Terraform, terraform/terraform.tfvars.json)")
    say("docs/nightly.md says how to deploy them, and in which order.")


@command.group("ci")
def ci() -> None:
    """Write the files of a pipeline that scans templates (docs/ci.md)."""


_SCAN = several(
    click.option("--path", default=".", show_default=True, metavar="DIR", help="Folder with the templates."),
    click.option("--fail-on", type=click.Choice(_SEVERITIES), default="high", show_default=True, help="What fails it."),
    _OUTPUT,
    debug_option,
)


@ci.command("github")
@_SCAN
def github(path: str, fail_on: str, output: Path, force: bool) -> None:
    """Write .github/workflows/sagemaker-studio.yml."""
    _ci("github-actions.yml", ".github/workflows/sagemaker-studio.yml", path, fail_on, output, force=force)


@ci.command("gitlab")
@_SCAN
def gitlab(path: str, fail_on: str, output: Path, force: bool) -> None:
    """Write sagemaker-studio.gitlab-ci.yml, for "include: local" in .gitlab-ci.yml."""
    _ci("gitlab-ci.yml", "sagemaker-studio.gitlab-ci.yml", path, fail_on, output, force=force)


def _ci(source: str, target: str, path: str, fail_on: str, output: Path, *, force: bool) -> None:
    from auditor.resources import deploy_dir

    if not _FOLDER.fullmatch(path) or ".." in path.split("/"):
        raise ConfigError(f"--path {path}: is not a folder of the repository", hint="Write it relative to its root.")
    text = (deploy_dir() / "ci" / source).read_text(encoding="utf-8")
    text = text.replace("auditor scan . ", f"auditor scan {path} ").replace("--fail-on high", f"--fail-on {fail_on}")
    _write(output, {target: text}, force)


def _check(given: Mapping[str, Sequence[str]]) -> None:
    """Raises ConfigError for a value of an option that is not what it should be."""
    for option, values in given.items():
        form, words = _FORMS[option]
        for value in values:
            if not re.fullmatch(form, value):
                raise ConfigError(f"{option} {value}: is not {words}")


def _write(output: Path, files: Mapping[str, str], force: bool) -> None:
    """Write the files; none where one is there already. Raises ConfigError."""
    from auditor.store.files import write_shared

    there = [name for name in files if (output / name).exists()]
    if there and not force:
        raise ConfigError(f"{output / there[0]} is there already", hint="--force overwrites it.")
    for name, text in files.items():
        write_shared(output / name, text)
        say(f"Wrote {output / name}")

"""What a command takes away: what is lost, whom it touches, and whether there is a way back. Said before it is run.

The sentences follow from the printed command, so that a user's own rule gets them as well. A test holds every command
of the built-in rules against these tables.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from auditor.counting import plural
from auditor.model.resource import ResourceRef
from auditor.remediation.steps import Step
from auditor.resolve.alike_profiles import counted_by_domain
from auditor.studio.statuses import ONLY_WITHOUT_APPS, RUNNING, RunningApps
from auditor.studio.tools import CLASSIC_APP_TYPES

if TYPE_CHECKING:
    import duckdb

#: So many names stand in a sentence; of more, the number.
_NAMES = 5


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a change of a setting takes away. ``values`` empty: any value does; ``action``: how it is changed."""

    text: str
    values: tuple[Any, ...] = ()
    action: str = "set"


_IDLE = _Setting(
    "Idle apps are shut down after the timeout, and what is unsaved in them is lost; a running app takes the setting"
    " over when it is started again. To undo it, set the earlier value again."
)
#: By the end of a setting's path. Sources: UpdateDomain, UpdateUserProfile and UpdateSpace in the API reference, and
#: the developer guide's pages on each setting.
SETTINGS: Mapping[str, _Setting] = {
    "AppNetworkAccessType": _Setting(
        "Apps that are started afterwards reach the internet through the VPC only: without its endpoints or a NAT"
        " gateway nobody can start Studio. To undo it, set PublicInternetOnly again, which needs the same.",
        ("VpcOnly",),
    ),
    "SubnetIds": _Setting("To undo it, add the subnets again.", action="remove"),
    "DomainSettings.ExecutionRoleIdentityConfig": _Setting("To undo it, set DISABLED again, which needs the same."),
    "ExecutionRole": _Setting(
        "Apps and jobs run as the new role and lose what only the earlier role may do. To undo it, set the earlier role"
        " again."
    ),
    "IdleSettings.LifecycleManagement": _Setting(_IDLE.text, ("ENABLED",)),
    "IdleTimeoutInMinutes": _IDLE,
    "MaxIdleTimeoutInMinutes": _IDLE,
    "AccessStatus": _Setting("RStudio can't be opened afterwards. To undo it, set ENABLED again.", ("DISABLED",)),
    "UserGroup": _Setting(
        "The administrative dashboard of RStudio can't be opened afterwards. To undo it, set R_STUDIO_ADMIN again.",
        ("R_STUDIO_USER",),
    ),
    "AutoMountHomeEFS": _Setting(
        "Spaces that are started afterwards don't mount the EFS home directory: its files stay on the file system but"
        " are not seen in Studio. To undo it, set Enabled again.",
        ("Disabled",),
    ),
    "NotebookOutputOption": _Setting(
        "Notebooks are shared without their output afterwards. To undo it, set Allowed again.", ("Disabled",)
    ),
    "EnableDockerAccess": _Setting(
        "Docker commands fail in every space of the domain afterwards. To undo it, set ENABLED again.", ("DISABLED",)
    ),
    "RootlessDocker": _Setting(
        "Images that need root outside of the container, or ports below 1024, stop working in every space of the domain"
        " afterwards. To undo it, set DISABLED again.",
        ("ENABLED",),
    ),
    "RemoteAccess": _Setting(
        "The owner can't connect a local editor to the space afterwards. To undo it, set ENABLED again.", ("DISABLED",)
    ),
    "InstanceType": _Setting(
        "The space starts on the smaller instance type the next time: work that needs the larger one fails. To undo it,"
        " set the earlier type again."
    ),
}


@dataclass(frozen=True, slots=True)
class _Call:
    """A command's options by name, and the resource that it is for."""

    options: Mapping[str, str]
    resource: ResourceRef

    def option(self, name: str) -> str:
        return self.options.get(name, "")

    @property
    def region(self) -> str:
        """The option that selects the partition, where the command has one: the way back needs it as well."""
        return f" --region {self.options['region']}" if "region" in self.options else ""


#: Lists below StudioWebPortalSettings that Studio Classic doesn't read (API_StudioWebPortalSettings; developer guide,
#: "Hide machine learning tools and applications in the Amazon SageMaker Studio UI"), and the columns that hold them.
_NOT_OF_CLASSIC: Mapping[str, str] = {
    "HiddenAppTypes": "hidden_app_types", "HiddenMlTools": "hidden_ml_tools",
    "HiddenInstanceTypes": "hidden_instance_types",
}  # fmt: skip
#: Whose apps stand against a change, as a sentence has it.
_WHOSE: Mapping[RunningApps, str] = {
    "all": "an app of the domain",
    "of user profiles": "an app of a user profile or of a private space",
    "of shared spaces": "an app of a shared space",
}


class Cautions:
    """Writes the sentences, with what one connection's tables know of the people and apps concerned."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        #: By domain: what runs of each space and profile, and of those that stand against a change; None where that is
        #: unknown.
        self._apps: dict[tuple[str, str, str], dict[str, list[str]] | None] | None = None
        self._users: dict[tuple[str, str], list[str]] | None = None
        self._classic: dict[str, dict[str, int]] = {}

    def of_command(self, command: str, resource: ResourceRef) -> str:
        """Of a command that a rule has written out; empty where it takes nothing away."""
        words = shlex.split(command)
        write = COMMANDS.get(" ".join(words[1:3]))
        options = {name.removeprefix("--"): value for name, value in pairwise(words) if name.startswith("--")}
        return write(self, _Call(options, resource)) if write else ""

    def of_settings(self, steps: Sequence[Step], resource: ResourceRef) -> str:
        """Of an update call that carries out the steps on a resource."""
        found = dict.fromkeys(
            setting
            for step in steps
            for end, setting in SETTINGS.items()
            if f".{step.path}".endswith(f".{end}")
            and step.action == setting.action
            and (not setting.values or step.value in setting.values)
        )
        stopped = dict.fromkeys(
            ONLY_WITHOUT_APPS[step.path]
            for step in steps
            if step.path in ONLY_WITHOUT_APPS and (step.path != "SubnetIds" or step.action == "remove")
        )
        first = (f"AWS refuses the change while {_WHOSE[w]} runs; {self._running(resource, w)}." for w in stopped)
        return " ".join((*first, *dict.fromkeys(s.text for s in found), *self._in_classic(steps, resource)))

    def _in_classic(self, steps: Sequence[Step], resource: ResourceRef) -> Iterator[str]:
        """That a list which a domain hides does nothing for those who land in Studio Classic."""
        lists = sorted({c for s in steps if (c := _NOT_OF_CLASSIC.get(s.path.rpartition(".")[2])) is not None})
        if resource.type != "domain" or not lists:
            return
        taken_over = " or ".join(f"{column}_origin in ('domain', 'service', 'ambiguous')" for column in lists)
        condition = f"experience = 'classic' and not unified_studio and ({taken_over})"
        if condition not in self._classic:
            columns = ("experience", "unified_studio", *(f"{column}_origin" for column in lists))
            self._classic[condition] = counted_by_domain(self._con, condition, columns)
        number = self._classic[condition].get(resource.key, 0)
        if number:
            yield (
                f"It does nothing for {plural(number, 'user profile')} that land{'s' if number == 1 else ''} in Studio"
                " Classic: STU407 reports whoever has such a list there."
            )

    def delete_app(self, call: _Call) -> str:
        space, profile = call.option("space-name"), call.option("user-profile-name")
        owner = f"space {space}" if space else f"user profile {profile}"
        type_ = call.option("app-type")
        back = (
            "There is no way back: nobody can create a Studio Classic app again."
            if type_ in CLASSIC_APP_TYPES
            else "It can be started again, and saved files stay."
        )
        lost = "unsaved work, terminals, and kernels in it are lost"
        return f"The command deletes the {type_} app {call.option('app-name')} of {owner}: {lost}. {back}"

    def delete_space(self, call: _Call) -> str:
        space = call.option("space-name")
        return (
            f"The command deletes the space {space} and its volume with every file on it. There is no way back. AWS"
            f" refuses it while an app of the space runs; {self._running(call.resource, f'space {space}')}."
        )

    def detach_policy(self, call: _Call) -> str:
        role, policy = call.option("role-name"), call.option("policy-arn")
        return (
            f"The command takes what {policy.rpartition('/')[2]} allows away from {self._using(role, call.resource)},"
            " at once, in running apps and jobs as well. To undo it: aws iam attach-role-policy"
            f"{call.region} --role-name {role} --policy-arn {policy}."
        )

    def put_policy(self, call: _Call) -> str:
        role, policy = call.option("role-name"), call.option("policy-name")
        if '"Deny"' not in call.option("policy-document"):
            return ""
        return (
            f"The command denies {self._using(role, call.resource)} what the policy names, at once, in running apps and"
            f" jobs as well. To undo it: aws iam delete-role-policy{call.region} --role-name {role}"
            f" --policy-name {policy}."
        )

    def replace_trust(self, call: _Call) -> str:
        role = call.option("role-name")
        return (
            f"The command replaces the whole trust policy of {role}, used by {self._using(role, call.resource)}, with"
            " the one that the audit saw and the added action: audit again first if it has changed since. To undo it,"
            " write the earlier policy again."
        )

    def put_retention(self, call: _Call) -> str:
        return (
            f"If {call.option('log-group-name')} keeps logs for longer than {call.option('retention-in-days')} days"
            " now, CloudWatch Logs deletes the older events. They can't be restored."
        )

    def _running(self, resource: ResourceRef, owner: str) -> str:
        """Which apps run: of one space or profile, or those that stand against a change of the domain."""
        if self._apps is None:
            self._apps = {
                (account, region, domain): None if running is None else {}
                for account, region, domain, running in self._con.execute(
                    "select account, region, id, running_apps from domain"
                ).fetchall()
            }
            for account, region, domain, space, profile, type_, sharing in self._con.execute(
                "select a.account, a.region, a.domain_id, a.space_name, a.user_profile_name, a.app_type, s.sharing_type"
                " from app a left join space s on s.account = a.account and s.region = a.region"
                " and s.domain_id = a.domain_id and s.name = a.space_name and a.space_name <> ''"
                f" where a.status in {RUNNING} order by a.key"
            ).fetchall():
                known = self._apps.get((account, region, domain))
                if known is None:
                    continue
                whose = f"space {space}" if space else f"user profile {profile}"
                # An app of a space of which nobody knows whether it is shared may stand against either.
                shared = () if sharing == "Private" or not space else ("of shared spaces",)
                own = () if sharing == "Shared" else ("of user profiles",)
                for place in ("all", *shared, *own, whose):
                    known.setdefault(place, []).append(f"{type_} of {whose}")
        apps = self._apps.get((resource.account, resource.region, resource.domain_id))
        if apps is None:
            return "which apps run is unknown"
        named = apps.get(owner, [])
        return f"delete first: {_listed(named)}" if named else "none ran when the audit looked"

    def _using(self, role: str, resource: ResourceRef) -> str:
        """The user profiles, the domains' shared spaces, and what else of Studio runs as a role."""
        if self._users is None:
            self._users = {}
            for account, arn, user in self._con.execute(
                "select account, execution_role, name from user_profile union all"
                " select account, space_default_execution_role, 'shared spaces of ' || name from domain union all"
                " select account, id, unnest(side_uses) from execution_role"
                " order by 1, 2, 3"
            ).fetchall():
                self._users.setdefault((account, str(arn).rpartition("/")[2]), []).append(user)
        names = self._users.get((resource.account, role), [])
        return _listed(names) if names else f"whoever runs as {role}"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])}, and {len(names) - _NAMES:,} more"


#: By service and operation, as the command has them.
COMMANDS: Mapping[str, Callable[[Cautions, _Call], str]] = {
    "sagemaker delete-app": Cautions.delete_app,
    "sagemaker delete-space": Cautions.delete_space,
    "iam detach-role-policy": Cautions.detach_policy,
    "iam put-role-policy": Cautions.put_policy,
    "iam update-assume-role-policy": Cautions.replace_trust,
    "logs put-retention-policy": Cautions.put_retention,
}

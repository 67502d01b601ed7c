"""The tables of further evidence: who opened which profile, execution roles, people, networks, trails and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.snapshot import GLOBAL
from auditor.resolve import access_paths, account_evidence, policy_facts, power_facts, role_facts, side_role_use
from auditor.resolve.empty_tables import create_empty, create_without_rows, holds
from auditor.resolve.parsed_statements import run
from auditor.resolve.role_use import PROPAGATION, unnamed
from auditor.resolve.sign_in_table import SIGN_IN
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.kms_keys import ALIAS, AWS_ALIAS
from auditor.studio.side_roles import ASSUMED

if TYPE_CHECKING:
    import duckdb

#: Session names that programs give themselves: SDKs, EC2 instances, ECS tasks (32 hexadecimal digits), Step Functions
#: (32 letters), CI systems. People's tools put a name or an e-mail address there. Matched whole, in lower case.
MACHINE_SESSIONS = (
    r"(botocore-session-\d+|aws-sdk-[a-z]+-.*|aws-go-sdk-\d+|i-[0-9a-f]{8,17}|ecs-[0-9a-z-]+|[0-9a-z]{32}|eks-.*"
    r"|tfc-run-.*|awscodebuild-.*|cdk-.*|(aws)?cloudformation|sagemaker|gluejobrunnersession|\d{13,}"
    # A letter may not follow: Jenkinson is a person.
    r"|(github-?actions|gitlab|jenkins|circleci|bitbucket|azure-?devops|terraform|spacelift|codebuild|aws-cloudformation"
    r"|awslambda|stepfunctions|(aws)?servicecatalog)([^a-z].*)?)"
)
#: Where an SDK says that it runs (AWS_EXECUTION_ENV), and nobody sits there. CloudShell is not among them.
_MACHINE_ENVIRONMENTS = "(executionEnvironment like 'AWS_Lambda%' or executionEnvironment like 'AWS_ECS%')"

#: The person behind a principal: the last part of it, whatever role it came by and however it is spelt.
PERSON = "lower(regexp_extract({0}, '[^/]+$'))"
_TEXT = "json_extract_string(doc.{0}, '$.{1}')"


def _member(structure: str, *names: str) -> str:
    """A member by any of its spellings."""
    found = [_TEXT.format(structure, name) for name in names]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


_PEOPLE = "('IAMUser', 'Root', 'AssumedRole', 'FederatedUser', 'SAMLUser', 'WebIdentityUser')"


_PROFILE_SIGN_IN = {
    **dict.fromkeys(("account", "region", "domain_id", "user_profile_name"), "VARCHAR"),
    "unclear": "BOOLEAN",
    **dict.fromkeys(("human", "machine", "several"), "VARCHAR[]"),
    "times": "BIGINT",
    "last_time": "TIMESTAMP",
}


def sign_in(con: duckdb.DuckDBPyConnection) -> None:
    """``sign_in``: who opened which profile, how often and when; ``profile_sign_in``: the same by profile.

    A principal is not a person. What names the person counts first: the source identity, a session of Identity Center,
    the session's name; the same name in several roles, in whatever case, is one person (``person``). Only where the
    event names nobody does the service that called (``invokedBy``) stand for it: it is set for calls of the console and
    for a service that passes a person's call on as well. Sources: CloudTrail user guide, "userIdentity element"; IAM
    user guide, "Monitor and control actions taken with assumed roles".
    """
    if not holds(con, "sign_in"):
        create_empty(con, SIGN_IN)
        create_without_rows(con, "profile_sign_in", _PROFILE_SIGN_IN)
        return
    members = ("type", "arn", "userName", "principalId", "invokedBy", "sourceIdentity", "onBehalfOf", "issuerType",
               "executionEnvironment")  # fmt: skip
    read = ", ".join(f"nullif({_member('userIdentity', name)}, '') as {name}" for name in members)
    reserved = "role like 'AWSReservedSSO\\_%' escape '\\'"
    run(
        con,
        statement(
            "sign_in",
            domain_id=_member("requestParameters", "domainId", "DomainId", "domainID"),
            user_profile_name=_member("requestParameters", "userProfileName", "UserProfileName"),
            read=read,
            reserved=reserved,
            machine_environments=_MACHINE_ENVIRONMENTS,
            machine_sessions=literal(MACHINE_SESSIONS),
            people=_PEOPLE,
            person=PERSON.format("principal"),
        ),
    )
    # Of each person, the principals that opened this profile; with those that opened others, where these differ.
    run(con, statement("profile_sign_in"))


def _opened(column: str) -> str:
    """A list of principals of the profile, as far as events were seen."""
    return f"coalesce(e.{column}, []::VARCHAR[])"


#: Rows of ``profile_role`` up to which the roles are kept as a table. Of more they are a view: most of its columns are
#: those of the roles' facts, which are kept already, and it has sixty.
MATERIALISED_ROLES = 10_000

#: Whether the users of the domain's own instance of Identity Center are not known. A domain that was not seen may use
#: any instance. An organization's instance is read in one of its accounts, and stands for the domains of all. Snapshots
#: of older versions do not say which instance theirs are of.
_PERSON_UNKNOWN = (
    "u.sso_user is null or u.identity_center_instance is null"
    " or not (u.identity_center_instance <> '' and u.identity_center_instance in (select instance"
    " from identity_instance)) and (a.people_unlisted or (a.identity_center_instances is not"
    " null and not coalesce(list_has_any(a.identity_center_instances, [u.identity_center_instance, '']), false)))"
)
#: An instance '' is everybody's of its account, and a domain that names none has the only one there is.
_OF_INSTANCE = (
    "list_filter(i.accounts, lambda known: known.instance <> '' and known.instance = u.identity_center_instance"
    " or known.account = u.account and (u.identity_center_instance = '' or known.instance = ''))"
)
_IS_PERSON = f"coalesce(len({_OF_INSTANCE}) > 0, false)"
#: Columns of user_profile that a query gives which joins what ``PROFILE_JOINS`` says to user_profile_resolved ``u`` and
#: account_region ``a``.
PROFILE_COLUMNS = (
    f"{_opened('human')} as human_principals, {_opened('machine')} as machine_principals,"
    " case when e.user_profile_name is null then []::VARCHAR[] else e.several end as several_profile_principals,"
    " case when not a.sign_ins_unlisted and not coalesce(e.unclear, false) then true end"
    " as sign_ins_complete,"
    f" case when {_PERSON_UNKNOWN} then null when u.sso_user = '' then false else {_IS_PERSON} end as sso_user_exists,"
    f" case when {_PERSON_UNKNOWN} then null when u.sso_user = '' or not {_IS_PERSON} then false"
    f" else list_bool_or(list_transform({_OF_INSTANCE}, lambda s: s.active)) end as sso_user_active,"
    " case when u.sso_user = '' then false when b.person is not null or n.doc.AssignmentRequired = false then true"
    " when n.doc.AssignmentRequired and not coalesce(list_contains(n.gaps, 'UserIds'), false) then false end"
    " as sso_user_assigned,"
    " case when u.execution_role = '' then []::VARCHAR[] else f.allowed_tools end as role_allowed_tools,"
    " case when u.execution_role = '' then []::VARCHAR[] else f.undecided_tools end as role_undecided_tools,"
    " case when u.execution_role = '' then false else f.mlflow end as role_permits_mlflow,"
    " a.mlflow_servers"
)
PROFILE_JOINS = (
    " left join profile_sign_in e on e.account = u.account and e.region = u.region and e.domain_id = u.domain_id"
    " and e.user_profile_name = lower(u.name)"
    " left join identity_person i on i.person = lower(u.sso_user)"
    " left join raw_assignment n on n.account = u.account and n.region = u.region and n.id = u.domain_id"
    " left join assigned_person b on b.account = u.account and b.region = u.region and b.domain_id = u.domain_id"
    " and b.person = lower(u.sso_user)"
    " left join permission_fact f on f.account = u.account and f.id = u.execution_role"
)


def people(con: duckdb.DuckDBPyConnection) -> None:
    """``identity_person``: Identity Center's user names, each once, with the instances that know them and whether they
    are enabled there (NULL where the SDK could not see it); ``identity_instance``: those whose users were all read;
    ``assigned_person``: by domain, the user names to whom its application is assigned, by themselves or in a group."""
    run(con, statement("identity_person"))
    run(con, statement("assigned_person"))
    run(con, statement("identity_instance"))


def execution_role(con: duckdb.DuckDBPyConnection) -> None:
    """``execution_role``: one row a role in use, from ``profile_role`` and ``domain_resolved``."""
    power_facts.openings(con)
    in_use = statement("role_in_use", assumed=literal(ASSUMED), propagation=literal(PROPAGATION))
    ((uses,),) = con.execute("select count(*) from profile_role").fetchall()
    kind, roles = "table", f"({in_use})"
    if uses > MATERIALISED_ROLES:
        run(con, f"create table role_in_use as {in_use}")
        kind, roles = "view", "role_in_use"
    documented = statement("execution_role", roles=roles, global_region=literal(GLOBAL))
    run(con, f"create {kind} execution_role as {documented}")
    run(con, statement("own_role"))
    access_paths.create(con)


#: Columns of domain, for a query over domain_resolved ``d`` that joins what ``DOMAIN_JOINS`` says, with
#: ``of_template``: whether the domain is of a template.
DOMAIN_COLUMNS = (
    # In a template, ${Key.Arn} stands for a key that it makes; data sources may find any.
    f"case when d.kms_key_id = '' or regexp_matches(d.kms_key_id, '{AWS_ALIAS}') then 'AWS'"
    f" when regexp_matches(d.kms_key_id, '{ALIAS}') then 'CUSTOMER'"
    " when starts_with(d.kms_key_id, '${') and not starts_with(d.kms_key_id, '${data.')"
    " and of_template then 'CUSTOMER'"
    " when k.doc.KeyManager in ('AWS', 'CUSTOMER') then k.doc.KeyManager end as kms_key_manager,"
    " case when d.kms_key_id = '' then '' else k.doc.KeyState end as kms_key_state,"
    " case when d.kms_key_id = '' then false else k.doc.KeyRotationEnabled end as kms_key_rotated,"
    " case when d.space_default_execution_role is null then null when d.space_default_execution_role = '' then 0"
    f" when o.profiles > 0 then o.profiles when h.hidden or {unnamed('d.space_default_execution_role')} then null"
    " else 0 end as space_role_profiles,"
    " case when d.space_default_execution_role = '' then []::VARCHAR[] else r.managed_policies end"
    " as space_role_policies,"
    " case when d.space_default_execution_role = '' then false else r.allows_everything end"
    " as space_role_allows_everything,"
    " case when d.space_default_execution_role = '' then false else r.administrator end as space_role_administrator,"
    " coalesce(r.administrator_unknown, '') as space_role_unknown"
)
DOMAIN_JOINS = (
    " left join raw_kms_key k on k.account = d.account and k.region = d.region and k.id = d.kms_key_id"
    " left join own_role o on o.account = d.account and o.id = d.space_default_execution_role"
    " left join role_unseen h on h.account = d.account"
    " left join role_fact r on r.account = d.account and r.id = d.space_default_execution_role"
)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """What only needs the raw documents."""
    side_role_use.create(con)
    role_facts.collect(con)
    power_facts.collect(con)
    policy_facts.collect(con)
    sign_in(con)
    people(con)
    account_evidence.prepare(con)

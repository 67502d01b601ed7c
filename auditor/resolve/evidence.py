"""The tables of further evidence: who opened which profile, execution roles, people, networks, trails and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.snapshot import GLOBAL
from auditor.resolve import policy_facts, role_facts
from auditor.resolve.role_use import unnamed

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


def sign_in(con: duckdb.DuckDBPyConnection) -> None:
    """``sign_in``: who opened which profile, how often and when; ``profile_sign_in``: the same by profile.

    A principal is not a person. What names the person counts first: the source identity, a session of Identity Center,
    the session's name; the same name in several roles, in whatever case, is one person (``person``). Only where the
    event names nobody does the service that called (``invokedBy``) stand for it: it is set for calls of the console and
    for a service that passes a person's call on as well. Sources: CloudTrail user guide, "userIdentity element"; IAM
    user guide, "Monitor and control actions taken with assumed roles".
    """
    members = ("type", "arn", "userName", "principalId", "invokedBy", "sourceIdentity", "onBehalfOf", "issuerType",
               "executionEnvironment")  # fmt: skip
    read = ", ".join(f"nullif({_member('userIdentity', name)}, '') as {name}" for name in members)
    reserved = "role like 'AWSReservedSSO\\_%' escape '\\'"
    con.execute(f"""
        create table sign_in as
        with identities as (
            select account, region, as_of, doc.eventTime as moment,
                   {_member("requestParameters", "domainId", "DomainId", "domainID")} as domain_id,
                   lower({_member("requestParameters", "userProfileName", "UserProfileName")}) as profile, {read}
            from raw_sign_in where doc.errorCode = ''),
        sessions as (
            select i.*, split_part(arn, '/', 2) as role, split_part(arn, '/', 3) as session, u.name as center_user
            from identities i left join (
                select account, id, any_value(doc.UserName) as name from raw_identity_user group by all) u
              on u.account = i.account and u.id = i.onBehalfOf),
        events as (
            select *,
                   case when type = 'AssumedRole' and {reserved} then session
                        -- SageMaker sets the profile's name there, which is no person's.
                        when type = 'AssumedRole' and sourceIdentity is not null and lower(session) <> 'sagemaker'
                        then role || '/' || sourceIdentity
                        when type = 'AssumedRole' then role || '/' || session
                        when type in ('IAMUser', 'Root') then arn
                        when type = 'IdentityCenterUser' then coalesce(userName, center_user, onBehalfOf)
                        else coalesce(userName, arn, principalId) end as named,
                   case when type = 'AWSService' then 'machine'
                        when type = 'AssumedRole' and {reserved} then 'human'
                        when type = 'AssumedRole' and sourceIdentity is not null and lower(session) <> 'sagemaker'
                        then 'human'
                        when type = 'AssumedRole' and (issuerType is not null or {_MACHINE_ENVIRONMENTS}
                             or regexp_full_match(lower(session), '{MACHINE_SESSIONS}')) then 'machine'
                        when type in {_PEOPLE} then 'human'
                        when type = 'IdentityCenterUser' and coalesce(userName, center_user) is not null then 'human'
                        when arn is null and userName is null and invokedBy is not null then 'machine'
                        else 'unknown' end as kind,
                   coalesce(case when type = 'AWSService' then invokedBy end, named, invokedBy, 'unknown') as principal
            from sessions)
        select account || '/' || region || '/sign_in/' || domain_id || '/' || profile || '/' || principal as key,
               account, region, domain_id || '/' || profile || '/' || principal as id, principal as name, domain_id,
               profile as user_profile_name, principal, {PERSON.format("principal")} as person,
               -- A session that code made once is code's.
               case when bool_or(kind = 'machine') then 'machine' when bool_or(kind = 'human') then 'human'
                    else 'unknown' end as kind,
               min(moment) as first_time, max(moment) as last_time, count(*) as times, max(as_of) as as_of
        from events where domain_id is not null and profile is not null group by all""")
    # Of each person, the principals that opened this profile; with those that opened others, where these differ.
    con.execute("""
        create table profile_sign_in as
        with people as (
            select distinct account, region, domain_id, user_profile_name, principal, person
            from sign_in where kind = 'human'),
        pairs as (
            select p.account, p.region, p.domain_id, p.user_profile_name,
                   list(distinct case when o.principal = p.principal then p.principal
                                      else p.principal || ', ' || o.principal end) as several
            from people p join people o using (account, region, domain_id, person)
            where o.user_profile_name <> p.user_profile_name group by all)
        select account, region, domain_id, user_profile_name, bool_or(kind = 'unknown') as unclear,
               list(distinct principal order by principal) filter (kind = 'human') as human,
               list(distinct principal order by principal) filter (kind = 'machine') as machine,
               list_sort(any_value(p.several)) as several
        from sign_in left join pairs p using (account, region, domain_id, user_profile_name) group by all""")


def _opened(column: str) -> str:
    """A list of principals of the profile, as far as events were seen."""
    return f"coalesce(e.{column}, []::VARCHAR[])"


#: Whether the users of the domain's own instance of Identity Center are not known. Snapshots of older versions do not
#: say which instance theirs are of.
_PERSON_UNKNOWN = (
    "u.sso_user is null or list_contains(a.unlisted, 'identity_user') or (a.identity_center_instances is not null and"
    " not coalesce(list_has_any(a.identity_center_instances, [u.identity_center_instance, '']), false))"
)
#: An instance '' is everybody's, and a domain that names none has the only one there is.
_OF_INSTANCE = (
    "list_filter(i.accounts, lambda s: u.identity_center_instance = '' or s.instance in ('',"
    " u.identity_center_instance))"
)
_IS_PERSON = f"coalesce(len({_OF_INSTANCE}) > 0, false)"
#: Columns of user_profile that a query gives which joins what ``PROFILE_JOINS`` says to user_profile_resolved ``u`` and
#: account_region ``a``.
PROFILE_COLUMNS = (
    f"{_opened('human')} as human_principals, {_opened('machine')} as machine_principals,"
    f" {_opened('several')} as several_profile_principals,"
    " case when not list_contains(a.unlisted, 'sign_in') and not coalesce(e.unclear, false) then true end"
    " as sign_ins_complete,"
    f" case when {_PERSON_UNKNOWN} then null when u.sso_user = '' then false else {_IS_PERSON} end as sso_user_exists,"
    f" case when {_PERSON_UNKNOWN} then null when u.sso_user = '' or not {_IS_PERSON} then false"
    f" else list_bool_or(list_transform({_OF_INSTANCE}, lambda s: s.active)) end as sso_user_active,"
    " case when u.execution_role = '' then []::VARCHAR[] else f.allowed_tools end as role_allowed_tools,"
    " a.mlflow_servers"
)
PROFILE_JOINS = (
    " left join profile_sign_in e on e.account = u.account and e.region = u.region and e.domain_id = u.domain_id"
    " and e.user_profile_name = lower(u.name)"
    " left join identity_person i on i.account = u.account and i.person = lower(u.sso_user)"
    " left join permission_fact f on f.account = u.account and f.id = u.execution_role"
)


def people(con: duckdb.DuckDBPyConnection) -> None:
    """``identity_person``: Identity Center's user names, each once, with the instances that know them and whether they
    are enabled there (NULL where the SDK could not see it)."""
    con.execute("""
        create table identity_person as
        select account, lower(doc.UserName) as person, list(struct_pack(
                   instance := coalesce(doc.Instance, ''),
                   active := case when doc.UserStatus = 'DISABLED' then false
                                  when doc.UserStatus is null and list_contains(gaps, 'UserStatus') then null
                                  else true end)) as accounts
        from raw_identity_user where doc.UserName is not null group by all""")


def account_columns() -> str:
    """Further columns of account_region ``a``."""

    def count(kind: str) -> str:
        return f"(select count(*) from raw_{kind} r where r.account = a.account and r.region = a.region)"

    trails = "from trail_fact t where t.account = a.account and t.region = a.region"
    group = (
        "from raw_log_group g where g.account = a.account and g.region = a.region and g.id = '/aws/sagemaker/studio'"
    )
    return (
        f"case when list_contains(a.gaps, 'domain') then null else {count('domain')} end as domains,"
        f" case when list_has_any(a.gaps, ['mlflow_server', 'mlflow_app']) then null else {count('mlflow_server')} +"
        f" {count('mlflow_app')} end as mlflow_servers,"
        f" case when (select bool_or(records) {trails}) then true when list_contains(a.gaps, 'trail') or"
        f" (select count(*) > count(records) {trails}) then null else false end as management_events_recorded,"
        f" case when (select count(*) > 0 {group}) then true when list_contains(a.gaps, 'log_group') then null"
        " else false end as studio_log_group,"
        f" case when (select count(*) > 0 {group}) then (select any_value(case when list_contains(g.gaps,"
        f" 'retentionInDays') then null else coalesce(g.doc.retentionInDays, 0) end) {group})"
        " when list_contains(a.gaps, 'log_group') then null else 0 end as studio_log_retention_days"
    )


def execution_role(con: duckdb.DuckDBPyConnection) -> None:
    """``execution_role``: one row a role in use, from ``user_profile_resolved`` and ``domain_resolved``."""
    con.execute(f"""
        create table execution_role as
        with uses as (
            select account, region, domain_id, execution_role as id, 1 as profile, 0 as space, unified_studio, as_of
            from user_profile_resolved where execution_role <> ''
            union all
            select account, region, domain_id, default_execution_role, 0, 0, unified_studio, as_of
            from domain_resolved where default_execution_role <> ''
            union all
            select account, region, domain_id, space_default_execution_role, 0, 1, unified_studio, as_of
            from domain_resolved where space_default_execution_role <> ''),
        used as (
            select u.account, u.id, sum(profile) as profiles, max(space) = 1 as shared_spaces,
                   bool_and(u.unified_studio) as unified_studio, max(u.as_of) as as_of,
                   bool_or(d.execution_role_identity_config = 'USER_PROFILE_NAME') as source_identity
            from uses u left join domain_resolved d using (account, region, domain_id) group by all),
        unseen as (
            select account, bool_or(list_contains(unlisted, 'role')) as roles from account_region group by account)
        select u.account || '/{GLOBAL}/execution_role/' || u.id as key, u.account, '{GLOBAL}' as region, u.id,
               regexp_extract(u.id, '[^/]+$') as name, u.id as arn, u.as_of, u.profiles, u.shared_spaces,
               u.unified_studio,
               case when f.id is not null then true when n.roles or split_part(u.id, ':', 5) <> u.account then null
                    else false end as role_exists,
               f.managed_policies, f.managed_policy_arns, f.customer_policies, f.inline_policies,
               f.permissions_boundary, f.allows_everything, f.administrator, f.administrator_actions,
               f.administrator_policies, f.administrator_policy_arn, f.administrator_unknown, f.broad_access,
               f.broad_policies, f.broad_unknown, f.trusts_set_source_identity, f.trust_with_source_identity,
               u.source_identity, p.allowed_tools
        from used u left join role_fact f on f.account = u.account and f.id = u.id
        left join permission_fact p on p.account = u.account and p.id = u.id
        left join unseen n on n.account = u.account""")
    con.execute("""
        create table own_role as
        select account, execution_role as id, count(*) as profiles from user_profile_resolved
        where execution_role <> '' and execution_role_origin = 'profile' and key not in (select key from uncounted)
        group by all""")


def subnets(con: duckdb.DuckDBPyConnection) -> None:
    """``domain_subnet``: by domain, its public subnets; NULL where one of the others may be public."""
    con.execute("""
        create table domain_subnet as
        with tables as (
            select account, region, doc.VpcId as vpc, doc.Associations as associations,
                   len(list_filter(doc.Routes, lambda r: r.GatewayId like 'igw-%')) > 0 as public
            from raw_route_table),
        associated as (
            select account, region, vpc, public, unnest(associations) as association from tables),
        wanted as (
            select account, region, domain_id, vpc_id, unnest(subnet_ids) as id from domain_resolved),
        judged as (
            select w.account, w.region, w.domain_id, w.id,
                   -- The main table counts only for a subnet that is associated with none.
                   case when e.association is not null then e.public else m.public end as routed,
                   case when s.doc.MapPublicIpOnLaunch or routed then true
                        when s.doc.MapPublicIpOnLaunch is null or routed is null then null
                        else false end as public
            from wanted w
            left join raw_subnet s on s.account = w.account and s.region = w.region and s.id = w.id
            left join associated e on e.account = w.account and e.region = w.region and e.association.SubnetId = w.id
            left join associated m on m.account = w.account and m.region = w.region and m.vpc = w.vpc_id
              and m.association.Main)
        select account, region, domain_id,
               case when bool_or(public) or count(*) = count(public)
                    then coalesce(list(id order by id) filter (public), []) end as public_subnets
        from judged group by all""")


#: Columns of domain, for a query over domain_resolved ``d`` that joins what ``DOMAIN_JOINS`` says.
DOMAIN_COLUMNS = (
    "case when d.subnet_ids is null then null when len(d.subnet_ids) = 0 then []::VARCHAR[] else n.public_subnets end"
    " as public_subnets,"
    " case when d.space_default_execution_role is null then null when d.space_default_execution_role = '' then 0"
    f" when o.profiles > 0 then o.profiles when h.hidden or {unnamed('d.space_default_execution_role')} then null"
    " else 0 end as space_role_profiles,"
    " case when d.space_default_execution_role = '' then []::VARCHAR[] else r.managed_policies end"
    " as space_role_policies,"
    " case when d.space_default_execution_role = '' then false else r.allows_everything end"
    " as space_role_allows_everything,"
    " case when d.space_default_execution_role = '' then false else r.administrator end as space_role_administrator"
)
DOMAIN_JOINS = (
    " left join domain_subnet n on n.account = d.account and n.region = d.region and n.domain_id = d.domain_id"
    " left join own_role o on o.account = d.account and o.id = d.space_default_execution_role"
    " left join role_unseen h on h.account = d.account"
    " left join execution_role r on r.account = d.account and r.id = d.space_default_execution_role"
)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """What only needs the raw documents."""
    role_facts.collect(con)
    policy_facts.collect(con)
    sign_in(con)
    people(con)

"""By what a domain is known that the console's quick setup made, in SQL."""

from __future__ import annotations

from auditor.resolve import role_use

_SIGNS = {
    "IAM": "auth_mode = 'IAM'",
    "PublicInternetOnly": "app_network_access_type = 'PublicInternetOnly'",
    "default VPC": "vpc_is_default",
    "role name": f"case when not {role_use.unnamed('default_execution_role')} then regexp_matches("
    "default_execution_role, ':role/service-role/AmazonSageMaker-ExecutionRole-[0-9]{8}T[0-9]{6}$') end",
    "no KMS key": "kms_key_id = ''",
    "sharing path": "regexp_matches(default_sharing_s3_output_path, '^s3://sagemaker-studio-')",
}
#: The console's quick setup names domains so; digits only, since real ones hold 84 seconds.
_NAME = "^QuickSetupDomain-[0-9]{8}T[0-9]{6}$"
#: A name of that form with each digit a zero: what a name may be of which only parts are known is held against it. No
#: name of a domain has a % or _ of its own (API_CreateDomain).
_ZEROS = "QuickSetupDomain-00000000T000000"
_MAY_BE_NAMED = (
    "name is null and coalesce(len(list_filter(known_name,"
    f" lambda p: '{_ZEROS}' like regexp_replace(p, '[0-9]', '0', 'g'))) > 0, true)"
)
_ENOUGH = 4
#: Signs that quick setup leaves; the others are also how somebody may set up a domain by hand.
_OWN = ("role name", "sharing path")


def quick_setup() -> tuple[str, str]:
    """SQL over the domain's columns: the list of signs that it shows, and if quick setup made it (NULL: unknown)."""
    signs = ", ".join(f"case when {sql} then '{name}' end" for name, sql in _SIGNS.items())

    def held(unknown: int) -> str:
        """Whether there are enough signs and one of quick setup's own, where an unknown one counts as so much."""
        of = {name: f"coalesce(({sql})::INT, {unknown})" for name, sql in _SIGNS.items()}
        own = " + ".join(of[name] for name in _OWN)
        return f"({' + '.join(of.values())} >= {_ENOUGH} and {own} > 0)"

    verdict = (
        f"case when regexp_matches(name, '{_NAME}') or {held(0)} then true"
        f" when ({_MAY_BE_NAMED}) or {held(1)} then null else false end"
    )
    return f"list_filter([{signs}], lambda s: s is not null)", verdict

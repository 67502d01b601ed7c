"""Which user profiles deviate from their domain, in what: grouped, bounded, and the same as the table to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from auditor.evaluate.deviations import NAMES, VALUES, deviations, inherited, statement
from auditor.model.deviation import DeviantValue
from auditor.resolve.tables import DOMAIN, USER_PROFILE
from auditor.store.connection import connect
from auditor.studio.settings import USER_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

PLACE = {"account": "'1'", "region": "'eu-west-1'", "domain_id": "'d-' || i % 2"}
PROFILE = PLACE | {
    "key": "'1/eu-west-1/user_profile/d-' || i % 2 || '/u' || i", "name": "'u' || i", "unified_studio": "i = 8",
    "domain_key": "'1/eu-west-1/domain/d-' || i % 2", "domain_name": "'team ' || i % 2",
    # Everybody's own role; a volume that every third profile of the first domain sets; and one that is unknown.
    "execution_role": "'role' || i", "execution_role_origin": "'profile'",
    "ebs_maximum_gb": "case when i = 3 then null else 500 + i % 2 end",
    "ebs_maximum_gb_origin": "case when i % 3 = 0 then 'profile' else 'domain' end",
    "hidden_app_types": "['Canvas']", "hidden_app_types_origin": "case when i = 4 then 'profile' else 'ambiguous' end",
}  # fmt: skip
OWN = {"key": "'1/eu-west-1/domain/d-' || i", "default_ebs_maximum_gb": "100", "default_hidden_app_types": "[]"}


def _create(
    con: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str], given: Mapping[str, str], n: int
) -> None:
    items = ", ".join(f'({given.get(column, "null")})::{type_} as "{column}"' for column, type_ in types.items())
    con.execute(f"create table {name} as select {items} from range({n}) t(i)")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as made:
        _create(made, "domain", DOMAIN.types, OWN, 2)
        _create(made, "user_profile", USER_PROFILE.types, PROFILE, 40)
        yield made


def test_settings_that_a_domain_hands_down_are_looked_at() -> None:
    """Each once: two columns of one path would list its profiles twice."""
    columns = {c.name for c in inherited()}
    assert columns == {s.column for s in USER_SETTINGS} - {
        "jupyterlab_custom_images", "code_editor_custom_images", "custom_efs"
    }  # fmt: skip
    assert len({s.path for s in USER_SETTINGS}) == len(columns)


def test_by_domain_what_most_set_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    found = deviations(con)
    # The profile that Unified Studio made is none of them.
    assert (found.profiles, found.of, found.number) == (39, 39, 5)
    assert [(d.domain_id, d.path, d.profiles, d.values) for d in found.listed] == [
        ("d-0", "ExecutionRole", 19, 19),
        ("d-0", "SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb", 7, 1),
        ("d-0", "StudioWebPortalSettings.HiddenAppTypes", 1, 1),
        ("d-1", "ExecutionRole", 20, 20),
        ("d-1", "SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb", 7, 2),
    ]
    _, _, hidden, roles, volumes = found.listed
    assert len(roles.listed) == VALUES
    assert volumes.listed == (
        DeviantValue("501", 6, ("u15", "u21", "u27", "u33", "u39", "u9")), DeviantValue(None, 1, ("u3",)),
    )  # fmt: skip
    assert (volumes.domain_value, roles.domain_value) == ("100", None)
    assert hidden.listed == (DeviantValue('["Canvas"]', 1, ("u4",)),)
    assert hidden.domain_value == "[]"
    assert hidden.profile_key("u4") == "1/eu-west-1/user_profile/d-0/u4"
    assert hidden.domain_key == "1/eu-west-1/domain/d-0"


def test_only_what_is_asked_about(con: duckdb.DuckDBPyConnection) -> None:
    found = deviations(con, "(select p.* from user_profile p where p.name = 'u3')")
    assert [(d.setting, d.profiles) for d in found.listed] == [("execution_role", 1), ("ebs_maximum_gb", 1)]
    assert (found.profiles, found.of) == (1, 1)
    assert deviations(con, "(select p.* from user_profile p where false)").of == 0


def test_the_table_has_every_value_and_every_name(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(f"select * from ({statement()})").fetchall()
    assert sum(row[8] for row in rows) == sum(len(row[9]) for row in rows) == 39 + 14 + 1
    assert len([row for row in rows if row[4] == "execution_role"]) == 39


def test_a_report_of_many_is_as_small(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table user_profile")
    _create(con, "user_profile", USER_PROFILE.types, PROFILE | {"unified_studio": "false"}, 5_000)
    found = deviations(con)
    assert (found.profiles, len(found.listed)) == (5_000, 5)
    assert sum(len(v.names) for d in found.listed for v in d.listed) <= 5 * VALUES * NAMES


def test_names_that_are_not_known_are_counted_and_not_listed(con: duckdb.DuckDBPyConnection) -> None:
    """As where a template puts a variable without a value into every name."""
    con.execute("update user_profile set name = null where name <> 'u3'")
    _, volumes, *_ = (d for d in deviations(con).listed if d.domain_id == "d-1")
    assert volumes.listed == (DeviantValue("501", 6, ()), DeviantValue(None, 1, ("u3",)))
    ((number, names),) = con.execute(
        f"select profiles, user_profiles from ({statement()}) where domain_id = 'd-1' and value = '501'"
    ).fetchall()
    assert (number, names) == (6, [])

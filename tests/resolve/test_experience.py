"""Where a person lands: the portal's switch, the landing page, and AWS's default by the domain's age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Header, Scope, Snapshot, Source
from auditor.store.snapshot_file import write_snapshot

from .builder import AFTER, REGION, Apart, Together, domain, place, profile

together = Together()
STUDIO, CLASSIC, RSTUDIO = "studio::", "app:JupyterServer:", "app:RStudioServerPro:"
BEFORE = "2022-06-14T08:00:00Z"

#: (created, domain's landing page, domain's portal, profile's landing page, profile's portal) → experience
LANDINGS: list[tuple[tuple[str | None, str | None, str | None, str | None, str | None], str | None]] = [
    # The landing page as it is set, on the profile or on the domain, whatever the domain's age.
    ((AFTER, None, None, STUDIO, None), "studio"),
    ((AFTER, None, None, CLASSIC, None), "classic"),
    ((AFTER, None, None, RSTUDIO, None), "studio"),
    ((BEFORE, None, None, STUDIO, None), "studio"),
    ((BEFORE, STUDIO, None, None, None), "studio"),
    ((AFTER, CLASSIC, None, None, None), "classic"),
    ((AFTER, CLASSIC, None, STUDIO, None), "studio"),
    ((AFTER, STUDIO, None, CLASSIC, None), "classic"),
    # An absent landing page: Studio for domains made after 30 November 2023, Classic before, on that day nobody says.
    ((AFTER, None, None, None, None), "studio"),
    ((BEFORE, None, None, None, None), "classic"),
    (("2023-12-01T00:00:00Z", None, None, None, None), "studio"),
    (("2023-11-30T23:59:59Z", None, None, None, None), None),
    (("2023-11-30T12:00:00.123000Z", None, None, None, None), None),
    (("2023-11-30T00:00:00Z", None, None, None, None), None),
    (("2023-11-29T23:59:59Z", None, None, None, None), "classic"),
    ((None, None, None, None, None), None),
    ((None, STUDIO, None, None, None), "studio"),
    (("2023-11-30T12:00:00Z", None, None, CLASSIC, None), "classic"),
    # A portal that is disabled keeps a person out of Studio, whatever the landing page.
    ((AFTER, None, None, None, "DISABLED"), "classic"),
    ((AFTER, STUDIO, "DISABLED", None, None), "classic"),
    ((AFTER, STUDIO, "DISABLED", None, "ENABLED"), "studio"),
    ((AFTER, STUDIO, "ENABLED", None, "DISABLED"), "classic"),
    (("2023-11-30T12:00:00Z", None, None, None, "DISABLED"), "classic"),
    # A landing page that this version does not know is not taken for either.
    ((AFTER, None, None, "app:SomethingNew:", None), None),
]


def _landings() -> Apart:
    records = []
    for number, ((created, landing, portal, own_landing, own_portal), _) in enumerate(LANDINGS):
        layers = [{"DefaultLandingUri": landing, "StudioWebPortal": portal},
                  {"DefaultLandingUri": own_landing, "StudioWebPortal": own_portal}]  # fmt: skip
        handed, own = ({k: v for k, v in layer.items() if v is not None} for layer in layers)
        document: dict[str, Any] = {"DefaultUserSettings": handed, "CreationTime": created}
        records += [domain(f"d-{number}", document), profile("ana", own or None, of=f"d-{number}")]
    return together(*records)


ALL_LANDINGS = _landings()


@pytest.fixture(scope="module")
def tables() -> Apart:
    return ALL_LANDINGS


@pytest.mark.parametrize("number", range(len(LANDINGS)), ids=lambda n: "-".join(str(v) for v in LANDINGS[n][0]))
def test_experience(number: int, tables: Apart) -> None:
    (*_, own_landing, own_portal), expected = LANDINGS[number]
    assert tables.by_id("user_profile")[f"d-{number}/ana"]["experience"] == expected
    if own_landing is None and own_portal is None:
        assert tables.by_id("domain")[f"d-{number}"]["default_experience"] == expected


def test_the_landing_page_keeps_its_colons(tables: Apart) -> None:
    rows = tables.by_id("user_profile")
    assert rows["d-0/ana"]["default_landing_uri"] == "studio::"
    assert rows["d-1/ana"]["default_landing_uri"] == "app:JupyterServer:"


def test_aws_default_has_the_service_as_origin(tables: Apart) -> None:
    """And no origin where nobody says what the default is."""
    rows = tables.by_id("user_profile")
    ages = {
        LANDINGS[n][0][0]: (row["default_landing_uri"], row["default_landing_uri_origin"])
        for n in range(8, 16)
        for row in [rows[f"d-{n}/ana"]]
    }
    assert ages[AFTER] == ("studio::", "service")
    assert ages[BEFORE] == ("app:JupyterServer:", "service")
    assert ages["2023-11-30T12:00:00.123000Z"] == (None, None)
    assert ages[None] == (None, None)


SETTINGS = {"JupyterServerAppSettings": {"DefaultResourceSpec": {"InstanceType": "system"}},
            "KernelGatewayAppSettings": {"CustomImages": []}}  # fmt: skip
SET_FOR_CLASSIC = together(
    domain(document={"DefaultUserSettings": {**SETTINGS, "DefaultLandingUri": STUDIO}}), profile("ana", SETTINGS)
)


def test_classic_settings_are_no_evidence_of_classic() -> None:
    """Quick setup writes JupyterServerAppSettings on domains of the new Studio; a profile may keep them as well."""
    assert SET_FOR_CLASSIC.rows("domain")[0]["default_experience"] == "studio"
    row = SET_FOR_CLASSIC.rows("user_profile")[0]
    assert row["experience"] == "studio"
    assert (row["jupyter_server_settings"], row["kernel_gateway_settings"]) == (True, True)


LANDING, PORTAL = "UserSettings.DefaultLandingUri", "UserSettings.StudioWebPortal"
NOT_SEEN = together(
    domain(document={"DefaultUserSettings": {"DefaultLandingUri": STUDIO}}),
    profile("landing-unseen", {}, [LANDING]),
    profile("landing-unseen-disabled", {"StudioWebPortal": "DISABLED"}, [LANDING]),
    profile("portal-unseen", {}, [PORTAL]),
    profile("portal-unseen-classic", {"DefaultLandingUri": CLASSIC}, [PORTAL]),
    profile("nothing-seen", None, ["*"]),
)


def test_what_was_not_seen_of_portal_and_landing_page() -> None:
    """A disabled portal decides alone; a Classic landing page does, since the portal could only lead there as well."""
    assert {name: row["experience"] for name, row in NOT_SEEN.by_name("user_profile").items()} == {
        "landing-unseen": None,
        "landing-unseen-disabled": "classic",
        "portal-unseen": None,
        "portal-unseen-classic": "classic",
        "nothing-seen": None,
    }


@pytest.mark.parametrize("sources", [("aws",), ("terraform",), ("aws", "terraform")])
def test_a_domain_of_a_template_is_as_old_as_the_scan(tmp_path: Path, sources: tuple[Source, ...]) -> None:
    """Beside a live one as well as alone, so that its default experience is that of a domain made today."""
    files = []
    for source in sources:
        header = Header(
            SCHEMA_VERSION, source, "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(source, REGION),), (), KINDS
        )
        created = BEFORE if source == "aws" else None
        records = (place(account=source), domain(document={"CreationTime": created}, account=source))
        files.append(tmp_path / f"{source}.jsonl")
        write_snapshot(files[-1], Snapshot(header, records, ()))
    con, _ = load_tables(files)
    found = dict(con.execute("select account, default_experience from domain").fetchall())
    expected = {"aws": "classic", "terraform": "studio"}
    assert found == {source: expected[source] for source in sources}

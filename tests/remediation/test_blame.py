"""Which setting of which resource is to blame: said from the row and the document alone, before a command is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.remediation.blame import Blame, blame
from auditor.remediation.raw_documents import Document
from auditor.remediation.steps import Step
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.value_columns import AT

ANA = ResourceRef(
    "user_profile", "d-1/ana", "ana", "123456789012", "eu-west-1",
    "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/d-1/ana", "d-1", "main",
)  # fmt: skip
DOMAIN = ResourceRef(
    "domain", "d-1", "main", "123456789012", "eu-west-1", "arn:aws:sagemaker:eu-west-1:123456789012:domain/d-1",
    "d-1", "main",
)  # fmt: skip
#: Of apps hidden in Studio, which lie in a structure; and of the landing page, which lies in none.
HIDE = Step("UserSettings.StudioWebPortalSettings.HiddenAppTypes", "add", ["Canvas"])
LAND = Step("UserSettings.DefaultLandingUri", "set", "studio::")


def documented(name: str) -> Table:
    found = table(name)
    assert found is not None
    return found


def of_profile(
    column: str, row: Mapping[str, Any], *steps: Step, own: Mapping[str, Any] | None = None
) -> tuple[ResourceRef, str, str]:
    document = None if own is None else Document({"UserSettings": own}, ())
    found = blame(documented("user_profile"), column, row, ANA, steps, document)
    return found.owner, found.setting, found.layer


def test_a_default_is_changed_where_it_is_handed_down() -> None:
    row = {"hidden_app_types": [], "hidden_app_types_origin": "service"}
    hidden = "DefaultUserSettings.StudioWebPortalSettings.HiddenAppTypes"
    assert of_profile("hidden_app_types", row, HIDE, own={}) == (DOMAIN, hidden, "service")
    row["hidden_app_types_origin"] = "domain"
    assert of_profile("hidden_app_types", row, HIDE, own={}) == (DOMAIN, hidden, "domain")


def test_what_the_profile_holds_is_changed_there() -> None:
    hidden = "UserSettings.StudioWebPortalSettings.HiddenAppTypes"
    row = {"hidden_app_types": [], "hidden_app_types_origin": "profile"}
    assert of_profile("hidden_app_types", row, HIDE, own={}) == (ANA, hidden, "profile")
    # The domain's would not reach it either where the profile sets the structure that the list lies in.
    row["hidden_app_types_origin"] = "service"
    own = {"StudioWebPortalSettings": {"HiddenMlTools": ["Comet"]}}
    assert of_profile("hidden_app_types", row, HIDE, own=own) == (ANA, hidden, "service")


def test_a_rule_may_choose_the_profile() -> None:
    row = {"hidden_app_types": [], "hidden_app_types_origin": "service", AT: "profile"}
    hidden = "UserSettings.StudioWebPortalSettings.HiddenAppTypes"
    assert of_profile("hidden_app_types", row, HIDE, own={}) == (ANA, hidden, "service")
    assert of_profile("hidden_app_types", row) == (ANA, hidden, "service"), "also where no command is given"


def test_a_change_of_the_domain_blames_the_domain_for_what_is_derived() -> None:
    """Else each profile would be a cause of its own, though one change fixes all."""
    row = {"without_idle_shutdown": ["JupyterLab"], "default_landing_uri_origin": "service"}
    owner, setting, layer = of_profile("without_idle_shutdown", row, LAND, own={})
    assert (owner, layer) == (DOMAIN, "derived")
    assert setting == "without_idle_shutdown"
    # With no change to make, nobody but the resource can be named.
    assert of_profile("without_idle_shutdown", row)[0] == ANA


def test_tags_are_the_resource_s_own() -> None:
    row = {"tags": {}}
    assert of_profile("tags", row, Step("Tags", "add", ["Owner"]))[0] == ANA


def test_a_domain_is_to_blame_for_itself() -> None:
    row = {"app_network_access_type": "PublicInternetOnly", "app_network_access_type_origin": "domain"}
    column = documented("domain").column("app_network_access_type")
    assert column is not None
    found = blame(documented("domain"), column.name, row, DOMAIN)
    assert found == Blame(DOMAIN, "AppNetworkAccessType", "domain", "PublicInternetOnly")

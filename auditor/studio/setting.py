"""What one setting is: the column that holds it, its API path, its type, who may set it, and AWS's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: user: profile's UserSettings, then the domain's DefaultUserSettings, then the service.
#: domain: the domain itself, then the service. space_default: the domain's DefaultSpaceSettings, then the service.
#: space: the space's own document, then the service. profile: the profile's own document (nothing to inherit).
Scope = Literal["user", "domain", "space_default", "space", "profile"]
Merge = Literal["replace", "union"]

API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"


#: Lists of names, by column, each of which says something by itself: one that is there is there whatever else is.
_PARTLY_KNOWN = frozenset(
    {"hidden_app_types", "hidden_ml_tools", "hidden_instance_types", "jupyterlab_custom_images",
     "code_editor_custom_images"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    ``path`` is relative to the layer's root structure (``AutoMountHomeEFS`` under UserSettings). ``type`` is the
    column's DuckDB type, ``raw_type`` the type of the document's member where it differs, and ``read`` turns the one
    into the other (``{}`` is the member). ``default`` is SQL: a literal, or an expression over the domain's alias
    ``d``; ``NULL`` where no primary source settles what AWS does (the answer is then unknown). ``absent_when`` is SQL
    over ``{}`` that is true for values which mean "not set here". ``items``: of a list of structures, the paths of the
    members that are read (``RepositoryUrl``), first the one that makes the structure what the column lists.
    """

    column: str
    path: str
    type: str
    scope: Scope
    default: str
    source: str
    doc: str
    unit: str = ""
    merge: Merge = "replace"
    raw_type: str = ""
    read: str = "{}"
    absent_when: str = ""
    items: tuple[str, ...] = ()

    @property
    def item(self) -> str:
        """First of the items, empty for what is no list of structures."""
        return self.items[0] if self.items else ""

    @property
    def known_path(self) -> str:
        """Where a template's document has the elements that are certain of a list of which others are not known; '' for
        a setting of which that is not kept."""
        if self.scope != "user" or self.column not in _PARTLY_KNOWN:
            return ""
        outer, _, name = self.path.rpartition(".")
        return f"{outer}.Known{name}"

    @property
    def structure(self) -> str:
        """First member of a nested path (``StudioWebPortalSettings``), empty for a plain member."""
        return self.path.split(".", 1)[0] if "." in self.path else ""

    @property
    def computed(self) -> bool:
        """Whether the service's default depends on the domain."""
        return "d." in self.default

    @property
    def document_type(self) -> str:
        return self.raw_type or self.type

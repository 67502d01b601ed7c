"""The mapping table held against the languages' real schemas (extracted by tools/extract_schemas.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.resolve.raw_schema import DOCUMENTS
from auditor.studio.resource_types import STUDIO_KINDS
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT, USER_SETTINGS, known_paths
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.template_names import (
    LANGUAGES,
    UNSET_WHERE_NOT_EXPRESSIBLE,
    Row,
    never_expressible,
    not_expressible,
    rows,
    snake,
)
from auditor.studio.template_types import TYPES, Language

SCHEMAS: dict[Language, dict[str, Any]] = {
    language: json.loads((Path(__file__).parent / "schemas" / f"{language}.json").read_text())["types"]
    for language in LANGUAGES
}
#: What the builder puts into a document itself: nothing in a template is called so.
GIVEN_BY_AWS = {
    "DomainArn", "DomainId", "UserProfileArn", "SpaceArn", "AppArn", "Status", "CreationTime", "HomeEfsFileSystemId",
    "SingleSignOnApplicationArn", "FailureReason",
}  # fmt: skip
#: What the builder says of a template beside the API's own members.
MADE_OF_TEMPLATES = {
    "KnownSubnetIds",
    "KnownSubnetNumber",
    "KnownDomainName",
    *(
        f"{root}.{s.known_path}"
        for root in (DOMAIN_USER_ROOT, USER_PROFILE_ROOT)
        for s in USER_SETTINGS
        if s.known_path
    ),
}
#: Schema type by how a value is read. A JSON document may be an object or text.
FITS = {
    "text": {"string"},
    "number": {"integer", "number"},
    "flag": {"boolean"},
    "list": {"list"},
    "json": {"object", "string"},
}


def _find(tree: Any, path: str) -> Any:
    """The node at a dotted path of a schema, None where there is none. ``[]`` is a list of structures."""
    for part in path.split("."):
        if not isinstance(tree, dict):
            return None
        name = part.removesuffix("[]")
        tree = tree.get(part, tree.get(f"{name}[]", tree.get(name)))
    return tree


def _cells() -> Iterator[tuple[str, Language, Row]]:
    for kind, language in sorted({(info.kind, info.language) for info in TYPES.values()}):
        for row in rows(kind):
            yield kind, language, row


def _types(kind: str, language: Language) -> list[str]:
    return [name for name, info in TYPES.items() if (info.kind, info.language) == (kind, language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_is_one(language: Language) -> None:
    assert {name for name, info in TYPES.items() if info.language == language} == set(SCHEMAS[language])
    assert all(SCHEMAS[language][name] for name in SCHEMAS[language])


@pytest.mark.parametrize(
    ("kind", "language", "row"), list(_cells()), ids=lambda v: v.path if isinstance(v, Row) else str(v)
)
def test_a_name_exists_and_has_the_type_that_it_is_read_as(kind: str, language: Language, row: Row) -> None:
    name = row.names[language]
    if name is None:
        return
    found = [node for t in _types(kind, language) if (node := _find(SCHEMAS[language][t], name)) is not None]
    assert found, f"{language} has no {name}"
    if row.read in FITS:
        assert all(node in FITS[row.read] for node in found), found
    if row.read == "items":
        assert all(isinstance(node, dict) for node in found), found
    assert len(name.split(".")) == len(row.path.split("."))
    assert name.count("[]") == row.path.count("[]")


@pytest.mark.parametrize("kind", STUDIO_KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_expressible_is_in_no_schema(kind: str, language: Language) -> None:
    """So that a new version of a language, which can say more, is noticed."""
    for row in rows(kind):  # type: ignore[arg-type]
        if row.names[language] is None:
            usual = row.path if language == "cloudformation" else snake(row.path)
            assert all(_find(SCHEMAS[language][t], usual) is None for t in _types(kind, language)), row.path


def test_every_setting_and_member_that_is_read_has_a_row() -> None:
    for kind in STUDIO_KINDS:
        own = {row.path for row in rows(kind)}
        assert set(known_paths().get(kind, ())) <= own
        assert set(SIDE_ROLES.get(kind, ())) <= own
        # Of a structure that is read in parts, the parts have rows.
        named = set(DOCUMENTS[kind]) - own - GIVEN_BY_AWS - MADE_OF_TEMPLATES
        assert {m for m in named if not any(p.startswith(f"{m}.") for p in own)} == set()


def test_exceptions_are_about_members_that_a_language_lacks() -> None:
    for kind, paths in UNSET_WHERE_NOT_EXPRESSIBLE.items():
        for path in paths:
            (row,) = (r for r in rows(kind) if r.path == path)
            assert None in row.names.values()
            assert all(path not in not_expressible(kind, language) for language in LANGUAGES)


def test_the_mode_of_session_names_and_rootless_docker_are_in_no_language() -> None:
    """Design notes and the API reference agree: only the API can set it."""
    assert never_expressible() == {
        ("domain", "DefaultUserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"),
        ("domain", "DomainSettings.DockerSettings.RootlessDocker"),
        ("user_profile", "UserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"),
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("AutoMountHomeEFS", "auto_mount_home_efs"),
        ("SharingSettings.S3OutputPath", "sharing_settings.s3_output_path"),
        ("RStudioServerProAppSettings", "r_studio_server_pro_app_settings"),
        ("HiddenSageMakerImageVersionAliases", "hidden_sage_maker_image_version_aliases"),
    ],
)
def test_snake_case(path: str, name: str) -> None:
    assert snake(path) == name

"""Images beside AWS's own from which apps start: which account's registry they come from, whether a digest says which
image they are, and whether they can still be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_without_rows, holds
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import quoted
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.images import NOT_FOUND, STARTED_FROM

if TYPE_CHECKING:
    import duckdb

#: AWS's image of JupyterLab and Code Editor, in accounts of its own.
_AWS_IMAGE = ":image(-version)?/sagemaker-distribution"


def _member(structure: str, name: str) -> str:
    """SQL of a member of an image's structure: '' where it is not set, NULL where it was not seen."""
    member = f"doc.{quoted(f'{structure}.{name}')}"
    hidden = unseen("gaps", f"{structure}.{name}")
    return f"case when {member} is null and {hidden} then null else coalesce({member}, '') end"


def _started_from(structure: str) -> str:
    """SQL of the image that a structure names: of the account's own as ``auditor.studio.images`` has it, the ARN of
    another account's, and '' for AWS's and where none is named."""
    version, image, alias = (
        f"({_member(structure, name)})"
        for name in ("SageMakerImageVersionArn", "SageMakerImageArn", "SageMakerImageVersionAlias")
    )

    def of(arn: str, path: str, suffix: str = "") -> str:
        own = f"regexp_extract({arn}, ':{path}/(.+)$', 1){suffix}"
        return (
            f"case when split_part({arn}, ':', 5) = account then {own}"
            f" when regexp_matches({arn}, '{_AWS_IMAGE}') then '' else {arn} end"
        )

    with_alias = f" || case when {alias} = '' then '' when {alias} <> '' then '@' || {alias} end"
    return (
        f"case when {version} like '%:image-version/%' then {of(version, 'image-version')}"
        f" when {version} is null then null when {image} like '%:image/%' then {of(image, 'image', with_alias)}"
        f" when {image} is not null then '' end"
    )


def _columns(images: str) -> str:
    """SQL of what is known of a list of images, over image_fact ``img``."""

    def named(condition: str, text: str) -> str:
        facts = f"list_filter(img.images, lambda i: list_contains({images}, i.id) and {condition})"
        return f"coalesce(list_transform({facts}, lambda i: {text}), []::VARCHAR[])"

    sources = named("i.source <> ''", "i.id || ' ' || i.source")
    unusable = named("i.unusable <> ''", "i.id || ' (' || i.unusable || ')'")
    unpinned, known = (named(f"i.{flag}", "i.id") for flag in ("unpinned", "known"))
    return (
        f"{sources} as image_sources, {unusable} as unusable_images, {unpinned} as unpinned_images,"
        f" case when len({images}) = 0 then true when len({known}) = len({images}) then true end as images_known"
    )


#: DuckDB's list_concat passes over NULL.
_OF_PROFILE = (
    "(case when u.jupyterlab_images is not null and u.code_editor_images is not null"
    " then list_sort(list_distinct(list_concat(u.jupyterlab_images, u.code_editor_images))) end)"
)
#: For a query over user_profile_resolved ``u`` that joins what ``PROFILE_JOINS`` says.
PROFILE_COLUMNS = f"{_OF_PROFILE} as custom_images, {_columns(_OF_PROFILE)}"
#: Only a profile with images takes along the list of all images of its account and Region.
PROFILE_JOINS = (
    " left join image_fact img on img.region = u.region and img.account ="
    " case when len(u.jupyterlab_images) > 0 or len(u.code_editor_images) > 0 then u.account end"
)


_IMAGE_FACT = {
    "account": "VARCHAR",
    "region": "VARCHAR",
    "images": "STRUCT(id VARCHAR, source VARCHAR, unusable VARCHAR, unpinned BOOLEAN, known BOOLEAN)[]",
}
_STARTED_IMAGE = {
    **dict.fromkeys(("account", "region", "kind", "id"), "VARCHAR"),
    **dict.fromkeys(("custom_images", "image_sources", "unusable_images", "unpinned_images"), "VARCHAR[]"),
    "images_known": "BOOLEAN",
}


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``image_fact``: by account and Region, what is known of its images; ``started_image``: what spaces and apps start
    from."""
    if holds(con, "image_version"):
        run(con, statement("image_fact", not_found=literal(NOT_FOUND)))
    else:
        create_without_rows(con, "image_fact", _IMAGE_FACT)
    if not holds(con, "space", "app"):
        create_without_rows(con, "started_image", _STARTED_IMAGE)
        return
    jupyterlab, code_editor = STARTED_FROM["space"]
    run(
        con,
        statement(
            "started_image",
            jupyterlab=_started_from(jupyterlab),
            code_editor=_started_from(code_editor),
            app=_started_from(STARTED_FROM["app"][0]),
            columns=_columns("n.custom_images"),
        ),
    )

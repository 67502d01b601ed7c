"""What the documented tables say about images beside AWS's own."""

from __future__ import annotations

from auditor.resolve.table_model import Column

_EVIDENCE = ("image_version",)


def image_columns(whose: str, inputs: tuple[str, ...] = (), via: str = "") -> tuple[Column, ...]:
    """Columns about the images that ``whose`` says. ``inputs`` name them, and ``via`` which of these does."""
    return (
        Column("custom_images", "VARCHAR[]", f"Images beside AWS's own that {whose}: NAME, NAME/VERSION or NAME@ALIAS,"
               " and of another account the ARN; not those of Studio Classic", inputs=inputs, via=via),
        Column("image_sources", "VARCHAR[]", "Where their container images come from, as far as it is known: NAME and"
               " the account of Amazon ECR, or the host of another registry", inputs=inputs, via=via, kinds=_EVIDENCE),
        Column("unusable_images", "VARCHAR[]", "Those of them that are archived, deleted, being deleted or never made,"
               " with the status", inputs=inputs, via=via, kinds=_EVIDENCE),
        Column("unpinned_images", "VARCHAR[]", "Those of them whose container image no digest identifies",
               inputs=inputs, via=via, kinds=_EVIDENCE),
        Column("images_known", "BOOLEAN", "true where all of that is known of all of them; NULL otherwise: there may be"
               " more than the three columns above say", inputs=inputs, via=via, kinds=_EVIDENCE),
    )  # fmt: skip


PROFILE_IMAGES = image_columns(
    "the person can start JupyterLab or Code Editor from", ("jupyterlab_images", "code_editor_images"),
    "case when len(jupyterlab_images) > 0 then 'jupyterlab_images' else 'code_editor_images' end",
)  # fmt: skip
SPACE_IMAGES = image_columns(
    "the space starts JupyterLab or Code Editor from",
    ("jupyterlab_image_arn", "jupyterlab_image_version_arn", "code_editor_image_arn", "code_editor_image_version_arn"),
    "case when code_editor_image_version_arn <> '' then 'code_editor_image_version_arn'"
    " when code_editor_image_arn <> '' then 'code_editor_image_arn'"
    " when jupyterlab_image_version_arn <> '' then 'jupyterlab_image_version_arn' else 'jupyterlab_image_arn' end",
)
APP_IMAGES = image_columns("the JupyterLab or Code Editor app was started from")

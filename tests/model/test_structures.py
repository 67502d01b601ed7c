"""The table of structures is what botocore's model says, so that a member which is not there to be sent is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, Shape, StringShape, StructureShape

from auditor.simulator.wire import service_model
from auditor.studio.settings import known_paths
from auditor.studio.structures import ARNS, NUMBERS, PLAIN, ROOTS, WORDS, member, settings_paths

#: Root → shape of the update call's input.
SHAPES = {
    "UserSettings": "UserSettings",
    "DefaultUserSettings": "UserSettings",
    "DefaultSpaceSettings": "DefaultSpaceSettings",
    "DomainSettings": "DomainSettingsForUpdate",
    "SpaceSettings": "SpaceSettings",
}


def _paths(shape: Shape, prefix: str) -> Iterator[tuple[str, bool, bool]]:
    """Path, whether it is a list, and whether it holds structures."""
    assert isinstance(shape, StructureShape)
    for name, inner in shape.members.items():
        path, many = f"{prefix}.{name}", isinstance(inner, ListShape)
        item = inner.member if isinstance(inner, ListShape) else inner
        yield path, many, isinstance(item, StructureShape)
        if isinstance(item, StructureShape):
            yield from _paths(item, f"{path}[]" if many else path)


@pytest.mark.parametrize("root", ROOTS)
def test_every_member_that_the_api_takes_is_in_the_table(root: str) -> None:
    found = {p: (many, deep) for p, many, deep in _paths(service_model("sagemaker").shape_for(SHAPES[root]), root)}
    if root == "DomainSettings":
        # UpdateDomain takes RStudio's settings under another name than DescribeDomain gives them; no rule sets them.
        found = {p: v for p, v in found.items() if "RStudioServerProDomainSettingsForUpdate" not in p}
    for path, (many, deep) in found.items():
        one = member(path)
        assert one is not None, path
        assert (one.many, bool(one.shape)) == (many, deep), path
    kind = ROOTS[root][0]
    listed = {path for path in settings_paths()[kind] if path.startswith(f"{root}.")}
    assert listed == {path for path in found if "[]" not in path}


def test_what_is_not_in_the_api_is_not_in_the_table() -> None:
    for path in ("UserSettings.Nothing", "UserSettings.JupyterLabAppSettings.CodeRepositories.RepositoryUrl",
                 "UserSettings.ExecutionRole[].Name", "UserSettings", "KmsKeyId", "Nothing.At.All",
                 "DefaultSpaceSettings.CodeEditorAppSettings"):  # fmt: skip
        assert member(path) is None, path


def test_plain_members_are_update_domain_s() -> None:
    shape = service_model("sagemaker").operation_model("UpdateDomain").input_shape
    assert shape is not None
    for name, one in PLAIN.items():
        assert isinstance(shape.members[name], ListShape) == one.many


#: Lists that AWS adds to, so that an older table must refuse nothing.
ADDED_TO = {"AppType", "HiddenAppTypes", "HiddenMlTools", "HiddenInstanceTypes", "InstanceType"}
#: Members of items of lists, which are set as a whole; and what no command sends.
INSIDE = {"DataSourceName", "SageMakerImageName"}
#: Of an integer without a limit of its own.
LARGEST = 2**31 - 1


def _leaves(shape: Shape) -> Iterator[tuple[str, Shape]]:
    assert isinstance(shape, StructureShape)
    for name, inner in shape.members.items():
        item = inner.member if isinstance(inner, ListShape) else inner
        if isinstance(item, StructureShape):
            yield from _leaves(item)
        else:
            yield name, item


def test_what_members_take_is_what_the_api_takes() -> None:
    shapes = [service_model("sagemaker").shape_for(shape) for shape in dict.fromkeys(SHAPES.values())]
    update = service_model("sagemaker").operation_model("UpdateDomain").input_shape
    assert update is not None
    leaves = [*(pair for shape in shapes for pair in _leaves(shape)), *((n, update.members[n]) for n in PLAIN)]
    words: dict[str, set[tuple[str, ...]]] = {}
    numbers: dict[str, set[tuple[int, int]]] = {}
    for name, shape in leaves:
        if name in ADDED_TO | INSIDE or isinstance(shape, ListShape):
            continue
        if isinstance(shape, StringShape) and shape.enum:
            words.setdefault(name, set()).add(tuple(shape.enum))
        elif shape.type_name in ("integer", "long"):
            numbers.setdefault(name, set()).add((shape.metadata["min"], shape.metadata.get("max", LARGEST)))
    assert words == {name: {values} for name, values in WORDS.items()}
    assert numbers == {name: {limits} for name, limits in NUMBERS.items()}


_SAGEMAKER = "arn:aws:sagemaker:eu-west-1:111122223333"
ARN_SAMPLES = (
    "arn:aws:iam::111122223333:role/team/ana", "arn:aws-cn:iam::111122223333:role/ana",
    "arn:aws:iam::111122223333:user/ana", "arn:aws:iam::1:role/ana", "None", "ana", "",
    *(f"{_SAGEMAKER}:{end}" for end in
      ("image/survival", "image-version/a/1", "studio-lifecycle-config/stop", "training-plan/p")),
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:snowflake-1a2b3c",
    "arn:aws:sso::111122223333:application/x/apl-1", "arn:aws:codewhisperer:us-east-1:111122223333:profile/A1B2",
)  # fmt: skip


def test_what_is_no_arn_to_the_table_is_none_to_the_api() -> None:
    """The table's forms are wider than botocore's patterns, or the same; none of them lets everything through."""
    leaves = [
        pair for name in dict.fromkeys(SHAPES.values()) for pair in _leaves(service_model("sagemaker").shape_for(name))
    ]
    checked = set()
    for name, shape in leaves:
        form = next((ARNS[end][0] for end in ARNS if name.endswith(end)), None)
        if form is None or not shape.metadata.get("pattern"):
            continue
        checked.add(name)
        taken = {sample for sample in ARN_SAMPLES if re.fullmatch(shape.metadata["pattern"], sample)}
        assert taken
        assert taken <= {sample for sample in ARN_SAMPLES if form.fullmatch(sample)}, name
        assert not form.fullmatch("ana")
    assert {"ExecutionRole", "AmazonBedrockRoleArn", "SageMakerImageArn", "LifecycleConfigArn", "SecretArn"} <= checked


def test_what_rules_read_in_settings_can_be_set() -> None:
    for paths in known_paths().values():
        for path in paths:
            if path.partition(".")[0] in ROOTS and "RStudioServerProDomainSettings" not in path:
                assert member(path) is not None, path

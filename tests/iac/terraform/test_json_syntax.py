"""Configuration in JSON says what the same in HCL's native syntax says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Root, Unknown
from auditor.collect.iac.terraform.json_syntax import json_body
from auditor.collect.iac.unreadable import UnreadableError

Roots = Callable[..., list[Root]]

IDLE = {"app_lifecycle_management": {"idle_settings": {"lifecycle_management": "ENABLED"}}}


def settings(roots: Roots, inside: dict[str, Any], variables: dict[str, Any] | None = None) -> Any:
    """default_user_settings of a domain."""
    domain = {"domain_name": "d", "default_user_settings": inside}
    content = {"variable": variables or {}, "resource": {"aws_sagemaker_domain": {"d": domain}}}
    (root,) = roots({"main.tf.json": json.dumps(content)})
    assert root.not_assessed == ()
    found = root.resources[0].properties["default_user_settings"]
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def test_a_dynamic_block_inside_a_block(roots: Roots) -> None:
    dynamic = {
        "jupyter_lab_app_settings": {
            "for_each": "${var.apps}",
            "content": {"lifecycle_config_arns": ["${jupyter_lab_app_settings.value}"], **IDLE},
        }
    }
    apps = {"apps": {"type": "list(string)", "default": ["a"]}}
    found = settings(roots, {"execution_role": "r", "dynamic": dynamic}, apps)
    assert found["execution_role"] == "r"
    ((app,),) = [found["jupyter_lab_app_settings"]]
    assert app["lifecycle_config_arns"] == ["a"]
    (lifecycle,) = [app["app_lifecycle_management"]]
    assert lifecycle == IDLE["app_lifecycle_management"]
    assert "jupyter_lab_app_settings" not in settings(
        roots, {"execution_role": "r", "dynamic": dynamic}, {"apps": {"default": []}}
    )


def test_its_forms(roots: Roots) -> None:
    """In lists at any level, with an iterator, beside blocks of the same name, in a block in a block."""
    dynamic = [{"custom_image": [{"for_each": ["b", "c"], "iterator": "i", "content": [{"image_name": "${i.value}"}]}]}]
    apps = {"custom_image": {"image_name": "a"}, "dynamic": dynamic}
    found = settings(roots, {"jupyter_lab_app_settings": apps})
    app = found["jupyter_lab_app_settings"]
    app = app[0] if isinstance(app, list) else app
    assert [image["image_name"] for image in app["custom_image"]] == ["a", "b", "c"]


def test_one_of_unknown_length_is_unknown_alone(roots: Roots) -> None:
    dynamic = {"jupyter_lab_app_settings": {"for_each": "${var.open}", "content": {"x": 1}}}
    found = settings(roots, {"execution_role": "r", "dynamic": dynamic}, {"open": {}})
    assert found["execution_role"] == "r"
    assert isinstance(found["jupyter_lab_app_settings"][0], Unknown)


def test_a_key_of_that_name_is_a_key(roots: Roots) -> None:
    content = {"resource": {"aws_sagemaker_domain": {"d": {"domain_name": "d", "tags": {"dynamic": "yes"}}}}}
    (root,) = roots({"main.tf.json": json.dumps(content)})
    assert root.resources[0].properties["tags"] == {"dynamic": "yes"}


def test_places() -> None:
    text = '{\n  "locals": {"é": {\n    "b": [1]}},\n\t"output": {"o": {"value": "${local.a}"}}\n}'
    source = text.encode()
    body = json_body(text)
    local, output = body.blocks
    assert (local.kind, local.line, output.labels, output.line) == ("locals", 2, ("o",), 4)
    span = local.body.keys["é"]
    assert source[span.start : span.end].decode() == '"é"'
    value = local.body.attributes["é"].span
    assert value is not None
    assert source[value.start : value.end].decode().startswith('{\n    "b"')
    assert local.body.lines == {"é": 2}
    assert output.body.lines == {"value": 4}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"locals": {"a": 1}, "locals": {"b": 1}}', "locals is there twice"),
        ("[]", "not a JSON object"),
        ("a: 1", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"locals": ' + '{"a": ' * 900 + "1" + "}" * 901, "nested too deeply"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        json_body(text)

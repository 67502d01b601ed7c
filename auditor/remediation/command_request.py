"""A printed command as the request that it makes of IAM."""

from __future__ import annotations

from typing import Any

from auditor.remediation.command_text import Call
from auditor.remediation.update_call import sent_by, tags_by
from auditor.studio.api_requests import ApiCall


def api_call(call: Call, account: str, region: str, resource: str = "") -> ApiCall:
    """The API call of a command in an account and Region; ``resource``: its ARN where the command does not tell it, as
    that of a role, which it names without the path."""
    members: dict[str, Any] = {
        _camel(option): words[0] if len(words) == 1 else list(words) for option, words in call.options.items()
    }
    members |= sent_by(call.options)
    if "tags" in call.options:
        members["Tags"] = [{"Key": key, "Value": value} for key, value in tags_by(call.options["tags"]).items()]
    where = call.one("region") or region
    known = {"aws:RequestedRegion": (where,)}
    return ApiCall(f"{call.service}:{_camel(call.operation)}", members, account, where, known, resource)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))

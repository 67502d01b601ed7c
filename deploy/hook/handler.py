"""The function of a CloudFormation Lambda Hook: what the library needs of AWS, and the answer that it gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auditor.hook.hook_answer import Hook, OnError


def fetch(url: str) -> str:
    """What lies at the address that CloudFormation has signed; no credentials of the function's are used."""
    if not url.startswith("https://"):
        raise OSError("the address is not one of https")
    import urllib.request  # only now: resources come without an address

    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - https, see above
        return response.read().decode("utf-8")


def describe(domain_id: str) -> Mapping[str, Any] | str:
    """A domain that the template only refers to, or why AWS doesn't show it."""
    import boto3  # only now: most templates hold their domains
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return boto3.client("sagemaker").describe_domain(DomainId=domain_id)
    except (BotoCoreError, ClientError) as error:
        return str(error)


HOOK = Hook(Path(__file__).with_name("auditor.yaml"), OnError(os.environ.get("ON_ERROR", "FAIL")), fetch, describe)


def handler(event: Any, _context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    return HOOK.answer(event)

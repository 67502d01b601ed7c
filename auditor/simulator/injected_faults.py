"""What can go wrong on purpose: refusals, throttling, outages and answers from the future."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from auditor.simulator.wire import ApiError
from auditor.studio.partitions import partition_of

FaultKind = Literal[
    "access_denied",  # AccessDeniedException, as for a missing permission
    "throttle",  # ThrottlingException, HTTP 400
    "server_error",  # InternalFailure, HTTP 500
    "drop",  # the connection is closed without an answer
    "not_found",  # as if the resource were deleted between list and describe
    "expired_token",  # ExpiredTokenException
    "not_enabled",  # UnrecognizedClientException, as in a region that the account has not enabled
    "future",  # members and enum values that today's SDK does not know
    "empty_page",  # a list answers with an empty page and a NextToken first
    "loop",  # a list gives the same NextToken for ever
    "endless",  # a list gives a new NextToken for ever, and the same item
    "garbage",  # an answer that is no JSON
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``operation`` may be ``*``; ``match`` is text that the request's values must contain; ``times`` limits
    how often it strikes (None: always)."""

    kind: FaultKind
    operation: str = "*"
    region: str = "*"
    match: str = ""
    times: int | None = None


@dataclass(slots=True)
class Faults:
    """The faults of a simulator and how often each may still strike. Safe to use from many threads."""

    faults: Sequence[Fault] = ()
    _left: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, operation: str, region: str, request: Mapping[str, Any]) -> FaultKind | None:
        """The first fault that fits the request, using it up; None where none does."""
        for number, fault in enumerate(self.faults):
            if fault.operation not in ("*", operation) or fault.region not in ("*", region):
                continue
            if fault.match and not any(fault.match in str(value) for value in request.values()):
                continue
            with self._lock:
                left = self._left.setdefault(number, -1 if fault.times is None else fault.times)
                if left == 0:
                    continue
                self._left[number] = left - 1
            return fault.kind
        return None


def refuse(
    fault: FaultKind | None, service: str, name: str, place: tuple[str, str], request: Mapping[str, Any]
) -> None:
    """Raises what AWS answers where a fault strikes a call, in a Region and an account; nothing for faults that are no
    error."""
    region, account = place
    arn = f"arn:{partition_of(region)}"
    who = f"{arn}:iam::{account}:user/auditor"
    prefix = "tag" if service == "tagging" else service
    errors: dict[FaultKind, ApiError] = {
        "access_denied": ApiError(
            "UnauthorizedOperation" if service == "ec2" else "AccessDeniedException",
            f"User: {who} is not authorized to perform: {prefix}:{name} on resource: "
            f"{arn}:{prefix}:{region}:{account}:* because no identity-based policy allows the"
            f" {prefix}:{name} action",
            403 if service == "ec2" else 400,
        ),
        "throttle": ApiError("ThrottlingException", "Rate exceeded"),
        "server_error": ApiError(
            "InternalFailure", "The request processing has failed because of an unknown error.", 500
        ),
        "not_found": ApiError(
            "ResourceNotFound", f"UserProfile [{request.get('UserProfileName', '?')}] does not exist."
        ),
        "expired_token": ApiError(
            "ExpiredTokenException" if service != "sts" else "ExpiredToken",
            "The security token included in the request is expired", 400 if service != "sts" else 403,
        ),
        "not_enabled": ApiError(
            "UnrecognizedClientException" if service not in ("sts", "ec2") else "InvalidClientTokenId",
            "The security token included in the request is invalid.", 403 if service in ("sts", "ec2") else 400,
        ),
    }  # fmt: skip
    if fault in errors:
        raise errors[fault]

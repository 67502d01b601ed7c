"""From what botocore raises to why something could not be seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    OperationNotPageableError,
    SSOError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError

from auditor.deadline import DeadlineError
from auditor.model.snapshot import GapReason


class OddAnswerError(Exception):
    """An answer that cannot be right: a list that would not end, a member that is missing or of another type."""


class NotAskedError(Exception):
    """An operation that only failed for minutes, and so is not asked any more. ``last``: its last failure."""

    def __init__(self, operation: str, failures: int, last: Exception) -> None:
        super().__init__(f"not asked, since {operation} had failed {failures} times in a row: {message(last)}")
        self.last = last


#: What a call may raise that is the service's or the network's doing. Anything else is a defect and goes up.
CALL_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
#: What is the matter with a call or with its answer. What it would have told is a gap.
CALL_FAILED = (*CALL_ERRORS, OddAnswerError, DeadlineError, NotAskedError)
#: What botocore's parsers and the reading of an answer raise where the answer is not what the model says: a member is
#: missing (KeyError), of another type (TypeError, AttributeError), no number, time or text (ValueError, OverflowError,
#: botocore's own RuntimeError), an empty list (IndexError), nested without end (RecursionError).
#: OSError is a credential provider's, of a file or program that is gone meanwhile.
_NOT_UNDERSTOOD = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RuntimeError, OSError)
_log = logging.getLogger(__name__)


@contextmanager
def understood(operation: str) -> Iterator[None]:
    """Whatever an odd answer makes the code inside raise, as OddAnswerError: the one place that does.

    For code that reads an answer, and nothing else: a defect of ours would look like a defect of the answer.
    """
    try:
        yield
    except CALL_FAILED:
        raise
    except _NOT_UNDERSTOOD as error:
        _log.debug("%s", operation, exc_info=True)
        what = " ".join(str(error).split())[:200]
        raise OddAnswerError(
            f"the answer of {operation} could not be understood: {type(error).__name__}{f': {what}' if what else ''}"
        ) from error


_DENIED = ("AccessDenied", "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized", "Forbidden")
_THROTTLED = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown")
#: What a region answers that the account has not enabled, where the same credentials work elsewhere.
NOT_ENABLED = (
    "UnrecognizedClientException",
    "AuthFailure",
    "OptInRequired",
    "InvalidClientTokenId",
    "SubscriptionRequired",
)
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
#: What botocore raises where the session of single sign-on has ended.
SIGN_ON_ERRORS = (TokenRetrievalError, SSOTokenLoadError, UnauthorizedSSOTokenError, SSOError)
#: What passes by itself, beside throttling, failures of the service and of the network; as botocore has it.
_PASSING = (
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "TransactionInProgressException",
)
_GONE = ("ResourceNotFound", "ResourceNotFoundException")


def code(error: Exception) -> str:
    """AWS's error code, or the exception's name where no answer came."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
    return type(error).__name__


def message(error: Exception) -> str:
    """One line of what AWS or botocore said."""
    if isinstance(error, ClientError):
        text = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    else:
        text = str(error)
    return " ".join(text.split())[:500]


def gone(error: Exception) -> bool:
    """Whether the resource was deleted between list and describe."""
    return code(error) in _GONE


def expired(error: Exception) -> bool:
    """Whether the credentials are over: no further call can succeed."""
    return isinstance(error, SIGN_ON_ERRORS) or code(error) in _EXPIRED


def throttled(error: Exception) -> bool:
    """Whether AWS refused because it was asked too fast."""
    return reason(error) == "throttled"


def passing(error: Exception) -> bool:
    """Whether the same call may succeed a little later. A call that used up its time may not."""
    if isinstance(error, DeadlineError | NotAskedError):
        return False
    return code(error) in _PASSING or reason(error) in ("throttled", "server_error", "unreachable")


def reason(error: Exception) -> GapReason:
    """The gap's reason for an error of a call."""
    if isinstance(error, NotAskedError):
        return reason(error.last)
    name = code(error)
    if expired(error):
        return "credentials_expired"
    if any(part in name for part in _DENIED):
        return "access_denied"
    if any(part in name for part in _THROTTLED):
        return "throttled"
    if name in NOT_ENABLED:
        return "region_not_enabled"
    if isinstance(error, ResponseParserError):
        return "unexpected_response"
    if isinstance(error, BotoConnectionError | HTTPClientError | DeadlineError):
        return "unreachable"
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status == 429:
            return "throttled"
        return "server_error" if status >= 500 else "access_denied" if status == 403 else "unexpected_response"
    if isinstance(error, NoCredentialsError | OperationNotPageableError):
        return "access_denied"
    return "unexpected_response"

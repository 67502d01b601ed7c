"""A boto3 session whose credentials were found, before a call needs them.

botocore's providers read files, run programs (credential_process), ask AWS STS for a role's credentials, and type out
the question for the code of an MFA device. Each may raise whatever a file, a program or a parser raises, or wait for
somebody who isn't there. So all of it happens here, once, at the beginning and within a time.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from auditor.deadline import DeadlineError, within
from auditor.errors import ConfigError

#: Seconds that a program, and the first answer of AWS, may take, over all attempts: somebody waits, and nothing has
#: been said yet.
FIRST_ANSWER = 20.0
_HINT = "Check the files and programs that ~/.aws/config and the AWS_ variables name."


def session(profile: str | None) -> Any:
    """A boto3 session, of the named AWS profile or of what the environment says. Its credentials are None where there
    are none.

    Raises ConfigError as ``credentials_of`` does and where AWS doesn't answer; BotoCoreError for an AWS profile that
    does not exist, and BotoCoreError or ClientError where credentials are refused or incomplete.
    """
    import boto3

    made = boto3.Session(profile_name=profile)
    try:
        credentials_of(made, profile)
    except DeadlineError as error:
        raise ConfigError(f"AWS cannot be reached: {error}", hint="Check the network and AWS_ENDPOINT_URL.") from error
    return made


def credentials_of(made: Any, profile: str | None) -> Any:
    """The credentials of a boto3 session, ready for use; None where there are none.

    Raises ConfigError where a file or a program that gives them is missing, broken or silent, or where a code is asked
    for without a terminal; DeadlineError where AWS is asked for them and doesn't answer; BotoCoreError and ClientError
    as botocore's providers do.
    """
    terminal = sys.stdin is not None and sys.stdin.isatty()
    typed = _asks_for_code(made, profile, terminal)
    try:
        # A program may ask for a password or a code as well, where there is somebody to type it.
        found = made.get_credentials() if terminal else _given(made)
        if found is not None:
            # Files are read and roles assumed now, and not at some call in the middle.
            if typed:
                found.get_frozen_credentials()
            else:
                provider = f"the provider of the credentials ({found.method})"
                within(FIRST_ANSWER, found.get_frozen_credentials, provider)
    except (OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        # botocore's providers let through what a file, a program or a parser raises.
        raise ConfigError(f"the AWS credentials cannot be read: {_said(error)}", hint=_HINT) from error
    return found


def _given(made: Any) -> Any:
    """What the files and programs give, which nobody is asked for. Raises ConfigError where they take too long."""
    try:
        return within(FIRST_ANSWER, made.get_credentials, "what gives them (such as credential_process of the profile)")
    except DeadlineError as error:
        raise ConfigError(f"the AWS credentials cannot be read: {error}", hint=_HINT) from error


def _asks_for_code(made: Any, profile: str | None, terminal: bool) -> bool:
    """Whether botocore asks for the code of an MFA device on the terminal. Raises ConfigError where there is none: it
    would wait, or end."""
    if profile is None and os.environ.get("AWS_ACCESS_KEY_ID"):
        return False
    profiles = made._session.full_config.get("profiles", {})
    name, seen = profile or made.profile_name, set[str]()
    while name and name not in seen:
        seen.add(name)
        settings = profiles.get(name) or {}
        if settings.get("role_arn") and settings.get("mfa_serial"):
            if terminal:
                return True
            raise ConfigError(
                f"AWS profile {name} needs an MFA code, and there is no terminal to ask for it",
                hint="Use a profile without mfa_serial, or pass credentials of a session (aws sts get-session-token).",
            )
        name = settings.get("source_profile")
    return False


def _said(error: Exception) -> str:
    """What a credential provider raised, with the file or program that it names."""
    told = " ".join(str(error).split())
    return f"{type(error).__name__}: {told}"[:300] if told else type(error).__name__

"""boto3 clients for a running simulator, from one session, so that botocore's 5 MB model is read once a process."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from auditor.simulator import Simulator

REGION = "eu-west-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/studio"


@cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="AKIASIMULATEDACCOUNT", aws_secret_access_key="simulated")


def client(simulator: Simulator, service: str = "sagemaker", region: str = REGION) -> Any:
    """A client without retries: what the simulator answers is what the test sees."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return _session().client(service, region_name=region, endpoint_url=simulator.endpoint_url, config=config)


def refusal(call: Any, **request: Any) -> tuple[str, int]:
    """Error code and HTTP status with which the call is refused; fails where it is not."""
    try:
        answer = call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"]), int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    raise AssertionError(f"not refused: {answer}")

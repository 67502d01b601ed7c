"""What looks like a secret, beside detect-secrets: whatever one of its detectors finds is masked, and names are not."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from typing import Any

import detect_secrets.plugins
import pytest
from hypothesis import Phase, assume, example, given
from hypothesis import strategies as st

from auditor.masking import MASK, mask_document, mask_text, mask_value
from tests.budgets import examples

#: Its detectors whose finds are no secret to us, or that are not written as forms.
LEFT = {
    "RegexBasedDetector": "the base of the others",
    "IPPublicDetector": "addresses of the network are what a report is about",
    "KeywordDetector": "for lines of source code; tried below on assignments",
}
ASCII = st.characters(codec="ascii", exclude_categories=["Cc"])


def detectors() -> Iterator[tuple[str, re.Pattern[str], Any]]:
    for module in pkgutil.iter_modules(detect_secrets.plugins.__path__):
        for name, found in vars(importlib.import_module(f"detect_secrets.plugins.{module.name}")).items():
            if isinstance(found, type) and name.endswith("Detector") and name not in LEFT:
                for number, form in enumerate(found.denylist):
                    # One expression forgets what a dot is.
                    pattern = form.pattern
                    for dot in ("api.s", "r.com", "3.1") if name.startswith("Soft") else ():
                        pattern = pattern.replace(dot, dot.replace(".", r"\."))
                    yield f"{name}-{number}", re.compile(pattern, form.flags), found()


DETECTORS = {name: (form, detector) for name, form, detector in detectors()}


#: Forms that names of people's things have as well: what ours asks for beside them.
NARROWER = {
    "ArtifactoryDetector-1": r'"AP[0-9A-F]\d[A-Za-z0-9]{20,}"',  # APAC, APEX
    "JwtTokenDetector-0": r"eyJ[A-Za-z0-9_=-]{8,}\.[A-Za-z0-9_=-]{8,}\.[A-Za-z0-9_=-]*",
}
ALSO = {
    "BasicAuthDetector-0": r"^://[^/?#\"'<>:@]+:(?!\d+[/?#])[^\"'<>]+@$",  # a colon in the path, or a port
    "IbmCloudIamDetector-0": r"\d",
    "NpmDetector-0": r"_authToken=\s*[^\s\"']{4,}",
}
#: Finds that say who, not what: an account, the name of a file's format, a kind of token. And values with spaces.
WHO = ("TwilioKeyDetector-0", "PrivateKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector-2", "NpmDetector")


@pytest.mark.parametrize("name", DETECTORS)
@examples(60, phases=[Phase.generate])
@given(data=st.data())
def test_what_a_detector_finds_is_masked(name: str, data: st.DataObject) -> None:
    form, detector = DETECTORS[name]
    text = data.draw(st.from_regex(NARROWER.get(name, form), fullmatch=True, alphabet=ASCII))
    assume(re.search(ALSO.get(name, ""), text))
    made = mask_text(f"https{text}host" if name.startswith("BasicAuth") else text)
    assert MASK.search(made), text
    if not name.startswith(WHO):
        bare = MASK.sub("", made)
        assert not any(len(secret) > 8 and secret in bare for secret in detector.analyze_string(text)), text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password = "hunter22"', "hunter22"),
        ("DB_PASSWORD=hunter22 USER=jane", "hunter22"),
        ("api_key: abcd1234", "abcd1234"),
        ("{'client_secret': 'abcdefgh'}", "abcdefgh"),
        ('"access_token" => "abcdefgh"', "abcdefgh"),
        ("auth-key := 'x y z'", "x y z"),
        ("https://user:pa/ss@git.example.com/x", "pa/ss"),
        ("https:/user:gitPASSw0rd@git.example.com/x", "gitPASSw0rd"),
        ("https:///user:gitPASSw0rd@git.example.com/x", "gitPASSw0rd"),
        ("postgresql+psycopg://u:pw1234@h/db", "pw1234"),
        ("sk-ant-api03-" + "a1B2_" * 10, "a1B2"),
        ("sk-" + "a1B2" * 12, "a1B2"),
        ("prefix_AKIA" + "IOSFODNN7EXAMPLE", "IOSF"),
    ],
)
def test_further_forms(text: str, secret: str) -> None:
    made = mask_text(text)
    assert secret not in made
    assert MASK.search(made)
    assert mask_text(made) == made


@pytest.mark.parametrize(
    "text",
    [
        "password = var.db_password",
        "password: ${ssm:db}",
        "token == local.token",
        "the password: see the wiki",
        "secret = aws_secretsmanager_secret.x.arn",
        "secrets: none of these",
        "docker://python:3.11@sha256:" + "0f" * 32,
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/image:1.2@sha256:" + "0f" * 32,
        "https://h:8443/a@b",
        "a:/b@c",
        "arn:aws:s3:::bucket/secret=1234/x",
        "arn:aws:sqs:eu-west-1:111122223333:my-queue-with-a-name-of-forty-letters-x",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-password-a1b2c3",
        "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0123456789abcdef0",
        "s3://bucket-0123456789abcdef0123456789abcdef/x",
        "User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform: secretsmanager:GetSecretValue",
        "The security token included in the request is expired",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert mask_text(text) == text


#: Words that end or begin as tokens do.
WORDS = [
    "risk",
    "task",
    "desk",
    "network",
    "shelf",
    "asia",
    "southeast",
    "mask",
    "tag",
    "msg",
    "api",
    "apac",
    "apex",
    "data",
    "science",
    "analytics",
    "production",
    "sagemaker",
    "execution",
    "role",
    "studio",
    "domain",
    "team",
    "eyjafjoll",
    "no",
    "AC",
    "platform",
    "live",
    "key",
    "token",
    "secret",
    "pat",
    "2024",
    "1",
    "v2",
    "us",
    "eu-west-1",
    "dev",
    "Machine",
    "Learning",
    "DataScience",
    "111122223333",
]


@examples(400)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=9),
    st.sampled_from(["-", "_", "/", ".", ""]),
    st.sampled_from([str.lower, str.upper, str.title, str]),
)
@example(["risk", "analytics", "sagemaker", "execution"], "-", str)
@example(["network", "live", "data", "science", "production"], "_", str)
def test_no_name_of_words_is_masked(words: list[str], between: str, case: Any) -> None:
    """A masked name of a role or a domain would belong to nothing else in the account any more."""
    name = case(between.join(words))
    # Twenty capitals behind ASIA are an access key by all that one can see.
    assume(not re.search(r"(?<![A-Za-z0-9])ASIA[0-9A-Z]{16}(?![A-Za-z0-9])", name))
    role = f"arn:aws:iam::111122223333:role/{name}"
    document = {"DomainName": name, "DefaultUserSettings": {"ExecutionRole": role}}
    assert mask_document(document) is document


@pytest.mark.parametrize(
    "value",
    [
        "MyStack-StudioDomainNestedStackX-1QWERTYUIOP2",
        "StudioStack-DomainNestedStackDomainResource9F-1AB2C3D4E5F6G",
        "AmazonSageMaker-ExecutionRole-20230101T000000",
        "SC-111122223333-pp-abcdefghijklm",
    ],
)
def test_names_with_a_random_end_stay(value: str) -> None:
    assert mask_value("aws:cloudformation:stack-name", value) == value
    assert mask_value("stack", value) == value


def test_tags_inside_documents_are_masked_by_their_key() -> None:
    """Roles, subnets and VPCs bring their tags along."""
    tags = [{"Key": "db-password", "Value": "hunter22pw"}, {"Key": "Name", "Value": "blue"}]
    made = mask_document({"RoleName": "x", "Tags": tags})
    assert MASK.fullmatch(made["Tags"][0]["Value"])
    assert made["Tags"][1] is tags[1]


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ-",
        "http://a:b",
        "https://",
        "BEGIN A ",
        "sk-",
        "SG.",
        "xoxb-1-",
        "password",
        "password=",
        "key ",
        "key=a",
        "a",
        "-",
        "://",
        "AKIA",
        "1234567890:",
        "M" * 24 + ".",
        "\"'",
        "token: ",
        "//:@",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    begin = time.process_time()
    mask_text(piece * (100_000 // len(piece)))
    assert time.process_time() - begin < 5

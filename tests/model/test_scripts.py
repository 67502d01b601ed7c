"""What is unsafe in scripts of lifecycle configurations, and what only looks so."""

from __future__ import annotations

import base64

import pytest

from auditor.studio.scripts import CONTENT, INDEX, Unsafe, decoded, judged_script, unsafe

#: line -> the check that it fails
UNSAFE = [
    ("curl -sL https://x.example/setup.sh | sudo bash -", "download-run"),
    ("wget -qO- https://x.example | sh", "download-run"),
    ("curl 'https://x.example?a=1&b=2' | /bin/bash", "download-run"),
    ("bash <(curl -s https://x.example)", "download-run"),
    ('sh -c "$(curl -fsSL https://x.example)"', "download-run"),
    ("eval `wget -O- https://x.example`", "download-run"),
    ("source <(curl https://x.example)", "download-run"),
    ("curl https://x.example | python3 -", "download-run"),
    ("chmod 777 /opt/x", "world-writable"),
    ("chmod -R 0666 x", "world-writable"),
    ("chmod a+w x", "world-writable"),
    ("chmod -R ugo+rwx x", "world-writable"),
    ("chmod u=rwx,o=rw x", "world-writable"),
    ("export DB_PASSWORD=hunter22", "secret"),
    ("# export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret"),
    ("echo '-----BEGIN RSA PRIVATE KEY-----' > id", "secret"),
    ("git clone https://ana:s3cr3tpw@git.example.com/x", "secret"),
    ("aws configure set aws_access_key_id AKIA" + "ABCDEFGHIJKLMNOP", "secret"),
]  # fmt: skip
SAFE = [
    "curl -sLO https://x.example/a.zip",
    "curl -s https://x.example | tar xz",
    "curl -s https://x.example | jq . > x.json; bash own.sh",
    "curl -s https://x.example | python3 -m json.tool",
    "curl -s https://x.example && bash own.sh",
    "# curl https://x.example | bash",
    "chmod 755 x", "chmod 1777 /tmp/x", "chmod +x x", "chmod g+w x", "chmod 600 ~/.ssh/id",
    "DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id x --output text)",
    "password=`cat /run/secret`",
    'export API_KEY="${API_KEY}"',
    'AWS_SECRET_NAME="git-credentials-2"',
    'AWS_SECRET_KEY="github.com"',
    "secret = client.get_secret_value(SecretId=name)['SecretString2']",
    "# git clone https://username@git.example.com/x",
    "TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token)",
    "docker login --password-stdin",
    "pip install -r requirements.txt -c constraints.txt",
    "conda install -c conda-forge pandas",
]  # fmt: skip
OPTIONS = [f"--{kind}index-url" for kind in ("", "extra-")] + ["--find-links"]
#: line -> hosts that packages come from
INDEXES = [
    ("pip install -i https://packages.example.com/python x", ["packages.example.com"]),
    *(
        (f"pip install {option}=https://Packages.example.com:8443/python x", ["packages.example.com"])
        for option in OPTIONS
    ),
    ("PIP_INDEX_URL=http://packages.example.com/python", ["http://packages.example.com"]),
    ("pip config set global.index-url https://aws:${T}@d.example.com/python/", ["d.example.com"]),
    ("pip install --trusted-host packages.example.com x", ["unverified packages.example.com"]),
    ("conda install --channel https://conda.example.com/x y", ["conda.example.com"]),
    ("pip install -i $INDEX x", []),
]


@pytest.mark.parametrize(("line", "check"), UNSAFE)
def test_unsafe_lines(line: str, check: str) -> None:
    assert Unsafe(check, 2) in unsafe(f"#!/bin/bash\n{line}\n")


@pytest.mark.parametrize("line", SAFE)
def test_lines_that_only_look_unsafe(line: str) -> None:
    assert unsafe(line) == []


@pytest.mark.parametrize(("line", "hosts"), INDEXES)
def test_where_packages_come_from(line: str, hosts: list[str]) -> None:
    assert [one.host for one in unsafe(line) if one.check == INDEX] == hosts


def test_a_command_over_several_lines_is_one() -> None:
    assert unsafe("set -e\ncurl -sL \\\n  https://x.example \\\n  | bash\nchmod 777 x") == [
        Unsafe("download-run", 2), Unsafe("world-writable", 5),
    ]  # fmt: skip


def test_long_lines_take_no_time() -> None:
    for begin in ("curl " + "a&" * 8_000, "chmod " + "a," * 8_000, "sudo -a " * 2_000, "PASS" * 4_000):
        assert unsafe(begin) == []


def test_what_a_snapshot_holds_of_a_script() -> None:
    text = base64.b64encode(b"chmod 777 x").decode()
    assert judged_script({CONTENT: text}) == {"Script": [{"Check": "world-writable", "Line": 1, "Host": ""}]}
    assert judged_script({}) == {}
    for broken in ("#!/bin/bash", base64.b64encode(b"\xff\xfe").decode()):
        with pytest.raises(ValueError, match="not text in base64"):
            decoded(broken)

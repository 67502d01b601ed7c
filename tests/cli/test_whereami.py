"""auditor whereami: the texts are df and mounts as the environments print them, ids and sizes changed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.commands import whereami as command
from auditor.cli.main import run
from auditor.collect.whereami import Environment, Mount, parse, whereami

CLASSIC_JUPYTER_SERVER = """\
Filesystem         Size  Used Avail Use% Mounted on
overlay             30G   93M   30G   1% /
tmpfs               64M     0   64M   0% /dev
tmpfs              1.9G     0  1.9G   0% /sys/fs/cgroup
shm                 64M     0   64M   0% /dev/shm
127.0.0.1:/200005  8.0E  2.4G  8.0E   1% /home/sagemaker-user
/dev/nvme0n1p1     120G   21G  100G  18% /opt/ml
tmpfs              1.9G     0  1.9G   0% /proc/acpi
tmpfs              1.9G     0  1.9G   0% /sys/firmware
"""

CLASSIC_KERNEL_GATEWAY = """\
Filesystem        1K-blocks     Used        Available Use% Mounted on
overlay            39042720   466832         38575888   2% /
tmpfs                 65536        0            65536   0% /dev
shm                  401248        0           401248   0% /dev/shm
127.0.0.1:/200017 9007199254739968 41943040 9007199212796928   1% /root
/dev/nvme0n1p1    125817836 21718300        104099536  18% /etc/hosts
"""

#: df puts a long source on a line of its own.
CLASSIC_BY_DNS_NAME = """\
Filesystem                                            Size  Used Avail Use% Mounted on
overlay                                                30G   93M   30G   1% /
fs-0a1b2c3d4e5f60718.efs.eu-west-1.amazonaws.com:/200005
                                                      8.0E  2.4G  8.0E   1% /home/sagemaker-user
"""

CLASSIC_MOUNTS = """\
overlay / overlay rw,relatime,lowerdir=/var/lib/docker/overlay2/l/AB:/var/lib/docker/overlay2/l/CD,upperdir=/x 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0
127.0.0.1:/200005 /home/sagemaker-user nfs4 rw,relatime,vers=4.1,rsize=1048576,port=20049,addr=127.0.0.1 0 0
/dev/nvme0n1p1 /etc/hosts xfs rw,noatime,attr2,inode64,noquota 0 0
"""

STUDIO_JUPYTERLAB = """\
Filesystem      Size  Used Avail Use% Mounted on
overlay          37G  494M   37G   2% /
tmpfs            64M     0   64M   0% /dev
tmpfs           1.9G     0  1.9G   0% /sys/fs/cgroup
shm             392M     0  392M   0% /dev/shm
/dev/nvme1n1    5.0G   74M  4.9G   2% /home/sagemaker-user
/dev/nvme0n1p1  180G   31G  150G  17% /opt/.sagemakerinternal
tmpfs           1.9G     0  1.9G   0% /proc/acpi
"""

STUDIO_MOUNTS = """\
overlay / overlay rw,relatime,lowerdir=/a,upperdir=/b,workdir=/c 0 0
/dev/nvme1n1 /home/sagemaker-user ext4 rw,relatime 0 0
/dev/nvme0n1p1 /etc/resolv.conf xfs rw,noatime,attr2,inode64 0 0
"""

STUDIO_AUTO_MOUNT = """\
Filesystem         Type      Size  Used Avail Use% Mounted on
overlay            overlay    37G  494M   37G   2% /
/dev/nvme2n1       ext4      100G   30G   71G  30% /home/sagemaker-user
127.0.0.1:/200005  nfs4      8.0E     0  8.0E   0% /home/sagemaker-user/user-default-efs
"""

STUDIO_CUSTOM_FILE_SYSTEM = """\
/dev/nvme1n1 /home/sagemaker-user ext4 rw,relatime 0 0
127.0.0.1:/ /mnt/custom-file-systems/efs/fs-0a1b2c3d4e5f60718_fsap-01234567 nfs4 rw,vers=4.1,addr=127.0.0.1 0 0
"""

STUDIO_CUSTOM_IN_HOME = """\
Filesystem                                          Size  Used Avail Use% Mounted on
/dev/nvme1n1                                        5.0G   74M  4.9G   2% /home/sagemaker-user
fs-0a1b2c3d.efs.us-east-1.amazonaws.com:/team       8.0E     0  8.0E   0% /home/sagemaker-user/team data
"""

#: Older instance families name volumes otherwise, and `mount` writes otherwise.
STUDIO_XEN = """\
overlay on / type overlay (rw,relatime,lowerdir=/a,upperdir=/b)
/dev/xvdf on /home/sagemaker-user type ext4 (rw,relatime)
"""

GERMAN = """\
Dateisystem    Größe Benutzt Verf. Verw% Eingehängt auf
overlay          37G    494M   37G    2% /
/dev/nvme1n1    5,0G     74M  4,9G    2% /home/sagemaker-user
"""

FILTERED = "127.0.0.1:/200005  8.0E     0  8.0E   0% /home/sagemaker-user/user-default-efs\n"
EFS_INSIDE_HOME = (
    "127.0.0.1:/200005 /home/sagemaker-user/data nfs4 rw,addr=127.0.0.1 0 0\n/dev/nvme0n1p1 / xfs rw 0 0\n"
)
BOTH = "/dev/nvme1n1 /home/sagemaker-user ext4 rw 0 0\n127.0.0.1:/200005 /root nfs4 rw,addr=127.0.0.1 0 0\n"

EC2 = """\
Filesystem      Size  Used Avail Use% Mounted on
devtmpfs        3.8G     0  3.8G   0% /dev
tmpfs           3.8G     0  3.8G   0% /dev/shm
/dev/nvme0n1p1   20G  3.1G   17G  16% /
/dev/nvme1n1    100G  1.2G   99G   2% /data
fs-0a1b2c3d.efs.eu-west-1.amazonaws.com:/  8.0E  1G  8.0E  1% /mnt/efs
"""

NOTEBOOK_INSTANCE = """\
Filesystem      Size  Used Avail Use% Mounted on
/dev/nvme0n1p1  135G   90G   46G  67% /
/dev/nvme1n1    4.9G   28K  4.6G   1% /home/ec2-user/SageMaker
"""

LAPTOP = """\
Filesystem     1024-blocks      Used Available Capacity Mounted on
/dev/disk1s1s1   488245288  15065216 128411784    11%   /
"""


@pytest.mark.parametrize(
    ("text", "place", "because"),
    [
        (CLASSIC_JUPYTER_SERVER, "classic", "The home lies on EFS: 127.0.0.1:/200005 on /home/sagemaker-user."),
        (CLASSIC_KERNEL_GATEWAY, "classic", "The home lies on EFS: 127.0.0.1:/200017 on /root."),
        (CLASSIC_BY_DNS_NAME, "classic", "60718.efs.eu-west-1.amazonaws.com:/200005 on /home/sagemaker-user."),
        (CLASSIC_MOUNTS, "classic", "The home lies on EFS"),
        (EFS_INSIDE_HOME, "classic", "EFS is mounted in the home, and no EBS volume under it"),
        (STUDIO_JUPYTERLAB, "studio", "The home lies on an EBS volume: /dev/nvme1n1 on /home/sagemaker-user."),
        (STUDIO_MOUNTS, "studio", "/dev/nvme1n1 on /home/sagemaker-user"),
        (STUDIO_AUTO_MOUNT, "studio", "the domain's EFS, auto-mounted beside it (127.0.0.1:/200005 on"
         " /home/sagemaker-user/user-default-efs); that is still the new Studio."),
        (STUDIO_CUSTOM_FILE_SYSTEM, "studio", "a custom file system beside it (127.0.0.1:/ on /mnt/custom-file-sys"),
        (STUDIO_CUSTOM_IN_HOME, "studio", "an EFS beside it (fs-0a1b2c3d.efs.us-east-1.amazonaws.com:/team on"
         " /home/sagemaker-user/team data); that is still the new Studio."),
        (STUDIO_XEN, "studio", "/dev/xvdf on /home/sagemaker-user"),
        (GERMAN, "studio", "/dev/nvme1n1 on /home/sagemaker-user"),
        (STUDIO_JUPYTERLAB.replace("\n", "\r\n"), "studio", "/dev/nvme1n1 on /home/sagemaker-user."),
        (FILTERED, "unknown", "Give the whole list: df -h, without a filter."),
        (BOTH, "unknown", "no Studio does that"),
        (EC2, "neither", "Neither an EBS volume nor an EFS is mounted at /home/sagemaker-user or /root"),
        (NOTEBOOK_INSTANCE, "neither", "this is a SageMaker notebook instance"),
        (LAPTOP, "neither", "Neither an EBS volume"),
    ],
)  # fmt: skip
def test_which_studio(text: str, place: str, because: str) -> None:
    answer = whereami(parse(text))
    assert answer.place == place
    assert because in " ".join(answer.because)


def test_only_what_lies_at_the_home_decides() -> None:
    """Every machine of AWS has /dev/nvme somewhere, and EFS may be anywhere."""
    everywhere = (Mount("/dev/nvme0n1p1", "/"), Mount("127.0.0.1:/", "/mnt/efs", "nfs4"))
    assert whereami(everywhere).place is Environment.NEITHER
    assert whereami((*everywhere, Mount("127.0.0.1:/200005", "/root", "nfs4"))).place is Environment.CLASSIC
    assert whereami((*everywhere, Mount("/dev/nvme1n1", "/home/sagemaker-user", "ext4"))).place is Environment.STUDIO
    # A home on the container's own file system is no evidence, nor is a home that is called otherwise.
    assert whereami((Mount("overlay", "/home/sagemaker-user"),)).place is Environment.NEITHER
    assert whereami((Mount("/dev/nvme1n1", "/home/sagemaker-user2"),)).place is Environment.NEITHER
    # What was mounted later covers what was there.
    later = (Mount("127.0.0.1:/200005", "/root", "nfs4"), Mount("/dev/nvme1n1", "/root", "ext4"))
    assert whereami(later).place is Environment.STUDIO


def test_reading() -> None:
    assert parse("127.0.0.1:/2 /home/my\\040space nfs4 rw 0 0") == (Mount("127.0.0.1:/2", "/home/my space", "nfs4"),)
    assert parse("/dev/nvme1n1    5.0G   74M  4.9G   2% /a b") == (Mount("/dev/nvme1n1", "/a b"),)
    assert parse("none  -  -  -  - /run/x") == (Mount("none", "/run/x"),)
    assert parse("Filesystem Size Used Avail Use% Mounted on\n\nhello\n") == ()


# --- the command


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """``say(*arguments, stdin=…, mounts=…)``: exit code, stdout, stderr. ``mounts`` stands for /proc/mounts."""

    def call(*arguments: str, stdin: str | None = None, mounts: str | None = EC2) -> tuple[int, str, str]:
        proc = tmp_path / "mounts"
        proc.unlink(missing_ok=True)
        if mounts is not None:
            proc.write_text(mounts, encoding="utf-8")
        monkeypatch.setattr(command, "_MOUNTS", proc)
        with open(os.devnull) as nobody:  # noqa: PTH123 — a stream, not a path
            monkeypatch.setattr(sys, "stdin", nobody if stdin is None else io.StringIO(stdin))
            code = run(["whereami", *arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_it_reads_its_own_mounts(say: Callable[..., tuple[int, str, str]]) -> None:
    assert say(mounts=STUDIO_MOUNTS) == (
        0, "The new Studio, on EBS.\nThe home lies on an EBS volume: /dev/nvme1n1 on /home/sagemaker-user.\n", "",
    )  # fmt: skip
    code, out, _ = say(mounts=CLASSIC_MOUNTS)
    assert (code, out.splitlines()[0]) == (0, "Studio Classic, on EFS.")
    code, out, _ = say(mounts=EC2)
    assert (code, out.splitlines()[0]) == (5, "Neither Studio Classic nor the new Studio.")
    code, out, _ = say(mounts=BOTH)
    assert (code, out.splitlines()[0]) == (5, "Cannot tell.")


def test_it_reads_a_file_and_stdin(say: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    saved = tmp_path / "df.txt"
    saved.write_text(CLASSIC_KERNEL_GATEWAY)
    assert say(str(saved))[1].startswith("Studio Classic")
    assert say("-", stdin=STUDIO_AUTO_MOUNT)[1].startswith("The new Studio")
    assert say(stdin=CLASSIC_JUPYTER_SERVER, mounts=STUDIO_MOUNTS)[1].startswith("Studio Classic")
    # Nothing was piped: a program that starts this one need not care.
    assert say(stdin="", mounts=STUDIO_MOUNTS)[1].startswith("The new Studio")


def test_it_says_when_there_is_nothing_to_read(say: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, out, err = say(mounts=None)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {tmp_path / 'mounts'}: cannot be read: No such file or directory\n")
    assert "df -h | auditor whereami" in err
    assert say("-", stdin="")[0] == 2
    assert say("-", stdin="nothing of the kind\n")[2].startswith("Error: stdin holds no list of mounted file systems\n")
    assert say(str(tmp_path))[0] == 2


def test_control_characters_do_not_reach_the_terminal(say: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = say("-", stdin="/dev/nvme1n1\x1b[31m /home/sagemaker-user ext4 rw 0 0\n")
    assert code == 0
    assert "\x1b" not in out


def _process(**options: Any) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "auditor", "whereami"]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=30, **options)


@pytest.mark.parametrize("text", [STUDIO_JUPYTERLAB, CLASSIC_JUPYTER_SERVER])
def test_a_real_pipe(text: str) -> None:
    done = _process(input=text)
    assert done.returncode == 0
    assert done.stdout.startswith("The new Studio" if text is STUDIO_JUPYTERLAB else "Studio Classic")


def test_a_pipe_that_nobody_writes_into_does_not_hang() -> None:
    read, write = os.pipe()
    try:
        done = _process(stdin=read)
    finally:
        os.close(read)
        os.close(write)
    assert done.returncode in (0, 2, 5)  # what this machine's own mounts say

"""Which Studio is this? Told from the file systems that a space has mounted.

What decides is the file system that the person's home lies on. Studio Classic keeps homes on the domain's EFS, which
shows as NFS from 127.0.0.1 or from fs-….efs.REGION.amazonaws.com; the new Studio gives each space an EBS volume, which
shows as /dev/nvme…. The new Studio may mount an EFS as well, below the home or elsewhere: that changes nothing.
Sources: developer guide, "Amazon EFS auto-mounting in Studio", "Custom file systems", "Migrate from Studio Classic".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: JupyterLab, Code Editor and Classic's JupyterServer; Classic's KernelGateway runs as root.
HOMES = ("/home/sagemaker-user", "/root")
#: Where the new Studio mounts an EFS beside its own volume: the domain's (auto-mount) and the customer's.
AUTO_MOUNT = "/home/sagemaker-user/user-default-efs"
CUSTOM_MOUNT = "/mnt/custom-file-systems"
NOTEBOOK_INSTANCE = "/home/ec2-user/SageMaker"

_EBS = re.compile(r"/dev/(nvme\d|xvd[a-z])")
_NFS = re.compile(r"(127\.0\.0\.1|localhost):/|fs-[0-9a-f]+|[^/]*efs")
_NFS_TYPES = ("nfs", "nfs4", "efs")
#: source target type options dump pass
_MOUNTS = re.compile(r"(?P<source>\S+) (?P<target>/\S*) (?P<type>\S+) \S+ \d+ \d+")
#: source on target type TYPE (options)
_MOUNT = re.compile(r"(?P<source>\S+) on (?P<target>/.*) type (?P<type>\S+) \(.*\)")
#: source [type] size used available use% target
_DF = re.compile(
    r"(?P<source>\S+)\s+(?:(?P<type>[a-z][\w.]*)\s+)?(?:[\d.,]+[A-Za-z]*|-)\s+(?:[\d.,]+[A-Za-z]*|-)\s+"
    r"(?:[\d.,]+[A-Za-z]*|-)\s+(?:\d+%|-)\s+(?P<target>/.*)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


class Environment(StrEnum):
    """Where the text was taken. ``NEITHER``: nothing speaks for Studio; ``UNKNOWN``: what speaks for it is no proof."""

    CLASSIC = "classic"
    STUDIO = "studio"
    NEITHER = "neither"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system; ``type`` is empty where the text does not say (``df -h``)."""

    source: str
    target: str
    type: str = ""

    @property
    def efs(self) -> bool:
        """Whether it is an EFS, as far as a mount shows: any NFS counts, since Studio mounts no other."""
        return self.type in _NFS_TYPES or bool(_NFS.match(self.source))

    @property
    def ebs(self) -> bool:
        return not self.efs and bool(_EBS.match(self.source))

    def __str__(self) -> str:
        return f"{self.source} on {self.target}"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The answer: ``because`` are sentences, the deciding one first."""

    place: Environment
    because: tuple[str, ...]


def parse(text: str) -> tuple[Mount, ...]:
    """The mounts of a text: /proc/mounts, ``mount``, ``df -h``, ``df -hT``. Lines that are none are passed over."""
    mounts = []
    # df breaks a line after a long source.
    joined = re.sub(r"^(\S+)[ \t]*\n[ \t]+(?=\S)", r"\1 ", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    for line in joined.split("\n"):
        for form in (_MOUNTS, _MOUNT, _DF):
            found = form.fullmatch(line.strip())
            if found:
                target = _OCTAL.sub(lambda m: chr(int(m[1], 8)), found["target"])
                mounts.append(Mount(found["source"], target.rstrip("/") or "/", found["type"] or ""))
                break
    return tuple(mounts)


def whereami(mounts: Sequence[Mount]) -> Whereabouts:
    """Which Studio has these mounts."""
    # What is mounted last at a place is what one sees there.
    homes = {m.target: m for m in mounts if m.target in HOMES and (m.efs or m.ebs)}
    volumes = [m for m in homes.values() if m.ebs]
    shared = [m for m in homes.values() if m.efs]
    beside = tuple(m for m in mounts if m.efs and m.target not in homes)
    below = [m for m in beside if m.target.startswith(tuple(f"{home}/" for home in HOMES))]
    if volumes and shared:
        return Whereabouts(
            Environment.UNKNOWN,
            (f"One home lies on EBS ({volumes[0]}), another on EFS ({shared[0]}): no Studio does that.",),
        )
    if volumes:
        because = (f"The home lies on an EBS volume: {volumes[0]}.", *map(_beside, beside))
        return Whereabouts(Environment.STUDIO, because)
    if shared:
        because = (f"The home lies on EFS: {shared[0]}.", *(f"Also mounted: {m}." for m in beside))
        return Whereabouts(Environment.CLASSIC, because)
    own = [m for m in beside if _is_under(m.target, AUTO_MOUNT) or _is_under(m.target, CUSTOM_MOUNT)]
    if own:
        return Whereabouts(
            Environment.UNKNOWN,
            (
                f"{own[0]}: there the new Studio mounts an EFS beside the home, but the list lacks the home itself.",
                "Give the whole list: df -h, without a filter.",
            ),
        )
    if below:
        return Whereabouts(
            Environment.CLASSIC, (f"EFS is mounted in the home, and no EBS volume under it: {below[0]}.",)
        )
    return Whereabouts(Environment.NEITHER, (_neither(mounts),))


def _is_under(target: str, folder: str) -> bool:
    return target == folder or target.startswith(f"{folder}/")


def _beside(mount: Mount) -> str:
    if _is_under(mount.target, AUTO_MOUNT):
        kind = "the domain's EFS, auto-mounted beside it"
    elif _is_under(mount.target, CUSTOM_MOUNT):
        kind = "a custom file system beside it"
    else:
        kind = "an EFS beside it"
    return f"There is {kind} ({mount}); that is still the new Studio."


def _neither(mounts: Sequence[Mount]) -> str:
    if any(_is_under(m.target, NOTEBOOK_INSTANCE) for m in mounts):
        return f"{NOTEBOOK_INSTANCE} is mounted: this is a SageMaker notebook instance, which belongs to no Studio."
    return f"Neither an EBS volume nor an EFS is mounted at {' or '.join(HOMES)}, where Studio has people's homes."

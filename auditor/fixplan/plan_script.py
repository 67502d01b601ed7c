"""The plan as a script for a POSIX shell: the AWS CLI changes, python3 compares, nothing else is needed.

Every resource is looked at before it is changed. It is changed where it is as the audit saw it, skipped where the step
was run already, and otherwise the script stops, before that resource and all that come after it. AWS answers a call
that updates something of Studio before the update is made, and refuses the next one until then, so the script waits.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.fixplan.plan_steps import CREATED, Request, Step
from auditor.inert_text import one_line
from auditor.model.snapshot import GLOBAL
from auditor.studio.partitions import home_region

#: The digest of what a look gives, for a script and a runbook. AWS writes the mode of session names unasked, and STATIC
#: is the same as none (API_StudioWebPortalSettings), so that it tells no two states apart. When a resource was made is
#: said in seconds, in UTC or as the clock of whoever runs the script says, by the AWS CLI's version and configuration
#: (cli_timestamp_format). No quote stands in it.
DIGEST = """\
def second(value):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    return int(value)

def plain(value):
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {n: plain(v) for n, v in value.items() if (n, v) != ("ExecutionRoleSessionNameMode", "STATIC")}
    if kept.get("CreationTime") is not None:
        kept["CreationTime"] = second(kept["CreationTime"])
    return {n: v for n, v in kept.items() if (n, v) != ("StudioWebPortalSettings", dict())}

def digest(value):
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
"""
_HEAD = """\
#!/bin/sh
# {title}
# Run it with credentials of account {account} that may make these calls. It stops at the first resource that is not as
# the audit saw it, and can be run again: what is done already is skipped. ./{name} --check only looks.
set -eu
CHECK=${{1:-}}
case $#$CHECK in 0 | 1--check) ;; *) echo "./{name} takes --check, or nothing" >&2; exit 2 ;; esac
CDPATH='' cd -- "$(dirname -- "$0")"
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
command -v python3 >/dev/null || {{ echo "python3 is needed to compare" >&2; exit 2; }}
found=$(aws sts get-caller-identity --query Account --output text)
[ "$found" = {account} ] || {{ echo "these are credentials of account $found, not of {account}" >&2; exit 2; }}

# SHA-256 of JSON on stdin, whatever the order of its members.
digest() {{
  python3 -c 'import datetime, hashlib, json, sys
{digest}
print(digest(json.load(sys.stdin)))'
}}

# state SERVICE OPERATION ...: the digest of what is there now; "gone" where there is nothing.
state() {{
  if answer=$(aws "$@" --output json 2>"$errors"); then printf '%s' "$answer" | digest
  elif grep -Eq 'An error occurred.*(ResourceNotFound|NoSuchEntity|does not exist)' "$errors"; then echo gone
  else cat "$errors" >&2; return 1; fi
}}

# settled SERVICE OPERATION ...: the status of a resource and why it failed, once AWS no longer changes it.
settled() {{
  looks=0
  while :; do
    if ! status=$(aws "$@" --query '[Status, FailureReason]' --output text 2>"$errors"); then
      grep -Eq 'An error occurred.*(ResourceNotFound|does not exist)' "$errors" && return 0
      cat "$errors" >&2; return 1
    fi
    case $status in Pending* | Updating* | Deleting*) ;; *) printf '%s' "$status"; return 0 ;; esac
    looks=$((looks + 1))
    [ "$looks" -lt {looks} ] || {{ echo "stopped: still $status" >&2; return 1; }}
    sleep {pause}
  done
}}

# say WORD ...: a line as it is; echo reads backslashes in some shells.
say() {{
  printf '%s\\n' "$*"
}}

# made WHAT STATUS: stops where AWS took a call and could not carry it out.
made() {{
  case $2 in Failed* | Update_Failed* | Delete_Failed*) say "stopped: $1: AWS says: $2" >&2; exit 1 ;; esac
}}

# step WHAT NOW BEFORE AFTER BETWEEN...: whether to make the change. BETWEEN: where an interrupted one may have ended.
# BEFORE and AFTER may be several states that are the same, in one word.
step() {{
  what=$1 now=$2 before=$3 after=$4
  shift 4
  case " $after " in *" $now "*) done=1 ;; *) done='' ;; esac
  if [ "$done" ]; then say "done already: $what"; return 1; fi
  case " $before $* " in *" $now "*) ;; *)
    say "stopped: $what: it is not as it was when it was audited. Audit again and make a new plan." >&2; exit 3 ;;
  esac
  if [ "$CHECK" = --check ]; then say "would change: $what"; return 1; fi
  say "$what"
}}
"""
#: What a look gives where there is nothing.
GONE = "gone"
#: Seconds between two looks at a resource that AWS changes, and how many looks: an app takes some minutes to start.
PAUSE, LOOKS = 5, 120


@dataclass(frozen=True, slots=True)
class Script:
    """``text`` of the script, and the files that its calls read, by name."""

    text: str
    inputs: Mapping[str, str]


def apply_script(account: str, steps: Sequence[Step]) -> Script:
    """The script that makes the changes. ``account``: digits only."""
    return _script("apply.sh", "Makes the changes of plan.md, in its order.", account, apply_blocks(steps))


def back_script(account: str, steps: Sequence[Step]) -> Script:
    """The script that undoes what can be undone, the last change first."""
    return _script("back.sh", "Undoes the changes of plan.md, the last one first.", account, back_blocks(steps))


@dataclass(frozen=True, slots=True)
class Block:
    """A step one way: what is there before, and after (None: nothing), and between its calls, each of which may be made
    again."""

    step: Step
    what: str
    before: Any
    after: Any
    requests: tuple[Request, ...]
    between: tuple[Any, ...] = ()
    back: bool = False

    @property
    def query(self) -> str:
        """Of the look's answer."""
        look = self.step.look
        return (look.query_back if self.back else "") or look.query

    def digests(self, value: Any) -> tuple[str, ...]:
        """What a look may give for ``before`` or ``after``."""
        look = self.step.look
        if value is None and self.step.removes:
            return (GONE,)
        return (digest(value), GONE) if look.forgotten and value == look.after else (digest(value),)

    @property
    def region(self) -> str:
        """Where its calls are made: of what lies in no Region, where the partition answers for it."""
        region, id_ = self.step.key[1], self.step.key[3]
        return home_region(id_) if region == GLOBAL else region


def apply_blocks(steps: Sequence[Step]) -> list[Block]:
    """The steps in their order, each as it makes its change."""
    return [Block(s, s.what, s.look.before, None if s.removes else s.look.after, (s.request,)) for s in steps]


def back_blocks(steps: Sequence[Step]) -> list[Block]:
    """Those that can be undone, the last first, each as it undoes its change."""
    return [
        Block(s, f"back: {s.what}", s.look.after, s.look.restored, s.back, s.look.between, back=True)
        for s in reversed(steps)
        if s.back
    ]


def _script(name: str, title: str, account: str, blocks: Sequence[Block]) -> Script:
    inputs: dict[str, str] = {}
    lines = [_HEAD.format(title=title, account=account, name=name, digest=DIGEST, pause=PAUSE, looks=LOOKS)]
    for number, block in enumerate(blocks, 1):
        lines += _lines(f"{name.removesuffix('.sh')}-{number:04}", block, inputs)
    return Script("\n".join([*lines, ""]), inputs)


def _lines(name: str, block: Block, inputs: dict[str, str]) -> Iterator[str]:
    look, region = block.step.look, shlex.quote(block.region)
    seen = _input(f"{name}-look", look.request, inputs)
    # A comment ends with its line, whatever stands in a name.
    what = one_line(block.what)
    before, after = (shlex.quote(" ".join(block.digests(value))) for value in (block.before, block.after))
    between = "".join(f" {digest(one)}" for one in block.between)
    looking = f"{look.request.service} {look.request.operation} --region {region} --cli-input-json file://{seen}"
    yield f"# {what}  ({', '.join(block.step.origins)})"
    if look.settles:
        yield f"status=$(settled {looking})"
    yield f"now=$(state {looking} --query {shlex.quote(block.query)})"
    yield f'if step {shlex.quote(what)} "$now" {before} {after}{between}; then'
    for part, request in enumerate(block.requests):
        file = _input(f"{name}-{part}" if part else name, request, inputs)
        yield f"  aws {request.service} {request.operation} --region {region} --cli-input-json file://{file} >/dev/null"
    if look.settles:
        yield f"  status=$(settled {looking})"
        yield f'  made {shlex.quote(what)} "$status"'
    yield "fi"
    yield ""


def _input(name: str, request: Request, inputs: dict[str, str]) -> str:
    file = f"calls/{name}.json"
    inputs[file] = json.dumps(request.input, indent=2, ensure_ascii=True) + "\n"
    return file


def digest(value: Any) -> str:
    """The digest that the script makes of the same JSON: see ``DIGEST``."""
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    kept = {n: _plain(v) for n, v in value.items() if (n, v) != ("ExecutionRoleSessionNameMode", "STATIC")}
    if kept.get(CREATED) is not None:
        kept[CREATED] = _second(kept[CREATED])
    return {n: v for n, v in kept.items() if (n, v) != ("StudioWebPortalSettings", {})}


def _second(value: Any) -> int:
    return int(datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value)

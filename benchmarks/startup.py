"""How fast the command line answers: auditor --help, auditor rules list, beside a bare interpreter."""

from __future__ import annotations

import sys

from measure import auditor, machine, seconds


def main() -> None:
    print(f"# start-up ({machine()})")
    bare = seconds([sys.executable, "-c", "pass"])
    print(f"python -c pass       {bare:6.3f} s")
    for arguments, limit in ((("--help",), 0.3), (("rules", "list"), 0.6)):
        taken = seconds(auditor(*arguments))
        print(f"auditor {' '.join(arguments):12} {taken:6.3f} s  (aim: {limit} s)  {taken / bare:.1f} x bare Python")


if __name__ == "__main__":
    main()

"""Format, lint and types of the report's scripts, by Node.js: prettier, ESLint and TypeScript over their JSDoc.

Without Node.js nothing is checked, and this says so; with AUDITOR_REQUIRE_NODE set, as CI has it, that is a failure.
The tools are installed into node_modules as package-lock.json pins them; --install does no more than that, for tests
that use one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def installed(lock: Path, ready: Path) -> bool:
    """Whether what the lock file pins has been installed since the file was changed."""
    return ready.exists() and ready.stat().st_mtime >= lock.stat().st_mtime


def main() -> int:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        required = bool(os.environ.get("AUDITOR_REQUIRE_NODE"))
        print(f"{'Failed' if required else 'Skipped'}: the report's scripts need Node.js and npm to be checked.")
        return int(required)
    if not installed(ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"):
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(install, cwd=ROOT, check=True)  # noqa: S603 npm, by its path
    if "--install" in sys.argv[1:]:
        return 0
    return subprocess.run([npm, "run", "--silent", "check"], cwd=ROOT, check=False).returncode  # noqa: S603 npm


if __name__ == "__main__":
    sys.exit(main())

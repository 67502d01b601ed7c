"""Pictures of the report for README, taken in Chromium from the demo. ``make docs`` calls this."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str | None:
    """The browser to use: AUDITOR_CHROMIUM, or the one that the system has."""
    return os.environ.get("AUDITOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def main(report: str, picture: str) -> None:
    browser = chromium()
    if browser is None:
        sys.stdout.write("no Chromium: the picture was left as it is\n")
        return
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=FLAGS).new_page(
            viewport={"width": 1280, "height": 1180}
        )
        page.goto(Path(report).resolve().as_uri())
        page.screenshot(path=picture)
    sys.stdout.write(f"{picture} written\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])

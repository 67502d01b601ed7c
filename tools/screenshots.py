"""Pictures of the report for README, taken in Chromium from the demo. ``make docs`` calls this.

``python tools/screenshots.py REPORT FOLDER`` writes the first screen and a finding, each light and dark.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZE = {"width": 1200, "height": 760}


def chromium() -> str | None:
    """The browser to use: AUDITOR_CHROMIUM, or the one that the system has."""
    return os.environ.get("AUDITOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def finding(page: Page) -> None:
    """One finding beside the list: one that many profiles inherit, so that its origin says something."""
    page.fill("#q", "STU704")
    page.locator(".vt-body .vt-row:visible").first.click()
    page.wait_for_timeout(200)


def main(report: str, folder: str) -> None:
    browser = chromium()
    if browser is None:
        sys.stdout.write("no Chromium: the pictures were left as they are\n")
        return
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        for scheme, ending in (("light", ""), ("dark", "-dark")):
            page = running.new_context(viewport=SIZE, color_scheme=scheme).new_page()
            page.goto(Path(report).resolve().as_uri())
            page.wait_for_selector("html.ready")
            page.screenshot(path=Path(folder) / f"report{ending}.png")
            finding(page)
            page.screenshot(path=Path(folder) / f"report-finding{ending}.png")
            page.close()
        running.close()
    sys.stdout.write(f"{folder}/report*.png written\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])

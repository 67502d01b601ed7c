"""Chromium for the browser tests, or a reason to skip them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from auditor.model.finding import Finding, State
from auditor.model.report import Report

#: States of what is listed when no state is asked for.
CURRENT = (None, State.NEW, State.OPEN, State.REGRESSED)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str:
    """Path of the browser; skips without one, or fails where AUDITOR_REQUIRE_BROWSER is set."""
    found = os.environ.get("AUDITOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("AUDITOR_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@cache
def _started() -> tuple[Any, Any]:
    """Playwright and the browser, which takes longer to start than most tests take."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    playwright = sync_playwright().start()
    return playwright, playwright.chromium.launch(executable_path=path, args=FLAGS)


def close() -> None:
    """End the browser, if it was started."""
    if _started.cache_info().currsize:
        playwright, browser = _started()
        _started.cache_clear()
        browser.close()
        playwright.stop()


@contextmanager
def opened(path: Path, fragment: str = "", **settings: Any) -> Iterator[Any]:
    """The file in a fresh page, its data unpacked where script runs; ``page.problems`` collects console messages,
    errors and requests beyond the file. The browser is shared; cookies, storage and permissions are the page's own."""
    _, browser = _started()
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
    try:
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.split("#")[0].split("?")[0] == path.as_uri() or r.url.startswith("blob:")
                else problems.append(f"request: {r.url}")
            ),
        )
        page.problems = problems
        visit(page, path, fragment)
        yield page
    finally:
        context.close()


def visit(page: Any, path: Path, fragment: str = "") -> None:
    """Open the file anew at an address, as somebody does who was sent it."""
    page.goto("about:blank")
    page.goto(path.as_uri() + fragment)
    if page.evaluate("document.documentElement.classList.contains('scripted')"):
        page.wait_for_selector("html.ready")


def listed(page: Any) -> int:
    """How many findings the list says that it has."""
    return int(page.locator("#findings .vt").get_attribute("aria-rowcount")) - 1


def expect_listed(page: Any, number: int) -> None:
    expect(page.locator("#findings .vt")).to_have_attribute("aria-rowcount", str(number + 1))


def current(report: Report, fits: Callable[[Finding], bool] = lambda f: True) -> int:
    """Findings that are listed when no state is asked for."""
    return sum(f.state in CURRENT and fits(f) for f in report.findings)


def address(page: Any) -> str:
    page.wait_for_timeout(350)
    found: str = page.evaluate("location.hash")
    return found

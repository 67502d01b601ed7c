"""report.html in Chromium: size, time to open, time of a keystroke in the filter; beside prowler's page where it is.

``python benchmarks/html_report.py [--prowler PYTHON]``. PYTHON is the interpreter of an environment of its own that has
prowler; its own HTML class then writes as many findings, which the same browser opens. The medians of five runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import ROOT, machine

sys.path.insert(0, str(ROOT))
from auditor.report.html_format import render
from playwright.sync_api import sync_playwright
from tests.report.browser import FLAGS, chromium
from tests.report.estate import large

SIZES = (1_000, 10_000, 100_000)
RUNS = 5
TYPED = "grace hopper"
#: From the start of the navigation: the first screen is painted; the whole list can be filtered.
OPENED = """() => new Promise((done) => {
  const paint = () => (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: NaN}).startTime;
  const wait = () => document.documentElement.matches('.ready, :not(.scripted)') && document.readyState === 'complete'
    ? requestAnimationFrame(() => setTimeout(() => done([paint(), performance.now()]))) : setTimeout(wait, 5);
  wait();
})"""
#: The browser's own figure for each key: from the event to the next frame, in steps of 8 ms.
WATCH = """() => { window.seen = [];
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (e.name === 'keydown') seen.push(e.duration); })
    .observe({ type: 'event', durationThreshold: 16, buffered: false }); }"""
PROWLER = Path(__file__).with_name("prowler_html.py")


def opened(browser: Any, path: Path) -> tuple[float, float]:
    """Milliseconds to the first paint, and until everything is there."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri(), timeout=600_000)
    paint, ready = page.evaluate(OPENED)
    page.close()
    return paint, ready


def keystrokes(browser: Any, path: Path) -> list[float]:
    """Milliseconds of each key typed into the filter; keys quicker than 16 ms count as 16."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{path.as_uri()}#findings")
    page.wait_for_selector("html.ready")
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    page.focus("#q")
    for key in TYPED:
        page.keyboard.press("Space" if key == " " else key)
        page.wait_for_timeout(150)
    page.wait_for_timeout(300)
    taken: list[float] = page.evaluate("seen")
    page.close()
    return taken + [16.0] * (len(TYPED) - len(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prowler", metavar="PYTHON", help="interpreter of an environment that has prowler")
    prowler = parser.parse_args().prowler
    print(f"# report.html ({machine()})")
    print(f"{'findings':>9}  {'written':>8}  {'size':>8}  {'painted':>8}  {'ready':>8}  {'key, median':>11}  {'worst':>6}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for number in SIZES:
            report = large(number)
            path = Path(folder) / f"{number}.html"
            begun = time.perf_counter()
            with path.open("w", encoding="utf-8") as out:
                out.writelines(render(report))
            written = time.perf_counter() - begun
            runs = [opened(browser, path) for _ in range(RUNS)]
            keys = keystrokes(browser, path)
            print(
                f"{number:>9,}  {written:>6.1f} s  {path.stat().st_size / 1e6:>5.1f} MB"
                f"  {statistics.median(r[0] for r in runs):>5.0f} ms  {statistics.median(r[1] for r in runs):>5.0f} ms"
                f"  {statistics.median(keys):>8.0f} ms  {max(keys):>3.0f} ms"
            )
        if prowler:
            print("\n# prowler's HTML for as many findings")
            for number in SIZES:
                path = Path(folder) / f"prowler-{number}.html"
                subprocess.run([prowler, str(PROWLER), str(path), str(number)], check=True, capture_output=True)
                size = path.stat().st_size / 1e6
                runs = [opened(browser, path) for _ in range(1 if number == SIZES[-1] else RUNS)]
                paint, ready = (statistics.median(r[n] for r in runs) for n in (0, 1))
                print(f"{number:>9,}  {'':>8}  {size:>5.1f} MB  {paint:>5.0f} ms  {ready:>5.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()

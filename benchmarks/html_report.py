"""report.html in Chromium: size, time to open, time of a keystroke in the filter; beside prowler's page where it is.

``python benchmarks/html_report.py [--prowler PYTHON --scripts DIR]``. PYTHON is the interpreter of an environment of
its own that has prowler; its own HTML class then writes as many findings, which the same browser opens. Its page loads
scripts from the net: DIR holds them under the last part of their addresses, and is served in the net's place. Medians
of five runs; prowler's greatest page is opened once.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import ROOT, machine

sys.path.insert(0, str(ROOT))
from playwright.sync_api import Error, sync_playwright

from auditor.report.html_format import render
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
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (e.name === 'keydown') seen.push(e.duration)
  }).observe({ type: 'event', durationThreshold: 16 }); }"""
PROWLER = Path(__file__).with_name("prowler_html.py")


class Tab:
    """A fresh tab. ``scripts`` are served for what the page asks of the net."""

    def __init__(self, browser: Any, scripts: Path | None) -> None:
        self._browser, self._scripts = browser, scripts

    def __enter__(self) -> Any:
        self._page = self._browser.new_page(viewport={"width": 1280, "height": 900})
        self._page.set_default_timeout(600_000)
        if self._scripts:
            self._page.route(re.compile("^https:"), self._serve)
        return self._page

    def __exit__(self, *_: object) -> None:
        self._page.close()

    def _serve(self, route: Any) -> None:
        assert self._scripts is not None
        file = self._scripts / route.request.url.rsplit("/", 1)[-1]
        if file.is_file():
            route.fulfill(path=file, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.abort()


def opened(browser: Any, path: Path, scripts: Path | None = None) -> tuple[float, float]:
    """Milliseconds to the first paint, and until everything is there."""
    with Tab(browser, scripts) as page:
        page.goto(path.as_uri())
        paint, ready = page.evaluate(OPENED)
    return paint, ready


def keystrokes(browser: Any, path: Path, box: str = "#q", scripts: Path | None = None) -> list[float]:
    """Milliseconds of each key typed into the filter; keys quicker than 16 ms count as 16."""
    with Tab(browser, scripts) as page:
        page.goto(f"{path.as_uri()}#findings")
        page.evaluate(OPENED)
        page.wait_for_timeout(500)
        page.evaluate(WATCH)
        page.focus(box)
        for key in TYPED:
            page.keyboard.press("Space" if key == " " else key)
            page.wait_for_timeout(150)
        page.wait_for_timeout(300)
        taken: list[float] = page.evaluate("seen")
    return taken + [16.0] * (len(TYPED) - len(taken))


def line(number: int, written: float, path: Path, runs: list[tuple[float, float]], keys: list[float]) -> str:
    paint, ready = (statistics.median(run[n] for run in runs) for n in (0, 1))
    typed = f"{statistics.median(keys):>8.0f} ms  {max(keys):>6.0f} ms" if keys else ""
    size = path.stat().st_size / 1e6
    return f"{number:>9,}  {written:>6.1f} s  {size:>5.1f} MB  {paint:>6.0f} ms  {ready:>6.0f} ms  {typed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prowler", metavar="PYTHON", help="interpreter of an environment that has prowler")
    parser.add_argument("--scripts", metavar="DIR", type=Path, help="what prowler's page loads from the net")
    arguments = parser.parse_args()
    print(f"# report.html ({machine()})")
    print(
        f"{'findings':>9}  {'written':>8}  {'size':>8}  {'painted':>9}  {'ready':>9}  {'key, median':>11}  {'worst':>9}"
    )
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
            print(line(number, written, path, runs, keystrokes(browser, path)))
        for number in SIZES if arguments.prowler else ():
            if number == SIZES[0]:
                print("\n# prowler's HTML for as many findings")
            path = Path(folder) / f"prowler-{number}.html"
            begun = time.perf_counter()
            subprocess.run([arguments.prowler, str(PROWLER), str(path), str(number)], check=True, capture_output=True)
            written = time.perf_counter() - begun
            keys: list[float] = []
            try:
                times = 1 if number == SIZES[-1] else RUNS
                runs = [opened(browser, path, arguments.scripts) for _ in range(times)]
                if arguments.scripts:
                    keys = keystrokes(browser, path, ".dataTables_filter input", arguments.scripts)
            except Error as problem:
                print(f"{number:>9,}  {path.stat().st_size / 1e6:.1f} MB: {str(problem).splitlines()[0]}")
                continue
            print(line(number, written, path, runs, keys))
        browser.close()


if __name__ == "__main__":
    main()

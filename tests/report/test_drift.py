"""How templates and an account differ, in the reports: grouped, escaped, of a sane size, whole in report.json."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from auditor.cli.summary import LINES, summary
from auditor.errors import ExitCode
from auditor.model.drift import Value
from auditor.model.report import Report
from auditor.report import json_format
from auditor.report.drift_view import drift_view, label, value_words, who
from auditor.report.markdown_format import LIMIT
from auditor.report.render import Format, render

from . import drifts
from .browser import opened, visit
from .estate import large
from .handmade import everything
from .samples import HOSTILE, hostile
from .test_accessibility import axe_complaints
from .test_html import SCRIPTED, page_of
from .test_markdown import _page


def of(report: Report, number: int = 0) -> Report:
    return replace(report, drift=drifts.huge(number) if number else drifts.everything())


def text(report: Report, form: Format) -> str:
    return "".join(render(report, form))


class TestView:
    def test_what_is_alike_is_one_row(self) -> None:
        view = drift_view(drifts.everything())
        landing = next(g for g in view.disagreements if g.setting.endswith("DefaultLandingUri"))
        assert (landing.count, landing.template, landing.account) == (2, "studio::", "app:JupyterServer:")
        assert [d.line for d in landing.examples] == [5, 11]
        assert [(g.type, g.count, g.stack, g.certain) for g in view.only] == [
            ("domain", 1, "", True), ("user_profile", 1, "other-stack", True), ("user_profile", 1, "", False),
            ("space", 1, "", True),
        ]  # fmt: skip
        assert [g.setting for g in view.open_] == ["KmsKeyId", "VpcId"]

    def test_ten_thousand_alike_are_one_row_with_a_few_examples(self) -> None:
        view = drift_view(drifts.huge(10_000))
        assert [(g.count, len(g.examples)) for g in view.only] == [(10_000, 5)]
        assert view.disagreements[0].count == 10_000

    def test_numbers_in_words(self) -> None:
        view = drift_view(drifts.everything())
        assert view.phrases == (
            "4 settings disagree", "3 live resources are in no template", "1 live resource may be in a template",
            "1 resource is not deployed", "1 resource could not be matched", "2 settings could not be compared",
        )  # fmt: skip
        assert view.base == "3 resources on both sides, 12 settings compared"

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            (Value("Enabled"), "Enabled"),
            (Value(["a", "b"]), "[a, b]"),
            (Value([{"RepositoryUrl": "https://x"}]), "[https://x]"),
            (Value([]), "[]"),
            (Value(0), "0"),
            (Value(""), '""'),
            (Value(True), "set"),
            (Value("Enabled", set=False), "not set (Enabled applies)"),
            (Value(None, set=False), "not set"),
            (Value((), set=False), "not set"),
            (Value(False, set=False), "not set"),
            (Value(5, set=False), "not set (5 applies)"),
        ],
    )
    def test_values(self, value: Value, says: str) -> None:
        assert value_words(value) == says

    def test_who_made_it(self) -> None:
        domain, _, _, lab = drifts.everything().live_only
        assert who(domain) == "created 2025-01-01, owner Jane Roe"
        assert who(lab) == "of profile ana"
        app = replace(lab.resource, type="app", id="d-1/space/lab/JupyterLab/default", name="default")
        assert label(app) == "space/lab/JupyterLab/default"


class TestJson:
    @pytest.mark.parametrize("made", [drifts.everything(), drifts.huge(50), None])
    def test_fits_its_schema(self, made: object) -> None:
        report = replace(large(20), drift=made)  # type: ignore[arg-type]
        jsonschema.validate(json.loads(text(report, Format.JSON)), json_format.schema())

    def test_holds_every_resource(self) -> None:
        found = json.loads(text(of(everything(), 10_000), Format.JSON))["drift"]
        assert len(found["live_only"]) == found["summary"]["live_only"] == 10_000
        assert found["live_only"][9]["owner"] == "owner-9"
        assert len(found["disagreements"]) == 20_000

    def test_says_what_a_side_does_not_set(self) -> None:
        found = json.loads(text(of(everything()), Format.JSON))["drift"]
        assert found["disagreements"][2]["template_value"] == {"value": "Disabled", "set": True}
        assert found["disagreements"][2]["account_value"] == {"value": "Enabled", "set": False}
        assert found["disagreements"][2]["template"] == {
            "root": "stack.yaml", "id": "ana", "file": "stack.yaml", "line": 3, "construct": "",
        }  # fmt: skip


class TestTerminal:
    def printed(self, report: Report, code: ExitCode) -> list[str]:
        out = StringIO()
        written = [Path(f"report.{n}") for n in range(8)]
        Console(file=out, width=110, highlight=False).print(summary(report, code, written, "store"))
        return out.getvalue().splitlines()

    def test_one_screen_with_all_else(self) -> None:
        gaps = tuple(replace(everything().gaps[0], operation=f"Operation{n}") for n in range(50))
        full = replace(hostile(of(large(300), 300)), gaps=gaps)
        lines = self.printed(full, ExitCode.FINDINGS)
        assert len(lines) <= LINES
        assert "Compared with the account: 600 settings disagree, 300 live resources are in no template" in lines
        assert not {"\x1b", "\u202e", "\x02"} & set("".join(lines))

    def test_disagreements_come_before_what_no_template_defines(self) -> None:
        few = replace(of(everything()), findings=(), root_causes=(), gaps=(), past=(), waivers=(), previous=None)
        text = "\n".join(self.printed(few, ExitCode.OK))
        assert "the snapshot is incomplete: 123456789012/eu-west-1: the list of apps is not complete" in text
        assert (
            "stack.yaml:5 2 resources: UserSettings.DefaultLandingUri: template studio::, account app:Jupyter" in text
        )
        assert text.index("UserSettings.SecurityGroups") < text.index("in no template: 1 domain: d-2")
        assert "1 resource is not deployed" in text

    def test_without_one_there_is_no_trace(self) -> None:
        assert "Beside" not in "\n".join(self.printed(everything(), ExitCode.OK))


class TestMarkdown:
    def test_rows(self) -> None:
        page = text(of(everything()), Format.MARKDOWN)
        assert "**Compared with the account** (`live.jsonl`): 4 settings disagree" in page
        assert "The snapshot is incomplete" in page
        assert "| `UserSettings.AutoMountHomeEFS` | `Disabled` | `not set (Enabled applies)` |" in page
        assert (
            "| `UserSettings.DefaultLandingUri` | `studio::` | `app:JupyterServer:` | 2 of type user profile |" in page
        )
        assert "broken.yaml could not be read and may define it" in page

    def test_fits_a_comment(self) -> None:
        page = text(of(everything(), 10_000), Format.MARKDOWN)
        assert len(page) <= LIMIT
        assert "Left out here" in page

    def test_the_rest_of_the_page_has_room(self) -> None:
        """Findings are what the page is for: a large drift leaves most of it to them."""
        page = text(of(large(2000), 10_000), Format.MARKDOWN)
        assert page.count("`STU") > 100

    def test_hostile_text_is_inert(self) -> None:
        page = _page(hostile(of(everything())))
        assert not {"img", "script", "a"} & set(page.tags)
        assert not any("\u202e" in t or "\x1b" in t for t in page.text + page.codes)


class TestHtml:
    def test_links_and_ids(self) -> None:
        page = page_of(of(large(200)))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids))
        targets = {str(a["href"])[1:] for tag, a in page.tags if tag == "a" and str(a["href"]).startswith("#")}
        assert "drift" in targets
        assert {t for t in targets if not t.startswith(SCRIPTED)} <= set(ids)

    def test_says_everything_without_its_script(self) -> None:
        words = page_of(of(large(200))).text
        for said in ("Compared with the account", "UserSettings.AutoMountHomeEFS", "not set (Enabled applies)",
                     "stack.yaml:5", "may be defined",
                     "broken.yaml could not be read and may define it", "owner Jane Roe",
                     "other-stack", "its UserProfileName is not known: ${Name}", "KmsKeyId",
                     "the list of apps is not complete",
                     "4 resources in domains of SageMaker Unified Studio left aside"):  # fmt: skip
            assert said in words

    def test_hostile_text_is_inert(self) -> None:
        page = page_of(hostile(of(large(50))))
        assert not [tag for tag, _ in page.tags if tag == "img"]
        assert sum(tag == "script" for tag, _ in page.tags) == 2
        assert not set("\u202e\x1b\x02") & set("".join(page.data))

    def test_a_large_drift_keeps_the_page_small(self) -> None:
        """Ten thousand profiles are a row; of ten thousand rows the first few hundred are shown, and the rest named."""
        report = large(200)
        page = text(of(report, 10_000), Format.HTML)
        assert len(page) - len(text(report, Format.HTML)) < 1_000_000
        assert "9,701 more rows in report.json" in page

    def test_without_one_there_is_no_trace(self) -> None:
        page = page_of(large(50))
        assert "Compared with the account" not in page.text
        assert not [a for _, a in page.tags if "drift" in str(a.get("id")) or a.get("href") == "#drift"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drift") / "report.html"
    file.write_text(text(of(large(40), 80), Format.HTML), encoding="utf-8")
    return file


@pytest.mark.browser
class TestInTheBrowser:
    @pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("light", 360), ("dark", 1280)])
    def test_accessible(self, path: Path, scheme: str, width: int) -> None:
        with opened(path, "#drift", color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
            assert axe_complaints(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            visit(page, path)
            assert page.locator("#drift-card").is_visible()
            assert page.problems == []

    def test_hostile_text_does_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "report.html"
        file.write_text(text(hostile(of(large(20))), Format.HTML), encoding="utf-8")
        with opened(file, "#drift") as page:
            assert HOSTILE.split("\u202e")[0] in page.locator("#drift").inner_text()
            assert page.locator("main img, main script").count() == 0
            assert page.problems == []

    def test_reached_from_the_first_screen(self, path: Path) -> None:
        with opened(path) as page:
            page.click("text=Which, and where")
            assert page.locator("#drift-title").is_visible()
            assert page.locator("#overview").is_hidden()

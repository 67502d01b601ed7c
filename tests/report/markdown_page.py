"""Markdown as a reader sees it: rendered as GitHub renders it, taken apart into its texts, codes and cells."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

#: What GitHub links in rendered text outside code: people and teams, issues, addresses.
LINKED = re.compile(r"(?<!\w)@\w|(?<!\w)#\d|\bGH-\d|://|\bwww\.|\w@\w", re.IGNORECASE)


class MarkdownPage(HTMLParser):
    """Text outside code, code, and tags of the rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.codes: list[str] = []
        self.cells: list[list[str]] = []
        self._inside = self._in_cell = False
        # The preset also turns bare addresses into links, as GitHub does, and lets HTML through, as nobody should.
        self.feed(MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = self._inside or tag == "code"
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._inside = False
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        (self.codes if self._inside else self.text).append(data)
        if self._in_cell:
            self.cells[-1][-1] += data

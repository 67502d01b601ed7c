"""Where a text stops being HCL: tree-sitter says that there is a fault, and spreads it over what surrounds it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import LogType, Parser
    from tree_sitter import Node as Tree

#: The line is worth so long. A file that is nothing but faults has no first one that matters.
_SECONDS = 1.0
_PIECE = 1 << 16
_AT = re.compile(r"row:(\d+), col:(\d+)")


def first_error(parser: Parser, source: bytes) -> int | None:
    """The line at which the parser found no way to go on, None where that takes too long.

    The parser's log tells: it tries several readings at once, and repairs the text when the last one has failed.
    """
    started = time.thread_time()
    position, failed, lookahead = 0, 0, ""
    ended = False

    def log(_kind: LogType, message: str) -> None:
        nonlocal position, failed, lookahead, ended
        if ended:
            return
        if message.startswith("process "):
            match = _AT.search(message)
            position = int(match[1]) if match else position
        elif message.startswith("detect_error"):
            failed, lookahead = position, message.partition("lookahead:")[2]
        elif message.startswith(("resume", "recover")):
            ended = True

    parser.logger = log
    try:
        parser.parse(
            lambda at, _: source[at : at + _PIECE],
            progress_callback=lambda _at, _error: ended or time.thread_time() - started > _SECONDS,
        )
    except ValueError:
        parser.reset()
    finally:
        del parser.logger
    if not ended:
        return None
    # At the end, it is the last line with anything on it that is not complete.
    return source.rstrip().count(b"\n") + 1 if lookahead == "end" else failed + 1


def open_quotation(root: Tree, source: bytes) -> int | None:
    """The line of the first quotation mark whose text goes on in the next line."""
    before: Tree | None = None
    waiting = [root]
    while waiting:
        tree = waiting.pop()
        if tree.children:
            waiting += reversed(tree.children)
            continue
        if before is not None and b"\n" in source[before.end_byte : tree.end_byte]:
            return int(before.start_point[0]) + 1
        if tree.type != "template_literal":
            before = tree if tree.type == "quoted_template_start" else None
    # What could not be understood at all is not in the tree.
    if before is not None and b"\n" in source[before.end_byte :].rstrip():
        return int(before.start_point[0]) + 1
    return None

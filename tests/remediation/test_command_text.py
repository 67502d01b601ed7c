"""The words of a command, against the library that reads them as a shell does."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.remediation.command_text import shell_words


@given(st.text("ab'  \"\\\n\t\r#é\N{NO-BREAK SPACE}\N{LINE TABULATION};&=${}", max_size=16))
@example("")
@example("aws  sagemaker 'a''b'c --d ''")
@example('aws sagemaker --settings \'{"a": "\\\\ b"}\' --name "x y"')
def test_words_are_those_that_a_shell_reads(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{error}$"):
            shell_words(text)
    else:
        assert shell_words(text) == expected

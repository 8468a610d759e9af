"""Whatever a genre is called, a table stays a table."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import (
    escape_markdown,
    html_table,
    markdown_table,
    text_table,
)

HOSTILE = [
    "rock|pop",
    "rock\nroll",
    "rock\r\n\r\n# Title",
    "<script>alert(1)</script>",
    "`code`",
    "``` fence",
    "\\",
    "\\|",
    "*bold* _slanted_ ~~struck~~",
    "[link](javascript:alert)",
    "&lt;",
    "\x1b[2J\x07",
    "\u202egnos",
    "\udcff",
    "\u2028",
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_row_stays_one_row_of_as_many_cells(name):
    columns, rows = [name, "clips"], [[name, 3], ["jazz", 4]]
    assert len(text_table(columns, rows).splitlines()) == 3
    lines = markdown_table(columns, rows).splitlines()
    assert len(lines) == 4
    bars = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines]
    assert bars == [3, 3, 3, 3]
    assert "<" not in "".join(lines) and "\x1b" not in "".join(lines)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_browser_shows_the_name_and_runs_nothing(name):
    tags, shown = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

        def handle_data(self, data):
            shown.append(data)

    Reader().feed(html_table(["genre"], [[name]]))
    assert tags == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert "".join(shown) == f"genre{printable(name)}"


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_gives_the_name_back(name):
    """What an escaped backslash stands for, undone, is what was given."""
    from html import unescape

    undone = re.sub(r"\\([\\`*\[\]|~_])", r"\1", escape_markdown(name))
    assert unescape(undone) == printable(name)


def test_printable_keeps_every_script_and_emoji():
    for text in ("Žižkov", "日本の歌", "أغنية", "🎸", "👩‍🎤", "hip-hop & R'n'B", "a\u0301"):
        assert printable(text) == text
    assert printable("a\tb\x7f") == r"a\tb\x7f"


def test_an_absurd_name_does_not_widen_a_terminals_table():
    lines = text_table(["genre", "clips"], [["x" * 500, 1], ["jazz", 2]]).splitlines()
    assert max(map(len, lines)) < 100 and "..." in lines[1]


def test_columns_line_up():
    table = text_table(
        ["genre", "n", "score"], [["日本", np.int64(3), np.float32(0.25)], ["a", 12, 1]]
    )
    assert table.splitlines() == [
        "genre   n  score",
        "日本    3  0.250",
        "a      12      1",
    ]
    assert text_table(["genre", "clips"], []) == "genre  clips"
    assert markdown_table(["a", "b"], [[1, "x"]]).splitlines()[1] == "|---:|---|"
    assert '<td style="text-align: right">1</td>' in html_table(["a"], [[1]])


def test_rows_of_another_length_are_refused():
    for table in (text_table, html_table):
        with pytest.raises(ValueError, match="argument|length|zip"):
            table(["a", "b"], [["only one"], ["x", "y"]])

"""Tables as text, Markdown and HTML: the one place that escapes what names may hold."""

from __future__ import annotations

import html
import math
import re
import textwrap
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from sklearn_mgc.audio import printable

_LONGEST = 80  # characters of a cell in a terminal


def escape_markdown(text: object) -> str:
    r"""Make text that Markdown, and HTML within it, leave as it is.

    Parameters
    ----------
    text : object
        Any text, for a line or a cell of a table.

    Returns
    -------
    str
        One line of Markdown.

    Examples
    --------
    >>> from sklearn_mgc.display.tables import escape_markdown
    >>> print(escape_markdown("rock | <b>*pop*</b> f1_macro"))
    rock \| &lt;b&gt;\*pop\*&lt;/b&gt; f1_macro
    """
    text = re.sub(r"[\\`*\[\]|~]", r"\\\g<0>", printable(text))
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)  # within a word it is not emphasis
    return html.escape(text, quote=False)


def text_table(columns: Sequence[object], rows: Iterable[Sequence[Any]]) -> str:
    """Write a table for a terminal.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence
        Cells. Numbers are aligned to the right, floats have three digits, None is empty.

    Returns
    -------
    str
        Lines without a line break at the end.

    Examples
    --------
    >>> from sklearn_mgc.display.tables import text_table
    >>> print(text_table(["genre", "clips", "recall"], [["jazz", 12, 0.5], ["hip-hop", 9, None]]))
    genre    clips  recall
    jazz        12   0.500
    hip-hop      9
    """
    rows = [list(row) for row in rows]
    cells = [[_shortened(printable(_text(cell))) for cell in row] for row in [columns, *rows]]
    right = _numeric(columns, rows)
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            " " * (width - _width(cell)) + cell if is_right else cell + " " * (width - _width(cell))
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def _shortened(text: str) -> str:
    """One absurdly long name must not widen all rows of a terminal."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def markdown_table(columns: Sequence[object], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a table in Markdown.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence
        Cells, as :func:`text_table` takes them. Text is escaped.

    Returns
    -------
    str
        Lines without a line break at the end.

    Examples
    --------
    >>> from sklearn_mgc.display.tables import markdown_table
    >>> print(markdown_table(["genre", "recall"], [["rock|pop", 0.5]]))
    | genre | recall |
    |---|---:|
    | rock\|pop | 0.500 |
    """
    rows = [list(row) for row in rows]
    rule = "|".join("---:" if right else "---" for right in _numeric(columns, rows))
    lines = [
        "| " + " | ".join(escape_markdown(_text(cell)) for cell in row) + " |"
        for row in [columns, *rows]
    ]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def html_table(columns: Sequence[object], rows: Iterable[Sequence[Any]]) -> str:
    """Write a table in HTML.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence
        Cells, as :func:`text_table` takes them. Text is escaped.

    Returns
    -------
    str
        A ``<table>``.

    Examples
    --------
    >>> from sklearn_mgc.display.tables import html_table
    >>> print(html_table(["genre"], [["<script>"]]))
    <table><thead><tr><th>genre</th></tr></thead><tbody><tr><td>&lt;script&gt;</td></tr></tbody></table>
    """
    rows = [list(row) for row in rows]
    right = _numeric(columns, rows)

    def line(row, tag: str) -> str:
        styles = (' style="text-align: right"' if is_right else "" for is_right in right)
        cells = (
            f"<{tag}{style}>{html.escape(printable(_text(cell)))}</{tag}>"
            for cell, style in zip(row, styles, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(columns, 'th')}</thead><tbody>{body}</tbody></table>"


def for_json(value: Any) -> Any:
    """Make plain values of a result, all of which JSON has.

    Parameters
    ----------
    value : object
        Mappings, sequences and arrays of numbers and text, in any depth.

    Returns
    -------
    object
        The same in dicts and lists; None where a number is not known (NaN) or infinite.

    Examples
    --------
    >>> from sklearn_mgc.display.tables import for_json
    >>> for_json({"recall": (0.5, float("nan"))})
    {'recall': [0.5, None]}
    """
    if hasattr(value, "tolist"):  # NumPy's
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): for_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [for_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Real) and not isinstance(cell, Integral):
        return f"{float(cell):.3f}"
    return str(cell)


def _numeric(columns, rows) -> list[bool]:
    """Which columns hold numbers alone."""
    found = []
    for _, *column in zip(columns, *rows, strict=True):
        cells = [cell for cell in column if cell is not None]
        found.append(
            bool(cells) and all(isinstance(c, Real) and not isinstance(c, bool) for c in cells)
        )
    return found


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        2
        if unicodedata.east_asian_width(char) in "WF"
        else not (unicodedata.combining(char) or unicodedata.category(char) == "Cf")
        for char in text
    )


class Report(ABC):
    """Base class of results that are some lines and a table, and have a picture.

    A subclass has ``_lines()`` and ``_table()``, and names the class of its picture.
    """

    _display: str

    @abstractmethod
    def _lines(self) -> list[str]:
        """What is said above the table, the verdict first."""

    @abstractmethod
    def _table(self) -> tuple[Sequence[object], Iterable[Sequence[Any]]]:
        """Names of the columns, and the rows."""

    def _brief(self) -> str:
        return self._lines()[0]

    def plot(self, **params: Any):
        """Draw the result.

        Parameters
        ----------
        **params : dict
            As of the picture's ``plot``, such as ``ax``; a new figure by default.

        Returns
        -------
        display
            The picture, of the class of :mod:`sklearn_mgc.display` that is named like the result.
        """
        import sklearn_mgc.display as display

        return getattr(display, self._display)(self).plot(**params)

    def __str__(self) -> str:
        lines = [textwrap.fill(line, 80, break_on_hyphens=False) for line in self._lines()]
        return "\n".join([*lines, text_table(*self._table())])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._brief()}>"

    def _repr_html_(self) -> str:
        lines = (f"<p>{html.escape(line)}</p>" for line in self._lines() if line)
        return "".join(lines) + html_table(*self._table())

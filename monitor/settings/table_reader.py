"""Bulk targets as a CSV table: the same keys as in YAML as column titles, one target a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from monitor.settings.decoding import decode
from monitor.settings.mistakes import NOTHING, Mistake, Mistakes, did_you_mean
from monitor.settings.yaml_reader import Value, Way
from rules.text import Text

COLUMNS = ("host", "agency", "kind", "value", "paths", "declared", "zones", "quiet", "ipv6_exempt", "consent")
LISTS = frozenset({"paths", "zones", "quiet"})
"""Columns that hold several words, parted by spaces or semicolons."""


class Table:
    """A table's rows as the models want them, and the line each stands on."""

    def __init__(self, file: str, columns: tuple[str, ...], rows: list[Value], lines: list[int]) -> None:
        self.file = file
        self.rows = rows
        self._columns, self._lines = columns, lines

    def place(self, way: Way) -> tuple[int, int]:
        """Return the line of the row at *way*, and which cell of it is meant (0: the whole row)."""
        if not way or not isinstance(way[0], int):
            return 1, 0
        cell = self._columns.index(way[1]) + 1 if len(way) > 1 and way[1] in self._columns else 0
        return self._lines[way[0]], cell

    def label(self, way: Way) -> str:
        """Return the title of the column at *way*, for people."""
        return str(way[1]) if len(way) > 1 else ""


def read_table(file: str, data: bytes) -> Table:
    """Read a CSV file, UTF-8 with or without byte order mark, or GB18030; empty cells mean the default.

    Raises:
        Mistakes: No text in these encodings, an unknown or missing column, or a row that is too long.
    """
    records = _records(file, decode(file, data, gb18030=True))
    first = next(records, None)
    if first is None:
        raise Mistakes([Mistake(file, 0, 0, Text("表格是空的", "the table is empty"), _HEADER)])
    columns = _columns(file, *first)
    rows: list[Value] = []
    lines: list[int] = []
    mistakes: list[Mistake] = []
    for line, cells in records:
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            message = Text(
                f"这一行有 {len(cells)} 格，表头只有 {len(columns)} 格",
                f"{len(cells)} cells under {len(columns)} titles",
            )
            cure = Text("含逗号的内容请加双引号", "put double quotes around what holds a comma")
            mistakes.append(Mistake(file, line, len(columns) + 1, message, cure))
            continue
        rows.append(_row(columns, cells))
        lines.append(line)
    if mistakes:
        raise Mistakes(mistakes)
    return Table(file, columns, rows, lines)


def _records(file: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that say something, each with the line it begins on; lines that begin with # are comments."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cells) and not cells[0].startswith("#"):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = Text("不是合法的 CSV", f"not valid CSV: {error}")
        cure = Text("请检查双引号是否成对", "check that double quotes are closed")
        raise Mistakes([Mistake(file, line, 0, message, cure)]) from error


_HEADER = Text(f"第一行应为列名：{','.join(COLUMNS)}", f"the first row names the columns: {','.join(COLUMNS)}")


def _columns(file: str, line: int, titles: list[str]) -> tuple[str, ...]:
    columns = tuple(title.strip().lower() for title in titles)
    mistakes = []
    for cell, column in enumerate(columns, 1):
        if column not in COLUMNS:
            message = Text(f"没有名为“{column}”的列", f'no column "{column}"')
            near = did_you_mean(column, COLUMNS)
            mistakes.append(Mistake(file, line, cell, message, _HEADER if near == NOTHING else near))
        elif column in columns[: cell - 1]:
            message = Text(f"列“{column}”重复出现", f'the column "{column}" appears twice')
            mistakes.append(Mistake(file, line, cell, message))
    mistakes += [
        Mistake(file, line, 0, Text(f"缺少列“{column}”", f'the column "{column}" is missing'), _HEADER)
        for column in ("host", "agency")
        if column not in columns
    ]
    if mistakes:
        raise Mistakes(mistakes)
    return columns


def _row(columns: tuple[str, ...], cells: list[str]) -> Value:
    row: dict[str, Value] = {}
    for column, cell in zip(columns, cells, strict=False):
        text = cell.strip()
        if text:
            row[column] = list[Value](text.replace(";", " ").split()) if column in LISTS else text
    return row

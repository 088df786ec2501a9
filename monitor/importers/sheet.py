"""Tables of other people: CSV with any usual separator, or the first sheet of an XLSX workbook."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.settings.decoding import LARGEST_FILE, decode
from monitor.settings.mistakes import NOTHING, Mistake, Mistakes
from probes.text import clean
from rules.text import Text

WIDEST = 256
"""Cells of a row that are looked at."""
MOST_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the titles: its line in the file, and its words by title."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its *titles*, lower-case, and its rows that hold something, read as they are asked for."""

    titles: tuple[str, ...]
    rows: Iterator[Row]


def read_sheet(path: Path) -> Sheet:
    """Open a table; its first row that holds something holds the titles.

    Raises:
        Mistakes: The file is no table we can read; also while the rows are read.
    """
    lines = _workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _separated(path)
    filled = ((line, words) for line, cells in lines if any(words := [cell.strip() for cell in cells]))
    _, first = next(filled, (0, []))
    titles = tuple(word.lower() for word in first)
    return Sheet(titles, (Row(line, _by_title(titles, words)) for line, words in filled))


def _by_title(titles: tuple[str, ...], words: list[str]) -> dict[str, str]:
    return {title: word for title, word in zip(titles, words, strict=False) if title and word}


def _separated(path: Path) -> Iterator[tuple[int, list[str]]]:
    text = decode(str(path), path.read_bytes(), gb18030=True)
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            yield line, cells[:WIDEST]
            line = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(path, Text("不是合法的 CSV", f"not valid CSV: {error}"), line) from error


def _workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        cure = Text("请安装 diaolou[xlsx]，或另存为 CSV", "install diaolou[xlsx], or save it as CSV")
        raise _unreadable(path, Text("缺少读取 XLSX 的组件", "nothing is installed to read XLSX"), cure=cure) from error
    _refuse_bombs(path)
    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise _unreadable(path, Text("不是合法的 XLSX", "not a valid XLSX workbook")) from error
    try:
        rows: Iterable[tuple[object, ...]] = workbook.worksheets[0].iter_rows(max_col=WIDEST, values_only=True)
        for line, cells in enumerate(itertools.islice(rows, MOST_ROWS), 1):
            yield line, [_words(cell) for cell in cells]
    finally:
        workbook.close()


def _refuse_bombs(path: Path) -> None:
    """Refuse a workbook that unpacks to far more than a table of targets can be."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(path, Text("不是合法的 XLSX", "not a valid XLSX workbook")) from error
    if size > 4 * LARGEST_FILE:
        raise _unreadable(path, Text("工作簿解压后过大", "the workbook unpacks to too much"))


def _words(cell: object) -> str:
    """Return a cell as the words one sees in it: whole numbers without a fraction, dates as ISO, nothing as empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    return clean(str(cell).replace("\n", " "))


def _unreadable(path: Path, message: Text, line: int = 0, cure: Text = NOTHING) -> Mistakes:
    return Mistakes([Mistake(str(path), line, 0, message, cure)])

"""Imported entries as a file of targets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import yaml

from monitor.atomic import write_whole
from monitor.importers.gather import Entry
from monitor.settings.mistakes import Mistake, Mistakes
from monitor.settings.table_reader import COLUMNS, LISTS
from monitor.settings.targets import services_of_words
from rules.text import Text


def as_yaml(entries: Sequence[Entry]) -> str:
    """Return the entries as a YAML file of targets."""
    items = [{key: _plain(key, value) for key, value in entry.items()} for entry in entries]
    return yaml.dump({"targets": items}, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=120)


def _plain(key: str, value: object) -> object:
    """Return a value as an operator would write it in YAML: numbers without quotes, services as a mapping."""
    if key == "declared":
        value = services_of_words(value)
    if isinstance(value, dict):
        return {inner: _plain("", part) for inner, part in value.items()}
    if isinstance(value, list) and key not in LISTS:
        return [_plain("", part) for part in value]
    return int(value) if isinstance(value, str) and key in ("", "value") and value.isdecimal() else value


def as_csv(entries: Sequence[Entry]) -> str:
    """Return the entries as a CSV file of targets."""
    used = [column for column in COLUMNS if column in ("host", "agency") or any(column in entry for entry in entries)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(used)
    for entry in entries:
        writer.writerow([_cell(column, entry.get(column)) for column in used])
    return text.getvalue()


def _cell(column: str, value: object) -> str:
    if column in LISTS and isinstance(value, list):
        return " ".join(map(str, value))
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(("=", "+", "-", "@")) else words  # a spreadsheet would run it


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the entries to *path*, as CSV or YAML by its suffix; whole or not at all.

    Raises:
        Mistakes: The file exists already, or has another suffix.
    """
    if path.suffix not in (".csv", ".yaml"):
        message = Text("只能写成 .csv 或 .yaml", "only .csv or .yaml can be written")
        raise Mistakes([Mistake(str(path), 0, 0, message)])
    text = as_csv(entries) if path.suffix == ".csv" else as_yaml(entries)
    if path.exists():
        cure = Text("请换一个文件名", "choose another name")
        message = Text("文件已存在，没有覆盖", "the file exists and was not overwritten")
        raise Mistakes([Mistake(str(path), 0, 0, message, cure)])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode("utf-8"))

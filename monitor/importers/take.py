"""What `diaolou import` does: read a file of another system, and write what it holds as targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from monitor.importers import netbox, tables
from monitor.importers.candidate import Candidate, Options, Remark
from monitor.importers.gather import Import, gather
from monitor.importers.sheet import read_sheet
from monitor.importers.written import write
from monitor.settings.decoding import decode
from monitor.settings.mistakes import Mistake, Mistakes, Refused
from rules.agency import Tree
from rules.text import Text


class Form(StrEnum):
    """Whose table it is: a spreadsheet of targets, or an export of NetBox."""

    TABLE = "table"
    NETBOX = "netbox"


def import_targets(
    path: Path, tree: Tree, options: Options, *, form: Form | None = None, into: Path | None = None
) -> Import:
    """Read the targets in *path* and write them to *into*; None only looks.

    *form* None: JSON and tables with NetBox's titles are NetBox's, anything else is a spreadsheet.

    Raises:
        Mistakes: *path* cannot be read, or *into* not be written.
    """
    try:
        found = gather(_found(path, options, form), tree, options)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Mistakes([Mistake(str(path), 0, 0, Text(f"读不出来：{reason}", f"cannot be read: {reason}"))]) from error
    except Refused as refused:
        raise Mistakes([Mistake(str(path), 1, 0, refused.message, refused.cure)]) from refused
    if into is not None and found.entries:
        write(into, found.entries)
    return found


def _found(path: Path, options: Options, form: Form | None) -> Iterator[Candidate | Remark]:
    if path.suffix.lower() == ".json":
        yield from netbox.of_json(_json(path), options)
        return
    sheet = read_sheet(path)
    if form is Form.NETBOX or (form is None and netbox.TELLING & set(sheet.titles)):
        yield from netbox.of_rows(sheet.rows, options)
        return
    tables.require_hosts(sheet.titles, options)
    yield from tables.candidates(sheet.rows, options)


def _json(path: Path) -> object:
    text = decode(str(path), path.read_bytes())
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise Mistakes([Mistake(str(path), line, 0, Text("不是合法的 JSON", "not valid JSON"))]) from error
    return value

"""Documents as CSV, for spreadsheets."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable

from exporters.documenting import finding_document
from exporters.documents import FindingDocument
from rules.finding import Finding


def findings_csv(findings: Iterable[Finding], today: dt.date) -> str:
    """Return *findings* as CSV with the names of their document as heading; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FindingDocument.__annotations__)
    for finding in findings:
        writer.writerow([cell(value) for value in finding_document(finding, today).values()])
    return out.getvalue()


def cell(value: object) -> object:
    """Return *value* as a cell that no spreadsheet takes for a formula."""
    return (
        f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else ("" if value is None else value)
    )

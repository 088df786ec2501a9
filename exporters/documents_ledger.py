"""What was sent, as plain documents for JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from exporters.documenting import utc
from exporters.documents_csv import cell
from probes.target import Family
from probes.wire.ledger import Line


class LedgerLineDocument(TypedDict):
    """What was sent within a minute, or a day (`span`), to one address for one target, or `refused` by ourselves.

    `what` is its class, such as dns, http or echo. `packets` are connections tried, datagrams, SYNs or echo
    requests, those sent again included; `sent` and `received` are octets above TCP or UDP. `target` is empty for what
    we asked on our own account, `agency` also where the target is no longer in the inventory.
    """

    at: str
    span: str
    target: str
    agency: str
    address: str
    family: str
    what: str
    refused: str | None
    exchanges: int
    packets: int
    sent: int
    received: int
    ports: str


class LedgerDocument(TypedDict):
    """What was sent to whom and when: `ledger --json`; `packets` in all, by class."""

    since: str
    until: str
    packets: Mapping[str, int]
    lines: Sequence[LedgerLineDocument]


LEDGER_DOCUMENTS = (LedgerDocument, LedgerLineDocument)


def ledger_line_document(line: Line, agency: str, *, whole_day: bool) -> LedgerLineDocument:
    """Return one line of the ledger, for a target of *agency*."""
    return {
        "at": utc(line.at),
        "span": "day" if whole_day else "minute",
        "target": line.target,
        "agency": agency,
        "address": str(line.address),
        "family": Family.of(line.address).value,
        "what": line.what.value,
        "refused": line.refused.value if line.refused else None,
        "exchanges": line.exchanges,
        "packets": line.packets,
        "sent": line.sent,
        "received": line.received,
        "ports": line.ports,
    }


def ledger_csv(lines: Iterable[LedgerLineDocument]) -> str:
    """Return *lines* as CSV with the names of their document as heading."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(LedgerLineDocument.__annotations__)
    for line in lines:
        writer.writerow([cell(value) for value in line.values()])
    return out.getvalue()

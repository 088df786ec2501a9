"""Everything the tower remembers: state and history, runs, verdicts, findings, and who is due when."""

from monitor.store.nouns import (
    Appointment,
    AuditEntry,
    Day,
    Judgement,
    Recorded,
    RunId,
    Sample,
    Scope,
    Spell,
    StoredRecord,
    StoredVerdict,
)
from monitor.store.opening import Opening
from monitor.store.sendings import Sending
from monitor.store.store import Store
from monitor.store.trouble import StoreUnavailable, Trouble

__all__ = [
    "Appointment",
    "AuditEntry",
    "Day",
    "Judgement",
    "Opening",
    "Recorded",
    "RunId",
    "Sample",
    "Scope",
    "Sending",
    "Spell",
    "Store",
    "StoreUnavailable",
    "StoredRecord",
    "StoredVerdict",
    "Trouble",
]

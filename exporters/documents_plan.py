"""What would be sent, as plain documents for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from probes.outlook import Sending


class SendingDocument(TypedDict):
    """Packets of one class: `usual` where all answer at once, `most` where nobody does."""

    usual: int
    most: int


class PlannedHostDocument(TypedDict):
    """What looking once at one target would send.

    `addresses` gives for each the reason why it is left alone, null where it is not; `known` is false where nobody has
    looked yet, and one address of each family is reckoned with.
    """

    host: str
    agency: str
    known: bool
    addresses: Mapping[str, str | None]
    packets: Mapping[str, SendingDocument]


class PaceDocument(TypedDict):
    """Packets or connections a second, and the seconds that looking once takes by them alone."""

    overall: float
    per_agency: float
    per_host: float
    usual_seconds: float
    most_seconds: float


class PlanDocument(TypedDict):
    """What a round would send: `round --dry-run --json`; all of it, by agency, by host, and for `ourselves`."""

    packets: Mapping[str, SendingDocument]
    pace: PaceDocument
    agencies: Mapping[str, Mapping[str, SendingDocument]]
    hosts: Sequence[PlannedHostDocument]
    ourselves: Mapping[str, SendingDocument]


PLAN_DOCUMENTS = (PlanDocument, PlannedHostDocument, SendingDocument, PaceDocument)


def sendings_document(sendings: Iterable[Sending]) -> Mapping[str, SendingDocument]:
    """Return *sendings* by class."""
    return {each.what.value: {"usual": each.usual, "most": each.most} for each in sendings}

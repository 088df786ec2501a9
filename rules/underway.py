"""What is under way at a moment: alerts, an emergency, responses and the reports they call for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.alert import Alert
from rules.emergency import Emergency
from rules.response import Owed, Response


@dataclass(frozen=True, slots=True)
class Underway:
    """What is under way; *emergency* is None where none is on. *owed* are the reports of all responses, made or not.

    *hearing*: the tower is told of alerts; otherwise nothing is known of them.
    """

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    emergency: Emergency | None = None
    responses: Mapping[str, Response] = field(default_factory=dict)
    owed: tuple[Owed, ...] = ()
    hearing: bool = False


NOTHING_UNDERWAY = Underway()

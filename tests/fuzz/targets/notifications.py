"""What comes into the inbox of alerts."""

from __future__ import annotations

from contextlib import suppress

from monitor.notification import MOST, understood
from probes.text import clean
from tests.fuzz.targets import target

LONGEST = 4096


@target
def alert_notifications(data: bytes) -> None:
    """A notification: what it tells of bears names of the inventory alone, in words that are harmless."""
    with suppress(ValueError):
        heard = understood(data, {"www.edu"}, {"edu"})
        assert len(heard) <= MOST
        for each in heard:
            assert each.signal.agency in ("", "edu")
            assert each.signal.host in ("", "www.edu")
            assert clean(each.signal.summary, LONGEST) == each.signal.summary

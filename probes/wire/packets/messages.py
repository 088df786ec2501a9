"""What the daemon and the packet process can say to each other; a new crafted probe is one more message here.

Every message bears the asker's token, and its answer bears the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.observation import Failure, GapReason
from probes.target import Address


@dataclass(frozen=True, slots=True)
class Echo:
    """Send *count* echo requests to *address* and wait *timeout* seconds for the answer to each."""

    token: int
    address: Address
    count: int
    timeout: float


@dataclass(frozen=True, slots=True)
class Abandon:
    """Send nothing more for the request of this token, and do not answer it; this has no answer either."""

    token: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Fall silent: send nothing more, for anyone, until told to resume."""

    token: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Speak again after a stop."""

    token: int


@dataclass(frozen=True, slots=True)
class Echoed:
    """The round-trip seconds of the requests that were answered, in the order they were sent; never none."""

    token: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """Packets were sent and the network said no."""

    token: int
    failure: Failure
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """The question was not put, or not to its end."""

    token: int
    reason: GapReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A stop or resume has taken effect."""

    token: int


Request = Echo | Abandon | Stop | Resume
Reply = Echoed | Missed | Declined | Done
Message = Request | Reply

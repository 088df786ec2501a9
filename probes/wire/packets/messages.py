"""What the daemon and the packet process can say to each other; a new crafted probe is one more message here.

Every message bears the asker's token, and its answer bears the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.observation import Failure, GapReason
from probes.target import Address
from probes.wire import PortState
from probes.wire.link import Overheard
from probes.wire.sounding import Sounded, Sounding


@dataclass(frozen=True, slots=True)
class Echo:
    """Send *count* echo requests to *address* and wait *timeout* seconds for the answer to each."""

    token: int
    address: Address
    count: int
    timeout: float


@dataclass(frozen=True, slots=True)
class Sound:
    """Send one crafted packet to *address*, and wait for the first word about it."""

    token: int
    address: Address
    sounding: Sounding


@dataclass(frozen=True, slots=True)
class Overhear:
    """Ask the link at *interface* for routers and DHCPv6 servers, and say who has been heard on it."""

    token: int
    interface: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Send a SYN to each of *ports* of each of *addresses*, all of one family, and *retries* more to who is silent.

    While the last of them draws answers another follows, up to as many again. Each round ends *timeout* seconds after
    its last packet. *rate* is packets a second, *per_host* those to one address; the process's own are kept besides.
    """

    token: int
    addresses: tuple[Address, ...]
    ports: tuple[int, ...]
    retries: int
    timeout: float
    rate: float
    per_host: float


@dataclass(frozen=True, slots=True)
class CanScan:
    """Say whether scans can be run here: done when they can, declined when not."""

    token: int


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
class Returned:
    """What came of a sounding, silence included."""

    token: int
    sounded: Sounded


@dataclass(frozen=True, slots=True)
class Told:
    """Who has been heard on a link."""

    token: int
    overheard: Overheard


@dataclass(frozen=True, slots=True)
class Seen:
    """The *states* of all ports of the address at *place* of the scan, in the order asked; an address is told once.

    *seconds* has the round-trip seconds of those open, in the same order.
    """

    token: int
    place: int
    states: tuple[PortState, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """The address at *place* of the scan could not be looked at, or not to the end; it is not told otherwise."""

    token: int
    place: int
    reason: GapReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """All addresses of a scan have been told; *packets* have been sent for it."""

    token: int
    packets: int


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


Request = Echo | Sound | Overhear | Scan | CanScan | Abandon | Stop | Resume
Reply = Echoed | Returned | Told | Seen | Unseen | Scanned | Missed | Declined | Done
Message = Request | Reply

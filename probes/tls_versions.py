"""Which versions of TLS and which weak cipher suites a service accepts, on every address of both families."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

from probes.endpoint import addresses
from probes.framework import in_hand, refused
from probes.observation import Facts, Sighting, Subject
from probes.offer import QUESTIONS, Offer
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.registry import probe
from probes.target import Address, Family, Target
from probes.tls_certificate import tls_ports
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.greeting import Greeting, Hello, TlsVersion
from probes.wire.ledger import What
from probes.wire.tls_suites import SuiteKind, suite_name

AT_ONCE = 4
"""Services of one target in hand."""
USUAL = 5
"""Connections that tell that a service is in order."""
PATIENCE = 5.0
"""Seconds a server has for its first word."""


@dataclass(frozen=True, slots=True)
class TlsVersions(Facts):
    """What the service accepts, whatever it prefers.

    *versions* are those accepted, newest first; *suites* those it chose when it was offered many, by name, and one for
    each of its *weaknesses*. *forward_secrecy*: a suite with it was chosen; *without_forward_secrecy*: one without
    it was chosen, None when not settled. *tlcp*: TLCP with national ciphers is accepted, None when not settled.
    *versions_settled* and *suites_settled* are true, and None where a question about them was not answered: there may
    then be more than is listed.
    """

    versions: tuple[TlsVersion, ...]
    suites: tuple[str, ...]
    weaknesses: tuple[SuiteKind, ...]
    forward_secrecy: bool
    without_forward_secrecy: bool | None
    tlcp: bool | None
    versions_settled: bool | None
    suites_settled: bool | None


_WORDS = {
    "versions": ("接受的版本", "versions accepted"),
    "suites": ("所选套件", "suites chosen"),
    "weaknesses": ("弱点", "weaknesses"),
    "forward_secrecy": ("前向保密", "forward secrecy"),
    "without_forward_secrecy": ("接受无前向保密的套件", "suites without forward secrecy"),
    "tlcp": ("国密 TLCP", "TLCP"),
    "versions_settled": ("版本已问清", "versions settled"),
    "suites_settled": ("套件已问清", "suites settled"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    services = len(tls_ports(outlook.target)) * outlook.places
    if services:
        yield remembering()
        yield connecting(What.TLS, QUESTIONS * services, usual=USUAL * services)


@probe(
    facts=TlsVersions,
    words=_WORDS,
    doing=("查看加密协议版本", "looking at TLS versions"),
    every=24 * 3600.0,
    deadline=180.0,
    sends=_sends,
)
async def tls_versions(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which versions of TLS, and which cipher suites that nobody should use, does each address of the target accept?

    A hello offers what it asks about, the server's first word is its answer, and no handshake is completed. Five
    connections tell that a service which is in order is so.

    Source: RFC 9325 3.1.1 and 4.1, RFC 8996, GB/T 38636-2020 6.4.5 (TLCP).
    """
    ports = tls_ports(target)
    if not ports:
        return
    places: list[Address] = []
    async for found in addresses(target, wire):
        if isinstance(found, Sighting):
            yield found
        else:
            places.append(found)
    services = (partial(_service, target, *where, wire) for where in product(places, ports))
    async for sighting in in_hand(services, AT_ONCE):
        yield sighting


async def _service(target: Target, address: Address, port: int, wire: Wire) -> Sighting:
    subject = Subject(scheme="tls", port=port, family=Family.of(address), address=address)
    seconds: list[float] = []

    async def ask(newest: TlsVersion, kinds: frozenset[SuiteKind]) -> Greeting:
        said = await wire.greet(Hello(address, port, target.host, newest, kinds, PATIENCE))
        seconds.append(said.seconds)
        return said

    offer = Offer(ask)
    try:
        await offer.explore()
    except (Unreached, NotLooked) as refusal:
        return refused(subject, refusal)
    return Sighting(subject, _facts(offer), sum(seconds))


def _facts(offer: Offer) -> TlsVersions:
    return TlsVersions(
        versions=tuple(version for version in TlsVersion if version in offer.accepted),
        suites=tuple(sorted(suite_name(number) for number in offer.suites)),
        weaknesses=tuple(sorted(offer.weaknesses)),
        forward_secrecy=offer.forward_secrecy,
        without_forward_secrecy=True if offer.static else None if offer.open_suites else False,
        tlcp=offer.tlcp,
        versions_settled=None if offer.open_versions else True,
        suites_settled=None if offer.open_suites else True,
    )

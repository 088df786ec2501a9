"""What certificate a TLS service shows, on every address of both families, valid or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

from probes.certificate import Certificate, read
from probes.endpoint import addresses
from probes.framework import in_hand, refused
from probes.observation import Facts, Failure, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.registry import probe
from probes.target import Address, Family, Kind, Target, Transport
from probes.wire import ChainFault, NotLooked, TlsRequest, Unreached, Wire
from probes.wire.ledger import What

TLS_PORTS = frozenset({443, 465, 636, 853, 993, 995, 8443})
"""Ports on which a declared service is understood to begin with a TLS handshake."""


@dataclass(frozen=True, slots=True)
class TlsCertificate(Facts):
    """The negotiated protocol and the certificate shown; texts are cleaned and clipped.

    *faults* is empty for a chain that verifies and matches the host. *names* are the subject alternative names, at
    most 64. *chain* is the number of certificates shown.
    """

    version: str
    cipher: str
    subject_name: str
    issuer_name: str
    serial: str
    fingerprint: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    key: str
    key_bits: int
    signature: str
    chain: int
    faults: tuple[ChainFault, ...]


AT_ONCE = 4
"""Handshakes with one target in hand."""

_WORDS = {
    "version": ("版本", "version"),
    "cipher": ("加密套件", "cipher"),
    "subject_name": ("证书主体", "subject"),
    "issuer_name": ("签发者", "issuer"),
    "serial": ("序列号", "serial"),
    "fingerprint": ("指纹", "fingerprint"),
    "names": ("证书域名", "names"),
    "not_before": ("生效", "not before"),
    "not_after": ("到期", "not after"),
    "key": ("密钥", "key"),
    "key_bits": ("密钥位数", "key bits"),
    "signature": ("签名算法", "signature"),
    "chain": ("链", "chain"),
    "faults": ("证书问题", "faults"),
}


def _sends(outlook: Outlook) -> Iterator[Sending]:
    if ports := tls_ports(outlook.target):
        yield remembering()
        yield connecting(What.TLS, len(ports) * outlook.places)


@probe(
    facts=TlsCertificate,
    words=_WORDS,
    doing=("读取证书", "reading certificates"),
    every=12 * 3600.0,
    deadline=180.0,
    sends=_sends,
)
async def tls_certificate(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which certificate does each address of the target show, and what is wrong with it?

    Source: RFC 5280 (validity), RFC 9525 (host match), RFC 9325 (protocol versions).
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


def tls_ports(target: Target) -> list[int]:
    """Return the ports of *target* on which TLS is expected, ascending."""
    declared = {service.port for service in target.declared if service.transport is Transport.TCP}
    return sorted((declared & TLS_PORTS) | ({443} if target.kind is Kind.WEBSITE else set()))


async def _service(target: Target, address: Address, port: int, wire: Wire) -> Sighting:
    subject = Subject(scheme="tls", port=port, family=Family.of(address), address=address)
    try:
        session = await wire.handshake(TlsRequest(address, port, target.host))
    except (Unreached, NotLooked) as refusal:
        return refused(subject, refusal)
    leaf: Certificate | None = read(session.chain[0])
    if leaf is None:
        return Sighting(subject, Failure.TLS_MALFORMED, session.seconds, "certificate does not parse")
    facts = TlsCertificate(
        version=session.version,
        cipher=session.cipher,
        subject_name=leaf.subject,
        issuer_name=leaf.issuer,
        serial=leaf.serial,
        fingerprint=leaf.fingerprint,
        names=leaf.names,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        key=leaf.key,
        key_bits=leaf.key_bits,
        signature=leaf.signature,
        chain=len(session.chain),
        faults=tuple(sorted(session.faults)),
    )
    return Sighting(subject, facts, session.seconds)

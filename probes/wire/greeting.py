"""A TLS handshake as far as the server's first word: what is offered, and what it makes of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probes.observation import Failure
from probes.target import Address
from probes.wire.tls_suites import SuiteKind, suites_of


class TlsVersion(StrEnum):
    """Versions of the protocol, newest first, named as OpenSSL does; TLCP (GB/T 38636) is one of another family."""

    TLS13 = "TLSv1.3"
    TLS12 = "TLSv1.2"
    TLS11 = "TLSv1.1"
    TLS10 = "TLSv1"
    SSL3 = "SSLv3"
    TLCP = "TLCP"


@dataclass(frozen=True, slots=True)
class Hello:
    """One ClientHello to one address, SNI *host*: *newest* is the highest version offered, *kinds* the suites.

    With TLSv1.3 as the newest the older ones are offered too; so they are by every other, as the protocol has it.
    """

    address: Address
    port: int
    host: str
    newest: TlsVersion
    kinds: frozenset[SuiteKind]
    timeout: float = 10.0

    @property
    def suites(self) -> tuple[int, ...]:
        """The numbers of the suites offered, good ones first."""
        return suites_of(self.kinds)


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's first word: the *version* and *suite* it chose of those offered, or how it *refused* them all.

    Exactly one of *version* and *refused* is set. A server that hangs up on a ClientHello refuses it, as much as one
    that says why.
    """

    version: TlsVersion | None
    suite: int = 0
    refused: Failure | None = None
    detail: str = ""
    seconds: float = 0.0

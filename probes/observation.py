"""What a probe brings back: facts, a failure with a name, or a gap where it could not look."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import Self

from probes.target import Address, Family


class Failure(StrEnum):
    """Every way the network can say no; a closed set, in the field's terms."""

    DNS_TIMEOUT = "dns_timeout"
    DNS_SERVFAIL = "dns_servfail"
    DNS_REFUSED = "dns_refused"
    DNS_NOTIMP = "dns_notimp"
    DNS_FORMERR = "dns_formerr"
    DNS_BOGUS = "dns_bogus"
    DNS_TRUNCATED = "dns_truncated"
    DNS_MALFORMED = "dns_malformed"
    DNS_MISMATCH = "dns_mismatch"
    DNS_CNAME_LOOP = "dns_cname_loop"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_TIMEOUT = "connection_timeout"
    CONNECTION_RESET = "connection_reset"
    CONNECTION_CLOSED = "connection_closed"
    NETWORK_UNREACHABLE = "network_unreachable"
    HOST_UNREACHABLE = "host_unreachable"
    ADMIN_PROHIBITED = "admin_prohibited"
    ECHO_TIMEOUT = "echo_timeout"
    TLS_ALERT = "tls_alert"
    TLS_NOT_TLS = "tls_not_tls"
    TLS_VERSION = "tls_version"
    TLS_TIMEOUT = "tls_timeout"
    TLS_CLOSED = "tls_closed"
    TLS_MALFORMED = "tls_malformed"
    HTTP_TIMEOUT = "http_timeout"
    HTTP_OVERSIZED = "http_oversized"
    HTTP_MALFORMED = "http_malformed"
    HTTP_BAD_ENCODING = "http_bad_encoding"
    HTTP_TRUNCATED = "http_truncated"
    HTTP_REDIRECT_LOOP = "http_redirect_loop"
    HTTP_REDIRECT_REFUSED = "http_redirect_refused"
    SNMP_TIMEOUT = "snmp_timeout"
    SNMP_MISMATCH = "snmp_mismatch"
    SNMP_MALFORMED = "snmp_malformed"
    SNMP_DENIED = "snmp_denied"
    SNMP_LOOP = "snmp_loop"
    SNMP_OVERSIZED = "snmp_oversized"


class GapReason(StrEnum):
    """Why we could not look; never a statement about the target."""

    VANTAGE_BLIND_IPV4 = "vantage_blind_ipv4"
    VANTAGE_BLIND_IPV6 = "vantage_blind_ipv6"
    RESOLVER_FAILED = "resolver_failed"
    ADDRESS_UNKNOWN = "address_unknown"
    OUT_OF_SCOPE = "out_of_scope"
    DENIED = "denied"
    QUIET_HOURS = "quiet_hours"
    BUDGET_SPENT = "budget_spent"
    STOPPED = "stopped"
    NO_RAW_SOCKET = "no_raw_socket"
    OVERLOADED = "overloaded"
    DEFECT = "defect"

    @classmethod
    def blind(cls, family: Family) -> GapReason:
        """Return the reason for a vantage that lacks *family*."""
        return cls.VANTAGE_BLIND_IPV4 if family is Family.IPV4 else cls.VANTAGE_BLIND_IPV6


class Facts:
    """Base of every probe's facts: a frozen, slotted dataclass of plain values.

    A field that differs from look to look without meaning a change (a duration, a digest of a page with a clock in
    it) carries `SAMPLE` as its metadata: it is stored with the latest state and left out when changes are told.
    """

    __slots__ = ()

    def unheard(self, families: Collection[Family]) -> Self:
        """Return what is left to say when it was we who were deaf over *families*: all, where nothing rests on it.

        Facts of a subject with an address need not answer: they are a gap then, as a whole.
        """
        return self


SAMPLE = MappingProxyType({"sample": True})
"""Metadata of a facts field whose change is no change of state."""


_SUBJECT = re.compile(
    r"(?:(?P<scheme>[a-z]+)/)?(?:(?P<port>\d{1,5})/)?(?P<family>ipv[46])?(?:/(?P<address>[0-9a-f:.]+))?(?P<path>/.*)?\Z"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What part of a target an observation or verdict is about.

    Written `scheme/port/family/address/path` with the absent parts left out (`http/80/ipv6/2001:db8::1/`), or
    `server/NAME` for a name server, or empty for the target as a whole.
    """

    family: Family | None = None
    address: Address | None = None
    scheme: str = ""
    port: int | None = None
    path: str = ""
    server: str = ""

    def __str__(self) -> str:
        if self.server:
            return f"server/{self.server}"
        parts = (self.scheme, self.port, self.family, self.address)
        return "/".join([str(part) for part in parts if part or part == 0]) + self.path

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Read back what `str` wrote.

        Raises:
            ValueError: *text* is no subject.
        """
        if text.startswith("server/"):
            return cls(server=text.removeprefix("server/"))
        match = _SUBJECT.match(text)
        if match is None:
            raise ValueError(f"not a subject: {text!r}")
        part = match.groupdict()
        return cls(
            family=Family(part["family"]) if part["family"] else None,
            address=ip_address(part["address"]) if part["address"] else None,
            scheme=part["scheme"] or "",
            port=int(part["port"]) if part["port"] else None,
            path=part["path"] or "",
        )


WHOLE = Subject()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a probe function yields: one subject and what was met there.

    *seconds* is the duration of the exchange by the monotonic clock. *detail* is short, already clipped and
    cleaned remote or system text for people; nothing decides by it.
    """

    subject: Subject
    outcome: Facts | Failure | GapReason
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One measurement: exactly one of *facts* and *failure* is set."""

    probe: str
    target: str
    vantage: str
    subject: Subject
    at: dt.datetime
    seconds: float
    facts: Facts | None = None
    failure: Failure | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.facts is None) == (self.failure is None):
            raise ValueError("an observation holds facts or a failure, and not both")


@dataclass(frozen=True, slots=True)
class Gap:
    """A measurement that did not take place; *subject* WHOLE means none of the probe's did."""

    probe: str
    target: str
    vantage: str
    subject: Subject
    at: dt.datetime
    reason: GapReason
    detail: str = ""


Record = Observation | Gap

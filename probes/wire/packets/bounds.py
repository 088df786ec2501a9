"""What the packet process may do: read by itself, once, so that nobody who asks it later can widen it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import yaml

from probes.wire import Contact
from probes.wire.packets.link_bodies import INTERFACE
from probes.wire.scope import Limits, Network, Scope

FILE = "diaolou.yaml"
_GENTLE = Limits()


class Unusable(Exception):
    """The bounds cannot be understood, and so there are none and nothing may start."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where packets may go, and how many a second: in all, and to one address.

    *controls* may be pinged besides, and asked for an answer at their port, and nothing else: they prove whether what
    we send comes back. *links* are the interfaces that may be listened to, and whose links may be asked.
    *source_ports*, both ends included, are those SYNs leave from, where others know us by them.
    """

    scope: Scope
    overall: float = _GENTLE.overall
    per_address: float = _GENTLE.per_host
    controls: tuple[Contact, ...] = ()
    links: tuple[str, ...] = ()
    source_ports: tuple[int, int] | None = None

    @property
    def pingable(self) -> Scope:
        """Where echo requests may go. Deny beats controls too."""
        controls = (ip_network(control.address) for control in self.controls)
        return replace(self.scope, allow=(*self.scope.allow, *controls))


def from_words(
    allow: Iterable[str], deny: Iterable[str], overall: float, per_address: float, controls: Iterable[str] = ()
) -> Bounds:
    """Return the bounds given on a command line.

    Raises:
        Unusable: a word is no prefix, or no address and port, or a rate is not above zero.
    """
    scope = Scope(_networks("allow", list(allow)), _networks("deny", list(deny)))
    contacts = tuple(_contact("control", word) for word in controls)
    return Bounds(scope, _rate("overall", overall), _rate("per_host", per_address), contacts)


def from_directory(directory: Path) -> Bounds:
    """Return the bounds in `diaolou.yaml` of *directory*; the rest of the file is not looked at.

    Raises:
        Unusable: the file cannot be read or understood.
    """
    path = directory / FILE
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        scope = _section(document, "scope")
        limits = _section(document, "limits")
        controls = _section(_section(document, "surroundings"), "controls")
        return Bounds(
            Scope(_networks("scope.allow", scope.get("allow")), _networks("scope.deny", scope.get("deny"))),
            _rate("limits.overall", limits.get("overall", _GENTLE.overall)),
            _rate("limits.per_host", limits.get("per_host", _GENTLE.per_host)),
            tuple(_contacts(controls)),
            tuple(_interfaces(_section(document, "links"))),
            _range(limits.get("source_ports")),
        )
    except (OSError, ValueError, yaml.YAMLError, Unusable) as mistake:
        raise Unusable(f"{path}: {mistake}") from mistake


def _section(document: object, name: str) -> Mapping[object, object]:
    if not isinstance(document, dict):
        raise Unusable("not a mapping")
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise Unusable(f"{name}: not a mapping")
    return section


def _networks(name: str, entries: object) -> tuple[Network, ...]:
    if not isinstance(entries, list | None):
        raise Unusable(f"{name}: not a list")
    return tuple(_network(name, entry) for entry in entries or ())


def _network(name: str, entry: object) -> Network:
    if not isinstance(entry, str):
        raise Unusable(f"{name}: not a prefix: {entry!r}")
    try:
        return ip_network(entry)
    except ValueError as error:
        raise Unusable(f"{name}: {error}") from error


def _contacts(controls: Mapping[object, object]) -> Iterator[Contact]:
    for family, contacts in controls.items():
        name = f"surroundings.controls.{family}"
        if not isinstance(contacts, list | None):
            raise Unusable(f"{name}: not a list")
        yield from (_contact(name, contact) for contact in contacts or ())


def _contact(name: str, entry: object) -> Contact:
    """Read what is written ADDRESS:PORT, with the address in brackets where it is IPv6."""
    address, _, port = str(entry).rpartition(":")
    try:
        contact = Contact(ip_address(address.removeprefix("[").removesuffix("]")), int(port))
    except ValueError as error:
        raise Unusable(f"{name}: not an address and a port: {entry!r}") from error
    if not 0 < contact.port < 1 << 16:
        raise Unusable(f"{name}: not an address and a port: {entry!r}")
    return contact


def _interfaces(links: Mapping[object, object]) -> Iterator[str]:
    for name in links:
        interface = _section(links, str(name)).get("interface")
        if not isinstance(interface, str) or not INTERFACE.match(interface):
            raise Unusable(f"links.{name}.interface: not an interface: {interface!r}")
        yield interface


def _range(entry: object) -> tuple[int, int] | None:
    match entry:
        case None:
            return None
        case [int(first), int(last)] if 0 < first <= last < 1 << 16:
            return first, last
    raise Unusable(f"limits.source_ports: no range of ports: {entry!r}")


def _rate(name: str, rate: object) -> float:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
        raise Unusable(f"{name}: not a rate above zero: {rate!r}")
    return float(rate)

"""Faults to inject while the city runs, and to heal again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.lifecycle import Lab, LabError
from tests.lab.network import ROUTER, VANTAGE

_FILE = "faults.json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. *rule* holds nftables rules in a namespace's *hook*; without any the servers there act it out."""

    namespace: str
    does: str
    rule: str = ""
    hook: str = "forward"


FAULTS = {
    "vantage-isolated": Fault(ROUTER, "the vantage's uplink is cut", "iifname to-vantage drop", "prerouting"),
    "vantage-drops-https": Fault(VANTAGE, "the vantage's own filter drops port 443", "tcp dport 443 drop", "output"),
    "vantage-drops-pings": Fault(
        VANTAGE,
        "the vantage's own filter drops echo replies",
        "icmp type echo-reply drop\nicmpv6 type echo-reply drop",
        "input",
    ),
    "v6-backbone-cut": Fault(ROUTER, "nobody is reached over IPv6", "meta nfproto ipv6 drop"),
    "portal-v6-cut": Fault(ROUTER, "the portal is not reached over IPv6", "oifname to-portal meta nfproto ipv6 drop"),
    "portal-v4-cut": Fault(ROUTER, "the portal is not reached over IPv4", "oifname to-portal meta nfproto ipv4 drop"),
    "resolver-down": Fault("resolver", "the resolver is silent", "th dport 53 drop", "input"),
    "resolver-unreachable": Fault("resolver", "the resolver's host answers with ICMP", "th dport 53 reject", "input"),
    "resolver-refuses": Fault("resolver", "the resolver answers REFUSED"),
    "loss-10": Fault(ROUTER, "one packet in ten is lost", "numgen random mod 10 == 0 drop"),
    "reset-storm": Fault(ROUTER, "every new connection is reset", "tcp flags syn / syn,ack reject with tcp reset"),
    "portal-opens-redis": Fault("portal", "the portal offers redis to everybody"),
    "portal-certificate-expired": Fault("portal", "the portal shows an expired certificate"),
}


@dataclass(slots=True)
class Switchboard:
    """The faults that servers act out, read anew when they are told to."""

    folder: Path
    active: set[str] = field(default_factory=set)
    watchers: dict[str, Callable[[bool], None]] = field(default_factory=dict)

    def watch(self, name: str, react: Callable[[bool], None]) -> None:
        """Call *react* whenever the fault *name* goes on or off."""
        self.watchers[name] = react

    def read(self) -> None:
        """Learn which faults are on, and tell those who watch what has changed."""
        changed = self.active ^ set(active(self.folder))
        self.active ^= changed
        for name in changed & self.watchers.keys():
            self.watchers[name](name in self.active)


def active(folder: Path) -> list[str]:
    """Return the names of the faults that are on."""
    path = folder / _FILE
    names: list[str] = json.loads(path.read_text()) if path.exists() else []
    return names


def turn(lab: Lab, name: str, *, on: bool) -> None:
    """Inject or heal a fault; nothing happens when it is so already.

    Raises:
        LabError: there is no such fault, or the city does not obey.
    """
    if name not in FAULTS:
        raise LabError(f"no fault {name}; there are: {', '.join(FAULTS)}")
    known = active(lab.folder)
    if (name in known) is on:
        return
    fault = FAULTS[name]
    now = [*known, name] if on else [each for each in known if each != name]
    if fault.rule:
        _rule(lab, name, fault, on=on)
    draft = lab.folder / f"{_FILE}.new"
    draft.write_text(json.dumps(now))
    draft.rename(lab.folder / _FILE)
    if not fault.rule:
        _obey(lab, fault.namespace, "kill", "-HUP", str(lab.server(fault.namespace)))


def _rule(lab: Lab, name: str, fault: Fault, *, on: bool) -> None:
    table = f"inet fault_{name.replace('-', '_')}"
    chain = f"chain fault {{\ntype filter hook {fault.hook} priority -5;\n{fault.rule}\n}}"
    _obey(lab, fault.namespace, "nft", f"table {table} {{\n{chain}\n}}" if on else f"delete table {table}")


def _obey(lab: Lab, namespace: str, *command: str) -> None:
    done = lab.run(namespace, *command)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")

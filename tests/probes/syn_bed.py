"""Two network namespaces and a wire between them: one to scan from, and one that is a thousand hosts a family."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from probes.target import Address, Family
from probes.wire import PortState

OPEN = frozenset({22, 25, 53, 80, 110, 143, 443, 445, 587, 993, 995})
"""What listens, on every host."""
SILENT_PORTS, PROHIBITED_PORTS = range(700, 800), range(800, 804)
"""Ports that a packet filter drops, or rejects by an ICMP error, on every third host."""
BASES: dict[Family, Address] = {Family.IPV4: IPv4Address("198.18.80.0"), Family.IPV6: IPv6Address("2001:db8:80::")}
HOSTS = 1024
NEW = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]

_LISTEN = """
import socket, sys, time
kept = []
for port in sys.argv[1:]:
    kept.append(socket.create_server(("::", int(port)), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True))
print(flush=True)
time.sleep(86400)
"""
_THEIRS = "ip addr replace 198.18.79.1/24 dev in; ip addr replace 2001:db8:79::1/64 dev in nodad"
_OURS = (
    "ip addr replace 198.18.79.2/24 dev out; ip addr replace 2001:db8:79::2/64 dev out nodad;"
    "for each in 80.0/22 90.0/24; do ip route replace 198.18.$each via 198.18.79.1; done;"
    "for each in 80 90; do ip -6 route replace 2001:db8:$each::/112 via 2001:db8:79::1; done"
)
_FILTER = """
table inet hosts {
  counter arrived {}
  counter astray {}
  chain input {
    type filter hook input priority 0;
    meta l4proto tcp ip daddr 198.18.80.0/22 counter name arrived
    meta l4proto tcp ip6 daddr 2001:db8:80::/112 counter name arrived
    tcp flags syn ip daddr != 198.18.80.0/22 counter name astray
    tcp flags syn ip6 daddr != 2001:db8:80::/112 counter name astray
    ip daddr 198.18.80.0/22 jump odd
    ip daddr 198.19.0.0/16 jump odd
    ip6 daddr 2001:db8:80::/112 jump odd
  }
  chain odd {
    ip daddr & 0.0.0.15 == 0.0.0.15 drop
    ip6 daddr & ::f == ::f drop
    ip daddr & 0.0.0.3 == 0.0.0.1 tcp dport 700-799 drop
    ip6 daddr & ::3 == ::1 tcp dport 700-799 drop
    ip daddr & 0.0.0.3 == 0.0.0.1 tcp dport 800-803 reject with icmp admin-prohibited
    ip6 daddr & ::3 == ::1 tcp dport 800-803 reject with icmpv6 admin-prohibited
  }
}
"""


def host(index: int, family: Family) -> Address:
    """Return the address of host *index*."""
    return BASES[family] + index


def truth(index: int, port: int) -> PortState:
    """Return what a scan must find."""
    if index % 16 == 15 or (index % 4 == 1 and port in SILENT_PORTS):
        return PortState.FILTERED
    if index % 4 == 1 and port in PROHIBITED_PORTS:
        return PortState.UNREACHABLE
    return PortState.OPEN if port in OPEN else PortState.CLOSED


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace, which ends with its first process."""

    holder: subprocess.Popen[bytes]

    def enter(self, *command: str) -> list[str]:
        own = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", f"--target={self.holder.pid}", *own, "--net", *command]

    def run(self, script: str, feed: str = "") -> str:
        command = self.enter("sh", "-ec", script)
        return subprocess.run(command, input=feed, text=True, check=True, capture_output=True).stdout


@dataclass(frozen=True, slots=True)
class Bed:
    """Where we scan from, and who is scanned."""

    ours: Namespace
    theirs: Namespace

    def counted(self, name: str) -> int:
        """Return how many packets the counter *name* of the hosts has seen."""
        told = self.theirs.run(f"nft list counter inet hosts {name}")
        return int(told.split("packets ")[1].split()[0])

    @contextmanager
    def losing(self, one_in: int) -> Iterator[None]:
        """Lose one packet in so many, each way."""
        self.theirs.run(
            "nft 'add table inet loss; add chain inet loss in { type filter hook input priority -10; };"
            " add chain inet loss out { type filter hook output priority -10; };"
            f" add rule inet loss in meta l4proto tcp numgen random mod {one_in} 0 drop;"
            f" add rule inet loss out meta l4proto tcp numgen random mod {one_in} 0 drop'"
        )
        try:
            yield
        finally:
            self.theirs.run("nft delete table inet loss")

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Let the hosts' machine hear everything and answer no TCP."""
        self.theirs.run(
            "nft 'add table inet mute; add chain inet mute out { type filter hook output priority 0; };"
            " add rule inet mute out meta l4proto tcp drop'"
        )
        try:
            yield
        finally:
            self.theirs.run("nft delete table inet mute")

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Keep from either machine whatever asks who it is, and have us forget the other."""
        ends = (self.theirs, "in"), (self.ours, "out")
        for side, end in ends:
            side.run(
                "nft 'add table netdev deaf;"
                f" add chain netdev deaf in {{ type filter hook ingress device {end} priority 0; }};"
                " add rule netdev deaf in ether type arp drop;"
                " add rule netdev deaf in icmpv6 type nd-neighbor-solicit drop'"
            )
        self.forget()
        try:
            yield
        finally:
            for side, _ in ends:
                side.run("nft delete table netdev deaf")

    @contextmanager
    def down(self, side: Namespace, end: str) -> Iterator[None]:
        """Take one end of the wire down, and bring it up with its routes."""
        side.run(f"ip link set {end} down")
        try:
            yield
        finally:
            side.run(f"ip link set {end} up")
            self.address()

    def address(self) -> None:
        """Give both ends their addresses and routes, those missing."""
        self.theirs.run(_THEIRS)
        self.ours.run(_OURS)

    def forget(self) -> None:
        """Have our own machine forget all its neighbours."""
        self.ours.run("ip -4 neigh flush dev out; ip -6 neigh flush dev out")

    def be_forgotten(self) -> None:
        """Have the hosts' machine forget us."""
        self.theirs.run("ip -4 neigh flush dev in; ip -6 neigh flush dev in")


@contextmanager
def bed() -> Iterator[Bed]:
    """Bring both namespaces up, and end them."""
    ours = _namespace()
    theirs = _namespace(*([] if os.geteuid() == 0 else ours.enter()[:4]))
    listening = None
    try:
        # Its link-local address ends as those of silent hosts do: they may be silent, and their machine not.
        ours.run("ip link set lo up; ip link add out type veth peer name in address 02:00:00:00:00:0f")
        ours.run(f"ip link set in netns {theirs.holder.pid}")
        theirs.run(
            "ip link set lo up; ip link set in up;"
            # One machine stands for a thousand, each with its own limit of ICMP errors.
            "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit;"
            "for each in msgs_per_sec msgs_burst; do"
            "  test ! -w /proc/sys/net/ipv4/icmp_$each || echo 1000000 > /proc/sys/net/ipv4/icmp_$each; done;"
            "ip route add local 198.18.80.0/22 dev lo; ip -6 route add local 2001:db8:80::/112 dev lo; nft -f -",
            _FILTER,
        )
        ours.run("ip link set out up")
        both = Bed(ours, theirs)
        both.address()
        command = theirs.enter(sys.executable, "-c", _LISTEN, *map(str, sorted(OPEN)))
        listening = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert listening.stdout is not None
        listening.stdout.readline()
        yield both
    finally:
        for each in (listening, theirs.holder, ours.holder):
            if each is not None:
                each.kill()
                each.wait()
                assert each.stdout is not None
                each.stdout.close()


def _namespace(*entering: str) -> Namespace:
    holder = subprocess.Popen([*entering, *NEW, "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    made = Namespace(holder)
    # A machine whose link-local address is still being tested can ask for no neighbour, and its answers never leave.
    made.run("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
    return made

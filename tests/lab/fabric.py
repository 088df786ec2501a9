"""The wires: namespaces, links, routes and firewalls, made with iproute2 and nftables."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.lab import city, scale
from tests.lab.model import ipv4, ipv6
from tests.lab.network import MANY, ROUTER, ROUTER_HOST, Node

CLONE_NEWNET = 0x40000000
_SETTINGS = {
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv4/icmp_msgs_per_sec": "100000",
    "net/ipv4/icmp_msgs_burst": "100000",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    # No duplicate address detection, whose silence of one second would be mistaken for a fault.
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
}
_ROUTING = {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}
_IMPATIENT = {"retrans_time_ms": "100", "ucast_solicit": "1", "mcast_solicit": "2"}
"""So that "nobody has this address" is known in 0.2 s instead of 3."""


def run(*command: str, text: str = "") -> None:
    """Run a command; what it complains of becomes the error.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


def batch(lines: Iterable[str], namespace: str = "", *options: str) -> None:
    """Run many ip commands in one process."""
    where = ("-n", namespace) if namespace else ()
    run("ip", *where, *options, "-batch", "-", text="\n".join(lines) + "\n")


def enter(namespace: str) -> None:
    """Move this process into a network namespace.

    Raises:
        OSError: there is none of that name.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {namespace}")
    finally:
        os.close(descriptor)


def inside(namespace: str, act: Callable[[], None]) -> None:
    """Run *act* in a child process inside a namespace and wait for it.

    Raises:
        RuntimeError: it did not end well.
    """
    child = os.fork()
    if child == 0:
        try:
            enter(namespace)
            act()
        except BaseException as error:
            os.write(2, f"{namespace}: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"setting up the namespace {namespace} failed")


def build(nodes: Sequence[Node], many: int = 0) -> None:
    """Make every namespace and the star of links around the router, and room for *many* hosts.

    Needs an empty /run/netns.
    """
    batch([f"netns add {name}" for name in (ROUTER, *(node.name for node in nodes))])
    inside(ROUTER, lambda: _settle({**_SETTINGS, **_ROUTING}))
    for node in nodes:
        inside(node.name, lambda: _settle(_SETTINGS))
    batch(_links(nodes), ROUTER)
    inside(ROUTER, lambda: _hurry(nodes))
    _firewall(ROUTER, "forward", _losses(nodes))
    black_holes = [node for node in nodes if node.mtu6]
    if black_holes:
        never = [f"ip6 daddr {ipv6(node.number, 0)}/64 icmpv6 type packet-too-big drop" for node in black_holes]
        _firewall(ROUTER, "output", never)
    narrow = [node for node in nodes if node.mtu6 or node.tunnel6]
    batch([line for node in narrow for line in _narrow(node)], ROUTER, "-6")
    for node in nodes:
        batch(_addresses(node), node.name)
        if node.incoming:
            _firewall(node.name, "input", node.incoming)
    if many:
        batch(_many_routes(), ROUTER)
        batch(scale.routes(many), MANY)
        _nft(MANY, scale.firewall())


def _many_routes() -> Iterable[str]:
    yield f"route add {scale.BASE4}/16 via {ipv4(city.SCALE, 10)}"
    yield f"route add {scale.BASE6}/112 via {ipv6(city.SCALE, 10)} dev to-{MANY}"


def _settle(settings: dict[str, str]) -> None:
    for key, value in settings.items():
        path = Path("/proc/sys", key)
        if path.exists():
            path.write_text(value)


def _links(nodes: Sequence[Node]) -> Iterable[str]:
    yield "link set lo up"
    for node in nodes:
        yield f"link add to-{node.name} type veth peer name eth0 netns {node.name}"
        yield f"addr add {ipv4(node.number, ROUTER_HOST)}/24 dev to-{node.name}"
        yield f"addr add {ipv6(node.number, ROUTER_HOST)}/64 dev to-{node.name} nodad"
        yield f"link set to-{node.name} up"


def _hurry(nodes: Sequence[Node]) -> None:
    """Let the router notice quickly that nobody owns an address."""
    for node in nodes:
        for version in ("ipv4", "ipv6"):
            _settle({f"net/{version}/neigh/to-{node.name}/{key}": value for key, value in _IMPATIENT.items()})


def _addresses(node: Node) -> Iterable[str]:
    yield "link set lo up"
    yield "link set eth0 up"
    for address in node.addresses:
        yield f"addr add {address}/24 dev eth0" if address.version == 4 else f"addr add {address}/64 dev eth0 nodad"
    # A namespace without an address of a family still needs the way out of the other.
    if any(address.version == 4 for address in node.addresses):
        yield f"route add default via {ipv4(node.number, ROUTER_HOST)}"
    if any(address.version == 6 for address in node.addresses):
        yield f"route add default via {ipv6(node.number, ROUTER_HOST)} dev eth0"


def _losses(nodes: Sequence[Node]) -> list[str]:
    rules = []
    for node in nodes:
        if node.loss:
            chance = f"numgen random mod 1000 < {round(node.loss * 1000)} drop"
            rules += [f"iifname to-{node.name} {chance}", f"oifname to-{node.name} {chance}"]
    return rules


def _narrow(node: Node) -> Iterable[str]:
    """Routes for what comes from *node*: the same ways out, but narrow. A tunnel is narrow both ways."""
    mtu = node.mtu6 or node.tunnel6
    yield f"rule add iif to-{node.name} lookup {node.number}"
    yield f"route add 2001:db8::/32 via {ipv6(10, 10)} dev to-vantage mtu lock {mtu} table {node.number}"
    if node.tunnel6:
        yield f"route replace {ipv6(node.number, 0)}/64 dev to-{node.name} proto kernel metric 256 mtu lock {mtu}"


def _firewall(namespace: str, hook: str, rules: Sequence[str]) -> None:
    lines = [f"table inet city_{hook} {{", f"chain {hook} {{", f"type filter hook {hook} priority 0; policy accept;"]
    _nft(namespace, "\n".join([*lines, *rules, "}", "}", ""]))


def _nft(namespace: str, script: str) -> None:
    run("nsenter", f"--net=/run/netns/{namespace}", "nft", "-f", "-", text=script)

"""The packet process for real: raw sockets in a network namespace, one router away from hosts of every kind."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.observation import Failure, GapReason
from probes.wire import NotLooked, Unreached
from probes.wire.packets.client import PacketClient

pytestmark = pytest.mark.lab

COMMAND = [sys.executable, "-m", "probes.wire.packets.process", "--overall", "1000", "--per-host", "50"]
SCOPE = ["127.0.0.0/8", "::1/128", "198.18.76.0/22", "2001:db8:70::/44"]
NEW = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]

ROUTER = """
table inet hosts {
  chain input {
    type filter hook input priority 0;
    ip daddr 198.18.77.13 reject with icmp admin-prohibited
    ip daddr 198.18.77.14 drop
    ip6 daddr 2001:db8:77::13 reject with icmpv6 admin-prohibited
    ip6 daddr 2001:db8:77::14 drop
  }
}
"""
VANTAGE = """
table inet capture {
  counter out_of_scope {}
  chain output {
    type filter hook output priority 0;
    oifname lo accept
    icmp type echo-request ip daddr != 198.18.77.0/24 ip daddr != 198.18.78.0/24 counter name out_of_scope
    icmpv6 type echo-request ip6 daddr != 2001:db8:77::/64 ip6 daddr != 2001:db8:78::/64 counter name out_of_scope
  }
}
"""

DEAF = """
import socket, time
from ipaddress import ip_address
from probes.target import Family
from probes.wire.packets.craft import echo_request
from probes.wire.packets.raw import RawSocket
raw = RawSocket(Family.IPV4)
raw._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
assert raw.dropped == 0
for number in range(100):
    raw.send(ip_address("127.0.0.1"), echo_request(Family.IPV4, 1, number, bytes(16)))
time.sleep(0.2)
heard = 0
while raw.receive():
    heard += 1
# Of a socket that is full the kernel also counts the requests, which would not have been heard.
print(heard < 50, 100 <= heard + raw.dropped <= 200)
"""


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


def namespace(*entering: str) -> Namespace:
    holder = subprocess.Popen([*entering, *NEW, "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    return Namespace(holder)


@pytest.fixture(scope="module")
def vantage() -> Iterator[Namespace]:
    """Two namespaces with a wire between them: where we look from, and a router that is several hosts besides."""
    ours = namespace()
    theirs = namespace(*([] if os.geteuid() == 0 else ours.enter()[:4]))
    ours.run("ip link set lo up; ip link add out type veth peer name in")
    ours.run(f"ip link set in netns {theirs.holder.pid}")
    theirs.run(
        "ip link set lo up; ip link set in up; echo 1 > /proc/sys/net/ipv4/ip_forward;"
        "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding;"
        "ip addr add 198.18.77.1/24 dev in; ip addr add 2001:db8:77::1/64 dev in nodad;"
        "for n in 9 13 14; do ip addr add 198.18.77.$n/32 dev in; ip addr add 2001:db8:77::$n/128 dev in nodad; done;"
        "nft -f -",
        ROUTER,
    )
    ours.run(
        "ip link set out up; ip addr add 198.18.77.2/24 dev out; ip addr add 2001:db8:77::2/64 dev out nodad;"
        "ip route add 198.18.78.0/24 via 198.18.77.1; ip route add 2001:db8:78::/64 via 2001:db8:77::1; nft -f -",
        VANTAGE,
    )
    yield ours
    for each in (theirs, ours):
        each.holder.kill()
        each.holder.wait()
        assert each.holder.stdout is not None
        each.holder.stdout.close()


async def started(path: Path, command: list[str]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *command, "--socket", str(path), *(f"--allow={prefix}" for prefix in SCOPE)
    )
    async with asyncio.timeout(20.0):
        while not path.exists():
            assert process.returncode is None
            await asyncio.sleep(0.02)
    return process


@pytest.fixture
async def client(vantage: Namespace, tmp_path: Path) -> AsyncIterator[PacketClient]:
    process = await started(tmp_path / "packets.sock", vantage.enter(*COMMAND))
    client = PacketClient(tmp_path / "packets.sock")
    yield client
    await client.close()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5.0) == 0


async def outcome(client: PacketClient, address: str, count: int = 2, timeout: float = 1.0) -> object:
    try:
        return len(await client.echo(ip_address(address), count, timeout))
    except Unreached as refusal:
        return refusal.failure
    except NotLooked as refusal:
        return refusal.reason


async def test_every_kind_of_host_is_told_apart_over_both_families(client: PacketClient, vantage: Namespace) -> None:
    expected = {
        "127.0.0.1": 2,
        "::1": 2,
        "198.18.77.1": 2,
        "2001:db8:77::1": 2,
        "198.18.77.9": 2,
        "2001:db8:77::9": 2,
        "198.18.77.13": Failure.ADMIN_PROHIBITED,
        "2001:db8:77::13": Failure.ADMIN_PROHIBITED,
        "198.18.77.14": Failure.ECHO_TIMEOUT,
        "2001:db8:77::14": Failure.ECHO_TIMEOUT,
        "198.18.78.1": Failure.NETWORK_UNREACHABLE,
        "2001:db8:78::1": Failure.NETWORK_UNREACHABLE,
        "198.18.79.1": GapReason.VANTAGE_BLIND_IPV4,
        "2001:db8:79::1": GapReason.VANTAGE_BLIND_IPV6,
        "198.18.70.1": GapReason.OUT_OF_SCOPE,
        "2001:db8:60::1": GapReason.OUT_OF_SCOPE,
    }
    outcomes = await asyncio.gather(*(outcome(client, address) for address in expected))
    assert dict(zip(expected, outcomes, strict=True)) == expected
    assert "packets 0 bytes 0" in vantage.run("nft list counter inet capture out_of_scope")


async def test_the_round_trip_is_the_wires_and_the_pace_is_kept(client: PacketClient) -> None:
    await outcome(client, "198.18.77.9")
    began = time.monotonic()
    trips = await client.echo(ip_address("198.18.77.9"), 11, 1.0)
    assert time.monotonic() - began >= 10 / 50
    assert len(trips) == 11
    assert sorted(trips)[5] < 0.01


async def test_a_thousand_echoes_all_come_home(client: PacketClient) -> None:
    hosts = [ip_address("127.1.0.0") + place for place in range(1, 251)]
    trips = await asyncio.gather(*(client.echo(host, 4, 1.0) for host in hosts))
    assert [len(each) for each in trips] == [4] * 250


def test_what_the_kernel_throws_away_is_counted(vantage: Namespace) -> None:
    done = subprocess.run(vantage.enter(sys.executable, "-c", DEAF), capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


async def test_killed_mid_way_it_leaves_gaps_and_its_successor_goes_on(vantage: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "packets.sock"
    first = await started(path, vantage.enter(*COMMAND))
    client = PacketClient(path)
    assert await outcome(client, "198.18.77.9") == 2
    asking = [asyncio.create_task(outcome(client, f"198.18.77.{host}", 16, 5.0)) for host in (9, 13, 14)]
    await asyncio.sleep(0.1)
    first.kill()
    assert await asyncio.gather(*asking) == [GapReason.NO_RAW_SOCKET] * 3
    assert await outcome(client, "198.18.77.9") is GapReason.NO_RAW_SOCKET
    await first.wait()
    path.unlink()
    second = await started(path, vantage.enter(*COMMAND))
    assert await outcome(client, "198.18.77.9") == 2
    await client.close()
    second.terminate()
    assert await second.wait() == 0


async def test_without_the_capability_everything_is_a_gap(vantage: Namespace, tmp_path: Path) -> None:
    powerless = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    process = await started(tmp_path / "packets.sock", vantage.enter(*powerless, *COMMAND))
    client = PacketClient(tmp_path / "packets.sock")
    for address in ("127.0.0.1", "::1"):
        assert await outcome(client, address) is GapReason.NO_RAW_SOCKET
    await client.close()
    process.terminate()
    assert await process.wait() == 0


async def test_stopped_nothing_leaves(client: PacketClient, vantage: Namespace) -> None:
    vantage.run(
        "nft add counter inet capture sent; nft insert rule inet capture output meta l4proto icmp counter name sent"
    )
    asking = asyncio.create_task(outcome(client, "198.18.77.14", 16, 5.0))
    await asyncio.sleep(0.1)
    await client.stop()
    before = vantage.run("nft list counter inet capture sent")
    assert "packets 0 " not in before
    assert await asking is GapReason.STOPPED
    assert await outcome(client, "198.18.77.9") is GapReason.STOPPED
    await asyncio.sleep(0.3)
    assert vantage.run("nft list counter inet capture sent") == before
    await client.resume()
    assert await outcome(client, "198.18.77.9") == 2

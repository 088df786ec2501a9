"""The SYN engine for real: a packet process in one network namespace, a thousand hosts of each family in the other."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked, PortState
from probes.wire.gathering import Swept
from probes.wire.packets.client import PacketClient
from tests.probes.syn_bed import Bed, bed, host, truth

pytestmark = pytest.mark.lab

COMMAND = [sys.executable, "-m", "probes.wire.packets.process"]
ALLOW = ["198.18.80.0/22", "2001:db8:80::/112", "198.18.79.0/24", "2001:db8:79::/64", "198.18.99.0/24"]
ALLOW += ["2001:db8:99::/64", "127.0.0.0/8", "::1/128"]
HOSTS = range(64)
PORTS = (*range(15, 35), *range(80, 90), 443, *range(699, 710), *range(799, 806), *range(990, 997))
FAST = ("--overall", "200000", "--per-host", "100000")
CONTROLS = ("--control=198.18.79.1:22", "--control=[2001:db8:79::1]:22")
"""The hosts' own machine, which answers as long as anybody there can."""
WITNESSES = 4
"""Packets a round that ask somebody again who has answered, while others are silent."""
families = pytest.mark.parametrize("family", Family)


@pytest.fixture(scope="module")
def world() -> Iterator[Bed]:
    with bed() as both:
        yield both


async def started(world: Bed, path: Path, *limits: str, before: Sequence[str] = ()) -> asyncio.subprocess.Process:
    scope = [f"--allow={prefix}" for prefix in ALLOW]
    process = await asyncio.create_subprocess_exec(
        *world.ours.enter(*before, *COMMAND, *limits, *scope, "--deny=198.18.80.64/26", "--socket", str(path))
    )
    async with asyncio.timeout(20.0):
        while not path.exists():
            assert process.returncode is None
            await asyncio.sleep(0.02)
    return process


@pytest.fixture
async def client(world: Bed, tmp_path: Path) -> AsyncIterator[PacketClient]:
    process = await started(world, tmp_path / "packets.sock", *FAST, *CONTROLS)
    client = PacketClient(tmp_path / "packets.sock")
    yield client
    await client.close()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5.0) == 0


async def scan(
    client: PacketClient, family: Family, ports: Sequence[int] = PORTS, rate: float = 20_000.0, per_host: float = 5000.0
) -> Swept:
    return await client.scan([host(index, family) for index in HOSTS], ports, rate=rate, per_host=per_host)


def mistakes(swept: Swept, family: Family) -> Counter[tuple[PortState, PortState]]:
    """Return how often which truth was taken for what."""
    wrong: Counter[tuple[PortState, PortState]] = Counter()
    for index in HOSTS:
        for look in swept.looks.get(host(index, family), ()):
            if look.state is not truth(index, look.port):
                wrong[truth(index, look.port), look.state] += 1
    return wrong


@families
async def test_every_port_of_every_host_is_found_as_it_is(client: PacketClient, world: Bed, family: Family) -> None:
    assert await client.can_scan()
    before = world.counted("arrived")
    swept = await scan(client, family)
    assert not mistakes(swept, family)
    assert not swept.gaps
    looks = [look for index in HOSTS for look in swept.looks[host(index, family)]]
    silent = sum(look.state is PortState.FILTERED for look in looks)
    # Asked again is only who does not answer, and some, once a round or twice, as witnesses that the way is open.
    witnesses = swept.packets - len(HOSTS) * len(PORTS) - 2 * silent
    assert witnesses in range(0, 6 * WITNESSES + 1)
    resets = sum(look.state is PortState.OPEN for look in looks)  # our kernel's, to whom it has not called
    beyond = world.counted("arrived") - before - swept.packets - resets
    assert 0 <= beyond <= 5  # an answer sent twice is reset twice
    assert world.counted("astray") == 0
    assert all((look.state is PortState.OPEN) == (0 < look.seconds < 0.5) for look in looks)


async def test_both_engines_say_the_same_of_every_port(world: Bed, tmp_path: Path, client: PacketClient) -> None:
    """Hosts of every kind: all answered, some ports dropped or prohibited, wholly silent, and nobody there."""
    addresses = [str(host(index, family)) for family in Family for index in (0, 1, 2, 15)]
    addresses += ["198.18.79.77", "2001:db8:79::77"]
    asked = json.dumps([addresses, [22, 23, 80, 443, 700, 701, 800, 995]])
    looks = " ".join([sys.executable, "-m", "tests.probes.port_looks"])
    told = [json.loads(world.ours.run(f"{looks} {tmp_path / name}", asked)) for name in ("packets.sock", "none")]
    assert told[0] == told[1]
    assert {state for states in told[0].values() for state in states} == set(PortState)


@families
async def test_nobody_at_an_address_is_said_by_our_own_neighbour_table(client: PacketClient, family: Family) -> None:
    nobody = ip_address("198.18.79.77" if family is Family.IPV4 else "2001:db8:79::77")
    swept = await client.scan([nobody], (80, 81), rate=1000.0, per_host=1000.0)
    assert {look.state for look in swept.looks[nobody]} == {PortState.UNREACHABLE}


@families
async def test_loopback_is_scanned_like_any_other(client: PacketClient, family: Family) -> None:
    ourselves = ip_address("127.0.0.1" if family is Family.IPV4 else "::1")
    swept = await client.scan([ourselves], (1, 2), rate=1000.0, per_host=1000.0)
    assert [look.state for look in swept.looks[ourselves]] == [PortState.CLOSED] * 2


@families
async def test_a_tenth_lost_each_way_is_made_good_by_asking_again(
    client: PacketClient, world: Bed, family: Family
) -> None:
    ports = range(1, 500)
    with world.losing(10):
        swept = await scan(client, family, ports)
    wrong = mistakes(swept, family)
    answering = sum(truth(index, port) is not PortState.FILTERED for index in HOSTS for port in ports)
    assert {found for _, found in wrong} <= {PortState.FILTERED}
    assert wrong.total() <= answering * 0.001


async def test_where_nobody_answers_any_more_nobody_is_told_as_silent(client: PacketClient, world: Bed) -> None:
    """Neighbours, link and route are all as they should be, and from a moment on nothing comes back."""
    some = {family: [host(index, family) for index in range(16)] for family in Family}
    scans = [client.scan(hosts, range(1, 1001), rate=20_000.0, per_host=5000.0) for hosts in some.values()]
    scanning = asyncio.gather(*scans)
    await asyncio.sleep(0.3)
    with world.mute():
        told = dict(zip(Family, await scanning, strict=True))
    for family, swept in told.items():
        assert {gap.reason for gap in swept.gaps.values()} == {GapReason.blind(family)}
        assert not mistakes(swept, family)
        assert host(15, family) in swept.gaps


async def test_an_address_that_is_silent_all_alone_is_believed_when_a_control_answers(
    client: PacketClient, world: Bed, tmp_path: Path
) -> None:
    process = await started(world, tmp_path / "without.sock", *FAST)
    without = PacketClient(tmp_path / "without.sock")
    alone = [(asked, host(15, family)) for asked in (client, without) for family in Family]
    swept = await asyncio.gather(*(asked.scan([host], (80, 81), rate=1e3, per_host=1e3) for asked, host in alone))
    states = [{look.state for looks in each.looks.values() for look in looks} for each in swept]
    assert states == [{PortState.FILTERED}] * 2 + [set()] * 2
    gaps = [gap.reason for each in swept[2:] for gap in each.gaps.values()]
    assert gaps == [GapReason.blind(family) for family in Family]
    await without.close()
    process.terminate()
    await process.wait()


def reasons(swept: Swept) -> set[tuple[GapReason, bool]]:
    return {(gap.reason, "next hop" in gap.detail) for gap in swept.gaps.values()}


@families
async def test_a_router_that_cannot_be_found_is_a_gap_and_no_silence_of_those_behind_it(
    client: PacketClient, world: Bed, family: Family
) -> None:
    before = world.counted("arrived")
    with world.deaf():
        swept = await scan(client, family)
    assert swept.looks == {}
    assert len(swept.gaps) == len(HOSTS)
    assert reasons(swept) == {(GapReason.blind(family), True)}
    assert (world.counted("arrived") - before, swept.packets) == (0, 3)  # one for each time it was looked for


@families
async def test_a_router_slow_to_be_found_costs_no_answer(client: PacketClient, world: Bed, family: Family) -> None:
    async def lift() -> None:
        await asyncio.sleep(4.0)
        for side in (world.theirs, world.ours):
            side.run("nft flush table netdev deaf")

    with world.deaf():
        lifting = asyncio.create_task(lift())
        swept = await scan(client, family)
        await lifting
    assert not mistakes(swept, family)


@families
async def test_hosts_that_have_forgotten_us_find_us_again_and_answer(
    client: PacketClient, world: Bed, family: Family
) -> None:
    """Once all of IPv6 was silent here: the bed dropped the answer to whom its machine asked where we are."""
    answering = [host(index, family) for index in (0, 2, 4)]
    for _ in range(2):
        swept = await client.scan(answering, (22, 23), rate=1000.0, per_host=1000.0)
        assert {look.state for each in swept.looks.values() for look in each} == {PortState.OPEN, PortState.CLOSED}
        assert len(swept.looks) == len(answering)
        world.be_forgotten()


@families
async def test_a_router_that_goes_away_in_the_middle_leaves_gaps(
    client: PacketClient, world: Bed, family: Family
) -> None:
    scanning = asyncio.create_task(scan(client, family, range(1, 1001), 20_000.0))
    await asyncio.sleep(0.5)
    with world.deaf():
        swept = await scanning
    assert swept.gaps
    assert not mistakes(swept, family)


@families
@pytest.mark.parametrize("end", ["out", "in"])
async def test_a_link_that_goes_down_in_the_middle_leaves_gaps(
    client: PacketClient, world: Bed, family: Family, end: str
) -> None:
    side = world.ours if end == "out" else world.theirs
    scanning = asyncio.create_task(outcome_of_all(client, family))
    await asyncio.sleep(0.5)
    with world.down(side, end):
        swept = await scanning
    assert isinstance(swept, NotLooked) or swept.gaps
    assert isinstance(swept, NotLooked) or not mistakes(swept, family)


async def outcome_of_all(client: PacketClient, family: Family) -> Swept | NotLooked:
    try:
        return await scan(client, family, range(1, 1001), 20_000.0)
    except NotLooked as refusal:
        return refusal


async def outcome(client: PacketClient, addresses: Sequence[Address], ports: Sequence[int] = (80,)) -> object:
    try:
        await client.scan(addresses, ports, rate=1000.0, per_host=1000.0)
    except NotLooked as refusal:
        return refusal.reason
    return None


async def test_one_address_out_of_scope_or_without_a_way_and_nothing_is_sent(client: PacketClient, world: Bed) -> None:
    before = world.counted("arrived"), world.counted("astray")
    for beside, reason in (
        ("198.18.80.64", GapReason.DENIED),
        ("198.18.84.1", GapReason.OUT_OF_SCOPE),
        ("198.18.90.1", GapReason.OUT_OF_SCOPE),
        ("198.18.99.1", GapReason.VANTAGE_BLIND_IPV4),
        ("2001:db8:90::1", GapReason.OUT_OF_SCOPE),
        ("2001:db8:99::1", GapReason.VANTAGE_BLIND_IPV6),
        ("::ffff:198.18.80.1", GapReason.OUT_OF_SCOPE),
    ):
        other = ip_address(beside)
        inside = host(0, Family.of(other))
        assert await outcome(client, [inside, other]) is reason
    assert (world.counted("arrived"), world.counted("astray")) == before


async def test_the_process_keeps_its_own_pace_whatever_it_is_asked(world: Bed, tmp_path: Path) -> None:
    process = await started(world, tmp_path / "packets.sock", "--overall", "200", "--per-host", "20")
    client = PacketClient(tmp_path / "packets.sock")
    began = time.monotonic()
    addresses = [host(index, Family.IPV4) for index in (0, 2)]
    scans = [client.scan(addresses, ports, rate=1e6, per_host=1e6) for ports in ((1, 2, 3), (4, 5, 6), (7, 8, 9))]
    swept = await asyncio.gather(*scans)
    assert {look.state for each in swept for looks in each.looks.values() for look in looks} == {PortState.CLOSED}
    assert time.monotonic() - began >= 8 / 20  # nine packets to one address
    await client.close()
    process.terminate()
    await process.wait()


async def test_a_scan_needs_no_descriptor_and_so_finds_none_missing(world: Bed, tmp_path: Path) -> None:
    process = await started(world, tmp_path / "packets.sock", *FAST)
    client, open_files = PacketClient(tmp_path / "packets.sock"), Path(f"/proc/{process.pid}/fd")
    assert await client.can_scan()
    before, held = len(list(open_files.iterdir())), world.counted("arrived")
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (before, before))
    scanning = asyncio.create_task(scan(client, Family.IPV4))
    await asyncio.sleep(0.5)
    assert len(list(open_files.iterdir())) == before
    swept = await scanning
    assert world.counted("arrived") > held
    assert not mistakes(swept, Family.IPV4)
    assert not swept.gaps
    await client.close()
    process.terminate()
    await process.wait()


async def test_stopped_it_is_silent_within_a_second(client: PacketClient, world: Bed) -> None:
    asking = asyncio.create_task(outcome(client, [host(15, Family.IPV6)], range(1, 1001)))
    await asyncio.sleep(0.3)
    await client.stop()
    assert await asyncio.wait_for(asking, 1.0) is GapReason.STOPPED
    before = world.counted("arrived")
    assert await outcome(client, [host(0, Family.IPV6)]) is GapReason.STOPPED
    await asyncio.sleep(0.3)
    assert world.counted("arrived") == before
    await client.resume()
    assert await outcome(client, [host(0, Family.IPV6)]) is None


async def test_a_scan_nobody_waits_for_any_more_ends(client: PacketClient, world: Bed) -> None:
    asking = asyncio.create_task(outcome(client, [host(15, Family.IPV4)], range(1, 1001)))
    await asyncio.sleep(0.3)
    asking.cancel()
    await asyncio.sleep(0.2)
    before = world.counted("arrived")
    await asyncio.sleep(0.3)
    assert world.counted("arrived") == before


async def test_killed_mid_scan_it_leaves_a_gap_and_its_successor_goes_on(world: Bed, tmp_path: Path) -> None:
    path = tmp_path / "packets.sock"
    first = await started(world, path, *FAST)
    client = PacketClient(path)
    asking = asyncio.create_task(outcome(client, [host(15, Family.IPV4)], range(1, 1001)))
    await asyncio.sleep(0.3)
    first.kill()
    assert await asking is GapReason.NO_RAW_SOCKET
    assert not await client.can_scan()
    await first.wait()
    path.unlink()
    second = await started(world, path, *FAST)
    assert await client.can_scan()
    assert await outcome(client, [host(0, Family.IPV4)]) is None
    await client.close()
    second.terminate()
    assert await second.wait() == 0


async def test_without_the_capability_it_says_that_it_cannot_scan(world: Bed, tmp_path: Path) -> None:
    powerless = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    process = await started(world, tmp_path / "packets.sock", before=powerless)
    client = PacketClient(tmp_path / "packets.sock")
    assert not await client.can_scan()
    assert await outcome(client, [host(0, Family.IPV4)]) is GapReason.NO_RAW_SOCKET
    await client.close()
    process.terminate()
    assert await process.wait() == 0

"""Nothing passes the guard against scope, pace, budget or stop switch, and all that passes is written down."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import Contact, NotLooked, Surroundings, Unreached
from probes.wire.account import Account, Budget
from probes.wire.errand import STRAIN
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.pace import Pacer
from probes.wire.scope import Limits, Scope
from tests.probes.wire_world import ACCOUNT, FREE, LOOPBACK, V4, V6, guard

OUTSIDE = ip_address("192.0.2.1")


async def refused(door: Guard, address=V4, port=80, what=What.HTTP, account=ACCOUNT) -> GapReason:
    with pytest.raises(NotLooked) as refusal:
        async with door.admit(address, port, what, account):
            pytest.fail("let out")
    return refusal.value.reason


async def test_an_empty_scope_lets_nothing_out() -> None:
    assert await refused(guard(Scope())) is GapReason.OUT_OF_SCOPE


async def test_deny_beats_allow_and_grants() -> None:
    own = Surroundings(resolvers=(V4,), controls={Family.IPV4: (Contact(V4, 80),)})
    door = guard(Scope(allow=(ip_network("127.0.0.0/8"),), deny=(ip_network("127.0.0.1/32"),)), own=own)
    assert await refused(door) is GapReason.DENIED
    assert await refused(door, port=53, what=What.DNS) is GapReason.DENIED
    assert await refused(door, what=What.TCP_CONNECT) is GapReason.DENIED


@pytest.mark.parametrize(
    "address",
    ["::ffff:192.0.2.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "::", "0.0.0.0", "ff02::1", "224.0.0.1"],
)
async def test_disguised_addresses_are_not_in_scope(address: str) -> None:
    assert await refused(guard(), ip_address(address)) is GapReason.OUT_OF_SCOPE


async def test_an_embedded_address_is_denied_as_itself() -> None:
    door = guard(Scope(allow=(ip_network("::/0"), ip_network("0.0.0.0/0")), deny=(ip_network("10.0.0.0/8"),)))
    assert await refused(door, ip_address("::ffff:10.1.2.3")) is GapReason.DENIED
    assert await refused(door, ip_address("::")) is GapReason.OUT_OF_SCOPE


async def test_a_guard_made_narrower_lets_out_only_what_both_scopes_allow() -> None:
    door = guard(Scope(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128"))))
    door.narrow(Scope(allow=(ip_network("::1/128"), ip_network("192.0.2.0/24"))))
    async with door.admit(V6, 80, What.HTTP, ACCOUNT):
        pass
    assert await refused(door) is GapReason.OUT_OF_SCOPE
    assert await refused(door, OUTSIDE) is GapReason.OUT_OF_SCOPE


async def test_guards_that_follow_one_another_keep_the_pace_together() -> None:
    limits = Limits(overall=50, per_host=1000, per_agency=1000)
    pacer = Pacer(limits)
    old, new = (Guard(LOOPBACK, limits, pacer=pacer) for _ in range(2))

    async def send(door: Guard, number: int) -> None:
        async with door.admit(ip_address(f"127.0.0.{number}"), 80, What.HTTP, Account(str(number), "town")):
            pass

    began = time.monotonic()
    await asyncio.gather(*(send(door, number) for door in (old, new) for number in range(1, 16)))
    assert time.monotonic() - began >= 28 / 50
    assert old.ledger.counts == new.ledger.counts == {What.HTTP: 15}


async def test_who_waits_while_the_scope_is_made_narrower_is_not_let_out() -> None:
    door = guard(limits=Limits(per_host_concurrent=1))
    first = asyncio.create_task(_hang(door))
    waiting = asyncio.create_task(refused(door))
    await asyncio.sleep(0.01)
    door.narrow(Scope(allow=(ip_network("::1/128"),)))
    first.cancel()
    assert await asyncio.wait_for(waiting, 2) is GapReason.OUT_OF_SCOPE
    assert door.ledger.counts == {What.HTTP: 1}


PLACES = [ip_address(each) for each in ("127.0.0.1", "127.0.0.2", "::1")]
_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(PLACES)),
        st.tuples(st.just("narrow"), st.sampled_from(PLACES)),
        st.tuples(st.sampled_from(["stop", "resume", "wait"]), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(_MOVES)
def test_whatever_happens_meanwhile_nothing_leaves_that_may_not_leave_now(moves: list[tuple[str, Address]]) -> None:
    allowed, stopped, broken = set(PLACES), False, list[Address]()

    async def send(door: Guard, address: Address) -> None:
        with suppress(NotLooked):
            async with door.admit(address, 80, What.HTTP, Account(str(address))):
                if stopped or address not in allowed:
                    broken.append(address)
                await asyncio.sleep(0.002)

    async def play() -> None:
        nonlocal stopped
        door = guard(limits=Limits(overall=5000, per_host=2000, concurrent=2))
        sending = []
        for move, address in moves:
            if move == "send":
                sending.append(asyncio.create_task(send(door, address)))
            elif move == "narrow":
                allowed.discard(address)
                door.narrow(Scope(allow=LOOPBACK.allow, deny=(ip_network(address),)))
            elif move == "wait":
                await asyncio.sleep(0.003)
            else:
                stopped = move == "stop"
                (door.stop if stopped else door.resume)()
        await asyncio.wait_for(asyncio.gather(*sending), 5)
        assert door.under_way == 0

    asyncio.run(play())
    assert broken == []


async def test_surroundings_are_granted_for_their_use_alone() -> None:
    own = Surroundings(resolvers=(V4,), controls={Family.IPV6: (Contact(V6, 443),)}, resolver_port=5353)
    door = guard(Scope(), own=own)
    async with door.admit(V4, 5353, What.DNS, ACCOUNT), door.admit(V6, 443, What.TCP_CONNECT, ACCOUNT):
        pass
    async with door.admit(V6, 0, What.ECHO, ACCOUNT):
        pass
    for address, port, what in [
        (V4, 53, What.DNS),
        (V4, 5353, What.HTTP),
        (V4, 5353, What.TCP_CONNECT),
        (V6, 80, What.TCP_CONNECT),
        (V6, 443, What.TLS),
        (V4, 0, What.ECHO),
        (V6, 443, What.SYN),
    ]:
        assert await refused(door, address, port, what) is GapReason.OUT_OF_SCOPE


async def test_name_servers_may_be_asked_and_nothing_else() -> None:
    door = guard(Scope(name_servers=(ip_network("127.0.0.0/8"),)))
    async with door.admit(V4, 53, What.DNS, ACCOUNT):
        pass
    assert await refused(door) is GapReason.OUT_OF_SCOPE


async def test_what_is_let_out_is_in_the_ledger_and_what_is_not_is_not() -> None:
    door = guard()
    async with door.admit(V6, 0, What.ECHO, ACCOUNT, packets=3), door.admit(V4, 80, What.HTTP, ACCOUNT):
        pass
    await refused(door, OUTSIDE)
    let_out = [line for line in door.ledger if line.refused is None]
    assert [(line.what, line.address, line.ports, line.target) for line in let_out] == [
        (What.ECHO, V6, "", "www.example"),
        (What.HTTP, V4, "80", "www.example"),
    ]
    assert door.ledger.counts == {What.ECHO: 3, What.HTTP: 1}
    assert all(line.at.utcoffset() is not None and line.at.second == 0 for line in door.ledger)


async def test_what_is_refused_is_in_the_ledger_with_its_reason() -> None:
    door = guard(Scope(allow=LOOPBACK.allow, deny=(ip_network("127.0.0.9/32"),)))
    spent = Account("www.example", "town", Budget(octets=0))
    await refused(door, OUTSIDE, 443)
    await refused(door, ip_address("127.0.0.9"), what=What.TLS)
    await refused(door, account=spent)
    door.stop()
    await refused(door, V6, 0, What.ECHO)
    assert [(line.address, line.what, line.refused, line.ports) for line in door.ledger] == [
        (OUTSIDE, What.HTTP, GapReason.OUT_OF_SCOPE, "443"),
        (ip_address("127.0.0.9"), What.TLS, GapReason.DENIED, "80"),
        (V4, What.HTTP, GapReason.BUDGET_SPENT, "80"),
        (V6, What.ECHO, GapReason.STOPPED, ""),
    ]
    assert door.ledger.counts == {}
    assert door.ledger.refusals == {line.refused: 1 for line in door.ledger}


async def test_who_is_stopped_while_waiting_is_refused_and_who_was_let_out_was_sent() -> None:
    door = guard(limits=Limits(per_host_concurrent=1))
    first, second = (asyncio.create_task(_hang(door)) for _ in range(2))
    await asyncio.sleep(0.01)
    door.stop()
    await asyncio.gather(first, second, return_exceptions=True)
    assert door.ledger.counts == {What.HTTP: 1}
    assert door.ledger.refusals == {GapReason.STOPPED: 1}


async def _hang(door: Guard) -> None:
    async with door.admit(V4, 80, What.HTTP, ACCOUNT):
        await asyncio.sleep(60)


async def test_stopping_breaks_off_what_runs_and_what_waits() -> None:
    door = guard(limits=Limits(concurrent=3))
    inside, ended = 0, Counter[GapReason]()

    async def exchange(number: int) -> None:
        nonlocal inside
        try:
            async with door.admit(ip_address(f"127.0.0.{number}"), 80, What.HTTP, ACCOUNT, host=f"h{number}"):
                inside += 1
                await asyncio.sleep(60)
        except NotLooked as refusal:
            ended[refusal.reason] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(1, 50):
            group.create_task(exchange(number))
        while inside < 3:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        door.stop()
    assert time.monotonic() - began < 0.5
    assert (inside, ended) == (3, {GapReason.STOPPED: 49})
    assert door.under_way == 0
    assert await refused(door) is GapReason.STOPPED
    door.resume()
    async with door.admit(V4, 80, What.HTTP, ACCOUNT):
        pass


async def test_a_stopped_exchange_within_a_deadline_is_stopped_and_not_late() -> None:
    door = guard()

    async def exchange() -> None:
        async with door.admit(V4, 80, What.HTTP, ACCOUNT), asyncio.timeout(5):
            await asyncio.sleep(60)

    task = asyncio.create_task(exchange())
    await asyncio.sleep(0.01)
    door.stop()
    with pytest.raises(NotLooked, match="stopped"):
        await task


async def test_being_cancelled_by_others_stays_a_cancellation() -> None:
    door = guard(limits=Limits(concurrent=1))
    holding, running = asyncio.Event(), asyncio.Event()

    async def exchange() -> None:
        async with door.admit(V4, 80, What.HTTP, ACCOUNT):
            running.set()
            await holding.wait()

    tasks = [asyncio.create_task(exchange()) for _ in range(3)]
    await running.wait()
    for task in tasks[:2]:
        task.cancel()
    assert all(
        isinstance(outcome, asyncio.CancelledError)
        for outcome in await asyncio.gather(*tasks[:2], return_exceptions=True)
    )
    holding.set()
    await asyncio.wait_for(tasks[2], 2)
    assert door.under_way == 0


async def test_a_spent_budget_is_a_gap_and_waiting_costs_nothing() -> None:
    door = guard(limits=Limits(overall=20, per_host=20))
    thirsty = Account("x", budget=Budget(octets=100))
    async with door.admit(V4, 80, What.HTTP, thirsty) as errand:
        errand.count(60)
        with pytest.raises(NotLooked, match="budget_spent"):
            errand.count(60)
    assert await refused(door, account=thirsty) is GapReason.BUDGET_SPENT
    patient = Account("y", budget=Budget(seconds=0.05))
    for _ in range(3):
        async with door.admit(V4, 80, What.HTTP, patient):
            pass
    async with door.admit(V4, 80, What.HTTP, patient):
        await asyncio.sleep(0.06)
    assert await refused(door, account=patient) is GapReason.BUDGET_SPENT


async def test_an_address_that_hangs_uses_up_no_other_s_time() -> None:
    door = guard()
    account = Account("x", budget=Budget(seconds=0.02))
    async with door.admit(V4, 80, What.HTTP, account):
        await asyncio.sleep(0.03)
    assert await refused(door, account=account) is GapReason.BUDGET_SPENT
    async with door.admit(V6, 80, What.HTTP, account) as errand:
        errand.count(1)


async def test_distress_slows_an_address_down_and_health_speeds_it_up() -> None:
    door = guard(limits=Limits(overall=1e4, per_host=1000, per_agency=1e4))

    async def slowdown_after(outcome: Exception | None, times: int = 8) -> float:
        for _ in range(times):
            with suppress(Unreached, NotLooked):
                async with door.admit(V4, 80, What.TCP_CONNECT, ACCOUNT):
                    if outcome:
                        raise outcome
        return door._pacer._addresses[V4].slowdown

    assert await slowdown_after(None) == 1.0
    assert await slowdown_after(NotLooked(GapReason.OVERLOADED)) == 1.0
    assert await slowdown_after(Unreached(Failure.CONNECTION_REFUSED)) == 1.0
    assert await slowdown_after(Unreached(Failure.HTTP_MALFORMED), 1) == 1.0
    assert await slowdown_after(Unreached(Failure.CONNECTION_TIMEOUT)) > 2.0
    assert await slowdown_after(None) == 1.0
    assert await slowdown_after(Unreached(Failure.CONNECTION_REFUSED), 40) > 2.0


async def test_a_host_that_asks_for_patience_gets_half_the_pace_at_all_its_addresses_and_recovers() -> None:
    door = guard(limits=Limits(overall=1e4, per_host=1000, per_agency=1e4))

    async def visit(address: Address, *, overburdened: bool) -> tuple[float, ...]:
        async with door.admit(address, 80, What.HTTP, ACCOUNT) as errand:
            if overburdened:
                errand.spare()
        gates = [*(door._pacer._addresses.get(each) for each in (V4, V6)), door._pacer._hosts[ACCOUNT.target]]
        return tuple(gate.slowdown if gate else 1.0 for gate in gates)

    assert await visit(V4, overburdened=True) == (2.0, 1.0, 2.0)
    assert await visit(V4, overburdened=True) == (4.0, 1.0, 4.0)
    assert await visit(V6, overburdened=False) == (4.0, 1.0, 2.0)
    assert await visit(V4, overburdened=False) == (2.0, 1.0, 1.0)


def test_only_silence_and_resets_are_distress() -> None:
    assert STRAIN[Failure.CONNECTION_REFUSED] < STRAIN[Failure.CONNECTION_TIMEOUT]
    assert not {Failure.TLS_ALERT, Failure.HTTP_MALFORMED, Failure.DNS_SERVFAIL} & set(STRAIN)


async def test_our_own_resolver_counts_against_the_overall_pace_alone() -> None:
    own = Surroundings(resolvers=(V4,))
    door = guard(Scope(), Limits(overall=1000, per_host=1, per_agency=1), own)
    began = time.monotonic()
    for _ in range(50):
        async with door.admit(V4, 53, What.DNS, ACCOUNT):
            pass
    assert 0.02 < time.monotonic() - began < 0.9


async def test_questions_about_a_host_do_not_count_as_the_hosts_traffic() -> None:
    door = guard(limits=Limits(overall=1e4, per_host=2, per_agency=1e4))
    began = time.monotonic()
    for last in range(1, 6):
        async with door.admit(ip_address(f"127.0.1.{last}"), 53, What.DNS, ACCOUNT):
            pass
    async with door.admit(V4, 80, What.HTTP, ACCOUNT):
        pass
    assert time.monotonic() - began < 0.4


async def test_five_thousand_who_wait_are_served_in_time_at_the_pace() -> None:
    door = guard(limits=Limits(overall=5000, per_host=50, per_agency=5000, concurrent=100))
    moments: list[float] = []

    async def exchange(number: int) -> None:
        host = f"h{number % 500}"
        async with door.admit(ip_address(0x7F000001 + number % 500), 80, What.HTTP, Account(host, "a"), host=host):
            moments.append(time.monotonic())

    began = time.monotonic()
    await asyncio.gather(*(exchange(number) for number in range(5000)))
    assert time.monotonic() - began < 10.0
    assert all(
        sum(at <= later < at + 0.999 for later in moments[place:]) <= 5000 for place, at in enumerate(moments[:5])
    )
    assert door.under_way == 0


async def test_the_guard_forgets_hosts_it_has_not_seen_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.wire.guard._FORGET_EVERY", 10)
    door = guard(limits=FREE)
    for number in range(200):
        async with door.admit(ip_address(0x7F000001 + number), 80, What.HTTP, Account(f"h{number}", "a")):
            pass
    assert len(door._pacer._addresses) < 50
    assert len(door._pacer._hosts) < 50

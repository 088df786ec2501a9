"""SNMP: tables read as net-snmp reads them, over both families, and an end whatever an agent answers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.wire import NotLooked, Unreached
from probes.wire.ledger import What
from probes.wire.snmp import PUBLIC, Oid, SnmpTable, SnmpWalk
from probes.wire.snmp.ber import Malformed, number, oid, read_integer, write, write_integer, write_oid
from probes.wire.snmp.envelope import PlainEnvelope, SecuredEnvelope, Stray
from probes.wire.snmp.keys import COMMON, Community, Hash, User
from probes.wire.snmp.pdu import read_pdu
from probes.wire.snmp.walker import OCTETS, SnmpWalker
from tests.probes.snmp_agents import Answer, free_port, odd, said, snmpd
from tests.probes.wire_world import ACCOUNT, V4, V6, guard

KEYS = {
    "core": User("monitor", Hash.SHA256, b"labauthpass", b"labprivpass"),
    "longer": User("longer", Hash.SHA512, b"labauthpass", b"labprivpass"),
    "wrong": User("monitor", Hash.SHA256, b"another one", b"labprivpass"),
    "garbled": User("monitor", Hash.SHA256, b"labauthpass", b"another one"),
    "stranger": User("nobody", Hash.SHA256, b"labauthpass", b"labprivpass"),
    "other": Community(b"other"),
}
NAMES = "1.3.6.1.2.1.31.1.1.1.1"
SYSTEM = ("1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.5")
COLUMN: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)
SHORT = 0.2


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as port:
        yield port


async def walked(port: int, key: str, *columns: str, **more: object) -> SnmpTable:
    asked = SnmpWalk(V4, port, key, columns, **{"timeout": SHORT, **more})  # type: ignore[arg-type]
    return await SnmpWalker(guard(), KEYS).walk(asked, ACCOUNT)


async def refused(answer: Answer, **more: object) -> Failure:
    async with odd(answer) as port:
        with pytest.raises(Unreached) as met:
            await walked(port, PUBLIC, NAMES, **more)
        return met.value.failure


# --- a real agent


@pytest.mark.parametrize("address", [V4, V6], ids=str)
@pytest.mark.parametrize("key", ["core", "longer", PUBLIC], ids=["sha256", "sha512", "v2c"])
async def test_a_device_says_who_it_is_over_either_family_and_version(agent: int, address: object, key: str) -> None:
    asked = SnmpWalk(address, agent, key, SYSTEM, scalars=True)  # type: ignore[arg-type]
    table = await SnmpWalker(guard(), KEYS).walk(asked, ACCOUNT)
    assert {cell.index for cell in table.cells} == {(0,)}
    assert [cell.octets for cell in table.cells] == [b"a router", b"core"]
    assert table.encrypted is (key != PUBLIC)


@pytest.mark.parametrize("key", ["core", PUBLIC], ids=["v3", "v2c"])
@pytest.mark.parametrize("column", ["1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.5", "1.3.6.1.2.1.4.34.1.3"])
async def test_a_column_reads_as_snmpbulkwalk_reads_it(agent: int, key: str, column: str) -> None:
    table = await walked(agent, key, column)
    command = ["snmpbulkwalk", "-v2c", "-cpublic", "-OnQe", f"127.0.0.1:{agent}", column]
    printed = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MIBS": ""}, check=True).stdout
    theirs = [tuple(line.partition(" = ")[::2]) for line in printed.splitlines()]
    ours = [(f".{column}." + ".".join(map(str, cell.index)), str(cell.number)) for cell in table.cells]
    assert ours, "the agent has such a column"
    assert ours == theirs


@pytest.mark.parametrize("key", ["wrong", "stranger"])
async def test_wrong_credentials_are_denied(agent: int, key: str) -> None:
    with pytest.raises(Unreached) as met:
        await walked(agent, key, *SYSTEM, scalars=True)
    assert met.value.failure is Failure.SNMP_DENIED


@pytest.mark.parametrize("key", ["other", "garbled"])
async def test_an_agent_that_cannot_read_the_question_keeps_silent(agent: int, key: str) -> None:
    with pytest.raises(Unreached) as met:
        await walked(agent, key, *SYSTEM, scalars=True)
    assert met.value.failure in (Failure.SNMP_TIMEOUT, Failure.SNMP_DENIED)


async def test_a_closed_port_says_so() -> None:
    with pytest.raises(Unreached) as met:
        await walked(free_port(), PUBLIC, *SYSTEM, scalars=True)
    assert met.value.failure is Failure.CONNECTION_REFUSED


async def test_nothing_is_sent_out_of_scope_and_the_ledger_tells_what_was(agent: int) -> None:
    watched = guard()
    walker = SnmpWalker(watched, KEYS)
    with pytest.raises(NotLooked) as met:
        await walker.walk(SnmpWalk(type(V4)("192.0.2.1"), agent, PUBLIC, SYSTEM), ACCOUNT)
    assert met.value.reason is GapReason.OUT_OF_SCOPE
    await walker.walk(SnmpWalk(V4, agent, PUBLIC, SYSTEM, scalars=True), ACCOUNT)
    assert watched.ledger.counts == {What.SNMP: 1}


# --- agents that do not keep to the rules


async def test_an_agent_that_repeats_an_object_is_left() -> None:
    def answer(request: int, _: bytes) -> bytes:
        return said(request, *[((*COLUMN, 1), write_integer(1))] * 2)

    assert await refused(answer) is Failure.SNMP_LOOP


async def test_an_endless_table_is_cut() -> None:
    numbers = count(1)

    def answer(request: int, _: bytes) -> bytes:
        return said(request, *[((*COLUMN, next(numbers)), write_integer(1)) for _ in range(10)])

    async with odd(answer) as port:
        table = await walked(port, PUBLIC, NAMES, rows=100)
    assert (len(table.cells), table.cut) == (100, True)


async def test_an_agent_that_says_too_much_is_left() -> None:
    numbers = count(1)

    def answer(request: int, _: bytes) -> bytes:
        return said(request, ((*COLUMN, next(numbers)), write(0x04, bytes(60000))))

    assert await refused(answer, rows=OCTETS) is Failure.SNMP_OVERSIZED


async def test_an_agent_whose_every_answer_is_too_big_is_left() -> None:
    assert await refused(lambda request, _: said(request, status=1)) is Failure.SNMP_OVERSIZED


async def test_an_agent_that_refuses_is_said_to() -> None:
    assert await refused(lambda request, _: said(request, status=16)) is Failure.SNMP_DENIED


async def test_an_empty_answer_does_not_keep_us() -> None:
    assert await refused(lambda request, _: said(request)) is Failure.SNMP_MALFORMED


async def test_silence_is_waited_for_twice() -> None:
    asked: list[int] = []
    assert await refused(lambda request, _: asked.append(request)) is Failure.SNMP_TIMEOUT
    assert len(set(asked)) == 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda request, _: said(request + 1, ((*COLUMN, 1), write_integer(1))), Failure.SNMP_MISMATCH),
        (lambda request, _: said(request, ((*COLUMN, 1), write_integer(1)), community=b"x"), Failure.SNMP_MISMATCH),
        (lambda _, data: data.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1), Failure.SNMP_MISMATCH),
        (lambda request, _: said(request, ((*COLUMN, 1), write_integer(1)))[:-3], Failure.SNMP_MALFORMED),
        (lambda _, data: data, Failure.SNMP_MALFORMED),
        (lambda *_: b"\x30" * 2000, Failure.SNMP_MALFORMED),
        (lambda *_: b"\x30\x84\xff\xff\xff\xff", Failure.SNMP_MALFORMED),
    ],
    ids=["id", "community", "version", "cut", "echoed", "nested", "length"],
)
async def test_what_is_no_answer_to_the_question_is_not_taken_for_one(answer: Answer, failure: Failure) -> None:
    assert await refused(answer) is failure


async def test_a_silent_agent_is_left_in_time() -> None:
    assert await refused(lambda *_: None, timeout=60.0, deadline=0.05) is Failure.SNMP_TIMEOUT


# --- reading and writing


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_reads_as_it_was_written(value: int) -> None:
    written = write_integer(value)
    assert read_integer(written, 0, len(written)) == (value, len(written))


@given(st.tuples(st.integers(0, 2), st.integers(0, 39)), st.lists(st.integers(0, 2**32 - 1), max_size=100))
def test_an_object_identifier_reads_as_it_was_written(root: tuple[int, int], rest: list[int]) -> None:
    whole = (*root, *rest)
    written = write_oid(whole)
    assert oid(written[2:] if written[1] < 0x80 else written[2 + (written[1] & 0x7F) :]) == whole


@given(st.binary(max_size=200))
def test_rubbish_is_malformed_or_stray_and_nothing_else(data: bytes) -> None:
    for opened in (PlainEnvelope(COMMON), SecuredEnvelope(KEYS["core"])):  # type: ignore[arg-type]
        with pytest.raises((Malformed, Stray)):
            opened.open(data, 1)


@given(st.data())
def test_a_damaged_answer_reads_or_is_malformed_or_stray(data: st.DataObject) -> None:
    whole = bytearray(said(7, ((*COLUMN, 1), write_integer(1)), ((*COLUMN, 2), write(0x46, b"\xff" * 8))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        pdu = PlainEnvelope(COMMON).open(bytes(whole), 7)
    except (Malformed, Stray):
        return
    assert pdu.number == 7


def test_secrets_show_nowhere() -> None:
    assert "labauthpass" not in repr(KEYS)
    assert "labprivpass" not in repr(KEYS)
    assert "public" not in repr(COMMON)


def test_a_number_of_too_many_octets_is_none() -> None:
    with pytest.raises(Malformed):
        number(bytes(10))
    with pytest.raises(Malformed):
        read_pdu(b"\x04\x00", 0, 2)

"""The order to stop probing, and those who obey it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.halt import Halt, HaltFile
from monitor.stopping import GLANCE, Obedience
from monitor.switch import Switch

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


def test_an_order_is_read_as_it_was_given(tmp_path: Path) -> None:
    file = HaltFile(tmp_path / "state" / "stopped.json")
    assert file.read() is None
    assert file.give("梁敏", "演练", AT) == Halt("梁敏", "演练", AT)
    assert HaltFile(file.path).read() == Halt("梁敏", "演练", AT)


def test_a_second_order_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    first = file.give("a", "first", AT)
    assert file.give("b", "second", AT + dt.timedelta(hours=1)) == first
    assert file.lift() == first
    assert file.lift() is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"who": 1, "why": 2, "at": "never"}'])
def test_an_order_that_cannot_be_read_is_still_one(tmp_path: Path, content: bytes) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    file.path.write_bytes(content)
    assert file.read() == Halt("", "", None)


def test_the_words_of_an_order_are_no_terminal_control(tmp_path: Path) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    file.give("a\x1b[31m", "b\x07", AT)
    halt = file.read()
    assert halt is not None
    assert "\x1b" not in halt.who + halt.why
    assert "\x07" not in halt.who + halt.why


def test_whoever_runs_the_daemon_may_read_it(tmp_path: Path) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    file.give("root", "", AT)
    assert file.path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("url", "place"),
    [("sqlite:////var/lib/diaolou/d.sqlite", "/var/lib/diaolou"), ("postgresql://db/diaolou", "/etc/diaolou")],
)
def test_it_lies_beside_the_store_or_else_with_the_configuration(url: str, place: str) -> None:
    assert HaltFile.beside(url, Path("/etc/diaolou")).path.parent == Path(place)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+23:00", "2026-11-22T08:00:00"])
def test_an_order_of_no_sane_moment_is_one_that_cannot_be_read(tmp_path: Path, at: str) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    file.path.write_text(json.dumps({"who": "a", "why": "b", "at": at}))
    assert file.read() == Halt()


def test_nesting_without_end_is_no_way_around_an_order(tmp_path: Path) -> None:
    file = HaltFile(tmp_path / "stopped.json")
    file.path.write_text("[" * 200_000)
    assert file.ordered()
    assert file.read() == Halt()


def test_where_it_cannot_be_told_whether_there_is_an_order_there_is_one(tmp_path: Path) -> None:
    class Closed(type(tmp_path)):  # type: ignore[misc]
        def lstat(self) -> os.stat_result:
            raise PermissionError(13, "Permission denied")

        def read_text(self, *_: object, **__: object) -> str:
            raise PermissionError(13, "Permission denied")

    file = HaltFile(Closed(tmp_path / "stopped.json"))
    assert file.ordered()
    assert file.read() == Halt()
    with pytest.raises(PermissionError):
        file.give("a", "", AT)


class Packets:
    """Others who are told of a stop, and may be slow to hear it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.heard = seconds, list[bool]()

    async def __call__(self, stopped: bool) -> None:
        await asyncio.sleep(self.seconds)
        self.heard.append(stopped)


@pytest.fixture
def file(tmp_path: Path) -> HaltFile:
    return HaltFile(tmp_path / "stopped.json")


async def test_an_order_is_obeyed_within_a_second_and_once(file: HaltFile) -> None:
    switch, others = Switch(), Packets()
    task = asyncio.create_task(Obedience(file, switch, others).watch())
    try:
        await asyncio.sleep(2 * GLANCE)
        assert (switch.stopped, others.heard) == (False, [])
        file.give("a", "", AT)
        await asyncio.sleep(1.0)
        assert (switch.stopped, others.heard) == (True, [True])
        file.lift()
        await asyncio.sleep(1.0)
        assert (switch.stopped, others.heard) == (False, [True, False])
    finally:
        task.cancel()


async def test_a_stop_waits_for_nobody_who_is_slow_to_hear_of_the_resuming_before(file: HaltFile) -> None:
    switch, others = Switch(), Packets(seconds=30.0)
    obedience = Obedience(file, switch, others)
    obedience.order("a", AT)
    obedience.lift()
    await asyncio.sleep(0)
    assert not switch.stopped
    obedience.order("a", AT)
    assert switch.stopped


async def test_an_order_taken_back_at_once_leaves_nothing_stopped(file: HaltFile) -> None:
    switch = Switch()
    obedience = Obedience(file, switch, Packets())
    obedience.order("signal", AT)
    obedience.lift()
    obedience.glance()
    assert not switch.stopped


async def test_whoever_fails_to_be_told_keeps_no_later_order_from_being_heard(file: HaltFile) -> None:
    async def deaf(stopped: bool) -> None:
        raise RuntimeError(str(stopped))

    switch = Switch()
    task = asyncio.create_task(Obedience(file, switch, deaf).watch())
    try:
        for _ in range(2):
            file.give("a", "", AT)
            await asyncio.sleep(2 * GLANCE)
            assert switch.stopped
            file.lift()
            await asyncio.sleep(2 * GLANCE)
            assert not switch.stopped
    finally:
        task.cancel()


async def test_an_order_that_cannot_be_kept_holds_until_it_is_lifted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    switch = Switch()
    obedience = Obedience(HaltFile(tmp_path / "file" / "stopped.json"), switch, Packets())
    obedience.order("signal", AT)
    obedience.glance()
    assert switch.stopped
    with suppress(OSError):
        obedience.lift()
    obedience.glance()
    assert not switch.stopped

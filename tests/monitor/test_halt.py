"""The order to stop probing, and those who obey it."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest

from monitor.halt import GLANCE, Halt, HaltFile, obey

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


async def test_an_order_is_obeyed_within_a_second_and_once(tmp_path: Path) -> None:
    file, acts = HaltFile(tmp_path / "stopped.json"), list[str]()

    async def stop() -> None:
        acts.append("stop")

    async def resume() -> None:
        acts.append("resume")

    task = asyncio.create_task(obey(file, stop, resume))
    try:
        await asyncio.sleep(2 * GLANCE)
        assert acts == []
        file.give("a", "", AT)
        await asyncio.sleep(1.0)
        assert acts == ["stop"]
        file.lift()
        await asyncio.sleep(1.0)
        assert acts == ["stop", "resume"]
    finally:
        task.cancel()

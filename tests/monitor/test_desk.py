"""Claiming from memory while the store cannot write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.desk import Desk
from monitor.store import Appointment, Store, StoreUnavailable, Trouble
from probes.target import Target
from tests.monitor.watching import AT, FACTS, after, probe, url

NAME = "http_page"
NAMES = ["a.example", "b.example"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        opened.sync([Target(name, "city") for name in NAMES], [probe()], AT, spread=0)
        yield opened


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, lambda _: NAMES)


def break_writing(store: Store, monkeypatch: pytest.MonkeyPatch, *, reading: bool = False) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable(Trouble.FULL, "no space left")

    for name in ("claim", "reschedule", "release", "shift", "hasten", *(["due"] if reading else [])):
        monkeypatch.setattr(store, name, refuse)


def back_at(*seconds: float) -> list[Appointment]:
    return [Appointment(name, after(later)) for name, later in zip(NAMES, seconds, strict=False)]


@pytest.mark.parametrize("reading", [False, True])
def test_looking_goes_on_from_memory_and_keeps_its_rhythm(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, reading: bool
) -> None:
    with monkeypatch.context() as broken:
        break_writing(store, broken, reading=reading)
        assert desk.claim(NAME, AT, 10) == NAMES
        assert desk.trouble is Trouble.FULL
        assert desk.claim(NAME, after(10), 10) == []
        desk.give_back(NAME, back_at(100, 200))
        assert desk.claim(NAME, after(99), 10) == []
        assert desk.claim(NAME, after(100), 10) == ["a.example"]
        desk.give_back(NAME, back_at(300))
    assert desk.claim(NAME, after(299), 10) == ["b.example"]
    assert desk.trouble is None
    assert desk.claim(NAME, after(300), 10) == ["a.example"]


def test_what_was_promised_meanwhile_is_written_down_when_it_can_be(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.claim(NAME, AT, 10) == NAMES
    with monkeypatch.context() as broken:
        break_writing(store, broken)
        desk.give_back(NAME, [Appointment("a.example", after(50), "high")])
        desk.shift(dt.timedelta(seconds=10))
    desk.give_back(NAME, [Appointment("b.example", after(500), "clean")])
    assert store.standings(NAME, NAMES) == {"a.example": "high", "b.example": "clean"}
    assert store.due(NAME, after(59), 10) == []
    assert store.due(NAME, after(60), 10) == ["a.example"]


def test_what_is_owed_can_be_hastened(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        break_writing(store, broken)
        desk.claim(NAME, AT, 10)
        desk.give_back(NAME, back_at(500, 500))
        desk.hasten({"b.example": [NAME]}, after(20))
        assert desk.claim(NAME, after(20), 10) == ["b.example"]


def test_a_trouble_is_told_once(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_writing(store, monkeypatch)
    for second in range(5):
        desk.claim(NAME, after(second), 10)
    assert caplog.text.count("from memory") == 1


def test_no_more_is_handed_out_than_was_asked_for(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    break_writing(store, monkeypatch)
    assert len(desk.claim(NAME, AT, 1)) == 1
    assert len(desk.claim(NAME, AT, 1)) == 1
    assert desk.claim(NAME, AT, 1) == []

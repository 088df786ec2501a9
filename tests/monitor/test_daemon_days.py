"""What the daemon does once a day, and what it passes on of others' counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.configuration import Known
from monitor.daemon import Daemon
from monitor.store import Store
from monitor.tower import SELF
from tests.monitor.looking_tower import World, raise_tower
from tests.monitor.operator import Desk
from tests.monitor.watching import HandClock


def test_history_is_kept_for_six_months_at_least(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.load().daemon.keep == 400 * 86400
    desk.change("diaolou.yaml", "city: city", "city: city\nstore: {keep: 180d}")
    assert desk.load().daemon.keep == 180 * 86400
    desk.change("diaolou.yaml", "180d", "179d")
    file, line, words = desk.mistake()
    assert (file, line) == ("diaolou.yaml", 2)
    assert "keep" in words


def test_history_beyond_what_is_kept_goes_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tower, store, config = raise_tower(tmp_path, World())
    daemon = Daemon(tmp_path, Known(config, tower.rules, {SELF: tower.sight._probe, **tower.probes}))
    daemon._store, daemon._clock = store, HandClock()  # type: ignore[assignment]
    dropped: list[dt.datetime] = []
    monkeypatch.setattr(Store, "prune", lambda _, before: dropped.append(before))
    for _ in range(3):
        daemon._prune()
    now = daemon._clock.now()
    assert dropped == [now - dt.timedelta(seconds=config.daemon.keep)]
    daemon._clock.pass_time(86400)  # type: ignore[attr-defined]
    daemon._prune()
    assert len(dropped) == 2
    store.close()

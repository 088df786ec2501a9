"""What is kept of each day, and for how long."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.almanac import Almanac
from monitor.store import Store
from tests.monitor.operator import Desk
from tests.monitor.watching import AT, url


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
    settings = Desk(tmp_path / "config").load().daemon
    dropped: list[dt.datetime] = []
    monkeypatch.setattr(Store, "prune", lambda _, before: dropped.append(before))
    with Store.open(url(tmp_path)) as store:
        almanac = Almanac(store, settings)
        for now in (AT, AT, AT + dt.timedelta(hours=1), AT + dt.timedelta(days=1)):
            almanac.prune(now)
    kept = dt.timedelta(seconds=settings.keep)
    assert dropped == [AT - kept, AT + dt.timedelta(days=1) - kept]

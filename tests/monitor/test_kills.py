"""Whatever is killed and when, no deed is lost, nobody is notified twice, and the log stays one chain."""

from __future__ import annotations

from pathlib import Path

from tests.monitor.kills import endure


def test_killed_amid_rounds_and_deeds_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    assert endure(tmp_path, kills=2, seed=20261101) > 10

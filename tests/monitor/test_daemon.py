"""The daemon as a real process: what it answers to, what it keeps, and how it ends."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.monitor.running_tower import PROJECT, Running, running, until


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as tower:
        yield tower


def _rows(tower: Running, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(tower.store)) as connection:
        return connection.execute(query).fetchall()


def _host(name: str) -> str:
    return f'host="{name}"'


def test_an_operator_changes_the_configuration_while_it_runs(tower: Running) -> None:
    tower.start()
    assert tower.metric("diaolou_configuration_valid") == 1
    assert until(lambda: _host(tower.names[0]) in tower.page())
    good = (tower.desk.directory / "targets.yaml").read_text()

    tower.desk.targets("{host: 127.1.0.1, agency: nobody, kind: server}")
    tower.say(signal.SIGHUP)
    assert until(lambda: tower.metric("diaolou_configuration_valid") == 0)
    assert _host(tower.names[0]) in tower.page()
    assert "nobody" in tower.log()

    tower.desk.write("targets.yaml", good.replace(good.splitlines(keepends=True)[1], ""))
    tower.say(signal.SIGHUP)
    assert until(lambda: tower.metric("diaolou_configuration_valid") == 1)
    assert until(lambda: _host(tower.names[0]) not in tower.page())
    assert _host(tower.names[1]) in tower.page()
    acts = [("reload", "refused"), ("reload", "taken up")]
    assert until(lambda: _rows(tower, "SELECT act, detail FROM audit WHERE act != 'policy' ORDER BY id") == acts)


def test_a_stop_silences_it_within_a_second_until_it_may_go_on(tower: Running) -> None:
    tower.start()
    assert until(lambda: tower.door.met > 5)
    tower.say(signal.SIGUSR1)
    time.sleep(1.0)
    met = tower.door.met
    assert tower.metric("diaolou_scanning_stopped") == 1
    time.sleep(7.0)
    assert tower.door.met == met
    tower.say(signal.SIGUSR2)
    assert until(lambda: tower.door.met > met)
    assert tower.metric("diaolou_scanning_stopped") == 0
    acts = [("signal", "stop_scanning"), ("signal", "resume_scanning")]
    assert until(lambda: _rows(tower, "SELECT actor, act FROM audit WHERE act != 'policy' ORDER BY id") == acts)


def test_a_stop_taken_back_at_once_leaves_it_probing(tower: Running) -> None:
    tower.start()
    assert until(lambda: tower.door.met > 5)
    tower.say(signal.SIGUSR1)
    time.sleep(0.05)
    tower.say(signal.SIGUSR2)
    time.sleep(1.0)
    met = tower.door.met
    assert until(lambda: tower.door.met > met)
    assert tower.metric("diaolou_scanning_stopped") == 0


def test_an_order_to_stop_outlasts_the_daemon(tower: Running) -> None:
    tower.start()
    assert until(lambda: tower.door.met > 5)
    assert tower.tell("stop-scanning", str(tower.desk.directory), "--reason", "drill") == 0
    time.sleep(1.0)
    met = tower.door.met
    tower.say(signal.SIGTERM)
    tower.wait()
    tower.start()
    assert until(lambda: tower.metric("diaolou_scanning_stopped") == 1)
    time.sleep(3.0)
    assert tower.door.met == met
    assert tower.tell("resume-scanning", str(tower.desk.directory)) == 0
    assert until(lambda: tower.door.met > met)
    assert "drill" in tower.log()


def test_what_it_sees_while_the_disk_takes_nothing_is_written_when_it_can_be(tower: Running) -> None:
    tower.start()
    assert until(lambda: (tower.metric('diaolou_backlog_targets{probe="tcp_ports"}') or 0) >= 0)
    assert until(lambda: tower.door.met > 3)
    assert tower.process is not None
    written = max(path.stat().st_size for path in tower.folder.glob("diaolou.sqlite*"))
    free = resource.prlimit(tower.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(tower.process.pid, resource.RLIMIT_FSIZE, (written // 2, free[1]))
    assert until(lambda: tower.metric("diaolou_store_available") == 0)
    met = tower.door.met
    assert until(lambda: tower.door.met > met + 3)
    assert until(lambda: (tower.metric("diaolou_unwritten_records") or 0) > 0)
    resource.prlimit(tower.process.pid, resource.RLIMIT_FSIZE, free)
    assert until(lambda: tower.metric("diaolou_store_available") == 1)
    assert until(lambda: tower.metric("diaolou_unwritten_records") == 0)
    assert tower.metric("diaolou_unwritten_records_dropped") == 0
    assert _rows(tower, "PRAGMA integrity_check") == [("ok",)]


def test_it_ends_at_once_marks_what_it_left_and_comes_back(tower: Running) -> None:
    tower.start()
    assert until(lambda: tower.door.met > 5)
    tower.say(signal.SIGTERM)
    status, seconds = tower.wait()
    assert (status, seconds < 5) == (0, True)
    assert _rows(tower, "SELECT count(*) FROM run WHERE finished IS NULL") == [(0,)]
    assert "Traceback" not in tower.log()
    assert _restart_seconds(tower) < 5
    assert tower.metric("diaolou_store_available") == 1


def _restart_seconds(tower: Running, tries: int = 3) -> float:
    """Return the shortest of some restarts, so that a machine busy with other things is not mistaken for us."""
    seconds = tower.start()
    for _ in range(tries - 1):
        if seconds < 5:
            break
        tower.say(signal.SIGTERM)
        tower.wait()
        seconds = min(seconds, tower.start())
    return seconds


def test_a_second_tower_over_the_same_store_is_refused(tower: Running) -> None:
    tower.start()
    second = subprocess.run(
        tower.command("serve", str(tower.desk.directory)), cwd=PROJECT, capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 1
    assert "taken" in second.stderr
    assert "Traceback" not in second.stderr
    assert tower.metric("diaolou_store_available") == 1


def test_it_may_be_killed_at_any_moment(tower: Running) -> None:
    tower.desk.change("policy.yaml", "{6379: Redis}", f"{{{tower.door.port}: Door}}")
    tower.desk.change("policy.yaml", "clauses:", "confirmations: 1\nclauses:")
    tower.start()
    told: set[tuple[object, ...]] = set()
    for turn in range(15):
        met = tower.door.met
        assert until(lambda met=met: tower.door.met > met + 2)
        time.sleep(0.11 * (turn % 9))
        tower.say(signal.SIGKILL)
        tower.wait()
        assert _rows(tower, "PRAGMA integrity_check") == [("ok",)]
        acts = _rows(tower, "SELECT rule, target, subject, act FROM event")
        assert max(Counter(acts).values(), default=0) <= 1
        assert told <= set(acts)
        told = set(acts)
        opened = set(_rows(tower, "SELECT rule, target, subject, 'opened' FROM finding WHERE state = 'open'"))
        assert opened == told
        tower.start()
    assert told
    assert "aside" not in tower.log()

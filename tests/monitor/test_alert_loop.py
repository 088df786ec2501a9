"""An alert's way, by real servers: raised, known to the tower, told further up while nobody answers, answered."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.store import Store
from rules.alert import ABOUT
from rules.deed import Move, breach
from tests.exporters.real_alertmanager import post, receiving
from tests.exporters.real_alertmanager import running as alertmanager
from tests.exporters.real_prometheus import prometheus
from tests.monitor.running_tower import PROJECT, Running, free_port, running, until

TOKEN = "0123456789abcdef0123456789abcdef"
ALERTING = """\
inbox: {{listen: "127.0.0.1:{port}", token_file: secrets/alerts}}
webhooks: ["{url}"]
ladder:
  - {{after: 1s, to: agency, role: lead}}
  - {{after: 5m, to: superior, role: lead}}
"""


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as tower:
        yield tower


def said(tower: Running, *words: str) -> str:
    done = subprocess.run(tower.command(*words), cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(tower: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said(tower, "alert", "list", str(tower.desk.directory), "--json"))
    return found


def down(host: str, *, over: bool = False) -> dict[str, Any]:
    now = dt.datetime.now(dt.UTC)
    labels = {"alertname": "DiaolouWebsiteDown", "host": host, "agency": "education", "severity": "critical"}
    told: dict[str, Any] = {
        "labels": {**labels, "class": "website", "instance": "t"},
        "annotations": {"summary_zh": "打不开\u202e", "summary_en": "down"},
        "startsAt": (now - dt.timedelta(minutes=1)).isoformat(),
    }
    return {**told, "endsAt": now.isoformat()} if over else told


@pytest.mark.real
def test_an_alert_goes_up_until_somebody_answers_and_an_emergency_is_obeyed(tower: Running, tmp_path: Path) -> None:
    port = free_port()
    with receiving() as inbox:
        tower.desk.write("secrets/alerts", TOKEN + "\n")
        tower.desk.write("alerting.yaml", ALERTING.format(port=port, url=inbox.url))
        tower.start()
        made = tmp_path / "alertmanager.yml"
        said(tower, "alertmanager", str(tower.desk.directory), "-o", str(made))
        hurried = (
            made.read_text().replace("group_wait: 30s", "group_wait: 1s").replace("group_wait: 5s", "group_wait: 1s")
        )
        made.write_text(hurried.replace("group_interval: 1m", "group_interval: 1s"))
        place = tmp_path / "prometheus"
        place.mkdir()
        with alertmanager(tmp_path, made) as url, prometheus(place, tower.metrics, url.removeprefix("http://")):
            post(url, [down("127.1.0.1")])
            assert until(lambda: ("DiaolouAlertUnanswered", "") in inbox.firing, 40), tower.log()
            (alert,) = listed(tower)
            assert (alert["name"], alert["agency"], alert["host"]) == ("DiaolouWebsiteDown", "education", "127.1.0.1")
            assert [step["to"] for step in alert["steps"]] == ["education"]
            assert "\u202e" not in alert["summary"]
            said(tower, "alert", "ack", alert["id"][:8], "-c", str(tower.desk.directory), "--by", "李敏")
            answered = 'diaolou_alerts{severity="critical",state="acknowledged"}'
            assert until(lambda: tower.metric(answered) == 1, 40)
            assert "diaolou_alert_escalated{" not in tower.page()
            post(url, [down("127.1.0.1", over=True)])
            assert until(lambda: listed(tower) == [], 40)
        today = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
        emergency = ["--until", today.isoformat(), "--why", "演练", "-c", str(tower.desk.directory)]
        said(tower, "emergency", "on", *emergency)
        assert until(lambda: tower.metric('diaolou_emergency_active{profile=""}') == 1, 40)
        with Store.open_to_read(f"sqlite:///{tower.store}") as store:
            moves = [entry.deed.move for entry in store.deeds(about=ABOUT)]
            assert breach(store.deeds()) is None
    assert moves == [Move.ALERT_RAISED, Move.ALERT_ESCALATED, Move.ALERT_ACKNOWLEDGED, Move.ALERT_RESOLVED]

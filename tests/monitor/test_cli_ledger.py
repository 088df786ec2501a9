"""`diaolou ledger`: what was sent to whom and when, for people and for programs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.store import Store
from probes.observation import GapReason
from probes.wire.ledger import Line, What
from tests.monitor.operator import Desk

ZONE = dt.timezone(dt.timedelta(hours=8))
AT = dt.datetime(2026, 11, 3, 3, 12, tzinfo=ZONE)
WWW, OTHER = "www.city.example", "www.education.example"
HTTP = Line(AT, WWW, ip_address("2001:db8::1"), What.HTTP, None, 2, 3, 1400, 90000, "80, 443")
LINES = (
    HTTP,
    replace(
        HTTP, at=AT + dt.timedelta(minutes=1), address=ip_address("192.0.2.1"), what=What.ECHO, packets=5, ports=""
    ),
    replace(HTTP, target=OTHER, address=ip_address("192.0.2.77"), what=What.TLS, packets=7),
    replace(HTTP, target="", address=ip_address("192.0.2.53"), what=What.DNS, packets=11, ports="53"),
    replace(HTTP, address=ip_address("10.9.9.9"), refused=GapReason.OUT_OF_SCOPE, packets=1, sent=0, received=0),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "config")
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/diaolou.db'}}")
    with Store.open(f"sqlite:///{tmp_path}/diaolou.db") as store:
        store.sent(1, LINES)
    return desk


def ledger(desk: Desk, *words: str, since: str = "2026-11-03") -> Result:
    return CliRunner().invoke(app, ["ledger", *words, "-c", str(desk.directory), "--since", since])


def told(desk: Desk, *words: str, since: str = "2026-11-03") -> dict[str, Any]:
    done = ledger(desk, *words, "--json", since=since)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_was_sent_at_a_minute_is_answered(desk: Desk) -> None:
    found = told(desk, WWW, "--until", "2026-11-03 03:13", since="2026-11-03 03:12")
    assert (found["since"], found["until"]) == ("2026-11-02T19:12:00+00:00", "2026-11-02T19:13:00+00:00")
    assert found["packets"] == {"http": 3}
    assert [(line["address"], line["refused"]) for line in found["lines"]] == [
        ("10.9.9.9", "out_of_scope"),
        ("2001:db8::1", None),
    ]
    assert found["lines"][1] == {
        "at": "2026-11-02T19:12:00+00:00",
        "span": "minute",
        "target": WWW,
        "agency": "city",
        "address": "2001:db8::1",
        "family": "ipv6",
        "what": "http",
        "refused": None,
        "exchanges": 2,
        "packets": 3,
        "sent": 1400,
        "received": 90000,
        "ports": "80, 443",
    }


@pytest.mark.parametrize(
    ("words", "packets"),
    [
        ((), {"dns": 11, "echo": 5, "http": 3, "tls": 7}),
        ((WWW.upper(),), {"echo": 5, "http": 3}),
        (("192.0.2.1",), {"echo": 5}),
        (("192.0.2.0/25",), {"dns": 11, "echo": 5, "tls": 7}),
        (("2001:db8::/32",), {"http": 3}),
        (("nobody.example",), {}),
        (("--agency", "education"), {"tls": 7}),
        (("--agency", "city"), {"echo": 5, "http": 3, "tls": 7}),
    ],
)
def test_a_target_an_address_a_prefix_or_an_agency_is_told_of_itself(
    desk: Desk, words: tuple[str, ...], packets: dict[str, int]
) -> None:
    assert told(desk, *words)["packets"] == packets


def test_csv_has_the_same_lines(desk: Desk) -> None:
    rows = list(csv.DictReader(io.StringIO(ledger(desk, "--csv").stdout)))
    assert [row["packets"] for row in rows] == [str(line["packets"]) for line in told(desk)["lines"]]
    assert rows[0].keys() == told(desk)["lines"][0].keys()


def test_people_are_told_in_their_language_by_their_clock(desk: Desk) -> None:
    chinese, english = (ledger(desk, "--lang", language).stdout for language in ("zh", "en"))
    for shown in (chinese, english):
        assert "2026-11-03 03:12" in shown
    assert "HTTP 请求 3" in chinese
    assert "不在授权范围内" in chinese
    assert "（监测点自身）" in chinese
    assert "HTTP requests 3" in english
    assert "outside the authorised scope" in english


def test_a_time_without_anything_sent_is_said_to_be_one(desk: Desk) -> None:
    done = ledger(desk, "--until", "2026-11-02", "--lang", "en", since="2026-11-01")
    assert done.stdout.strip() == "nothing was sent in that time"
    assert done.exit_code == 0

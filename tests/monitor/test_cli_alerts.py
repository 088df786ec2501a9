"""Answering for alerts from the command line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exporters.documents_underway import AlertDocument
from monitor.alarm import Alarm, Heard
from monitor.cli import app
from monitor.store import Store
from rules.alert import Severity, Signal
from tests.monitor.found_city import found_city
from tests.monitor.operator import Desk

ONE, TWO, OVER = "00000000000000aa", "00000000000000ab", "ff000000000000ff"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["alert", *map(str, words)])


def heard(id_: str, *, firing: bool = True) -> Heard:
    return Heard(id_, firing, Signal("DiaolouWebsiteDown", Severity.CRITICAL, "education", "", "打不开 / down"))


@pytest.fixture
def told(tmp_path: Path) -> Desk:
    """A desk that was told of three alerts, one of which is over."""
    desk = found_city(tmp_path).desk
    config = desk.load()
    with Store.open(f"sqlite:///{tmp_path}/diaolou.db") as store:
        alarm, now = Alarm(store, lambda: config), dt.datetime.now(dt.UTC)
        assert len(alarm.hear([heard(ONE), heard(TWO), heard(OVER), heard(ONE)], now)) == 3
        assert len(alarm.hear([heard(ONE), heard(OVER, firing=False)], now)) == 1
    return desk


def listed(desk: Desk, *words: str) -> list[str]:
    found = json.loads(run("list", desk.directory, "--json", *words).stdout)
    assert all(each.keys() == AlertDocument.__annotations__.keys() for each in found)
    return [each["id"] for each in found]


def test_alerts_are_listed_by_whether_somebody_answers(told: Desk) -> None:
    assert listed(told) == [ONE, TWO]
    done = run("ack", ONE, "-c", told.directory, "--by", "李敏")
    assert (done.exit_code, "已认领" in done.stdout) == (0, True), done.stderr
    assert listed(told, "--waiting") == [TWO]
    assert listed(told, "--past") == [ONE, TWO, OVER]
    for language, words in (
        ("zh", ("无人认领", "教育局", "听不到告警")),
        ("en", ("nobody", "Education", "hears of no")),
    ):
        shown = run("list", told.directory, "--lang", language).stdout
        assert [word for word in (*words, "李敏", ONE[:8]) if word not in shown] == []


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("ack", "00000000"), 78, TWO),
        (("ack", "aaaa"), 78, "aaaa"),
        (("ack", "0"), 78, "0"),
        (("ack", OVER), 1, "已解除"),
        (("close", ONE, "--why", " "), 1, "--why"),
    ],
)
def test_what_cannot_be_answered_for_is_said(told: Desk, words: tuple[str, ...], status: int, why: str) -> None:
    done = run(*words, "-c", told.directory)
    assert (done.exit_code, why in done.stderr) == (status, True)


def test_one_that_nobody_will_speak_of_is_closed_with_a_reason(told: Desk) -> None:
    assert run("close", TWO, "-c", told.directory, "--why", "规则已删除").exit_code == 0
    assert listed(told) == [ONE]

"""Rectification notices from the command line: issued, received, answered, re-tested, closed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exporters.documents_deeds import NoticeDocument
from monitor.cli import app, notices
from rules.deed import Move
from tests.monitor.found_city import FoundCity, found_city
from tests.monitor.looking_tower import WWW

SOON = dt.timedelta(minutes=2)
NUMBER = f"{dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8))).year}-0001"


class Office:
    """Whoever issues and follows notices."""

    def __init__(self, city: FoundCity) -> None:
        self.city = city

    def run(self, *words: str | Path) -> Result:
        return CliRunner().invoke(app, ["notice", *map(str, words), "-c", str(self.city.desk.directory)])

    def does(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def notice(self) -> NoticeDocument:
        found: NoticeDocument = json.loads(self.does("show", NUMBER, "--json"))
        assert found.keys() == NoticeDocument.__annotations__.keys()
        return found


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(notices, "look_again", lambda *_: False)
    return Office(found_city(tmp_path))


def answered(office: Office) -> None:
    office.does("issue", "city")
    office.does("receive", NUMBER, "--by", "镇办公室")
    office.does("answer", NUMBER, "--why", "已关闭 Redis 外网监听")


def test_a_notice_groups_what_an_agency_has_to_mend_and_goes_its_way(office: Office) -> None:
    assert NUMBER in office.does("issue", "city", "--by", "网信办", "--why", "请重视")
    assert (office.notice()["state"], len(office.notice()["findings"])) == ("issued", 2)
    office.does("receive", NUMBER)
    office.does("answer", NUMBER, "--why", "已关闭")
    office.city.world.open[WWW] = (80,)
    office.city.look(SOON)
    assert "re-tested" in office.does("retest", NUMBER)
    office.does("close", NUMBER)
    assert [deed["move"] for deed in office.notice()["deeds"]] == [
        f"notice_{state}" for state in ("issued", "received", "answered", "retested", "closed")
    ]
    listed = json.loads(office.does("list", "--json"))
    assert [(each["number"], each["state"]) for each in listed] == [(NUMBER, "closed")]


def test_what_is_not_mended_is_returned_and_cannot_be_closed(office: Office) -> None:
    answered(office)
    office.city.look(SOON)
    assert "退回" in office.does("retest", NUMBER)
    assert len(office.notice()["remaining"]) == 2
    assert office.run("close", NUMBER).exit_code == 1
    office.does("answer", NUMBER, "--why", "这次真的关了")


def test_nothing_is_said_of_what_was_not_seen_since_the_answer(office: Office) -> None:
    answered(office)
    done = office.run("retest", NUMBER)
    assert (done.exit_code, "尚未看清" in done.stderr) == (1, True)
    assert office.notice()["state"] == "answered"


def test_no_finding_is_in_two_notices_at_once(office: Office) -> None:
    office.does("issue", "city")
    again = office.run("issue", "city")
    assert (again.exit_code, "没有可通知" in again.stderr) == (1, True)
    assert office.run("issue", "education").exit_code == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("issue", "nobody"), 78),
        (("issue", "city", "--until", "2020-01-01"), 1),
        (("receive", "2020-0001"), 78),
        (("show", "2020-0001"), 78),
    ],
)
def test_what_cannot_be_done_says_why(office: Office, words: tuple[str, ...], status: int) -> None:
    done = office.run(*words)
    assert (done.exit_code, done.stderr.count("\n")) == (status, 1)


def test_an_order_of_steps_is_kept(office: Office) -> None:
    office.does("issue", "city")
    for step in ("answer", "retest", "close"):
        assert office.run(step, NUMBER, "--why", "x").exit_code == 1


def test_overdue_notices_are_chased_once_a_day_escalated_once_and_circulated(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.city.desk.change("targets.yaml", f"host: {WWW}, agency: city", f"host: {WWW}, agency: town")
    office.city.look(SOON)
    office.does("issue", "town")
    assert office.does("circular").strip().startswith("没有超期")
    behind = notices._today
    monkeypatch.setattr(notices, "_today", lambda known: behind(known) + dt.timedelta(days=30))
    said = office.does("chase")
    assert [word in said for word in ("催办", "报送上级", "→ 镇", "→ 市")] == [True] * 4
    assert Move.NOTICE_ESCALATED not in {deed["move"] for deed in office.notice()["deeds"][:-1]}
    assert office.does("list", "--overdue", "--lang", "en").count("overdue") >= 1
    path = tmp_path / "circular.html"
    office.does("circular", "-o", str(path), "--lang", "zh")
    page = path.read_text()
    assert [word in page for word in (NUMBER, "<td>镇</td>", "<td>市</td>", "通报")] == [True] * 4
    assert "报送上级" not in office.does("chase")


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("限期整改通知", "回执", "市：")), ("en", ("Notice to", "Receipt"))]
)
def test_a_notice_is_printed_with_its_findings_advice_and_receipt(
    office: Office, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    office.does("issue", "city", "--why", "<b>请重视</b>")
    path = tmp_path / "notice.html"
    office.does("print", NUMBER, "-o", str(path), "--lang", language)
    page = path.read_text()
    assert [word for word in (*words, WWW, "tcp/6379/ipv4", "&lt;b&gt;请重视") if word not in page] == []
    assert "http-equiv" in page
    assert "src=" not in page
    pdf = tmp_path / "notice.pdf"
    office.does("print", NUMBER, "-o", str(pdf), "--format", "pdf", "--lang", language)
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_notice_is_shown_in_words(office: Office) -> None:
    answered(office)
    for language, words in (
        ("zh", ("已反馈，待复测", "签收通知", "未整改")),
        ("en", ("answered", "notice received", "open")),
    ):
        told = office.does("show", NUMBER, "--lang", language)
        assert [word for word in (*words, "已关闭 Redis", WWW) if word not in told] == []

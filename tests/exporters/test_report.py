import datetime as dt
import subprocess
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from exporters.posture import Change
from exporters.report import MonthlyReport, render_html, render_pdf
from rules.finding import Act, Event
from rules.policy import Goal, Stage
from rules.rollout import Fix, Progress, Rollout, Step, remedies
from rules.text import Language, Text
from tests.exporters.city import city

ZONE = ZoneInfo("Asia/Shanghai")
POSTURE = city()


def report(**changes: object) -> MonthlyReport:
    findings = [finding for host in POSTURE.hosts for finding in host.findings]
    acts = tuple(Change(Event(finding.key, Act.OPENED, POSTURE.at, ""), finding) for finding in findings[:3])
    whole = MonthlyReport(
        first=dt.date(2026, 11, 1),
        last=dt.date(2026, 11, 30),
        issued=POSTURE.at,
        posture=POSTURE,
        changes=acts,
        earlier={POSTURE.agencies[0].agency.code: 90.0},
        advice={finding.key.rule: Text("照此整改", "Do this") for finding in findings},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", list(Language))
def test_every_agency_and_finding_is_in_the_report(language: Language) -> None:
    page = render_html(report(), language, ZONE)
    for row in POSTURE.agencies:
        assert row.agency.name.into(language) in page
    for host in POSTURE.hosts:
        if host.findings:
            assert host.target.host in page


def test_an_agency_too_little_measured_has_no_rank_and_no_risk() -> None:
    unranked = [row for row in POSTURE.agencies if row.rank is None and not row.score.coverage]
    assert unranked
    page = render_html(report(), Language.ZH, ZONE)
    row = page.split(f"<td>{unranked[0].agency.name.zh}</td>")[0].rsplit("<tr>", 1)[1]
    assert "—" in row


def test_what_was_not_measured_is_told() -> None:
    page = render_html(report(), Language.ZH, ZONE)
    assert "未测得的内容" in page
    for host in report().unmeasured():
        assert host.target.host in page.split("测得的内容不足")[-1]


def test_a_fallen_risk_is_told_as_falling() -> None:
    assert report().trend(POSTURE.agencies[0].agency.code) == POSTURE.agencies[0].score.risk - 90.0
    assert "▼" in render_html(report(), Language.ZH, ZONE)


def test_a_past_that_is_not_known_gives_no_trend() -> None:
    assert report(earlier={}).trend(POSTURE.agencies[0].agency.code) is None


def test_hostile_text_stays_text() -> None:
    evil = "<script>alert(1)</script>"
    changes = tuple(
        replace(change, finding=replace(change.finding, key=replace(change.finding.key, subject=evil)))
        for change in report().changes
    )
    page = render_html(report(changes=changes), Language.ZH, ZONE)
    assert evil not in page
    assert "&lt;script&gt;" in page


def test_the_page_asks_nothing_of_anybody() -> None:
    page = render_html(report(), Language.EN, ZONE)
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_the_printed_report_holds_chinese_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(render_pdf(render_html(report(), Language.ZH, ZONE)))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    assert "网络安全与 IPv6 监测月报" in text
    assert POSTURE.agencies[0].agency.name.zh in text


def test_a_report_fetches_nothing() -> None:
    with pytest.raises(ValueError, match="fetches nothing"):
        render_pdf('<link rel="stylesheet" href="file:///etc/passwd"><p>x</p>')


@pytest.mark.parametrize(("language", "late"), [(Language.ZH, "赶不上"), (Language.EN, "will be missed")])
def test_the_rollout_tells_what_lifts_most_and_which_goal_will_be_missed(language: Language, late: str) -> None:
    servers = Fix("zone_answers_over_ipv6", "ns1.kp.test ns2.kp.test")
    steps = [Step(host.target.host, "a", Stage.EQUAL, frozenset({servers}), ()) for host in POSTURE.hosts]
    goal = Goal(dt.date(2026, 12, 31), Stage.IPV6_ONLY, 0.9)
    slow = Progress(goal, hosts=10, there=1, unknown=0, missing=8, pace=0.0, needed=1.3)
    page = render_html(report(rollout=Rollout(tuple(steps), remedies(steps), (slow,))), language, ZONE)
    assert f'<td class="n">{len(steps)}</td>' in page
    assert "ns1.kp.test ns2.kp.test" in page
    assert late in page


@pytest.mark.parametrize("language", list(Language))
def test_a_week_of_visits_is_told_website_by_website(language: Language) -> None:
    page = render_html(report(), language, ZONE)
    title = {Language.ZH: "七、网站可用性", Language.EN: "7. Availability of websites"}[language]
    rows = page.partition(title)[2].partition("<h2>")[0]
    assert all(host.target.host in rows for host in POSTURE.hosts if host.availability)
    assert "3.0%" in rows


@pytest.mark.parametrize(("language", "word"), [(Language.ZH, "合格，可加分"), (Language.EN, "qualified, bonus")])
def test_what_the_templates_say_is_told_with_how_much_of_it_is_known(language: Language, word: str) -> None:
    page = render_html(report(), language, ZONE)
    assert word in page
    assert '<td class="n">50.0</td><td class="n">80%</td><td class="n">85</td>' in page

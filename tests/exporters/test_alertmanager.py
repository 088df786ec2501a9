"""Alertmanager's configuration from the agency tree: taken by amtool, routed as meant, and sent end to end."""

from __future__ import annotations

import dataclasses
import subprocess
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml

from exporters.alerting import Alerting, Inbox, Mail, WeCom
from exporters.alertmanager import configuration
from rules.agency import Agency, Contact, Role, Tier, Tree
from rules.alert import Rung, Whom
from rules.text import Language, Text
from tests.exporters.real_alertmanager import post, receiving, running


def agency(code: str, parent: str, *mails: str) -> Agency:
    contacts = tuple(Contact(Role.NOTICES, "张", mail) for mail in mails)
    return Agency(code, Text(f"{code}局", code.title()), Tier.COUNTY, parent, contacts)


TREE = Tree.of(
    [
        agency("city", "", "centre@city.example"),
        agency("edu", "city", "edu@city.example"),
        agency("school", "edu", "school@city.example", "head@city.example"),
        agency("silent", "city"),
    ]
)
MAIL = Mail("127.0.0.1:25", "diaolou@city.example", tls=False)
EVERY = Alerting(
    mail=MAIL,
    webhooks=("http://127.0.0.1:9/alerts",),
    wecom=WeCom("ww1", "1000002", "/nowhere", "2"),
    dingtalk="http://127.0.0.1:9/dingtalk/send",
    quiet=("22:00", "06:00"),
)


def made(folder: Path, alerting: Alerting = EVERY, language: Language = Language.ZH) -> Path:
    path = folder / "alertmanager.yml"
    path.write_text(configuration(TREE, "city", alerting, language, "secret"), encoding="utf-8")
    return path


LADDER = Alerting(
    mail=MAIL,
    inbox=Inbox(ip_address("127.0.0.1"), 9818, "/nowhere"),
    ladder=(Rung(900, Whom.AGENCY, Role.NOTICES), Rung(3600, Whom.CENTRE, Role.LEAD)),
)
WAYS = [LADDER, EVERY, Alerting(), Alerting(mail=MAIL), dataclasses.replace(EVERY, quiet=("12:00", "14:00"))]


@pytest.mark.real
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("alerting", WAYS)
def test_amtool_takes_it(tmp_path: Path, alerting: Alerting, language: Language) -> None:
    checked = subprocess.run(
        ["amtool", "check-config", made(tmp_path, alerting, language)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.real
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("agency=school severity=critical", "agency-school,agency-edu,centre"),
        ("agency=school severity=warning", "agency-school,centre"),
        ("agency=edu severity=critical", "agency-edu,centre"),
        ("agency=silent severity=critical", "centre"),
        ("severity=warning class=vantage", "centre"),
        ("agency=edu class=inhibitor severity=info", "nobody"),
    ],
)
def test_an_alert_goes_to_its_agency_the_superior_and_the_centre(tmp_path: Path, labels: str, receivers: str) -> None:
    said = subprocess.run(
        ["amtool", "config", "routes", "test", f"--config.file={made(tmp_path)}", *labels.split()],
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == receivers


@pytest.mark.real
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("agency=school severity=critical class=website", "tower,agency-school,agency-edu,centre"),
        ("agency=school severity=critical class=escalation to=edu role=notices", "escalation-edu-notices"),
        ("agency=school severity=critical class=escalation to=city role=lead", "escalation-city-lead"),
        ("agency=silent severity=critical class=escalation to=silent role=notices", "centre"),
        ("agency=edu class=inhibitor severity=info", "nobody"),
    ],
)
def test_the_tower_hears_of_alerts_and_escalations_go_to_whom_they_name(
    tmp_path: Path, labels: str, receivers: str
) -> None:
    said = subprocess.run(
        ["amtool", "config", "routes", "test", f"--config.file={made(tmp_path, LADDER)}", *labels.split()],
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == receivers


def test_quiet_hours_silence_all_but_what_is_critical(tmp_path: Path) -> None:
    whole = yaml.safe_load(made(tmp_path).read_text(encoding="utf-8"))
    for route in whole["route"]["routes"][1:]:
        assert ("mute_time_intervals" in route) is ('severity!="critical"' in route["matchers"])
    (interval,) = whole["time_intervals"]
    spans = [span["times"][0] for span in interval["time_intervals"]]
    assert spans == [{"start_time": "22:00", "end_time": "24:00"}, {"start_time": "00:00", "end_time": "06:00"}]


def alert(name: str, host: str, severity: str, kind: str) -> dict[str, dict[str, str]]:
    labels = {"alertname": name, "host": host, "agency": "edu", "severity": severity, "class": kind, "instance": "t"}
    return {"labels": labels, "annotations": {"summary_zh": "字", "summary_en": "words"}}


@pytest.mark.real
def test_alerts_arrive_and_those_an_incident_explains_do_not(tmp_path: Path) -> None:
    with receiving() as inbox:
        config = made(tmp_path, Alerting(webhooks=(inbox.url,)))
        config.write_text(config.read_text().replace("group_wait: 30s", "group_wait: 1s"))
        with running(tmp_path, config) as url:
            post(
                url,
                [
                    alert("DiaolouHostInIncident", "one", "info", "inhibitor"),
                    alert("DiaolouIncident", "", "critical", "incident"),
                    alert("DiaolouCriticalFinding", "one", "critical", "posture"),
                    alert("DiaolouCriticalFinding", "two", "critical", "posture"),
                ],
            )
            deadline = time.monotonic() + 20
            while len(inbox.firing) < 2 and time.monotonic() < deadline:
                time.sleep(0.1)
    assert set(inbox.firing) == {("DiaolouIncident", ""), ("DiaolouCriticalFinding", "two")}

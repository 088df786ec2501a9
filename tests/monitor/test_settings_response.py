"""Settings of how alerts and emergencies are answered: read whole, or every mistake with its place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.settings.checkup import check
from rules.agency import Role
from rules.alert import Rung, Severity, Whom
from rules.emergency import USUAL
from rules.reporting import Basis, Grade
from tests.monitor.operator import PROBES, RULES, Desk

INBOX = 'inbox: {listen: "127.0.0.1:9818", token_file: secrets/alerts}\n'
DUTY = """\
  - id: first
    title: {zh: 首次, en: first}
    to: {zh: 省, en: province}
    within: 4h
    grades: [major]
    basis: copy
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write("secrets/alerts", "0123456789abcdef")
    return made


def test_a_ladder_is_read_as_written(desk: Desk) -> None:
    desk.write(
        "alerting.yaml", INBOX + "ladder: [{after: 15m, to: superior, role: technical, severities: [warning]}]\n"
    )
    alerting = desk.load().alerting
    assert alerting.ladder == (Rung(900, Whom.SUPERIOR, Role.TECHNICAL, frozenset({Severity.WARNING})),)
    assert alerting.inbox is not None
    assert (alerting.inbox.url, alerting.inbox.token_file) == (
        "http://127.0.0.1:9818/alerts",
        str(desk.directory / "secrets/alerts"),
    )


def test_terms_and_duties_are_read_as_written_and_usual_without(desk: Desk) -> None:
    assert (desk.load().emergency, desk.load().duties) == (USUAL, ())
    desk.write("response.yaml", f"emergency: {{revisit: 0.5, confirmations: 2}}\nreports:\n{DUTY}")
    config = desk.load()
    assert (config.emergency.revisit, config.emergency.confirmations) == (0.5, 2)
    (duty,) = config.duties
    assert (duty.id, duty.within, duty.grades, duty.basis) == ("first", 14400, frozenset({Grade.MAJOR}), Basis.COPY)


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("alerting.yaml", "ladder:\n  - {after: 15m, to: agency}\n", 1, "without inbox"),
        (
            "alerting.yaml",
            INBOX + "ladder:\n  - {after: 1h, to: agency}\n  - {after: 5m, to: centre}\n",
            4,
            "earlier one",
        ),
        ("alerting.yaml", INBOX + "ladder:\n  - {after: 1h, to: mayor}\n", 3, "mayor"),
        ("alerting.yaml", 'inbox: {listen: "127.0.0.1:9818", token_file: nowhere}\n', 1, "nowhere"),
        ("response.yaml", "emergency: {profile: strict}\n", 1, "strict"),
        ("response.yaml", "emergency: {revisit: 0}\n", 1, "revisit"),
        ("response.yaml", f"reports:\n{DUTY}{DUTY}", 8, "appears twice"),
        ("response.yaml", "reports:\n" + DUTY.replace("basis: copy", "basis: official"), 7, "official"),
    ],
)
def test_a_mistake_is_told_with_its_place(desk: Desk, name: str, text: str, line: int, words: str) -> None:
    desk.write(name, text)
    file, at, said = desk.mistake()
    assert (file, at) == (name, line)
    assert words in said


def test_a_check_says_what_is_not_official_and_what_reaches_nobody(desk: Desk) -> None:
    desk.write("alerting.yaml", INBOX + "ladder: [{after: 15m, to: superior}]\n")
    desk.write("response.yaml", f"reports:\n{DUTY}")
    notes = " ".join(note.en for note in check(desk.directory, RULES, PROBES, dt.date(2026, 11, 1)).notes)
    assert "nobody has held against the official text: first" in notes
    assert "has no mail" in notes

"""Answering an incident from the command line, from its beginning to the record that is printed."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from exporters.documents_underway import ResponseDocument
from monitor import playbooks
from monitor.cli import app
from monitor.settings import Mistakes
from rules.playbook import Playbook
from rules.text import Text
from tests.monitor.found_city import found_city
from tests.monitor.operator import Desk

BOOKS = playbooks.load()
CLASSES = {
    "website_defaced",
    "data_service_exposed",
    "certificate_expired",
    "ipv6_outage",
    "dns_failure",
    "ransomware_port",
    "vantage_blind",
}
DUTY = """\
reports:
  - id: first
    title: {zh: 首次报告, en: first report}
    to: {zh: 省, en: province}
    within: 4h
    grades: [larger]
    basis: copy
"""


@pytest.fixture
def looked(tmp_path: Path) -> Desk:
    desk = found_city(tmp_path).desk
    desk.write("response.yaml", DUTY)
    return desk


def act(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(app, ["playbook", *words, "-c", str(desk.directory)])


def shown(desk: Desk, number: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(act(desk, "show", number, "--json").stdout)
    assert found.keys() == ResponseDocument.__annotations__.keys()
    return found


def test_there_is_a_playbook_for_every_class() -> None:
    assert set(BOOKS) >= CLASSES


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_a_playbook_speaks_both_languages_and_asks_for_proof(book: Playbook) -> None:
    texts: list[Text] = [book.title, book.when]
    for step in book.steps:
        texts += [step.title, step.do]
    assert [text.zh for text in texts if not re.search(r"[\u4e00-\u9fff]", text.zh)] == []
    assert [text.en for text in texts if not text.en.isascii()] == []
    assert any(step.proof == "file" for step in book.steps)


def begin(desk: Desk) -> str:
    begun = act(desk, "start", "certificate_expired", "--about", "门户证书\u202e过期", "--agency", "education")
    assert begun.exit_code == 0, begun.stderr
    return begun.stdout.split()[0]


@pytest.fixture
def number(looked: Desk) -> str:
    return begin(looked)


@pytest.fixture(scope="module")
def going_on(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """A response that nobody takes further."""
    desk = found_city(tmp_path_factory.mktemp("city")).desk
    return desk, begin(desk)


def test_an_incident_is_gone_through_step_by_step(looked: Desk, number: str, tmp_path: Path) -> None:
    proof = tmp_path / "look.txt"
    proof.write_text("open\n")
    for step in BOOKS["certificate_expired"].steps:
        words = ["--file", str(proof)] if step.proof == "file" else []
        done = act(looked, "step", number, step.id, "--why", "做了", "--by", "王工", *words)
        assert done.exit_code == 0, done.stderr
    assert act(looked, "note", number, "--why", "<script>alert(1)</script>").exit_code == 0
    assert act(looked, "close", number).exit_code == 0
    found = shown(looked, number)
    assert found["left"] == []
    assert found["closed_at"] is not None
    assert "\u202e" not in found["about"]
    assert found["steps"]["verify"]["who"] == "王工"
    out = tmp_path / "record.html"
    assert act(looked, "export", number, "-o", str(out)).exit_code == 0
    page = out.read_text(encoding="utf-8")
    assert "look.txt 5 sha256:" in page
    assert "<script>" not in page
    for language in ("zh", "en"):
        assert act(looked, "show", number, "--lang", language).exit_code == 0


def test_it_is_printed_as_pdf_too(looked: Desk, number: str, tmp_path: Path) -> None:
    out = tmp_path / "record.pdf"
    assert act(looked, "export", number, "--format", "pdf", "--lang", "en", "-o", str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-")


def test_its_grade_sets_the_times_and_reports_are_written_down_once(looked: Desk, number: str) -> None:
    assert shown(looked, number)["reports"] == []
    graded = act(looked, "grade", number, "larger", "--by", "陈主任")
    assert "首次报告" in graded.stdout
    (owed,) = shown(looked, number)["reports"]
    assert (owed["report"], owed["basis"], owed["done_at"]) == ("first", "copy", None)
    assert act(looked, "reported", number, "first", "--why", "电话 12:00").exit_code == 0
    assert shown(looked, number)["reports"][0]["done_at"] is not None
    again = act(looked, "reported", number, "first", "--why", "again")
    assert (again.exit_code, "已登记过" in again.stderr) == (1, True)


def test_what_was_known_long_ago_is_overdue_at_once(looked: Desk) -> None:
    begun = act(looked, "start", "dns_failure", "--about", "x", "--since", "2020-01-01T08:00", "--grade", "larger")
    assert begun.exit_code == 0, begun.stderr
    (owed,) = shown(looked, begun.stdout.split()[0])["reports"]
    assert (owed["overdue"], owed["due"]) == (True, "2020-01-01T04:00:00+00:00")


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("start", "nothing", "--about", "x"), 78, "website_defaced"),
        (("start", "dns_failure", "--about", " "), 1, "--about"),
        (("start", "dns_failure", "--about", "x", "--since", "2999-01-01T08:00"), 78, "将来"),
        (("step", "R2026-001", "scope"), 1, "--why"),
        (("step", "R2026-001", "verify", "--why", "x"), 1, "--file"),
        (("step", "R2026-001", "verify", "--file", "/nowhere/x"), 78, "/nowhere/x"),
        (("step", "R2026-001", "nothing", "--why", "x"), 1, "没有这一步"),
        (("step", "R1999-001", "scope", "--why", "x"), 78, "R1999-001"),
        (("close", "R2026-001"), 1, "没有完成"),
        (("reported", "R2026-001", "first", "--why", "x"), 1, "定级"),
        (("show", "R1999-001"), 78, "R1999-001"),
    ],
)
def test_what_makes_no_sense_is_refused(
    going_on: tuple[Desk, str], words: tuple[str, ...], status: int, why: str
) -> None:
    desk, number = going_on
    done = act(desk, *(word.replace("R2026-001", number) for word in words))
    assert (done.exit_code, why in done.stderr) == (status, True), done.stderr


def test_an_operators_own_takes_the_place_of_ours_and_all_mistakes_are_told(looked: Desk) -> None:
    looked.write(
        "playbooks/dns_failure.yaml",
        "id: dns_failure\ntitle: {zh: 本地, en: local}\nwhen: {zh: 时, en: when}\n"
        "steps:\n  - {id: one, title: {zh: 一, en: one}, do: {zh: 做, en: do}, proof: none}\n",
    )
    assert [step.id for step in playbooks.load(looked.directory)["dns_failure"].steps] == ["one"]
    looked.write("playbooks/odd.yaml", "id: other\ntitle: {zh: 字, en: word}\nwhen: {zh: 字, en: word}\nsteps: []\n")
    looked.write("playbooks/twice.yaml", "id: twice\nbogus: 1\n")
    with pytest.raises(Mistakes) as caught:
        playbooks.load(looked.directory)
    told = "\n".join(str(mistake) for mistake in caught.value.mistakes)
    assert "playbooks/odd.yaml:4" in told
    assert "playbooks/twice.yaml:2" in told
    assert CliRunner().invoke(app, ["playbook", "list", str(looked.directory)]).exit_code == 78
    assert CliRunner().invoke(app, ["check", str(looked.directory)]).exit_code == 78


def test_the_months_report_tells_of_emergencies_and_responses(looked: Desk, number: str, tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    on = ["emergency", "on", "--until", now.date().isoformat(), "--why", "两会保障", "-c", str(looked.directory)]
    assert CliRunner().invoke(app, on).exit_code == 0
    for agency, told in (("city", True), ("town", False)):
        out = tmp_path / f"{agency}.html"
        month = ["report", "month", f"{now:%Y-%m}", "--config", str(looked.directory), "--agency", agency]
        assert CliRunner().invoke(app, [*month, "-o", str(out)]).exit_code == 0
        page = out.read_text(encoding="utf-8")
        assert "两会保障" in page
        assert (number in page) is told


def commands() -> set[str]:
    """Return every command as it is typed, groups left out."""
    found: set[str] = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found |= {f"{name} {each}" for each in below} if below else {name}
    return found


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_a_playbook_names_only_commands_there_are(book: Playbook) -> None:
    known = commands()
    for step in book.steps:
        for text in (step.do.zh, step.do.en):
            for first, second in re.findall(r"diaolou ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", text, re.ASCII):
                assert first in known or f"{first} {second}" in known, text

"""The page for those we probe: filled from the configuration, blanks told, nothing of it taken for HTML."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exporters.about import About, blanks, page, pointers, text
from monitor.cli import app
from rules.text import Text
from tests.monitor.operator import Desk

US = About(
    agency=Text("开平市<网信办>", "Kaiping & Co"),
    user_agent="Diaolou/0.1 (+https://www.kaiping.example/about)",
    addresses=(ip_address("192.0.2.10"), ip_address("2001:db8::10")),
    name="probe.kaiping.example",
    mail="duty@kaiping.example",
    phone="0750-0000000",
    overall=80,
    per_host=7.5,
    second=60,
    third=90,
    source_ports=(40000, 44999),
)


def test_what_is_known_is_filled_in_and_what_is_not_stays_a_blank() -> None:
    filled = text(US)
    for known in ("开平市", "Kaiping", US.user_agent, US.mail, US.phone, "2001:db8::10", "40000", "44999", "80", "7.5"):
        assert filled.count(known) >= 2 or known in ("开平市", "Kaiping")
    assert "diaolou about" not in filled
    assert len(blanks(US)) == len([blank for blank in blanks(US) if blank in " ".join(text().split())])
    assert len(blanks(replace(US, mail="", phone=""))) == len(blanks(US)) + 4


def test_without_fixed_ports_nothing_is_said_of_them() -> None:
    assert "源端口在" not in text(replace(US, source_ports=None))
    assert "40000" not in text(replace(US, source_ports=None))


def test_syns_leave_from_the_fixed_ports_too_and_else_from_their_own() -> None:
    assert text(replace(US, source_ports=None)).count("61000") == 2
    assert "61000" not in text(US)


def test_the_page_is_whole_and_takes_no_word_for_html() -> None:
    made = page(US)
    assert made.startswith("<!doctype html>")
    assert "开平市&lt;网信办&gt;" in made
    assert "Kaiping &amp; Co" in made
    assert "<strong>" in made
    assert "<li>" in made
    for sign in ("**", "`", "{{", "{%"):
        assert sign not in made


def test_the_reverse_zones_name_us() -> None:
    four, six = pointers(US)
    assert four == "10.2.0.192.in-addr.arpa. IN PTR probe.kaiping.example."
    assert six.endswith("8.b.d.0.1.0.0.2.ip6.arpa. IN PTR probe.kaiping.example.")


def test_the_command_writes_the_page_and_tells_what_is_left(tmp_path: Path) -> None:
    desk, file = Desk(tmp_path / "config"), tmp_path / "about.html"
    words = ["about", str(desk.directory), "--from", "192.0.2.10", "--name", "probe.city.example", "-o", str(file)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "https://city.example/about" in file.read_text()
    assert "[邮箱]" in done.stderr
    assert "10.2.0.192.in-addr.arpa. IN PTR probe.city.example." in done.stderr


@pytest.mark.parametrize("address", ["here", "192.0.2.256"])
def test_what_is_no_address_is_no_source(tmp_path: Path, address: str) -> None:
    done = CliRunner().invoke(app, ["about", str(Desk(tmp_path).directory), "--from", address])
    assert done.exit_code == 2
    assert "--from" in done.stderr

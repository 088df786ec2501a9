"""Dealing with findings from the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exporters.documents_deeds import DeedDocument, HandledDocument
from monitor.cli import app
from monitor.store import Store
from tests.monitor.found_city import found_city
from tests.monitor.looking_tower import WWW
from tests.monitor.operator import Desk

KEY = f"no_dangerous_port_open@{WWW}#tcp/6379/ipv4"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def looked(tmp_path: Path) -> Desk:
    return found_city(tmp_path).desk


def act(desk: Desk, *words: str, key: str = KEY) -> Result:
    return run("finding", words[0], key, "-c", desk.directory, *words[1:])


def shown(desk: Desk) -> HandledDocument:
    handled: HandledDocument = json.loads(act(desk, "show", "--json").stdout)
    assert handled.keys() == HandledDocument.__annotations__.keys()
    assert all(deed.keys() == DeedDocument.__annotations__.keys() for deed in handled["deeds"])
    return handled


def test_every_deed_is_kept_with_who_when_and_why(looked: Desk) -> None:
    for words in (
        ("ack", "--by", "李敏"),
        ("assign", "--to", "王工", "--by", "李敏", "--why", "数据库归他管"),
        ("comment", "--by", "王工", "--why", "今晚停服务"),
    ):
        done = act(looked, *words)
        assert done.exit_code == 0, done.stderr
    handled = shown(looked)
    assert (handled["acknowledged"], handled["owner"]) == (True, "王工")
    assert [(deed["move"], deed["who"], deed["why"]) for deed in handled["deeds"]] == [
        ("acknowledged", "李敏", ""),
        ("assigned", "李敏", "数据库归他管"),
        ("commented", "王工", "今晚停服务"),
    ]
    for language, words in (("zh", ("已指派", "未整改")), ("en", ("assigned", "open"))):
        told = act(looked, "show", "--lang", language).stdout
        assert [word for word in (*words, "王工", KEY) if word not in told] == []


def test_a_finding_answers_to_the_beginning_of_its_id(looked: Desk) -> None:
    name = json.loads(run("findings", looked.directory, "--json").stdout)[0]["id"]
    assert act(looked, "ack", key=name[:6]).exit_code == 0
    assert name[:6] in run("findings", looked.directory).stdout


@pytest.mark.parametrize("key", ["ffffffffff", "abc", "no_dangerous_port_open@nobody.example"])
def test_a_name_that_means_nothing_is_refused(looked: Desk, key: str) -> None:
    done = act(looked, "ack", key=key)
    assert (done.exit_code, key in done.stderr) == (78, True)


def test_a_name_that_means_several_lists_them(looked: Desk) -> None:
    done = act(looked, "ack", key=f"no_dangerous_port_open@{WWW}")
    assert done.exit_code == 78
    assert [f"tcp/6379/{family}" in done.stderr for family in ("ipv4", "ipv6")] == [True, True]


def test_a_later_deadline_needs_two_people(looked: Desk) -> None:
    before = shown(looked)["finding"]["deadline"]
    assert act(looked, "extend", "--until", "2027-12-01", "--by", "李敏", "--why", "等设备").exit_code == 0
    assert shown(looked)["asked_until"] == "2027-12-01"
    own = act(looked, "extend", "--grant", "--by", "李敏")
    assert (own.exit_code, "申请人以外" in own.stderr) == (1, True)
    assert shown(looked)["finding"]["deadline"] == before
    granted = act(looked, "extend", "--grant", "--by", "陈主任")
    assert "2027-12-01" in granted.stdout
    assert shown(looked)["deeds"][-1]["until"] == "2027-12-01"
    assert act(looked, "extend", "--grant", "--by", "陈主任").exit_code == 1
    assert act(looked, "extend").exit_code == 78


def test_a_false_positive_stays_in_the_counts_as_waived(looked: Desk) -> None:
    done = act(looked, "false-positive", "--until", "2027-02-01", "--why", "蜜罐")
    assert done.exit_code == 0, done.stderr
    posture = json.loads(run("status", looked.directory, "--json").stdout)
    assert posture["city"]["waived"] == 1
    (host,) = [host for host in posture["hosts"] if host["host"] == WWW]
    assert {finding["subject"]: finding["waived"] for finding in host["findings"]} == {
        "tcp/6379/ipv4": True,
        "tcp/6379/ipv6": False,
    }


def test_a_claim_makes_the_target_due_at_once(looked: Desk, tmp_path: Path) -> None:
    done = act(looked, "fixed", "--no-look", "--why", "已关闭")
    assert done.exit_code == 0, done.stderr
    assert shown(looked)["claimed"] is True
    again = act(looked, "fixed", "--no-look")
    assert (again.exit_code, "等待复测" in again.stderr) == (1, True)


def test_beside_a_running_tower_the_claim_is_left_to_it(looked: Desk, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/diaolou.db"):
        done = act(looked, "fixed")
    assert done.exit_code == 0
    assert "守护进程" in done.stdout


def test_the_log_can_be_verified_and_a_changed_line_is_named(looked: Desk, tmp_path: Path) -> None:
    act(looked, "ack")
    act(looked, "comment", "--why", "one")
    whole = run("acts", "verify", looked.directory)
    assert whole.exit_code == 0
    seal = whole.stdout.split()[-1]
    assert run("acts", "verify", looked.directory, "--seal", seal[:12]).exit_code == 0
    assert run("acts", "verify", looked.directory, "--seal", "0123456789ab").exit_code == 1
    with closing(sqlite3.connect(tmp_path / "diaolou.db")) as raw:
        raw.execute("DROP TRIGGER deed_no_update")
        raw.execute("UPDATE deed SET why = 'other' WHERE number = 2")
        raw.commit()
    broken = run("acts", "verify", looked.directory)
    assert (broken.exit_code, "第 2 行" in broken.stderr, "line 2" in broken.stderr) == (1, True, True)


def test_before_the_first_round_nothing_can_be_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "config")
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/none.db'}}")
    assert act(desk, "ack").exit_code == 66

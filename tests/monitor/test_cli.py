"""The command line: what it prints, in both languages, and how it ends."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from exporters.documents import FindingDocument, PostureDocument
from exporters.documents_csv import findings_csv
from monitor.cli import app, reports, standing
from monitor.configuration import read
from monitor.refusal import trouble_with
from monitor.screen.city import show
from monitor.screen.findings import show_findings
from monitor.settings import load
from monitor.settings.sample import init
from monitor.store import Store, StoreUnavailable, Trouble
from rules.finding import Finding, Key, State
from rules.policy import Level
from rules.text import Language
from tests.exporters.city import city
from tests.monitor.looking_tower import AT, WWW, World, raise_tower
from tests.monitor.operator import PROBES, RULES, Desk

PACK = """\
id: {id}
title: {{zh: 标题, en: Title}}
why: {{zh: 为何, en: Why}}
fix: {{zh: 整改, en: Fix}}
references: [none]
when: {when}
cases: [{{name: holds, facts: {{}}, outcome: pass}}]
"""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "config")
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/diaolou.db'}}")
    return desk


def test_it_says_which_version_it_is() -> None:
    assert run("version").stdout.startswith("diaolou ")


def test_the_sample_it_writes_is_good(tmp_path: Path) -> None:
    assert run("init", tmp_path / "new").exit_code == 0
    done = run("check", tmp_path / "new")
    assert done.exit_code == 0
    assert "配置无误" in done.stdout
    assert "configuration is good" in done.stdout


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    init(tmp_path)
    done = run("init", tmp_path)
    assert done.exit_code == 78
    assert done.stderr


def test_every_mistake_is_told_at_once_in_both_languages(desk: Desk) -> None:
    desk.change("policy.yaml", "aaaa_published: {level: high", "aaaa_publised: {level: high")
    desk.change("targets.yaml", "agency: education", "agency: educatoin")
    done = run("check", desk.directory)
    assert done.exit_code == 78
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    wrong = next(line for line in lines if "aaaa_publised" in line)
    assert wrong.startswith(f"{desk.directory}/policy.yaml:")
    assert "是否应为“aaaa_published”" in wrong
    assert 'did you mean "aaaa_published"' in wrong
    assert any("targets.yaml:3: " in line and "educat" in line for line in lines)


def test_a_rule_that_cannot_be_used_is_told_like_any_mistake(desk: Desk) -> None:
    desk.write("packs/own/broken.yaml", PACK.format(id="broken", when="nothing.exists(x, true)"))
    for command in ("check", "round", "serve"):
        done = run(command, desk.directory)
        assert done.exit_code == 78
        assert "packs/own/broken.yaml:6: " in done.stderr
        assert " / " in done.stderr


def test_what_deserves_a_second_look_is_noted(desk: Desk) -> None:
    done = run("check", desk.directory)
    assert "没有目标的单位：town" in done.stdout
    assert "agencies without targets: town" in done.stdout


def test_an_authority_that_is_no_certificate_is_a_mistake_and_no_traceback(desk: Desk) -> None:
    desk.write("ca.pem", "junk")
    desk.change("diaolou.yaml", "city: city", "city: city\nauthorities: [ca.pem]")
    for command in ("check", "round", "serve"):
        done = run(command, desk.directory)
        assert done.exit_code == 78
        assert "PEM" in done.stderr
        assert isinstance(done.exception, SystemExit)


def test_a_port_in_use_ends_the_daemon_with_one_line(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        desk.change("diaolou.yaml", "city: city", f"city: city\nmetrics: {{listen: '127.0.0.1:{port}'}}")
        done = run("serve", desk.directory)
    assert done.exit_code == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_the_rules_hold_their_own_cases(desk: Desk) -> None:
    done = run("policy", "test", desk.directory)
    assert done.exit_code == 0
    assert "0 个失败 failed" in done.stdout


def test_a_case_that_fails_is_shown_with_what_it_got(desk: Desk) -> None:
    desk.write("packs/own/never.yaml", PACK.format(id="never", when='"false"'))
    done = run("policy", "test", desk.directory)
    assert done.exit_code == 1
    assert "never: holds" in done.stdout


def test_a_rule_whose_cases_do_not_show_every_outcome_fails_the_test(desk: Desk) -> None:
    desk.write("packs/own/always.yaml", PACK.format(id="always", when='"true"'))
    done = run("policy", "test", desk.directory)
    assert done.exit_code == 1
    assert "0 个失败 failed" in done.stdout
    assert "always: 没有用例展示 no case shows fail, unknown" in done.stdout


def test_nothing_is_looked_at_that_the_inventory_does_not_name(desk: Desk) -> None:
    done = run("round", desk.directory, "--target", "www.elsewhere.example")
    assert done.exit_code == 78
    assert "www.elsewhere.example" in done.stderr


@pytest.fixture
def looked(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for module in (standing, reports):
        monkeypatch.setattr(module, "now", lambda: AT + dt.timedelta(hours=1))
    world = World(open={WWW: (80, 6379)})
    tower, store, _ = raise_tower(tmp_path, world)
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/diaolou.db'}}")
    with store:
        store.sync(list(tower.config.targets.values()), list(tower.probes.values()), world.now())
        asyncio.run(tower.round())
    return desk


TELLING = [
    ("status",),
    ("scores",),
    ("rollout",),
    ("findings",),
    ("history", WWW, "-c"),
    ("report", "month", "2026-11", "-c"),
    ("explain", WWW, "-c"),
]
READING_STATE = [words for words in TELLING if words[0] not in ("findings", "history")]


@pytest.mark.parametrize("words", TELLING)
def test_before_the_first_round_it_says_so_and_what_to_do(desk: Desk, words: tuple[str, ...]) -> None:
    for _ in range(2):
        done = run(*words, desk.directory)
        assert done.exit_code == 66
        assert f"请先运行 diaolou round {desk.directory} / nothing measured yet" in done.stderr
        # Nor is an empty store anything to tell of.
        Store.open(desk.load().daemon.store_url).close()


@pytest.mark.parametrize("words", READING_STATE)
def test_a_store_that_fails_under_way_ends_a_command_with_one_line(
    looked: Desk, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable(Trouble.DISK, "disk I/O error")

    monkeypatch.setattr(Store, "state", fail)
    done = run(*words, looked.directory)
    assert done.exit_code == 1
    assert done.stderr == "存储：磁盘读写出错 / store disk: disk I/O error\n"


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_with_the_store_has_its_words(trouble: Trouble) -> None:
    assert trouble_with(StoreUnavailable(trouble, "why")).endswith(f" / store {trouble}: why")


def test_a_relative_store_lies_below_the_configuration_wherever_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "config")
    desk.change("diaolou.yaml", "city: city", "city: city\nstore: {url: 'sqlite:///var/d.sqlite'}")
    beside = f"sqlite:///{tmp_path}/config/var/d.sqlite"
    assert desk.load().daemon.store_url == beside
    monkeypatch.chdir(tmp_path)
    assert load(Path("config"), RULES, PROBES).daemon.store_url == beside
    desk.change("diaolou.yaml", "var/d.sqlite", f"{tmp_path}/elsewhere.sqlite")
    assert desk.load().daemon.store_url == f"sqlite:///{tmp_path}/elsewhere.sqlite"
    desk.change("diaolou.yaml", f"sqlite:///{tmp_path}/elsewhere.sqlite", "postgresql://db/diaolou")
    assert desk.load().daemon.store_url == "postgresql://db/diaolou"


def test_targets_to_be_seen_from_elsewhere_are_noted(desk: Desk) -> None:
    desk.change("targets.yaml", "agency: education, ", "agency: education, zones: [intranet], ")
    done = run("check", desk.directory)
    assert done.exit_code == 0
    assert "不归本观测点所在区域 internet 看的目标 1 个" in done.stdout
    assert "ours, internet, not looked at and unknown: www.education.example" in done.stdout


def test_the_status_names_agencies_and_findings(looked: Desk) -> None:
    zh, en = run("status", looked.directory), run("status", looked.directory, "--lang", "en")
    assert (zh.exit_code, en.exit_code) == (0, 0)
    assert "教育局" in zh.stdout
    assert "Education" in en.stdout
    assert "tcp/6379/ipv6" in en.stdout


def test_a_verdict_can_be_traced_to_what_was_seen(looked: Desk) -> None:
    done = run("explain", WWW, "no_dangerous_port_open", "-c", looked.directory, "--lang", "en")
    assert done.exit_code == 0
    for word in ("fail", "tcp/6379/ipv6", "why: ", "fix: ", "clause: GB/T 22239", "open: [80, 6379]"):
        assert word in done.stdout
    assert run("explain", WWW, "no_such_rule", "-c", looked.directory).exit_code == 78
    assert run("explain", "www.elsewhere.example", "-c", looked.directory).exit_code == 78


def test_the_report_of_the_month_is_written(looked: Desk, tmp_path: Path) -> None:
    words = ("report", "month", "2026-11", "-c", looked.directory, "-o", tmp_path / "r.html")
    assert run(*words).exit_code == 0
    assert "开放" in (tmp_path / "r.html").read_text()
    for wrong, status in ((("2026-13",), 1), (("2199-01",), 1), (("2026-11", "--agency", "nobody"), 78)):
        done = run("report", "month", *wrong, "-c", looked.directory)
        assert done.exit_code == status
        assert " / " in done.stderr


def test_an_inventory_is_taken_over_with_a_word_on_what_was_not(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("host,agency\nnew.city.example,town\nbad host,town\n")
    done = run("import", tmp_path / "a.csv", "-c", desk.directory, "--into", tmp_path / "new.yaml")
    assert done.exit_code == 0
    assert "new.city.example" in (tmp_path / "new.yaml").read_text()
    assert f"{tmp_path}/a.csv:3: " in done.stderr
    assert run("import", tmp_path / "none.csv", "-c", desk.directory).exit_code == 78


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_name_is_cut_on_a_narrow_terminal(width: int) -> None:
    posture = city()
    console = Console(width=width, record=True, file=io.StringIO())
    show(console, posture, Language.ZH)
    text = console.export_text()
    assert [row.agency.name.zh for row in posture.agencies if row.agency.name.zh not in text] == []
    assert "…" not in text


def test_findings_are_listed_as_they_are_wanted(looked: Desk) -> None:
    done = run("findings", looked.directory, "--lang", "en")
    assert "tcp/6379/ipv4" in " ".join(done.stdout.split())
    assert "1 findings" not in run("findings", looked.directory, "--level", "notice", "--lang", "en").stdout
    every = json.loads(run("findings", looked.directory, "--json").stdout)
    assert {"no_dangerous_port_open"} <= {finding["rule"] for finding in every}
    assert all(finding.keys() == FindingDocument.__annotations__.keys() for finding in every)
    levels = [list(Level).index(Level(finding["level"])) for finding in every]
    assert levels == sorted(levels)
    one = json.loads(run("findings", looked.directory, "--rule", "no_dangerous_port_open", "--json").stdout)
    assert {finding["rule"] for finding in one} == {"no_dangerous_port_open"}
    assert json.loads(run("findings", looked.directory, "--overdue", "--json").stdout) == []
    assert json.loads(run("findings", looked.directory, "--state", "closed", "--json").stdout) == []
    table = list(csv.DictReader(io.StringIO(run("findings", looked.directory, "--csv").stdout)))
    assert [row["subject"] for row in table] == [finding["subject"] for finding in every]


def test_what_a_score_is_made_of_sums_to_it(looked: Desk) -> None:
    told = json.loads(run("scores", looked.directory, "--host", WWW, "--json").stdout)
    assert told["score"]["risk"] > 0
    assert sum(told["score"]["contributions"].values()) == pytest.approx(told["score"]["risk"], abs=0.01)
    shown = run("scores", looked.directory, "--host", WWW).stdout
    assert "tcp/6379/ipv4" in shown
    assert WWW in run("scores", looked.directory).stdout


def test_the_rollout_tells_what_each_host_of_an_agency_needs_in_all_forms(looked: Desk) -> None:
    told = json.loads(run("rollout", looked.directory, "--json").stdout)
    needs = {step["host"]: step for step in told["steps"]}
    rows = list(csv.DictReader(io.StringIO(run("rollout", looked.directory, "--csv").stdout)))
    assert {row["host"] for row in rows} == needs.keys()
    lifted = {host for remedy in told["remedies"] for host in (*remedy["hosts"], *remedy["perhaps"])}
    assert lifted == {host for host, step in needs.items() if step["fixes"]}
    shown = run("rollout", looked.directory, "--agency", needs[WWW]["agency"], "--lang", "zh").stdout
    assert "逐台清单" in shown
    assert WWW in shown
    assert run("rollout", looked.directory, "--json", "--csv").exit_code == 2


def test_the_scores_of_an_agency_leave_out_the_others(looked: Desk) -> None:
    told = json.loads(run("scores", looked.directory, "--agency", "education", "--json").stdout)
    assert {row["code"] for row in told["agencies"]} == {"education"}
    assert {host["agency"] for host in told["hosts"]} == {"education"}
    assert run("scores", looked.directory, "--agency", "nobody").exit_code == 78


def test_the_past_of_a_host_is_told_in_order(looked: Desk) -> None:
    told = json.loads(run("history", WWW, "-c", looked.directory, "--json").stdout)
    assert {"tcp_ports"} <= {spell["record"]["probe"] for spell in told["spells"]}
    assert {event["act"] for event in told["events"]} == {"opened"}
    shown = run("history", WWW, "-c", looked.directory, "--lang", "en").stdout
    assert "tcp_ports" in shown
    assert "opened" in shown
    later = run("history", WWW, "-c", looked.directory, "--since", "2199-01-01", "--json")
    assert json.loads(later.stdout)["events"] == []


def test_the_posture_as_json_is_that_on_the_screen(looked: Desk) -> None:
    told = json.loads(run("status", looked.directory, "--json").stdout)
    assert told.keys() == PostureDocument.__annotations__.keys()
    assert {host["host"] for host in told["hosts"]} == set(looked.load().targets)


def test_an_order_to_stop_holds_for_whoever_would_look(looked: Desk) -> None:
    done = run("stop-scanning", looked.directory, "--reason", "演练")
    assert done.exit_code == 0
    assert "演练" in done.stdout
    for words in (("round", looked.directory), ("look", WWW, "-c", looked.directory)):
        refused = run(*words)
        assert refused.exit_code == 75
        assert "演练" in refused.stderr
        assert "probing was stopped by" in refused.stderr
    assert "探测已被停止" in run("status", looked.directory).stdout
    assert "probing goes on" in run("resume-scanning", looked.directory).stdout
    assert "was not stopped" in run("resume-scanning", looked.directory).stdout
    assert "探测已被停止" not in run("status", looked.directory).stdout


def test_no_cell_of_the_csv_is_a_formula() -> None:
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    key = Key("=cmd()", "+1", "@SUM(A1)")
    told = findings_csv([Finding(key, "-2", Level.LOW, State.OPEN, now, now, reason="\tx")], now.date())
    row = next(csv.reader(io.StringIO(told.splitlines(keepends=True)[1])))
    assert not [cell for cell in row if cell[:1] in "=+-@\t" and cell]


def test_no_mistake_in_the_configuration_stands_in_the_way_of_a_stop(desk: Desk) -> None:
    desk.write("policy.yaml", "nonsense: [")
    desk.change("diaolou.yaml", "city: city", "city: city\nauthorities: [nowhere.pem]\nstray: 1")
    assert run("check", desk.directory).exit_code == 78
    assert run("stop-scanning", desk.directory).exit_code == 0
    assert "probing goes on" in run("resume-scanning", desk.directory).stdout
    desk.write("diaolou.yaml", "store: [")
    refused = run("stop-scanning", desk.directory)
    assert refused.exit_code == 78
    assert "systemctl kill -s USR1" in refused.stderr


def test_two_shapes_at_once_are_refused(looked: Desk) -> None:
    assert run("findings", looked.directory, "--json", "--csv").exit_code == 2


@pytest.mark.parametrize("since", ["0001-01-01", "9999-12-31"])
def test_any_day_is_a_day_to_begin_with(looked: Desk, since: str) -> None:
    assert run("history", WWW, "-c", looked.directory, "--since", since, "--json").exit_code == 0


@pytest.mark.parametrize("width", [60, 80])
def test_no_name_of_a_finding_is_cut_on_a_narrow_terminal(looked: Desk, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, record=True)
    known = read(looked.directory)
    with Store.open_to_read(known.config.daemon.store_url) as store:
        found = store.findings()
    show_findings(console, known, found, dt.date(2026, 11, 22), Language.ZH)
    told = console.export_text()
    assert WWW in told
    assert "tcp/6379/ipv4" in told


def test_a_stop_needs_no_name_of_whoever_gives_it(looked: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert run("stop-scanning", looked.directory).exit_code == 0
    assert run("status", looked.directory, "--json").stdout.count('"stopped": true') == 1


def test_a_waiver_granted_since_the_last_judgement_shows_everywhere(looked: Desk) -> None:
    looked.write(
        "waivers.yaml",
        "waivers:\n- {rule: no_dangerous_port_open, target: www.city.example, evidence: No. 7, reason: agreed, "
        "requested_by: a, approved_by: b, "
        "granted: 2026-11-01, until: 2026-12-01}\n",
    )
    told = json.loads(run("findings", looked.directory, "--rule", "no_dangerous_port_open", "--json").stdout)
    assert told
    assert all(finding["waived"] for finding in told)
    posture = json.loads(run("status", looked.directory, "--json").stdout)
    listed = [finding for host in posture["hosts"] for finding in host["findings"]]
    assert {f["waived"] for f in listed if f["rule"] == "no_dangerous_port_open"} == {True}


def test_what_the_system_refuses_is_one_line(looked: Desk) -> None:
    line = [sys.executable, "-m", "monitor.cli", "status", str(looked.directory)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    ascii_only = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"}
    assert subprocess.run(line, env=ascii_only, capture_output=True, check=False).returncode == 0

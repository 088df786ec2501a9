"""What another policy would change, over what a tower has stored: told before release, and nothing written."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.commands.policy_diff import Comparison, Moment, compare, moment_of, moments_of
from monitor.configuration import Known, read, read_with
from monitor.issue import own
from monitor.store import Store
from rules.comparison import Turn
from rules.policy import Level
from tests.monitor.looking_tower import EDU, WWW, World, raise_tower
from tests.monitor.operator import FILES, Desk
from tests.monitor.watching import AT

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = AT + HOUR
OPEN = {WWW: (80, 443, 6379), EDU: (80, 443, 8080)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city in which Redis is open on one host, and 8080 on another, looked at an hour ago."""
    tower, store, _ = raise_tower(tmp_path, World(open=OPEN))
    with store:
        asyncio.run(tower.round())
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.open_to_read(f"sqlite:///{folder / 'diaolou.db'}") as store:
        yield store


@pytest.fixture
def desk(folder: Path) -> Desk:
    """Another policy, to be changed."""
    return Desk(folder / "new")


@pytest.fixture
def old(folder: Path) -> Known:
    return read(folder / "config", NOW)


def by(folder: Path, desk: Desk) -> Known:
    return read_with(folder / "config", own(desk.directory))


def told(found: Comparison) -> list[tuple[Turn, str, str, str]]:
    return [(one.shift.turn, one.agency, one.shift.key.rule, one.shift.key.subject) for one in found.touched]


NOWADAYS = [Moment(None, NOW.date())]


def test_the_same_policy_changes_nothing(folder: Path, store: Store, old: Known, desk: Desk) -> None:
    found = compare(old, by(folder, desk), store, NOWADAYS, NOW)
    assert (found.touched, found.clauses) == ((), ())


def test_a_port_newly_called_dangerous_opens_findings_at_the_agency_that_has_it(
    folder: Path, store: Store, old: Known, desk: Desk
) -> None:
    desk.change("policy.yaml", "dangerous_ports: {6379: Redis}", "dangerous_ports: {6379: Redis, 8080: Admin}")
    found = compare(old, by(folder, desk), store, NOWADAYS, NOW)
    assert told(found) == [
        (Turn.OPENS, "education", "no_dangerous_port_open", "tcp/8080/ipv4"),
        (Turn.OPENS, "education", "no_dangerous_port_open", "tcp/8080/ipv6"),
    ]
    assert found.by_agency() == {"education": {Turn.OPENS: 2}}
    assert found.clauses == ()


def test_a_level_changes_and_a_withdrawn_clause_closes(folder: Path, store: Store, old: Known, desk: Desk) -> None:
    desk.change("policy.yaml", "no_dangerous_port_open: {level: critical}", "no_dangerous_port_open: {level: low}")
    found = compare(old, by(folder, desk), store, NOWADAYS, NOW)
    assert {one.shift.turn for one in found.touched} == {Turn.FALLS}
    assert {(one.shift.before, one.shift.after) for one in found.touched} == {(Level.CRITICAL, Level.LOW)}
    desk.change("policy.yaml", "  no_dangerous_port_open: {level: low}\n", "")
    found = compare(old, by(folder, desk), store, NOWADAYS, NOW)
    assert {one.shift.turn for one in found.touched} == {Turn.CLOSES}
    assert found.by_agency() == {"city": {Turn.CLOSES: 2}}


def test_a_profile_counts_for_whom_it_means(folder: Path, store: Store, old: Known, desk: Desk) -> None:
    whom = "title: {zh: 宽, en: lax}, whom: {agencies: [city]}"
    profile = f"{{name: lax, {whom}, clauses: {{no_dangerous_port_open: {{off: true}}}}}}"
    desk.write("policy.yaml", (desk.directory / "policy.yaml").read_text() + f"profiles: [{profile}]\n")
    found = compare(old, by(folder, desk), store, NOWADAYS, NOW)
    assert found.profiles == ("lax",)
    assert found.by_agency() == {"city": {Turn.CLOSES: 2}}


def test_a_clause_of_the_future_counts_when_asked_for_that_day(
    folder: Path, store: Store, old: Known, desk: Desk
) -> None:
    desk.change("policy.yaml", "{6379: Redis}", "{6379: Redis, 8080: Admin}")
    desk.change("policy.yaml", "{level: critical}", "{level: critical, since: 2027-01-01}")
    new = by(folder, desk)
    assert {one.shift.turn for one in compare(old, new, store, NOWADAYS, NOW).touched} == {Turn.CLOSES}
    later = compare(old, new, store, [Moment(None, dt.date(2027, 1, 1))], NOW)
    assert {one.shift.turn for one in later.touched} == {Turn.OPENS}


def test_a_past_month_is_looked_at_day_by_day(folder: Path, store: Store, old: Known, desk: Desk) -> None:
    desk.change("policy.yaml", "{6379: Redis}", "{6379: Redis, 8080: Admin}")
    zone = old.config.daemon.time_zone
    moments = moments_of(f"{AT:%Y-%m}", zone, AT + 3 * DAY)
    assert moments[-1].as_of is None
    found = compare(old, by(folder, desk), store, moments, AT + 3 * DAY)
    looked = sum(moment.as_of is None or moment.as_of > AT for moment in moments)
    assert {(one.agency, one.days) for one in found.touched} == {("education", looked)}
    assert len(found.days) > looked or AT.day == 1


def test_before_anybody_looked_nothing_would_have_opened(folder: Path, store: Store, old: Known, desk: Desk) -> None:
    desk.change("policy.yaml", "{6379: Redis}", "{6379: Redis, 8080: Admin}")
    past = moment_of((AT - 40 * DAY).date(), old.config.daemon.time_zone, NOW)
    assert compare(old, by(folder, desk), store, [past], NOW).touched == ()


def test_days_that_have_not_come_are_refused(old: Known) -> None:
    zone = old.config.daemon.time_zone
    with pytest.raises(ValueError, match="has not come"):
        moment_of((NOW + 2 * DAY).date(), zone, NOW)
    with pytest.raises(ValueError, match="has not begun"):
        moments_of("2027-01", zone, NOW)


# --- the command


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", "diff", *map(str, words)])


@pytest.fixture
def config(folder: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    from monitor.cli import bundles

    monkeypatch.setattr(bundles, "now", lambda: NOW)
    monkeypatch.setattr("monitor.entrance.now", lambda: NOW)
    path = folder / "config" / "diaolou.yaml"
    path.write_text(f"{FILES['diaolou.yaml']}store: {{url: 'sqlite:///{folder / 'diaolou.db'}'}}\n")
    desk.change("policy.yaml", "{6379: Redis}", "{6379: Redis, 8080: Admin}")
    desk.change("policy.yaml", 'version: "1"', 'version: "2"')
    return folder / "config"


def test_it_is_told_in_both_languages(config: Path, desk: Desk) -> None:
    done = run("current", desk.directory, "--config", config, "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "新立项" in done.stdout
    assert "教育局" in done.stdout
    done = run("current", desk.directory, "--config", config, "--lang", "en")
    assert "Education" in done.stdout
    assert "opens" in done.stdout


def test_it_is_told_in_json(config: Path, desk: Desk) -> None:
    done = run("current", desk.directory, "--config", config, "--json")
    found = json.loads(done.stdout)
    assert (found["old"]["version"], found["new"]["version"]) == ("1", "2")
    assert found["agencies"] == {"education": {"opens": 2}}
    assert {(one["target"], one["turn"], one["after"]) for one in found["findings"]} == {(EDU, "opens", "critical")}


def test_what_names_no_policy_is_told(config: Path) -> None:
    done = run("current", "2099.1", "--config", config)
    assert done.exit_code == 1
    assert "no installed version" in done.stderr


def test_a_day_to_come_is_refused(config: Path, desk: Desk) -> None:
    done = run("current", desk.directory, "--config", config, "--as-of", "2999-01-01")
    assert done.exit_code == 1
    assert "has not come" in done.stderr


def test_nothing_is_written(config: Path, desk: Desk, folder: Path) -> None:
    with Store.open_to_read(f"sqlite:///{folder / 'diaolou.db'}") as store:
        before = store.findings(), store.events(), store.verdicts()
    run("current", desk.directory, "--config", config)
    with Store.open_to_read(f"sqlite:///{folder / 'diaolou.db'}") as store:
        assert (store.findings(), store.events(), store.verdicts()) == before

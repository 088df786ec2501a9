"""The commands that hand policy on, as an issuer and a county use them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.commands import policy_bundle
from monitor.configuration import read
from monitor.in_force import POLICY_ACT, InForce
from monitor.spool import Spool
from monitor.store import Store
from monitor.switch import Switch
from tests.monitor.operator import FILES, Desk
from tests.monitor.watching import AT, HandClock, url


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, words)])


@pytest.fixture
def issuer(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "issuer")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "county.pem"


@pytest.fixture
def county(tmp_path: Path, key: Path) -> Desk:
    """A county that trusts the key printed as it was made."""
    public = run("keygen", key).stdout.strip()
    desk = Desk(tmp_path / "county")
    desk.write("diaolou.yaml", f"{FILES['diaolou.yaml']}policy_keys: [{{name: 江门市网信办, key: '{public}'}}]\n")
    return desk


def packed(issuer: Desk, key: Path, *options: str) -> Path:
    path = issuer.directory.parent / "handed-on.bundle"
    done = run("pack", "--key", key, "--config", issuer.directory, "-o", path, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(path)
    return path


def test_a_policy_goes_from_issuer_to_county(issuer: Desk, county: Desk, key: Path) -> None:
    issuer.change("policy.yaml", 'version: "1"', 'version: "2026.2"')
    path = packed(issuer, key, "--effective", "2026-11-01")
    verified = run("verify", path, "--config", county.directory)
    assert verified.exit_code == 0
    assert "江门市网信办" in verified.stdout
    assert "version 2026.2, effective 2026-11-01" in verified.stdout
    assert not (county.directory / "policies").exists()
    done = run("install", path, "--config", county.directory)
    assert done.exit_code == 0
    assert (county.directory / "policies" / "2026.2.bundle").read_bytes() == path.read_bytes()
    assert read(county.directory).config.policy.digest in done.stdout
    checked = CliRunner().invoke(app, ["check", str(county.directory)])
    assert "已安装的策略 2026.2" in checked.stdout
    assert "installed policy 2026.2 (signed by 江门市网信办" in checked.stdout


def test_a_second_installation_of_the_same_is_refused_in_both_languages(issuer: Desk, county: Desk, key: Path) -> None:
    path = packed(issuer, key)
    assert run("install", path, "--config", county.directory).exit_code == 0
    again = run("install", path, "--config", county.directory)
    assert again.exit_code == 1
    assert "不再安装" in again.stderr
    assert "is no newer" in again.stderr


def test_an_altered_bundle_is_refused_in_one_line(issuer: Desk, county: Desk, key: Path) -> None:
    path = packed(issuer, key)
    path.write_bytes(path.read_bytes().replace(b"level: high", b"level: low "))
    done = run("verify", path, "--config", county.directory)
    assert done.exit_code == 1
    assert "damaged" in done.stderr
    assert "Traceback" not in done.output


def test_a_policy_with_mistakes_is_not_packed(issuer: Desk, key: Path) -> None:
    run("keygen", key)
    issuer.change("policy.yaml", "aaaa_published: {level: high", "aaaa_publised: {level: high")
    done = run("pack", "--key", key, "--config", issuer.directory)
    assert done.exit_code == 78
    assert 'did you mean "aaaa_published"' in done.stderr


def test_what_is_no_day_is_told(issuer: Desk, key: Path) -> None:
    run("keygen", key)
    done = run("pack", "--key", key, "--config", issuer.directory, "--effective", "tomorrow")
    assert done.exit_code == 1
    assert "2027-01-01" in done.stderr


def test_a_key_that_exists_is_kept(key: Path) -> None:
    assert run("keygen", key).exit_code == 0
    assert run("keygen", key).exit_code == 1


# --- the daemon


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path)) as store:
        yield store


def judged_by(store: Store) -> list[str]:
    return [entry.subject for entry in store.audit_log() if entry.act == POLICY_ACT]


async def adopted(_: object) -> None:
    return None


async def test_an_installed_policy_supersedes_the_one_in_force_on_its_day(
    issuer: Desk, county: Desk, key: Path, store: Store
) -> None:
    clock = HandClock()
    switch = Switch()
    in_force = InForce(county.directory, read(county.directory, AT), store, Spool(store), clock.now, switch)
    assert judged_by(store) == ["1"]
    assert not in_force.superseded()
    issuer.change("policy.yaml", 'version: "1"', 'version: "2"')
    later = AT + dt.timedelta(days=3)
    policy_bundle.install(county.directory, packed(issuer, key, "--effective", f"{later:%Y-%m-%d}"))
    assert not in_force.superseded()
    clock.pass_time(3 * 86400)
    assert in_force.superseded()
    assert await in_force.reload(adopted)
    assert in_force.known.config.policy.version == "2"
    assert not in_force.superseded()
    assert judged_by(store) == ["1", "2"]
    assert store.audit_log()[-1].detail == in_force.known.issue.digest


async def test_an_altered_bundle_is_told_of_once_and_changes_nothing(
    issuer: Desk, county: Desk, key: Path, store: Store
) -> None:
    in_force = InForce(county.directory, read(county.directory, AT), store, Spool(store), HandClock().now, Switch())
    where = policy_bundle.install(county.directory, packed(issuer, key, "--effective", "2020-01-01")).path
    where.write_bytes(b"altered")
    assert in_force.superseded()
    assert not await in_force.reload(adopted)
    assert not in_force.valid
    assert in_force.known.config.policy.version == "1"
    assert not in_force.superseded()


def test_the_same_policy_taken_up_again_is_not_written_down_twice(county: Desk, store: Store) -> None:
    for _ in range(2):
        InForce(county.directory, read(county.directory, AT), store, Spool(store), HandClock().now, Switch())
    assert judged_by(store) == ["1"]

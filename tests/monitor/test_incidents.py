"""Incidents, from what the store holds to the command line; and Alertmanager's configuration from there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from ipaddress import ip_address
from pathlib import Path

import yaml
from typer.testing import CliRunner, Result

from exporters.documents_deeds import incident_document
from monitor.cli import app
from monitor.incidents import Incidents, shared
from monitor.settings import Config
from monitor.store import Store
from probes.dns_address import DnsAddress
from probes.observation import Observation, Subject
from probes.wire import Presence, Source
from rules.finding import Finding, Key, State
from rules.incident import Cause, CauseKind
from rules.policy import Level
from tests.monitor.found_city import found_city
from tests.monitor.operator import Desk
from tests.monitor.watching import AT

HOSTS = tuple(f"w{number}.city.example" for number in range(6))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def address(host: str, *addresses: str) -> Observation:
    facts = DnsAddress(
        Presence.PRESENT, tuple(map(ip_address, addresses)), len(addresses), (), 60, Source.RECURSIVE, (), False
    )
    return Observation("dns_address", host, "tower", Subject(), AT, 0.1, facts, None)


def test_addresses_of_a_site_share_a_prefix() -> None:
    assert set(shared(address("a", "192.0.2.10", "2001:db8::1"))) == {
        Cause(CauseKind.PREFIX, "192.0.2.0/24"),
        Cause(CauseKind.PREFIX, "2001:db8::/48"),
    }


def watched(desk: Desk) -> Config:
    desk.targets(*(f"{{host: {host}, agency: city, kind: website}}" for host in HOSTS))
    return desk.load()


def test_what_broke_together_is_explained_by_what_was_seen_before_it_broke(tmp_path: Path) -> None:
    config = watched(Desk(tmp_path / "config"))
    broke = AT + dt.timedelta(hours=5)
    with Store.open(f"sqlite:///{tmp_path}/diaolou.db") as store:
        store.sync(list(config.targets.values()), [], AT)
        run_id = store.begin_run("dns_address", "tower", AT, len(HOSTS))
        near = [address(host, f"192.0.2.{10 + index}") for index, host in enumerate(HOSTS[:3])]
        far = [address(host, f"10.{index}.0.1") for index, host in enumerate(HOSTS[3:])]
        store.record(run_id, [*near, *far], HOSTS)
        store.end_run(run_id, AT, complete=True)
        findings = [
            Finding(Key("aaaa_published", host, ""), "city", Level.HIGH, State.OPEN, broke, broke) for host in HOSTS[:3]
        ]
        (incident,) = Incidents(config, store).behind(findings, broke)
        assert Incidents(config, store).behind([], broke) == []
        late = [dataclasses.replace(each, first_seen=AT) for each in findings]
        assert Incidents(config, store).behind(late, broke) == []
    assert incident.cause == Cause(CauseKind.PREFIX, "192.0.2.0/24")
    assert incident_document(incident)["targets"] == dict.fromkeys(HOSTS[:3], "city")


def test_without_incidents_the_command_says_so(tmp_path: Path) -> None:
    desk = found_city(tmp_path).desk
    assert json.loads(run("incidents", desk.directory, "--json").stdout) == []
    assert "没有事件" in run("incidents", desk.directory).stdout


def test_the_configuration_of_alertmanager_is_made_of_the_tree(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "config")
    desk.write("secrets/wecom", "s3cret\n")
    desk.write("alerting.yaml", "wecom: {corporation: ww1, agent: '2', secret_file: secrets/wecom}\n")
    path = tmp_path / "alertmanager.yml"
    done = run("alertmanager", desk.directory, "-o", path)
    assert done.exit_code == 0, done.stderr
    (centre,) = [each for each in yaml.safe_load(path.read_text())["receivers"] if each["name"] == "centre"]
    assert centre["wechat_configs"][0]["api_secret"] == "s3cret"
    assert "receivers:" in run("alertmanager", desk.directory).stdout

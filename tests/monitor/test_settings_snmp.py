"""Credentials for SNMP: by reference, never readable by everyone, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.configuration import read
from monitor.settings.mistakes import Mistakes
from probes.target import SnmpAccess
from probes.wire.snmp.keys import Community, Hash, User
from tests.monitor.operator import Desk

V3 = "{user: diaolou, authentication: 'file:secret', privacy: 'env:DIAOLOU_PRIVACY'}"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("DIAOLOU_PRIVACY", "a phrase to hide by")
    desk = Desk(tmp_path)
    desk.write("secret", "a phrase to prove by\n")
    (tmp_path / "secret").chmod(0o640)
    return desk


def mistakes(desk: Desk) -> str:
    with pytest.raises(Mistakes) as found:
        read(desk.directory)
    return str(found.value)


def test_a_device_refers_to_credentials_and_they_to_where_secrets_are(desk: Desk) -> None:
    desk.write("snmp.yaml", f"credentials:\n  core: {V3}\n  old: {{community: 'env:DIAOLOU_PRIVACY'}}\n")
    device = "{host: 192.0.2.1, agency: city, kind: network_device, snmp: "
    desk.targets(device + "{credentials: core, port: 1161, uplinks: [Gi0/1, Gi0/1]}}")
    config = read(desk.directory).config
    assert config.targets["192.0.2.1"].snmp == SnmpAccess("core", 1161, ("Gi0/1",))
    assert config.snmp_keys == {
        "core": User("diaolou", Hash.SHA256, b"a phrase to prove by", b"a phrase to hide by"),
        "old": Community(b"a phrase to hide by"),
    }
    assert "phrase" not in repr(config)


def test_the_name_of_the_credentials_alone_will_do(desk: Desk) -> None:
    desk.write("snmp.yaml", f"credentials:\n  core: {V3}\n")
    desk.targets("{host: 192.0.2.1, agency: city, kind: network_device, snmp: core}")
    assert read(desk.directory).config.targets["192.0.2.1"].snmp == SnmpAccess("core")


def test_a_secret_that_everyone_can_read_is_refused(desk: Desk) -> None:
    (desk.directory / "secret").chmod(0o644)
    desk.write("snmp.yaml", f"credentials:\n  core: {V3}\n")
    assert "secret can be read or written by everyone; run chmod o= secret" in mistakes(desk)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{community: public}", "a secret is not written here"),
        ("{community: 'env:DIAOLOU_NOWHERE'}", "no variable DIAOLOU_NOWHERE"),
        ("{community: 'file:nowhere'}", "nowhere cannot be read"),
        ("{user: diaolou}", "credentials are missing"),
        (V3[:-1] + ", community: 'file:secret'}", "exclude each other"),
        (V3.replace("DIAOLOU_PRIVACY", "LANGUAGE_SHORT"), "8 octets at least"),
    ],
)
def test_credentials_that_cannot_be_used_are_told_as_mistakes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, entry: str, words: str
) -> None:
    monkeypatch.setenv("LANGUAGE_SHORT", "short")
    desk.write("snmp.yaml", f"credentials:\n  core: {entry}\n")
    found = mistakes(desk)
    assert words in found
    assert "phrase to" not in found


def test_unknown_credentials_and_devices_of_another_kind_are_refused(desk: Desk) -> None:
    desk.write("snmp.yaml", f"credentials:\n  core: {V3}\n")
    desk.targets(
        "{host: 192.0.2.1, agency: city, kind: network_device, snmp: cor}",
        "{host: 192.0.2.2, agency: city, kind: server, snmp: core}",
    )
    found = mistakes(desk)
    assert 'no SNMP credentials "cor"' in found
    assert "only network devices have snmp" in found

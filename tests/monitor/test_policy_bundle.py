"""A policy handed on: packed, signed, verified, installed, and nothing else taken for it."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.bundles import archive, keys
from monitor.bundles.installed import FOLDER
from monitor.bundles.keys import TrustedKey
from monitor.bundles.manifest import Manifest, digest_of, list_up, order
from monitor.bundles.refused import BundleRefused
from monitor.commands import policy_bundle
from monitor.configuration import read
from monitor.packs import RuleFaults
from monitor.refusal import told
from monitor.settings import Mistakes
from rules.policy import Level
from rules.text import Text
from tests.monitor.operator import FILES, Desk

TITLE = Text("策略", "Policy")
DAY = dt.date(2026, 11, 1)
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
RULE = """\
id: own_rule
title: {zh: 标题, en: Title}
why: {zh: 为何, en: Why}
fix: {zh: 整改, en: Fix}
references: [none]
when: target.value > 0
cases: [{name: holds, facts: {target: {value: 1}}, outcome: pass}]
"""


@pytest.fixture
def issuer(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "issuer")


@pytest.fixture
def tower(tmp_path: Path, key: Path) -> Desk:
    """A tower that accepts what is signed with *key*."""
    desk = Desk(tmp_path / "tower")
    trust(desk, key)
    return desk


@pytest.fixture
def key(tmp_path: Path) -> Path:
    keys.make(tmp_path / "county.pem")
    return tmp_path / "county.pem"


def trust(desk: Desk, key: Path) -> None:
    public = keys.written(keys.read(key).public)
    desk.write("diaolou.yaml", f"{FILES['diaolou.yaml']}policy_keys: [{{name: 网信办, key: '{public}'}}]\n")


def packed(issuer: Desk, key: Path, effective: dt.date = DAY, version: str = "1") -> Path:
    issuer.write("policy.yaml", FILES["policy.yaml"].replace('version: "1"', f'version: "{version}"'))
    path = issuer.directory.parent / f"{version}.bundle"
    path.write_bytes(policy_bundle.pack(issuer.directory, key, effective)[1])
    return path


def refused(tower: Desk, path: Path) -> str:
    before = sorted((tower.directory / FOLDER).glob("*"))
    with pytest.raises(BundleRefused) as refusal:
        policy_bundle.install(tower.directory, path)
    assert sorted((tower.directory / FOLDER).glob("*")) == before
    assert refusal.value.text.zh
    assert refusal.value.text.en
    return refusal.value.text.en


def rewritten(path: Path, **changes: bytes | None) -> Path:
    """Write the archive at *path* anew with other contents; None leaves a file out."""
    with zipfile.ZipFile(path) as old:
        held: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
    held.update({name.replace("__", "."): data for name, data in changes.items()})
    with zipfile.ZipFile(path, "w") as new:
        for name, data in held.items():
            if data is not None:
                new.writestr(name, data)
    return path


# --- what is handed on


def test_the_same_policy_and_key_give_the_same_bundle_to_the_byte(issuer: Desk, key: Path) -> None:
    first = policy_bundle.pack(issuer.directory, key, DAY)[1]
    assert policy_bundle.pack(issuer.directory, key, DAY)[1] == first


def test_a_bundle_holds_the_clauses_and_every_rule(issuer: Desk, key: Path) -> None:
    issuer.write("packs/own/own_rule.yaml", RULE)
    bundle, _ = policy_bundle.pack(issuer.directory, key, DAY)
    assert bundle.files["policy.yaml"] == FILES["policy.yaml"].encode()
    assert bundle.files["packs/own/own_rule.yaml"] == RULE.encode()
    assert "packs/ipv6/aaaa_published.yaml" in bundle.files


def test_what_is_installed_is_what_judges(issuer: Desk, tower: Desk, key: Path) -> None:
    issuer.change("policy.yaml", "aaaa_published: {level: high", "aaaa_published: {level: low")
    text = (issuer.directory / "policy.yaml").read_text()
    issuer.write("packs/own/own_rule.yaml", RULE)
    issuer.write("policy.yaml", text + "  own_rule: {level: notice}\n")
    (issuer.directory.parent / "b").write_bytes(policy_bundle.pack(issuer.directory, key, DAY)[1])
    assert read(tower.directory, NOW).config.policy.clauses["aaaa_published"].level is Level.HIGH
    policy_bundle.install(tower.directory, issuer.directory.parent / "b")
    known = read(tower.directory, NOW)
    assert known.config.policy.clauses["aaaa_published"].level is Level.LOW
    assert "own_rule" in known.rules


def test_a_policy_has_one_digest_wherever_it_lies(issuer: Desk, tower: Desk, key: Path) -> None:
    policy_bundle.install(tower.directory, packed(issuer, key))
    digest = read(tower.directory, NOW).config.policy.digest
    assert digest == read(issuer.directory, NOW).config.policy.digest
    issuer.change("policy.yaml", "days: 30", "days: 31")
    assert digest != read(issuer.directory, NOW).config.policy.digest


def test_it_counts_from_its_effective_date_in_the_towers_time_zone(issuer: Desk, tower: Desk, key: Path) -> None:
    policy_bundle.install(tower.directory, packed(issuer, key, DAY, "2"))
    policy_bundle.install(tower.directory, packed(issuer, key, dt.date(2027, 1, 1), "3"))
    eve = dt.datetime(2026, 12, 31, 15, 59, tzinfo=dt.UTC)
    assert read(tower.directory, eve).config.policy.version == "2"
    assert read(tower.directory, eve + dt.timedelta(minutes=1)).config.policy.version == "3"
    assert read(tower.directory, dt.datetime(2026, 10, 1, tzinfo=dt.UTC)).config.policy.version == "1"


def test_a_version_is_compared_by_its_numbers() -> None:
    assert order("2026.10") > order("2026.9.9") > order("2026.9")
    assert order("2026.1.0") == order("2026.1")


# --- what is not taken


def test_an_older_or_equal_version_is_refused(issuer: Desk, tower: Desk, key: Path) -> None:
    ninth, tenth = packed(issuer, key, version="2026.9"), packed(issuer, key, version="2026.10")
    policy_bundle.install(tower.directory, tenth)
    assert "no newer" in refused(tower, ninth)
    assert "no newer" in refused(tower, tenth)


def test_an_unknown_key_is_refused(issuer: Desk, tower: Desk, tmp_path: Path) -> None:
    keys.make(tmp_path / "other.pem")
    assert "policy_keys" in refused(tower, packed(issuer, tmp_path / "other.pem"))


def test_nothing_is_accepted_where_no_key_is_trusted(issuer: Desk, tower: Desk, key: Path) -> None:
    tower.write("diaolou.yaml", FILES["diaolou.yaml"])
    assert "policy_keys" in refused(tower, packed(issuer, key))


def test_an_unsigned_bundle_is_refused(issuer: Desk, tower: Desk, key: Path) -> None:
    assert "not signed" in refused(tower, rewritten(packed(issuer, key), signature__json=None))


@pytest.mark.parametrize("signature", [b"", b"[]", b"{}", b'{"key": 1, "signature": 2}', b"[" * 100_000])
def test_a_signature_that_is_none_is_refused(issuer: Desk, tower: Desk, key: Path, signature: bytes) -> None:
    assert refused(tower, rewritten(packed(issuer, key), signature__json=signature))


def test_a_changed_rule_clause_or_manifest_is_refused(issuer: Desk, tower: Desk, key: Path) -> None:
    assert "altered" in refused(tower, rewritten(packed(issuer, key), policy__yaml=b"profile: mine\n"))
    assert "altered" in refused(tower, rewritten(packed(issuer, key), packs_more=b"more"))
    manifest = json.loads(zipfile.ZipFile(packed(issuer, key)).read("manifest.json"))
    manifest["version"] = "9999"
    assert "altered" in refused(
        tower, rewritten(packed(issuer, key), manifest__json=json.dumps(manifest).encode("utf-8"))
    )


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_bit_is_flipped_the_content_stays_or_is_refused(data: st.DataObject) -> None:
    whole, trusted, files = SEALED
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = bytearray(whole)
    spoilt[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        bundle = archive.open_sealed(bytes(spoilt), [trusted])
    except BundleRefused:
        return
    assert bundle.files == files


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_refused_in_words(noise: bytes) -> None:
    with pytest.raises(BundleRefused):
        archive.open_sealed(noise, [SEALED[1]])
    with pytest.raises(BundleRefused):
        archive.open_sealed(SEALED[0][:-22] + noise, [SEALED[1]])


def sealed() -> tuple[bytes, TrustedKey, dict[str, bytes]]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = keys.SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    files = {"policy.yaml": b"clauses: {}\n", "packs/own/own_rule.yaml": b"id: own_rule\n"}
    manifest = list_up(files, "county", "1", TITLE, DAY)
    return archive.seal(manifest, files, key), TrustedKey("county", key.public), files


SEALED = sealed()


@pytest.mark.parametrize("name", ["../policy.yaml", "/etc/cron.d/x", "packs/../../x.yaml", "packs\\a\\b.yaml", "x"])
def test_a_name_that_leads_elsewhere_is_refused_even_when_signed(tower: Desk, key: Path, name: str) -> None:
    files = {"policy.yaml": b"", name: b"* * * * * root id\n"}
    with pytest.raises(BundleRefused):
        list_up(files, "county", "1", TITLE, DAY)
    manifest = Manifest("county", "1", TITLE, DAY, {each: (len(data), "0" * 64) for each, data in files.items()})
    path = tower.directory / "evil"
    path.write_bytes(archive.seal(manifest, files, keys.read(key)))
    assert "no bundle may hold" in refused(tower, path)
    assert {each.name for each in tower.directory.parent.iterdir()} <= {"tower", "county.pem", "issuer"}


def zipped(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as new:
        for name, data in entries:
            new.writestr(name, data)
    return made.getvalue()


def test_a_bomb_is_refused_unopened(tower: Desk) -> None:
    path = tower.directory / "bomb"
    path.write_bytes(zipped(("manifest.json", b" " * 50_000_000), compression=zipfile.ZIP_DEFLATED))
    assert "compressed" in refused(tower, path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tower: Desk) -> None:
    path = tower.directory / "twice"
    path.write_bytes(zipped(("manifest.json", b"{}"), ("manifest.json", b"{}")))
    assert "twice" in refused(tower, path)


def test_more_than_a_bundle_can_be_is_refused(tower: Desk) -> None:
    path = tower.directory / "large"
    path.write_bytes(b"PK" + bytes(9 * 1024 * 1024))
    assert "larger than 8 MiB" in refused(tower, path)


def test_a_file_that_is_not_there_is_refused(tower: Desk) -> None:
    assert "cannot be read" in refused(tower, tower.directory / "nowhere")


def test_a_rule_this_tower_does_not_understand_is_refused_with_its_line(issuer: Desk, tower: Desk, key: Path) -> None:
    files = {
        "policy.yaml": FILES["policy.yaml"].encode(),
        "packs/ipv6/aaaa_published.yaml": b"id: aaaa_published\nwhen: future.fact\n",
    }
    path = tower.directory / "newer"
    path.write_bytes(archive.seal(list_up(files, "c", "1", TITLE, DAY), files, keys.read(key)))
    with pytest.raises(RuleFaults) as faults:
        policy_bundle.install(tower.directory, path)
    assert "policies/1/packs/ipv6/aaaa_published.yaml" in told(faults.value)
    assert not (tower.directory / FOLDER).exists()


def test_a_policy_whose_version_is_no_number_is_not_packed(issuer: Desk, key: Path) -> None:
    with pytest.raises(BundleRefused, match="cannot be compared"):
        packed(issuer, key, version="autumn")


# --- what is installed stays under suspicion


def test_an_installed_bundle_that_was_altered_stops_the_configuration(issuer: Desk, tower: Desk, key: Path) -> None:
    where = policy_bundle.install(tower.directory, packed(issuer, key)).path
    rewritten(where, policy__yaml=b"clauses: {}\n")
    with pytest.raises(Mistakes) as mistakes:
        read(tower.directory, NOW)
    assert "altered" in told(mistakes.value)
    assert str(where) in told(mistakes.value)


def test_a_key_no_longer_trusted_takes_its_policy_along(issuer: Desk, tower: Desk, key: Path) -> None:
    policy_bundle.install(tower.directory, packed(issuer, key))
    tower.write("diaolou.yaml", FILES["diaolou.yaml"])
    with pytest.raises(Mistakes, match="policy_keys"):
        read(tower.directory, NOW)


def test_a_mistake_in_the_settings_is_told_as_such_beside_an_installed_policy(
    issuer: Desk, tower: Desk, key: Path
) -> None:
    policy_bundle.install(tower.directory, packed(issuer, key))
    tower.change("diaolou.yaml", "name: tower", "nmae: tower")
    with pytest.raises(Mistakes) as mistakes:
        read(tower.directory, NOW)
    assert "nmae" in told(mistakes.value)


# --- keys


def test_a_secret_key_is_for_its_owner_alone(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    with pytest.raises(BundleRefused, match="chmod 600"):
        keys.read(key)


def test_a_key_is_never_overwritten(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(BundleRefused, match="not overwritten"):
        keys.make(key)
    assert key.read_bytes() == before


def test_what_is_no_key_is_refused(tmp_path: Path, key: Path) -> None:
    (tmp_path / "no.pem").write_text("no key\n")
    (tmp_path / "no.pem").chmod(0o600)
    with pytest.raises(BundleRefused, match="no private Ed25519 key"):
        keys.read(tmp_path / "no.pem")


def test_a_public_key_is_read_as_it_is_written(key: Path) -> None:
    raw = keys.read(key).public
    assert keys.parse(keys.written(raw)) == raw
    for wrong in ("", "ed25519:", keys.written(raw)[:-2], f"{keys.written(raw)}x", "rsa:AAAA"):
        with pytest.raises(ValueError, match=r".*"):
            keys.parse(wrong)


def test_equal_content_has_an_equal_digest_in_any_order() -> None:
    files = {"policy.yaml": b"a", "packs/x/y.yaml": b"b"}
    assert digest_of(files) == digest_of(dict(reversed(files.items())))
    assert digest_of(files) != digest_of({"policy.yaml": b"b", "packs/x/y.yaml": b"a"})

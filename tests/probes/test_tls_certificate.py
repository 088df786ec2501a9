"""Certificates as facts: shown by each address of each family, and told even when they are worth nothing."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address

import pytest

from probes.observation import Failure, GapReason, Sighting
from probes.target import Family, Kind, Service, Target, Transport
from probes.tls_certificate import TlsCertificate, tls_certificate, tls_ports
from probes.wire import ChainFault, TlsSession
from tests.probes.replays import replayed, server, tcp, website
from tests.probes.scripted_wire import ScriptedWire, addressed

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")


def facts(sighting: Sighting) -> TlsCertificate:
    assert isinstance(sighting.outcome, TlsCertificate)
    return sighting.outcome


def faults(found: dict[str, Sighting]) -> dict[Family | None, tuple[ChainFault, ...]]:
    return {seen.subject.family: facts(seen).faults for seen in found.values()}


async def test_a_good_certificate_is_told_over_each_family() -> None:
    found = await replayed("tls_certificate", "good_over_both_families", website("www.police"))
    assert list(found) == ["tls/443/ipv4/198.18.31.10", "tls/443/ipv6/2001:db8:18:31::10"]
    four, six = map(facts, found.values())
    assert four == six
    assert (four.version, four.cipher, four.faults) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384", ())
    assert four.subject_name == "CN=www.police.kaiping.gov.test,O=Kaiping demo data,C=CN"
    assert four.issuer_name == "CN=Kaiping demo authority,O=Kaiping demo data,C=CN"
    assert four.names == ("www.police.kaiping.gov.test",)
    assert (four.key, four.key_bits, four.signature, four.chain) == ("secp256r1", 256, "sha256", 1)
    assert four.not_after - four.not_before == dt.timedelta(days=310)
    assert four.not_after.tzinfo is dt.UTC or four.not_after.utcoffset() == dt.timedelta()
    assert len(four.fingerprint) == 64
    assert 0 < found["tls/443/ipv4/198.18.31.10"].seconds < 1


@pytest.mark.parametrize(
    ("situation", "host", "fault"),
    [
        ("expired_over_ipv6", "apply.civil", ChainFault.EXPIRED),
        ("wrong_name_over_ipv6", "marry.civil", ChainFault.NAME_MISMATCH),
    ],
)
async def test_what_is_wrong_over_ipv6_alone_is_told_of_ipv6_alone(
    situation: str, host: str, fault: ChainFault
) -> None:
    found = await replayed("tls_certificate", situation, website(host))
    assert faults(found) == {Family.IPV4: (), Family.IPV6: (fault,)}
    four, six = map(facts, found.values())
    assert four.fingerprint != six.fingerprint


async def test_a_self_signed_certificate_is_its_own_issuer() -> None:
    found = await replayed("tls_certificate", "self_signed", website("self.finance"))
    assert faults(found) == dict.fromkeys(Family, (ChainFault.SELF_SIGNED,))
    assert all(facts(seen).subject_name == facts(seen).issuer_name for seen in found.values())


async def test_a_certificate_that_ends_soon_is_still_good() -> None:
    found = await replayed("tls_certificate", "about_to_expire", website("soon.finance"))
    assert faults(found) == dict.fromkeys(Family, ())
    for seen in found.values():
        assert dt.timedelta(0) < facts(seen).not_after - dt.datetime(2026, 11, 22, 18, 30, tzinfo=dt.UTC)
        assert facts(seen).not_after - dt.datetime(2026, 11, 22, tzinfo=dt.UTC) < dt.timedelta(days=8)


async def test_an_old_protocol_is_spoken_with_and_named() -> None:
    found = await replayed("tls_certificate", "tls_1_0_only", website("map.land"))
    assert {facts(seen).version for seen in found.values()} == {"TLSv1"}


@pytest.mark.parametrize(
    ("situation", "host", "failure"),
    [
        ("refused_over_ipv6", "www.hr", Failure.CONNECTION_REFUSED),
        ("dropped_over_ipv6", "www.health", Failure.CONNECTION_TIMEOUT),
    ],
)
async def test_no_service_over_ipv6_is_a_failure_of_ipv6(situation: str, host: str, failure: Failure) -> None:
    four, six = (await replayed("tls_certificate", situation, website(host))).values()
    assert facts(four).faults == ()
    assert six.outcome is failure


async def test_how_long_was_waited_in_vain_is_told() -> None:
    _, six = (await replayed("tls_certificate", "dropped_over_ipv6", website("www.health"))).values()
    assert six.seconds == pytest.approx(10, abs=0.2)
    assert six.detail == "nothing within 10 s"


@pytest.mark.parametrize(
    ("situation", "host", "reason"),
    [
        ("loopback_out_of_scope", "loopback.culture", GapReason.OUT_OF_SCOPE),
        ("vantage_without_ipv6", "www.police", GapReason.VANTAGE_BLIND_IPV6),
    ],
)
async def test_where_we_may_not_or_cannot_go_there_is_a_gap(situation: str, host: str, reason: GapReason) -> None:
    four, six = (await replayed("tls_certificate", situation, website(host))).values()
    assert facts(four).faults == ()
    assert six.outcome is reason


async def test_addresses_nobody_could_tell_are_gaps() -> None:
    found = await replayed("tls_certificate", "every_server_lame", website("www.water"))
    assert {name: seen.outcome for name, seen in found.items()} == dict.fromkeys(Family, GapReason.ADDRESS_UNKNOWN)


@pytest.mark.parametrize(
    ("situation", "name", "failure"),
    [
        ("garbage", "tls-garbage", Failure.TLS_NOT_TLS),
        ("plain_http", "tls-plain-http", Failure.TLS_NOT_TLS),
        ("alert", "tls-alert", Failure.TLS_ALERT),
        ("silent", "tls-hang", Failure.TLS_TIMEOUT),
        ("closed_at_once", "tls-close", Failure.TLS_CLOSED),
    ],
)
async def test_what_is_no_tls_has_a_name(situation: str, name: str, failure: Failure) -> None:
    found = await replayed("tls_certificate", situation, server(f"{name}.hostile", 443))
    assert [seen.outcome for seen in found.values()] == [failure] * 2


async def test_a_hostile_subject_comes_out_clean() -> None:
    found = await replayed("tls_certificate", "hostile_subject", server("cert-hostile-name.hostile", 443))
    for seen in found.values():
        assert facts(seen).subject_name.isprintable()
        assert r"\x1b[2J" in facts(seen).subject_name
        assert r"\u202egnp.exe" in facts(seen).subject_name


async def test_a_nul_in_a_name_is_shown_and_matches_nothing() -> None:
    found = await replayed("tls_certificate", "nul_in_name", server("cert-nul-name.hostile", 443))
    for seen in found.values():
        assert facts(seen).names == (r"cert-nul-name.hostile.kaiping.gov.test\x00.attacker.test",)
        assert facts(seen).faults == (ChainFault.NAME_MISMATCH,)


async def test_a_certificate_without_end_and_one_with_the_longest_serial_are_told() -> None:
    for seen in (await replayed("tls_certificate", "year_9999", server("cert-year-9999.hostile", 443))).values():
        assert facts(seen).not_after == dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    for seen in (await replayed("tls_certificate", "longest_serial", server("cert-huge-serial.hostile", 443))).values():
        assert facts(seen).serial == "7" + "f" * 39


async def test_a_certificate_from_the_future_is_not_yet_valid() -> None:
    found = await replayed("tls_certificate", "not_yet_valid", server("cert-not-yet-valid.hostile", 443))
    assert faults(found) == dict.fromkeys(Family, (ChainFault.NOT_YET_VALID,))


async def test_bytes_that_are_no_certificate_are_a_failure_and_no_defect() -> None:
    session = TlsSession("TLSv1.3", "c", (b"\x30\x03\x02\x01\x00",), frozenset({ChainFault.MALFORMED}), 0.25)
    wire = ScriptedWire({"www": addressed(V4)}, sessions={(V4, 443): session})
    (seen,) = [each async for each in tls_certificate(Target("www", "a", Kind.WEBSITE), wire)]
    assert (seen.outcome, seen.seconds) == (Failure.TLS_MALFORMED, 0.25)


@pytest.mark.parametrize(
    ("target", "ports"),
    [
        (Target("w", "a", Kind.WEBSITE), [443]),
        (Target("w", "a", Kind.WEBSITE, declared=tcp(80, 8443)), [443, 8443]),
        (Target("m", "a", Kind.MAIL, declared=tcp(25, 465, 993)), [465, 993]),
        (Target("s", "a", Kind.SERVER, declared=tcp(22, 8080)), []),
        (Target("d", "a", Kind.DNS, declared=frozenset({Service(Family.IPV6, Transport.UDP, 853)})), []),
    ],
)
def test_handshakes_are_made_where_tls_is_meant_to_be(target: Target, ports: list[int]) -> None:
    assert tls_ports(target) == ports


async def test_a_target_without_tls_is_left_alone() -> None:
    wire = ScriptedWire({"s": addressed(V4, V6)})
    assert [each async for each in tls_certificate(Target("s", "a", declared=tcp(22)), wire)] == []
    assert wire.resolved == []

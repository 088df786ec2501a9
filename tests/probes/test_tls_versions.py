"""What TLS services accept: told of each address of each family, in few questions, and never beyond the answers."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import pytest

from probes.observation import Failure, GapReason, Sighting
from probes.offer import Offer
from probes.target import Family
from probes.tls_versions import TlsVersions, tls_versions
from probes.wire import Unreached
from probes.wire.greeting import Greeting, Hello, TlsVersion
from probes.wire.tls_suites import SuiteKind, suite_kind, suites_of
from tests.probes.replays import replayed, server, website
from tests.probes.scripted_wire import ScriptedWire, addressed, refuse

V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
NEW, OLD = (TlsVersion.TLS13, TlsVersion.TLS12), (TlsVersion.TLS11, TlsVersion.TLS10)
BOTH_NEW = dict.fromkeys(NEW, frozenset({SuiteKind.MODERN, SuiteKind.STRONG}))


def facts(sighting: Sighting) -> TlsVersions:
    assert isinstance(sighting.outcome, TlsVersions)
    return sighting.outcome


async def test_a_service_in_order_is_told_so_over_each_family() -> None:
    found = await replayed("tls_versions", "in_order_over_both_families", website("www.police"))
    assert list(found) == ["tls/443/ipv4/198.18.31.10", "tls/443/ipv6/2001:db8:18:31::10"]
    four, six = map(facts, found.values())
    assert four == six
    assert four.versions == NEW
    assert four.suites == ("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
    assert (four.weaknesses, four.forward_secrecy, four.without_forward_secrecy, four.tlcp) == ((), True, False, False)
    assert (four.versions_settled, four.suites_settled) == (True, True)


async def test_what_is_accepted_over_ipv6_alone_is_told_of_ipv6_alone() -> None:
    found = await replayed("tls_versions", "old_tls_over_ipv6", website("www.housing"))
    four, six = map(facts, found.values())
    assert (four.versions, four.weaknesses) == (NEW, ())
    assert (six.versions, six.weaknesses) == ((*NEW, *OLD), (SuiteKind.ANONYMOUS,))


async def test_a_server_that_knows_nothing_newer_than_tls_1_0_is_found_out() -> None:
    found = await replayed("tls_versions", "tls_1_0_only", website("map.land"))
    for seen in found.values():
        assert facts(seen).versions == (TlsVersion.TLS10,)


@pytest.mark.parametrize(
    ("situation", "host", "failure"),
    [
        ("alert", "tls-alert.hostile", Failure.TLS_ALERT),
        ("bad_hello", "tls-bad-hello.hostile", Failure.TLS_MALFORMED),
        ("closed_at_once", "tls-close.hostile", Failure.TLS_CLOSED),
        ("endless", "tls-endless.hostile", Failure.TLS_MALFORMED),
        ("garbage", "tls-garbage.hostile", Failure.TLS_NOT_TLS),
        ("silent", "tls-hang.hostile", Failure.TLS_TIMEOUT),
    ],
)
async def test_what_is_no_tls_is_a_failure_over_both_families(situation: str, host: str, failure: Failure) -> None:
    found = await replayed("tls_versions", situation, server(host, 443))
    assert [seen.outcome for seen in found.values()] == [failure, failure]


async def test_a_family_that_is_refused_fails_alone() -> None:
    found = await replayed("tls_versions", "refused_over_ipv6", website("api.health"))
    four, six = found.values()
    assert facts(four).versions == NEW
    assert six.outcome is Failure.CONNECTION_REFUSED


async def test_a_host_whose_name_does_not_resolve_leaves_gaps() -> None:
    found = await replayed("tls_versions", "every_server_lame", website("www.water"))
    assert [seen.outcome for seen in found.values()] == [GapReason.ADDRESS_UNKNOWN] * 2


# --- how it is found out


class Server:
    """A TLS server that accepts *kinds* in each version, takes the newest and the last of the suites it may take."""

    def __init__(self, accepts: Mapping[TlsVersion, frozenset[SuiteKind]], silent: frozenset[TlsVersion]) -> None:
        self._accepts, self._silent = accepts, silent
        self.asked: list[tuple[TlsVersion, frozenset[SuiteKind]]] = []

    async def answer(self, newest: TlsVersion, kinds: frozenset[SuiteKind]) -> Greeting:
        self.asked.append((newest, kinds))
        if newest in self._silent:
            raise Unreached(Failure.TLS_TIMEOUT, "as told")
        versions = list(TlsVersion)[list(TlsVersion).index(newest) : -1]
        for version in [newest] if newest is TlsVersion.TLCP else versions:
            fits = [number for number in suites_of(kinds) if suite_kind(number) in self._accepts.get(version, ())]
            if fits and (suite_kind(fits[0]) is SuiteKind.MODERN) is (version is TlsVersion.TLS13):
                return Greeting(version, fits[-1] if version is not TlsVersion.TLS13 else fits[0])
        return Greeting(None, refused=Failure.TLS_ALERT, detail="handshake_failure")


async def explored(
    accepts: Mapping[TlsVersion, frozenset[SuiteKind]], *silent: TlsVersion
) -> tuple[Offer, list[tuple[TlsVersion, frozenset[SuiteKind]]]]:
    there = Server(accepts, frozenset(silent))
    offer = Offer(there.answer)
    await offer.explore()
    return offer, there.asked


async def test_a_service_in_order_is_asked_five_questions() -> None:
    offer, asked = await explored(BOTH_NEW)
    assert set(offer.accepted) == set(NEW)
    assert len(asked) == 5


@pytest.mark.parametrize("kind", sorted(set(SuiteKind) - {SuiteKind.MODERN, SuiteKind.NATIONAL, SuiteKind.STRONG}))
async def test_each_kind_of_doubtful_suite_is_found_whatever_is_preferred(kind: SuiteKind) -> None:
    offer, asked = await explored({**BOTH_NEW, TlsVersion.TLS12: frozenset({SuiteKind.STRONG, kind})})
    assert offer.weaknesses | ({SuiteKind.STATIC} if offer.static else set()) >= {kind}
    assert len(asked) <= 6


async def test_a_server_that_accepts_everything_is_found_out_within_a_dozen_questions() -> None:
    everything = dict.fromkeys(TlsVersion, frozenset(SuiteKind))
    offer, asked = await explored(everything)
    assert set(offer.accepted) == set(TlsVersion)
    assert offer.weaknesses == set(SuiteKind) - {
        SuiteKind.MODERN,
        SuiteKind.NATIONAL,
        SuiteKind.STRONG,
        SuiteKind.STATIC,
    }
    assert (offer.static, offer.tlcp) == (True, True)
    assert len(asked) <= 14


async def test_a_version_kept_for_its_suites_is_asked_for_them() -> None:
    kept = {**BOTH_NEW, TlsVersion.SSL3: frozenset({SuiteKind.RC4, SuiteKind.EXPORT})}
    offer, _ = await explored(kept)
    assert set(offer.accepted) == {*NEW, TlsVersion.SSL3}
    assert offer.weaknesses == {SuiteKind.RC4, SuiteKind.EXPORT}


async def test_a_version_left_out_between_two_others_is_not_invented() -> None:
    offer, _ = await explored({TlsVersion.TLS12: BOTH_NEW[TlsVersion.TLS12], TlsVersion.TLS10: frozenset(SuiteKind)})
    assert list(offer.accepted) == [TlsVersion.TLS12, TlsVersion.TLS10]


async def test_silence_leaves_open_what_was_asked_and_nothing_else() -> None:
    offer, _ = await explored(BOTH_NEW, TlsVersion.TLS11)
    assert (set(offer.accepted), offer.open_versions, offer.open_suites) == (set(NEW), True, True)
    offer, _ = await explored(BOTH_NEW, TlsVersion.TLCP)
    assert (offer.open_versions, offer.open_suites, offer.tlcp) == (False, False, None)


async def test_a_service_of_tlcp_alone_is_one() -> None:
    offer, _ = await explored({TlsVersion.TLCP: frozenset({SuiteKind.NATIONAL})})
    assert (list(offer.accepted), offer.tlcp, offer.static) == ([TlsVersion.TLCP], True, False)


async def test_a_server_that_refuses_everything_has_no_facts_but_its_refusal() -> None:
    with pytest.raises(Unreached) as refusal:
        await explored({})
    assert refusal.value.failure is Failure.TLS_ALERT


class Greeted(ScriptedWire):
    """A wire over which one family is greeted well, and the other is out of budget after a first word."""

    async def greet(self, hello: Hello) -> Greeting:
        if hello.address == V6 and hello.newest is not TlsVersion.TLS13:
            refuse(GapReason.BUDGET_SPENT)
        return await Server(BOTH_NEW, frozenset()).answer(hello.newest, hello.kinds)


async def test_a_budget_spent_half_way_is_a_gap_and_no_half_truth() -> None:
    wire = Greeted({"www.kaiping.gov.test": addressed(V4, V6)})
    found = {seen.subject.family: seen.outcome async for seen in tls_versions(website("www"), wire)}
    assert isinstance(found[Family.IPV4], TlsVersions)
    assert found[Family.IPV6] is GapReason.BUDGET_SPENT


async def test_open_questions_are_facts_that_are_not_there() -> None:
    class Silent(ScriptedWire):
        async def greet(self, hello: Hello) -> Greeting:
            return await Server(BOTH_NEW, frozenset({TlsVersion.TLS11, TlsVersion.TLCP})).answer(
                hello.newest, hello.kinds
            )

    wire = Silent({"www.kaiping.gov.test": addressed(V4)})
    (seen,) = [facts(each) async for each in tls_versions(website("www"), wire)]
    assert (seen.versions, seen.versions_settled, seen.suites_settled) == (NEW, None, None)
    assert (seen.without_forward_secrecy, seen.tlcp) == (None, None)

"""A ClientHello is what OpenSSL takes for one, and no server's first word costs much or is taken for another."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached
from probes.wire.greeter import Greeter
from probes.wire.greeting import Greeting, Hello, TlsVersion
from probes.wire.tcp import Dialer
from probes.wire.tls_first_word import WORD_LIMIT, FirstWord
from probes.wire.tls_hello import CODES, client_hello
from probes.wire.tls_suites import WEAK, SuiteKind, forward_secret, suite_kind, suite_name, suites_of
from tests.lab.hostile_http import Script, endless, hang, once
from tests.lab.hostile_tls import tls_cases
from tests.lab.model import Cert
from tests.lab.pki import Authority, context
from tests.probes.wire_world import ACCOUNT, V4, V6, Handler, guard, playing, serving

EVERY = frozenset(SuiteKind)
CLASSIC = EVERY - {SuiteKind.MODERN, SuiteKind.NATIONAL}
KINDS = {TlsVersion.TLS13: CLASSIC | {SuiteKind.MODERN}, TlsVersion.TLCP: frozenset({SuiteKind.NATIONAL})}


def hello(newest: TlsVersion, host: str = "www.example", port: int = 443, timeout: float = 4.0) -> Hello:
    return Hello(V4, port, host, newest, KINDS.get(newest, CLASSIC), timeout)


async def greeted(handler: Handler, newest: TlsVersion, tls: ssl.SSLContext | None = None, **more: float) -> Greeting:
    async with serving(handler, V4, tls) as port:
        return await Greeter(guard(), Dialer()).greet(hello(newest, port=port, **more), ACCOUNT)  # type: ignore[arg-type]


def record(kind: int, said: bytes, code: int = 0x0303) -> bytes:
    return bytes([kind]) + code.to_bytes(2) + len(said).to_bytes(2) + said


def server_hello(code: int, suite: int, extensions: bytes = b"", session: bytes = b"") -> bytes:
    """Return the message of a server that has chosen."""
    chosen = bytes([len(session)]) + session + suite.to_bytes(2) + b"\0"
    told = len(extensions).to_bytes(2) + extensions if extensions else b""
    body = code.to_bytes(2) + bytes(32) + chosen + told
    return b"\x02" + len(body).to_bytes(3) + body


MODERN_CHOICE = server_hello(0x0303, 0x1301, bytes.fromhex("002b 0002 0304 0033 0002 001d"), bytes(32))
CHOICES = {
    TlsVersion.TLS13: (MODERN_CHOICE, 0x1301),
    TlsVersion.TLS12: (server_hello(0x0303, 0xC02F, bytes.fromhex("ff01 0001 00")), 0xC02F),
    TlsVersion.TLS11: (server_hello(0x0302, 0x000A), 0x000A),
    TlsVersion.TLS10: (server_hello(0x0301, 0x0005), 0x0005),
    TlsVersion.SSL3: (server_hello(0x0300, 0x0003), 0x0003),
    TlsVersion.TLCP: (server_hello(0x0101, 0xE013), 0xE013),
}


# --- what is said


async def _quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("old", [False, True])
async def test_a_real_server_chooses_as_its_settings_say(tmp_path: Path, old: bool) -> None:
    names: list[str | None] = []
    server = context(Authority.create(tmp_path).leaf(("www.example",), Cert.VALID), lenient=old)
    server.sni_callback = lambda sock, name, ctx: names.append(name)
    met = {version: (await greeted(_quiet, version, server)) for version in TlsVersion}
    assert met[TlsVersion.TLS13].version is TlsVersion.TLS13
    assert met[TlsVersion.TLS12].version is TlsVersion.TLS12
    for version in (TlsVersion.TLS11, TlsVersion.TLS10):
        assert met[version].version is (version if old else None)
        assert (met[version].refused is None) is old
    for version in (TlsVersion.SSL3, TlsVersion.TLCP):
        # This server hangs up where others would say why.
        assert met[version].refused in (Failure.TLS_VERSION, Failure.TLS_ALERT, Failure.TLS_CLOSED)
    assert set(names) == {"www.example"}
    assert all(each.seconds > 0 for each in met.values())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_an_old_server_takes_what_is_newer_down_to_its_own(tmp_path: Path) -> None:
    server = context(Authority.create(tmp_path).leaf(("www.example",), Cert.VALID), old_tls=True)
    for newest in list(TlsVersion)[:4]:
        assert (await greeted(_quiet, newest, server)).version is TlsVersion.TLS10


@pytest.mark.parametrize("version", sorted(TlsVersion))
def test_a_hello_has_the_form_of_its_version(version: TlsVersion) -> None:
    said = client_hello(hello(version), bytes)
    assert said[0] == 22
    assert int.from_bytes(said[3:5]) == len(said) - 5
    assert said[5] == 1
    assert int.from_bytes(said[6:9]) == len(said) - 9
    assert int.from_bytes(said[9:11]) == min(CODES[version], 0x0303)
    assert (b"www.example" in said) is (version is not TlsVersion.SSL3)
    assert len(said) - 5 not in range(256, 512) or version in (TlsVersion.SSL3, TlsVersion.TLCP)


def test_an_address_is_no_server_name() -> None:
    assert b"192.0.2.1" not in client_hello(hello(TlsVersion.TLS12, "192.0.2.1"))
    assert b"2001:db8::1" not in client_hello(hello(TlsVersion.TLCP, "2001:db8::1"))


@given(st.frozensets(st.sampled_from(SuiteKind), min_size=1), st.sampled_from(TlsVersion))
def test_a_hello_of_any_kinds_fits_its_lengths_and_offers_just_those(
    kinds: frozenset[SuiteKind], version: TlsVersion
) -> None:
    asked = Hello(V6, 443, "www.example", version, kinds)
    said = client_hello(asked)
    at = 9 + 2 + 32
    at += 1 + said[at]
    size = int.from_bytes(said[at : at + 2])
    numbers = [int.from_bytes(said[at + 2 + each : at + 4 + each]) for each in range(0, size, 2)]
    assert tuple(number for number in numbers if number != 0x00FF) == asked.suites
    assert {suite_kind(number) for number in asked.suites} == kinds
    assert int.from_bytes(said[3:5]) == len(said) - 5


def test_suites_are_named_and_weighed() -> None:
    numbers = suites_of(EVERY)
    assert len(numbers) == len(set(numbers)) > 170
    assert len({suite_name(number) for number in numbers}) == len(numbers)
    worth = {suite_name(number): suite_kind(number) for number in numbers}
    assert worth["TLS_AES_128_GCM_SHA256"] is SuiteKind.MODERN
    assert worth["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] is SuiteKind.STRONG
    assert worth["TLS_RSA_WITH_AES_128_CBC_SHA"] is SuiteKind.STATIC
    assert worth["TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"] is SuiteKind.TRIPLE_DES
    assert worth["TLS_RSA_EXPORT_WITH_RC4_40_MD5"] is SuiteKind.EXPORT
    assert worth["TLS_DH_anon_EXPORT_WITH_RC4_40_MD5"] is SuiteKind.ANONYMOUS
    assert worth["TLS_ECDH_anon_WITH_NULL_SHA"] is SuiteKind.NULL
    assert worth["TLCP_ECC_SM4_CBC_SM3"] is SuiteKind.NATIONAL
    assert not any(forward_secret(number) for number in suites_of({SuiteKind.STATIC}))
    assert suite_name(0xFEFE) == "0xFEFE"
    assert suites_of(WEAK)[-1] == suites_of({SuiteKind.NULL})[-1]


def test_every_suite_that_openssl_knows_and_the_public_may_use_is_in_the_table() -> None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.set_ciphers("ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0")
    known = {each["id"] & 0xFFFF for each in made.get_ciphers()}
    assert len(known) > 80
    assert known <= set(suites_of(EVERY))


# --- what comes back


@pytest.mark.parametrize("version", sorted(CHOICES))
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_choice_is_read_however_it_is_cut(version: TlsVersion, step: int) -> None:
    message, suite = CHOICES[version]
    half = len(message) // 2
    for said in (record(22, message), record(22, message[:half]) + record(22, message[half:] + b"\x0b\0\0\0")):
        word, greeting = FirstWord(hello(version)), None
        for start in range(0, len(said), step):
            greeting = greeting or word.feed(said[start : start + step])
        assert greeting == Greeting(version, suite)


def test_a_warning_is_read_over_and_a_fatal_alert_is_a_refusal() -> None:
    word = FirstWord(hello(TlsVersion.TLS12))
    warned = word.feed(record(21, b"\x01\x70") + record(22, CHOICES[TlsVersion.TLS12][0]))
    assert warned == Greeting(TlsVersion.TLS12, 0xC02F)
    for said, failure in ((b"\x02\x28", Failure.TLS_ALERT), (b"\x02\x46", Failure.TLS_VERSION)):
        refused = FirstWord(hello(TlsVersion.TLS12)).feed(record(21, said))
        assert refused is not None
        assert refused.refused is failure
    left = FirstWord(hello(TlsVersion.TLS12)).feed(record(21, b"\x01\x00"))
    assert left is not None
    assert left.refused is Failure.TLS_CLOSED


UNASKED = {
    "a newer version": (TlsVersion.TLS11, server_hello(0x0303, 0xC02F)),
    "a suite that was not offered": (TlsVersion.TLS12, server_hello(0x0303, 0x1301)),
    "TLS 1.3 to one who offered 1.2": (TlsVersion.TLS12, MODERN_CHOICE),
    "TLS to one who offered TLCP": (TlsVersion.TLCP, server_hello(0x0303, 0xE013)),
    "TLCP to one who offered TLS": (TlsVersion.TLS13, server_hello(0x0101, 0xC02F)),
    "no version at all": (TlsVersion.TLS12, server_hello(0x7F12, 0xC02F)),
    "an older version by extension": (
        TlsVersion.TLS13,
        server_hello(0x0303, 0xC02F, bytes.fromhex("002b 0002 0302")),
    ),
    "extensions that end too early": (TlsVersion.TLS12, server_hello(0x0303, 0xC02F, bytes.fromhex("002b 0009 0304"))),
    "a session that does not end": (
        TlsVersion.TLS12,
        b"\x02\x00\x00\x23" + bytes.fromhex("0303") + bytes(32) + b"\xff",
    ),
    "another message": (TlsVersion.TLS12, b"\x0b\0\0\0"),
    "a message of 16 MB": (TlsVersion.TLS12, b"\x02\xff\xff\xff"),
}


@pytest.mark.parametrize("name", sorted(UNASKED))
def test_what_nobody_offered_is_no_choice(name: str) -> None:
    newest, message = UNASKED[name]
    with pytest.raises(Unreached) as refusal:
        FirstWord(hello(newest)).feed(record(22, message))
    assert refusal.value.failure is Failure.TLS_MALFORMED


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Failure.TLS_NOT_TLS),
        (b"\x16\x09\x00\x00\x05", Failure.TLS_NOT_TLS),
        (b"\x17\x03\x03\x00\x05hello", Failure.TLS_NOT_TLS),
        (record(22, b""), Failure.TLS_MALFORMED),
        (b"\x16\x03\x03\xff\xff", Failure.TLS_MALFORMED),
        (record(22, b"\x02") + record(21, b"\x02\x28"), Failure.TLS_MALFORMED),
        (record(21, b"\x01\x70") + record(23, b"x"), Failure.TLS_MALFORMED),
        (record(21, b"\x01\x70") * 6, Failure.TLS_MALFORMED),
    ],
)
def test_what_is_no_first_word_is_named(said: bytes, failure: Failure) -> None:
    with pytest.raises(Unreached) as refusal:
        FirstWord(hello(TlsVersion.TLS12)).feed(said)
    assert refusal.value.failure is failure


def test_a_first_word_that_does_not_end_is_left() -> None:
    long = record(22, b"\x02\x00\x20\x00") + record(22, bytes(100)) * (WORD_LIMIT // 100)
    with pytest.raises(Unreached) as refusal:
        FirstWord(hello(TlsVersion.TLS12)).feed(long)
    assert refusal.value.failure is Failure.TLS_MALFORMED


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.tuples(st.sampled_from([21, 22, 23, 0]), st.binary(max_size=80)), max_size=5).map(
            lambda parts: b"".join(record(kind, said) for kind, said in parts)
        ),
        st.tuples(st.sampled_from(sorted(CHOICES)), st.integers(0, 90), st.binary(min_size=1, max_size=3)).map(
            lambda bent: record(22, CHOICES[bent[0]][0][: bent[1]] + bent[2] + CHOICES[bent[0]][0][bent[1] + 1 :])
        ),
    ),
    st.sampled_from(TlsVersion),
    st.integers(1, 50),
)
def test_any_bytes_are_a_word_or_are_named_and_nothing_is_accepted_unoffered(
    said: bytes, newest: TlsVersion, step: int
) -> None:
    asked = hello(newest)
    word = FirstWord(asked)
    try:
        met = [word.feed(said[start : start + step]) for start in range(0, len(said), step)]
    except Unreached as refusal:
        assert refusal.failure in (Failure.TLS_NOT_TLS, Failure.TLS_MALFORMED)  # noqa: PT017
        assert clean(refusal.detail) == refusal.detail  # noqa: PT017
        return
    for greeting in met:
        if greeting is not None and greeting.version is not None:
            assert greeting.suite in asked.suites


HOSTILE = tls_cases()


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_every_server_that_is_none_is_survived_and_named(name: str) -> None:
    script, expected = HOSTILE[name]
    timeout = 0.4 if script is hang else 4.0
    began = time.monotonic()
    try:
        greeting = await greeted(playing(script), TlsVersion.TLS13, timeout=timeout)
    except Unreached as refusal:
        outcome = str(refusal.failure)
    else:
        assert greeting.version is None
        outcome = str(greeting.refused)
    assert outcome in expected
    assert time.monotonic() - began < timeout + 2


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (endless(b"", record(21, b"\x01\x70") * 500), Failure.TLS_MALFORMED),
        (endless(b"", b"\x16" * 4096), Failure.TLS_NOT_TLS),
        (endless(record(22, b"\x02\x00\x1f\xff"), record(22, bytes(1)) * 500), Failure.TLS_MALFORMED),
        (once(b"\x16\x03"), Failure.TLS_CLOSED),
    ],
)
async def test_a_flood_instead_of_a_word_ends_early(script: Script, failure: Failure) -> None:
    try:
        outcome = (await greeted(playing(script), TlsVersion.TLS12)).refused
    except Unreached as refusal:
        outcome = refusal.failure
    assert outcome is failure


async def test_a_server_that_hangs_up_on_the_hello_refuses_it() -> None:
    async def script() -> AsyncIterator[bytes]:
        for nothing in tuple[bytes, ...]():
            yield nothing

    refused = await greeted(playing(script), TlsVersion.SSL3)
    assert (refused.version, refused.refused) == (None, Failure.TLS_CLOSED)


async def test_a_port_nobody_listens_on_is_no_refusal_of_a_version() -> None:
    async with serving(_quiet) as port:
        pass
    with pytest.raises(Unreached) as refusal:
        await Greeter(guard(), Dialer()).greet(hello(TlsVersion.TLS12, port=port), ACCOUNT)
    assert refusal.value.failure is Failure.CONNECTION_REFUSED

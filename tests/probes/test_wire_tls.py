"""A handshake is finished whatever the certificate is worth, with every fault of the chain, or ends in one word."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from probes.certificate import read
from probes.observation import Failure
from probes.target import Address
from probes.wire import ChainFault, NotLooked, TlsRequest, TlsSession, Unreached
from probes.wire.account import Account, Budget
from probes.wire.tcp import Dialer
from probes.wire.tls import CHAIN_LIMIT, HANDSHAKE_LIMIT, TlsClient, TlsProber
from probes.wire.tls_alerts import of_complaint
from probes.wire.tls_chain import ChainJudge
from probes.wire.tls_names import matches
from tests.lab.hostile_tls import CERTIFICATES, certificate, tls_cases
from tests.lab.model import Cert
from tests.lab.pki import Authority, builder, context, new_key, pem, private_pem, subject
from tests.probes.wire_world import ACCOUNT, V4, V6, Handler, guard, playing, saying, serving

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
HOST = "www.kp.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def client(authority: Authority) -> TlsClient:
    return TlsClient([authority.folder / "ca.pem"])


async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def shake(
    client: TlsClient,
    handler: Handler = quiet,
    server: ssl.SSLContext | None = None,
    *,
    host: str = HOST,
    address: Address = V4,
    timeout: float = 5.0,
    account: Account = ACCOUNT,
) -> TlsSession:
    async with serving(handler, address, server) as port:
        prober = TlsProber(guard(), Dialer(), client)
        return await prober.handshake(TlsRequest(address, port, host, timeout), account)


@dataclass
class Leaf:
    """A certificate to be made: by default a good one."""

    names: tuple[x509.GeneralName, ...] = (x509.DNSName(HOST),)
    begin: dt.datetime = NOW - DAY
    end: dt.datetime = NOW + 30 * DAY
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(default_factory=new_key)
    issuer_url: bool = False
    usage: x509.ExtendedKeyUsage | None = None
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def signed(self, key: object, issuer: x509.Name) -> x509.Certificate:
        made = builder(subject(HOST), issuer, self.key, self.begin, self.end)  # type: ignore[arg-type]
        if self.names:
            made = made.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        if self.usage:
            made = made.add_extension(self.usage, critical=True)
        if self.issuer_url:
            where = x509.UniformResourceIdentifier("http://ca.example/ca.crt")
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
            made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return made.sign(key, self.digest)  # type: ignore[arg-type]


def intermediate(
    signer: object, issuer: x509.Name, end: dt.datetime = NOW + 90 * DAY
) -> tuple[object, x509.Certificate]:
    key, name = new_key(), subject("intermediate")
    made = builder(name, issuer, key, NOW - 90 * DAY, end)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return key, made.sign(signer, hashes.SHA256())  # type: ignore[arg-type]


def server(folder: Path, leaf: Leaf, *chain: x509.Certificate, security: int | None = None) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(private_pem(leaf.key) + b"".join(pem(each) for each in chain))  # type: ignore[arg-type]
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if security is not None:
        made.set_ciphers(f"ALL:@SECLEVEL={security}")
    made.load_cert_chain(path)
    return made


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, x509.Certificate, TlsClient]:
    """An authority that may sign authorities, and a client that trusts it."""
    key, name = new_key(), subject("root")
    made = builder(name, name, key, NOW - 900 * DAY, NOW + 900 * DAY)
    certificate = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = certificate.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("root") / "root.pem"
    path.write_bytes(pem(signed))
    return key, signed, TlsClient([path])


Root = tuple[object, x509.Certificate, TlsClient]


@pytest.mark.parametrize("address", [V4, V6], ids=str)
async def test_a_good_chain_has_no_fault(root: Root, tmp_path: Path, address: Address) -> None:
    key, top, client = root
    middle_key, middle = intermediate(key, top.subject)
    leaf = Leaf()
    chain = (leaf.signed(middle_key, middle.subject), middle)
    session = await shake(client, server=server(tmp_path, leaf, *chain), address=address)
    assert session.faults == frozenset()
    assert session.version == "TLSv1.3"
    assert session.cipher.startswith("TLS_")
    assert [x509.load_der_x509_certificate(der) for der in session.chain] == list(chain)
    assert 0 < session.seconds < 5


@pytest.mark.parametrize(
    ("leaf", "faults"),
    [
        (Leaf(end=NOW - DAY, begin=NOW - 9 * DAY), {ChainFault.EXPIRED}),
        (Leaf(begin=NOW + DAY), {ChainFault.NOT_YET_VALID}),
        (Leaf(names=(x509.DNSName("other.example"),)), {ChainFault.NAME_MISMATCH}),
        (Leaf(names=()), {ChainFault.NAME_MISMATCH}),
        (Leaf(end=NOW - DAY, begin=NOW - 9 * DAY, names=()), {ChainFault.EXPIRED, ChainFault.NAME_MISMATCH}),
        (Leaf(key=rsa.generate_private_key(65537, 1024)), {ChainFault.WEAK}),
        (Leaf(usage=x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING])), {ChainFault.OTHER}),
    ],
)
async def test_every_fault_of_a_leaf_is_kept(root: Root, tmp_path: Path, leaf: Leaf, faults: set[ChainFault]) -> None:
    key, top, client = root
    session = await shake(client, server=server(tmp_path, leaf, leaf.signed(key, top.subject), security=0))
    assert session.faults == faults


async def test_an_expired_intermediate_is_expired(root: Root, tmp_path: Path) -> None:
    key, top, client = root
    middle_key, middle = intermediate(key, top.subject, NOW - DAY)
    leaf = Leaf()
    session = await shake(client, server=server(tmp_path, leaf, leaf.signed(middle_key, middle.subject), middle))
    assert session.faults == {ChainFault.EXPIRED}


@pytest.mark.parametrize(
    ("issuer_url", "faults"),
    [(True, {ChainFault.INCOMPLETE}), (False, {ChainFault.INCOMPLETE, ChainFault.UNTRUSTED})],
)
async def test_a_missing_intermediate_is_incomplete(
    root: Root, tmp_path: Path, issuer_url: bool, faults: set[ChainFault]
) -> None:
    key, top, client = root
    middle_key, middle = intermediate(key, top.subject)
    leaf = Leaf(issuer_url=issuer_url)
    session = await shake(client, server=server(tmp_path, leaf, leaf.signed(middle_key, middle.subject)))
    assert session.faults == faults


async def test_a_strangers_chain_is_untrusted_with_or_without_its_root(
    root: Root, authority: Authority, client: TlsClient, tmp_path: Path
) -> None:
    key, top, _ = root
    middle_key, middle = intermediate(key, top.subject)
    leaf = Leaf()
    signed = leaf.signed(middle_key, middle.subject)
    assert (await shake(client, server=server(tmp_path, leaf, signed, middle))).faults == {ChainFault.UNTRUSTED}
    assert (await shake(client, server=server(tmp_path, leaf, signed, middle, top))).faults == {ChainFault.UNTRUSTED}


async def test_a_self_signed_certificate_is_self_signed(authority: Authority, client: TlsClient) -> None:
    path = authority.leaf((HOST,), Cert.SELF_SIGNED)
    assert (await shake(client, server=context(path))).faults == {ChainFault.SELF_SIGNED}


async def test_a_forged_signature_is_a_fault(root: Root, tmp_path: Path) -> None:
    _, top, client = root
    leaf = Leaf()
    forged = leaf.signed(new_key(), top.subject)
    assert (await shake(client, server=server(tmp_path, leaf, forged))).faults & {
        ChainFault.MALFORMED,
        ChainFault.UNTRUSTED,
    }


@pytest.mark.parametrize(
    ("version", "word"),
    [
        (ssl.TLSVersion.TLSv1, "TLSv1"),
        (ssl.TLSVersion.TLSv1_1, "TLSv1.1"),
        (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_every_version_still_spoken_is_spoken(
    authority: Authority, client: TlsClient, version: ssl.TLSVersion, word: str
) -> None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version = made.maximum_version = version
    made.load_cert_chain(authority.leaf((HOST,), Cert.VALID))
    session = await shake(client, server=made)
    assert (session.version, session.faults) == (word, frozenset())


@pytest.mark.parametrize("host", [HOST, "127.0.0.1", "::1"])
async def test_the_host_is_named_in_the_handshake_unless_it_is_an_address(
    authority: Authority, client: TlsClient, host: str
) -> None:
    names: list[str | None] = []
    made = context(authority.leaf((HOST,), Cert.VALID))
    made.sni_callback = lambda sock, name, ctx: names.append(name)
    session = await shake(client, server=made, host=host)
    assert names == [HOST if host == HOST else None]
    assert (ChainFault.NAME_MISMATCH in session.faults) is (host != HOST)


ALERT = bytes.fromhex("15 0303 0002 02")
SERVER_HELLO_SSL3 = bytes.fromhex("16 0300 002a 02 000026 0300") + bytes(32) + bytes.fromhex("00 002f 00")


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b"", Failure.TLS_CLOSED),
        (b"\x16\x03", Failure.TLS_CLOSED),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Failure.TLS_NOT_TLS),
        (b"SSH-2.0-\x1b]0;x\x07\r\n", Failure.TLS_NOT_TLS),
        (b"\x16\x00\x00\x00", Failure.TLS_NOT_TLS),
        (ALERT + b"\x28", Failure.TLS_ALERT),
        (ALERT + b"\x46", Failure.TLS_VERSION),
        (ALERT + b"\x00", Failure.TLS_CLOSED),
        # TLCP, the Chinese national protocol, refuses TLS in records of its own version.
        (bytes.fromhex("15 0101 0002 02 46"), Failure.TLS_VERSION),
        (b"\x16\x03\x03\xff\xff" + bytes(100), Failure.TLS_MALFORMED),
        (SERVER_HELLO_SSL3, Failure.TLS_VERSION),
        (bytes.fromhex("16 0303 0004 0e000000"), Failure.TLS_MALFORMED),
    ],
)
async def test_every_refusal_has_its_word(client: TlsClient, sent: bytes, failure: Failure) -> None:
    with pytest.raises(Unreached) as refusal:
        await shake(client, saying(sent))
    assert refusal.value.failure is failure
    assert refusal.value.detail.isprintable()


def speaking(made: ssl.SSLContext) -> Handler:
    """Return a handler that shakes hands and, unlike asyncio's, says why when it gives up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        speaker = made.wrap_bio(incoming, outgoing, server_side=True)
        given_up = False
        while not given_up:
            try:
                speaker.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                given_up = True
            writer.write(outgoing.read())
            await writer.drain()
            if not given_up:
                incoming.write(await reader.read(4096))
        await reader.read()

    return handle


@pytest.mark.parametrize(
    ("ask_for_certificate", "ciphers", "failure"),
    [(True, "ALL", Failure.TLS_ALERT), (False, "PSK", Failure.TLS_ALERT)],
)
async def test_a_server_that_wants_what_we_do_not_have_is_named(
    client: TlsClient, authority: Authority, ask_for_certificate: bool, ciphers: str, failure: Failure
) -> None:
    made = context(authority.leaf((HOST,), Cert.VALID))
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED if ask_for_certificate else ssl.CERT_NONE
    made.set_ciphers(ciphers)
    with pytest.raises(Unreached) as refusal:
        await shake(client, speaking(made))
    assert refusal.value.failure is failure


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("tlsv1 alert protocol version", Failure.TLS_VERSION),
        ("ssl/tls alert handshake failure", Failure.TLS_ALERT),
        ("unsupported protocol", Failure.TLS_VERSION),
        ("packet length too long", Failure.TLS_MALFORMED),
        ("\x1b[2J", Failure.TLS_MALFORMED),
    ],
)
def test_every_complaint_of_the_library_has_its_word(reason: str, failure: Failure) -> None:
    told = of_complaint(SSL.Error([("SSL routines", "", reason)]))
    assert told.failure is failure
    assert told.detail.isprintable()
    assert of_complaint(SSL.SysCallError(-1, "Unexpected EOF")).failure is Failure.TLS_MALFORMED


HOSTILE = tls_cases()


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_attack_is_survived_and_named(client: TlsClient, name: str) -> None:
    script, expected = HOSTILE[name]
    timeout = 0.4 if expected == ("tls_timeout",) else 5.0
    began = time.monotonic()
    with pytest.raises(Unreached) as refusal:
        await shake(client, playing(script), timeout=timeout)
    assert str(refusal.value.failure) in expected
    assert time.monotonic() - began < timeout + 2


@pytest.mark.parametrize("name", CERTIFICATES)
async def test_hostile_certificates_are_bounded_and_judged(authority: Authority, client: TlsClient, name: str) -> None:
    path = certificate(authority, name)
    leaf = x509.load_pem_x509_certificate(path.read_bytes()[path.read_bytes().index(b"-----BEGIN CERT") :])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    host = names.get_values_for_type(x509.DNSName)[0].partition("\0")[0]
    session = await shake(client, server=context(path), host=host)
    expected = {"valid": set(), "wrong_name": {ChainFault.NAME_MISMATCH}, "not_yet_valid": {ChainFault.NOT_YET_VALID}}
    assert session.faults == expected[CERTIFICATES[name]]
    assert len(session.chain) <= CHAIN_LIMIT
    shown = read(session.chain[0])
    assert shown is not None
    assert all(text.isprintable() for text in (shown.subject, shown.issuer, *shown.names))


async def test_a_handshake_of_endless_records_is_cut_off(client: TlsClient) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        while True:
            writer.write(bytes.fromhex("16 0303 0004 00000000") * 1000)
            await writer.drain()

    with pytest.raises(Unreached) as refusal:
        await shake(client, flood)
    assert refusal.value.failure is Failure.TLS_MALFORMED


async def test_a_handshake_counts_against_the_budget(client: TlsClient, authority: Authority) -> None:
    made = context(authority.leaf((HOST,), Cert.VALID))
    with pytest.raises(NotLooked, match="budget_spent"):
        await shake(client, server=made, account=Account("x", budget=Budget(octets=200)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\x16\x03\x03", b"\x16\x03\x01\x00\x40\x02", b"\x15\x03"]))
def test_any_bytes_from_a_server_end_in_a_word(data: bytes, head: bytes) -> None:
    async def run() -> BaseException | TlsSession:
        (outcome,) = await asyncio.gather(shake(PLAIN, saying(head + data), timeout=2.0), return_exceptions=True)
        return outcome

    outcome = asyncio.run(run())
    assert isinstance(outcome, Unreached)
    assert str(outcome.failure).startswith(("tls_", "connection_"))


PLAIN = TlsClient()


def test_an_authority_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no certificate"):
        TlsClient([tmp_path / "absent.pem"])
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(OSError, match="no certificate"):
        TlsClient([tmp_path / "empty.pem"])


def names(*values: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName._init_without_validation(value) for value in values])


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("www.kp.example", "www.kp.example", True),
        ("WWW.kp.Example", "www.KP.example.", True),
        ("www.kp.example.", "www.kp.example", True),
        ("*.kp.example", "www.kp.example", True),
        ("*.kp.example", "a.b.kp.example", False),
        ("*.kp.example", "kp.example", False),
        ("*.example", "kp.example", False),
        ("*", "localhost", False),
        ("w*.kp.example", "www.kp.example", False),
        ("www.*.example", "www.kp.example", False),
        ("*.*.example", "www.kp.example", False),
        ("www.kp.example\0.evil.test", "www.kp.example", False),
        ("www.kp.example\0", "www.kp.example", False),
        ("*.kp.example\0.evil.test", "www.kp.example", False),
        ("xn--kprw13d.example", "xn--kprw13d.example", True),
        ("kp.example", "www.kp.example", False),
        ("", "www.kp.example", False),
        ("*.", "www.kp.example", False),
        ("127.0.0.1", "127.0.0.1", False),
    ],
)
def test_names_cover_what_rfc_9525_says(pattern: str, host: str, covered: bool) -> None:
    assert matches(names(pattern), host) is covered


def test_an_address_is_covered_by_an_address_alone() -> None:
    shown = x509.SubjectAlternativeName(
        [x509.IPAddress(IPv4Address("192.0.2.1")), x509.IPAddress(IPv6Address("2001:db8::1"))]
    )
    assert matches(shown, "192.0.2.1")
    assert matches(shown, "2001:0db8::0:1")
    assert not matches(shown, "192.0.2.2")
    assert not matches(shown, "www.kp.example")


@given(st.text(max_size=30), st.from_regex(r"[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){1,3}", fullmatch=True))
def test_only_the_name_itself_or_a_wildcard_over_it_covers_a_host(pattern: str, host: str) -> None:
    if matches(names(pattern), host):
        assert pattern.lower().rstrip(".") in (host, "*." + host.partition(".")[2])


@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 120), st.integers(0, 3)), max_size=5))
def test_any_bytes_as_a_certificate_are_judged(der: bytes, complaints: list[tuple[int, int]]) -> None:
    assert ChainFault.MALFORMED in ChainJudge().faults((der,), complaints, HOST)


def test_what_was_read_of_certificates_is_kept_within_bounds() -> None:
    judge = ChainJudge(size=10)
    for number in range(100):
        judge.faults((b"%d" % number,), (), HOST)
    assert len(judge._read) == 10


def test_the_handshake_limit_lets_real_chains_through() -> None:
    assert CHAIN_LIMIT * 4096 < HANDSHAKE_LIMIT

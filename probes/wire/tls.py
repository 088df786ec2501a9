"""TLS handshakes that go on whatever the certificate is worth, and keep all of the chain and of its faults.

pyOpenSSL over memory buffers: its verify callback sees every error and not the first alone, the bytes pass through
our caps on the way, and the OpenSSL that comes with it still speaks TLS 1.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

from OpenSSL import SSL, crypto

from probes.observation import Failure
from probes.wire import TlsRequest, TlsSession, Unreached
from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.stream import CHUNK, Stream
from probes.wire.tcp import Dialer
from probes.wire.tls_alerts import FIRST_BYTES, inspect_first_bytes, of_complaint
from probes.wire.tls_chain import ChainJudge, Complaint
from probes.wire.watch import watched

CHAIN_LIMIT = 20
"""Certificates kept of a chain; what comes after them is left out."""

HANDSHAKE_LIMIT = 256 * 1024
"""Bytes a server may send until the handshake is over."""

_VERIFY_DEPTH = 30
_CIPHERS = b"ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"
_UNSAFE_LEGACY_SERVER = 0x4
_COMPLAINTS_KEPT = 64


class TlsClient:
    """Starts TLS on connections. The trust store is read once: the system's, and *authorities* (PEM files) besides.

    Anything a server can do is accepted, TLS 1.0 and its ciphers too: what it is worth is for others to judge.

    Raises:
        OSError: an authority's file cannot be read, or holds no certificate.
    """

    def __init__(self, authorities: Iterable[Path] = ()) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(0)
        context.set_cipher_list(_CIPHERS)
        context.set_options(_UNSAFE_LEGACY_SERVER | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_default_verify_paths()
        for path in authorities:
            try:
                context.load_verify_locations(str(path))
            except SSL.Error as fault:
                raise OSError(f"no certificate to trust in {path}") from fault
        context.set_verify_depth(_VERIFY_DEPTH)
        context.set_verify(SSL.VERIFY_PEER, _note_complaint)
        self._context = context

    async def start(
        self, stream: Stream, host: str, protocols: tuple[bytes, ...] = (), *, hold: bool = False
    ) -> TlsStream:
        """Shake hands on *stream* with SNI *host*, or without one for an address; offer ALPN *protocols* if any.

        With *hold* our own last word waits for the first that is written, and goes with it.

        Raises:
            Unreached: no handshake.
        """
        connection = SSL.Connection(self._context, None)
        connection.set_app_data([])
        connection.set_connect_state()
        if not _is_address(host):
            connection.set_tlsext_host_name(host.encode("ascii"))
        if protocols:
            connection.set_alpn_protos(list(protocols))
        secured = TlsStream(stream, connection)
        await secured.handshake()
        if not hold:
            await secured.flush()
        return secured


class TlsStream:
    """A stream over TLS over another stream."""

    def __init__(self, stream: Stream, connection: SSL.Connection) -> None:
        self._below, self._connection = stream, connection

    @property
    def version(self) -> str:
        """The protocol agreed on, as OpenSSL writes it: TLSv1.3, TLSv1.2, TLSv1.1, TLSv1."""
        return self._connection.get_protocol_version_name()

    @property
    def cipher(self) -> str:
        """The cipher suite agreed on, as OpenSSL writes it."""
        return self._connection.get_cipher_name() or ""

    @property
    def protocol(self) -> str:
        """The application protocol agreed on by ALPN; empty without one."""
        return self._connection.get_alpn_proto_negotiated().decode("ascii", "replace")

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """What the verifier had against the chain."""
        return tuple(self._connection.get_app_data())

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates shown, DER, leaf first, at most CHAIN_LIMIT."""
        shown = self._connection.get_peer_cert_chain() or []
        return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in shown[:CHAIN_LIMIT])

    async def handshake(self) -> None:
        """Shake hands; our own last word may still be to be flushed.

        Raises:
            Unreached: no handshake.
        """
        received, head = 0, b""
        while True:
            try:
                self._connection.do_handshake()
            except SSL.WantReadError:
                await self.flush()
            except SSL.Error as complaint:
                await self._say_why()
                raise of_complaint(complaint) from complaint
            else:
                return
            data = await self._below.read()
            if not data:
                raise Unreached(Failure.TLS_CLOSED, f"after {received} bytes")
            if received < FIRST_BYTES:
                head = (head + data)[:FIRST_BYTES]
                inspect_first_bytes(head)
            received += len(data)
            if received > HANDSHAKE_LIMIT:
                raise Unreached(Failure.TLS_MALFORMED, f"handshake of more than {HANDSHAKE_LIMIT} bytes")
            self._connection.bio_write(data)

    async def read(self) -> bytes:
        """Return the next bytes, at most CHUNK; empty at the end, with or without the server's farewell."""
        while True:
            try:
                return self._connection.recv(CHUNK)
            except SSL.WantReadError:
                await self.flush()
            except SSL.ZeroReturnError:
                return b""
            except SSL.Error as complaint:
                raise of_complaint(complaint) from complaint
            data = await self._below.read()
            if not data:
                return b""
            self._connection.bio_write(data)

    async def write(self, data: bytes) -> None:
        """Send all of *data*, which is small: a request."""
        try:
            self._connection.sendall(data)
        except SSL.Error as complaint:
            raise of_complaint(complaint) from complaint
        await self.flush()

    def finish(self) -> None:
        """Say that the exchange ended well."""
        self._below.finish()

    def close(self) -> None:
        """Close the connection below."""
        self._below.close()

    async def flush(self) -> None:
        """Send what is ready to be sent."""
        while True:
            try:
                data = self._connection.bio_read(CHUNK)
            except SSL.WantReadError:
                return
            await self._below.write(data)

    async def _say_why(self) -> None:
        try:
            await self.flush()
        except Unreached:
            # The server has gone already; why we end is of no more interest to it.
            return


class TlsProber:
    """Shakes hands for the certificate's sake."""

    def __init__(self, guard: Guard, dialer: Dialer, client: TlsClient) -> None:
        self._guard, self._dialer, self._client = guard, dialer, client
        self._judge = ChainJudge()

    async def handshake(self, request: TlsRequest, account: Account) -> TlsSession:
        """Complete one handshake and keep the chain with its faults.

        Raises:
            Unreached: no handshake.
            NotLooked: nothing was sent, or nothing could be.
        """
        async with (
            self._guard.admit(request.address, request.port, What.TLS, account) as errand,
            watched(request.timeout) as watch,
        ):
            stream = await self._dialer.dial(errand)
            try:
                watch.stage = Failure.TLS_TIMEOUT
                secured = await self._client.start(stream, request.host)
                stream.finish()
                return self._session(secured, request.host, watch.seconds)
            finally:
                stream.close()

    def _session(self, secured: TlsStream, host: str, seconds: float) -> TlsSession:
        chain = secured.chain
        if not chain:
            raise Unreached(Failure.TLS_MALFORMED, "no certificate shown")
        faults = self._judge.faults(chain, secured.complaints, host)
        return TlsSession(secured.version, secured.cipher, chain, faults, seconds)


def _note_complaint(connection: SSL.Connection, certificate: crypto.X509, number: int, depth: int, ok: int) -> bool:
    complaints: list[Complaint] = connection.get_app_data()
    if number and len(complaints) < _COMPLAINTS_KEPT:
        complaints.append((number, depth))
    return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

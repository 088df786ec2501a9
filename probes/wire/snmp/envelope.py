"""The message around a PDU: plain with a community (v2c), or authenticated and encrypted (v3).

pysnmp keeps the cryptography of v3; it takes long to import, so that is done when the first agent wants it.
Source: RFC 1901 3; RFC 3412 6; RFC 3414 2.4, 3.1 and 3.2.
"""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from probes.wire.snmp.ber import OCTETS, SEQUENCE, Malformed, expect, read_integer, write, write_integer
from probes.wire.snmp.keys import Community, Hash, User
from probes.wire.snmp.pdu import REPORT, Pdu, read_pdu

_V2C, _V3, _USM = 1, 3, 3
_AUTHENTICATED, _ENCRYPTED, _REPORTABLE = 1, 2, 4
_DIGEST: Final = {Hash.SHA256: 24, Hash.SHA512: 48}
_ENGINE_LIMIT = 32


class Stray(Exception):
    """An answer to something else, or from someone who is not who he says."""


def _any_number() -> int:
    return 1 + secrets.randbelow(2**31 - 1)


class PlainEnvelope:
    """SNMPv2c."""

    def __init__(self, key: Community) -> None:
        self._key = key
        self.ready = True

    def seal(self, pdu: Callable[[int], bytes]) -> tuple[int, bytes]:
        """Return a number for the question and the message that asks it."""
        request = _any_number()
        return request, write(SEQUENCE, write_integer(_V2C), write(OCTETS, self._key.word), pdu(request))

    def open(self, data: bytes, request: int) -> Pdu:
        """Return the answer to *request* in *data*.

        Raises:
            Stray: it answers something else.
            Malformed: it is no message.
        """
        at, end = expect(data, 0, len(data), SEQUENCE)
        version, at = read_integer(data, at, end)
        if version != _V2C:
            raise Stray("another version")
        start, at = expect(data, at, end, OCTETS)
        if data[start:at] != self._key.word:
            raise Stray("another community")
        pdu = read_pdu(data, at, end)
        if pdu.number != request:
            raise Stray("another request")
        return pdu


@dataclass(slots=True)
class Engine:
    """An agent's engine as it told us: its *id*, how often it began, and its clock when we heard it."""

    id: bytes = b""
    boots: int = 0
    clock: int = 0
    heard: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> int:
        """The engine's clock by ours."""
        return self.clock + int(time.monotonic() - self.heard)


@dataclass(frozen=True, slots=True)
class _Security:
    engine: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    salt: bytes


class SecuredEnvelope:
    """SNMPv3. Not *ready* until an agent has told its engine, which the first message asks for."""

    def __init__(self, key: User) -> None:
        self._key, self._engine, self._message = key, Engine(), 0

    @property
    def ready(self) -> bool:
        """Whether the agent's engine is known."""
        return bool(self._engine.id)

    def seal(self, pdu: Callable[[int], bytes]) -> tuple[int, bytes]:
        """Return a number for the question and the message that asks it, or that asks for the engine."""
        request, self._message = _any_number(), _any_number()
        engine = self._engine
        scoped = write(SEQUENCE, write(OCTETS, engine.id), write(OCTETS), pdu(request))
        if not self.ready:
            return request, self._whole(_REPORTABLE, _Security(b"", 0, 0, b"", b"", b""), scoped)
        moment = engine.now
        salt, hidden = _cipher().encrypt(self._private(), engine.boots, moment, scoped)
        empty = bytes(_DIGEST[self._key.hash])
        security = _Security(engine.id, engine.boots, moment, self._key.name.encode(), empty, salt)
        flags = _REPORTABLE | _AUTHENTICATED | _ENCRYPTED
        return request, self._signed(flags, security, write(OCTETS, hidden))

    def open(self, data: bytes, request: int) -> Pdu:
        """Return the answer to *request* in *data*, or a report; learns the engine's clock from genuine ones.

        Raises:
            Stray: it answers something else, or is not genuine.
            Malformed: it is no message.
        """
        at, end = expect(data, 0, len(data), SEQUENCE)
        version, at = read_integer(data, at, end)
        if version != _V3:
            raise Stray("another version")
        flags, at = self._header(data, at, end)
        start, at = expect(data, at, end, OCTETS)
        security = _security(data, start, at)
        genuine = bool(flags & _AUTHENTICATED)
        if genuine:
            self._prove(data, security)
        pdu = self._scoped(data, at, end, flags, security)
        if pdu.kind == REPORT:
            # A report may be told in the clear; then it says no more than that we are not served.
            self._learn(security, genuine=genuine)
            return pdu
        if not (genuine and flags & _ENCRYPTED):
            raise Stray("in the clear")
        if pdu.number != request:
            raise Stray("another request")
        return pdu

    def _header(self, data: bytes, at: int, end: int) -> tuple[int, int]:
        start, at = expect(data, at, end, SEQUENCE)
        message, start = read_integer(data, start, at)
        _, start = read_integer(data, start, at)
        first, start = expect(data, start, at, OCTETS)
        if message != self._message:
            raise Stray("another message")
        if start - first != 1:
            raise Malformed("flags")
        return data[first], at

    def _scoped(self, data: bytes, at: int, end: int, flags: int, security: _Security) -> Pdu:
        if flags & _ENCRYPTED:
            start, stop = expect(data, at, end, OCTETS)
            data = _cipher().decrypt(self._private(), security.boots, security.time, security.salt, data[start:stop])
            at, end = 0, len(data)
        at, end = expect(data, at, end, SEQUENCE)
        _, at = expect(data, at, end, OCTETS)
        _, at = expect(data, at, end, OCTETS)
        return read_pdu(data, at, end)

    def _learn(self, security: _Security, *, genuine: bool) -> None:
        if genuine or not self.ready:
            self._engine = Engine(security.engine, security.boots, security.time)

    def _prove(self, data: bytes, security: _Security) -> None:
        empty = bytes(_DIGEST[self._key.hash])
        if security.engine != self._engine.id or len(security.digest) != len(empty):
            raise Stray("another engine")
        where = data.find(security.digest)
        bare = data[:where] + empty + data[where + len(empty) :]
        secret = _local(self._key.hash, self._key.authentication, self._engine.id)
        if not secrets.compare_digest(_cipher().sign(self._key.hash, secret, bare), data):
            raise Stray("not genuine")

    def _private(self) -> bytes:
        return _local(self._key.hash, self._key.privacy, self._engine.id)

    def _signed(self, flags: int, security: _Security, scoped: bytes) -> bytes:
        secret = _local(self._key.hash, self._key.authentication, self._engine.id)
        return _cipher().sign(self._key.hash, secret, self._whole(flags, security, scoped))

    def _whole(self, flags: int, security: _Security, scoped: bytes) -> bytes:
        header = write_integer(self._message), write_integer(65507), write(OCTETS, bytes((flags,))), write_integer(_USM)
        inside = write(
            SEQUENCE,
            write(OCTETS, security.engine),
            write_integer(security.boots),
            write_integer(security.time),
            write(OCTETS, security.user),
            write(OCTETS, security.digest),
            write(OCTETS, security.salt),
        )
        return write(SEQUENCE, write_integer(_V3), write(SEQUENCE, *header), write(OCTETS, inside), scoped)


Envelope = PlainEnvelope | SecuredEnvelope


def envelope(key: Community | User) -> Envelope:
    """Return what questions to one agent are put in."""
    return PlainEnvelope(key) if isinstance(key, Community) else SecuredEnvelope(key)


def _security(data: bytes, at: int, end: int) -> _Security:
    at, end = expect(data, at, end, SEQUENCE)
    first, at = expect(data, at, end, OCTETS)
    engine = data[first:at]
    boots, at = read_integer(data, at, end)
    moment, at = read_integer(data, at, end)
    rest: list[bytes] = []
    for _ in range(3):
        first, at = expect(data, at, end, OCTETS)
        rest.append(data[first:at])
    if not 0 < len(engine) <= _ENGINE_LIMIT or not (0 <= boots < 2**31 and 0 <= moment < 2**31):
        raise Malformed("engine")
    if len(rest[2]) not in (0, 8):
        raise Malformed("salt")
    return _Security(engine, boots, moment, *rest)


class _Cipher:
    """pysnmp's security services, taking and giving octets."""

    def __init__(self) -> None:
        from pysnmp.proto.rfc1902 import OctetString
        from pysnmp.proto.secmod.rfc3414 import service  # noqa: F401 - the services below need it first
        from pysnmp.proto.secmod.rfc3826.priv.aes import Aes
        from pysnmp.proto.secmod.rfc7860.auth.hmacsha2 import HmacSha2

        self._octets, self._aes = OctetString, Aes()
        names = {
            Hash.SHA256: HmacSha2.SHA256_SERVICE_ID,
            Hash.SHA512: HmacSha2.SHA512_SERVICE_ID,
        }
        self._hashes = {hash_: HmacSha2(name) for hash_, name in names.items()}

    def stretch(self, hash_: Hash, secret: bytes) -> bytes:
        """Return the key made of a pass phrase, a million octets hashed."""
        return bytes(self._hashes[hash_].hash_passphrase(secret).asOctets())

    def localize(self, hash_: Hash, key: bytes, engine: bytes) -> bytes:
        """Return the key as it is for one engine."""
        return bytes(self._hashes[hash_].localize_key(key, self._octets(engine)).asOctets())

    def sign(self, hash_: Hash, key: bytes, message: bytes) -> bytes:
        """Return *message* with its digest in the place left free for it."""
        return bytes(self._hashes[hash_].authenticate_outgoing_message(self._octets(key), message))

    def encrypt(self, key: bytes, boots: int, moment: int, data: bytes) -> tuple[bytes, bytes]:
        """Return the salt and the data encrypted."""
        hidden, salt = self._aes.encrypt_data(self._octets(key), (boots, moment, None), data)
        return bytes(salt.asOctets()), bytes(hidden.asOctets())

    def decrypt(self, key: bytes, boots: int, moment: int, salt: bytes, data: bytes) -> bytes:
        """Return the data in the clear, or rubbish.

        Raises:
            Malformed: it was not encrypted by the same rules.
        """
        if len(salt) != 8:
            raise Malformed("salt")
        return bytes(self._aes.decrypt_data(self._octets(key), (boots, moment, list(salt)), self._octets(data)))


@functools.cache
def _cipher() -> _Cipher:
    return _Cipher()


@functools.lru_cache(maxsize=256)
def _stretched(hash_: Hash, secret: bytes) -> bytes:
    return _cipher().stretch(hash_, secret)


@functools.lru_cache(maxsize=4096)
def _local(hash_: Hash, secret: bytes, engine: bytes) -> bytes:
    return _cipher().localize(hash_, _stretched(hash_, secret), engine)

"""What a server says first, and the certificates it shows."""

from __future__ import annotations

import warnings
from contextlib import suppress
from ipaddress import ip_address

from probes import certificate
from probes.wire import Unreached
from probes.wire.greeting import Hello, TlsVersion
from probes.wire.tls_alerts import inspect_first_bytes
from probes.wire.tls_chain import ChainJudge
from probes.wire.tls_first_word import FirstWord
from probes.wire.tls_suites import SuiteKind
from tests.fuzz.targets import target

HELLOS = tuple(
    Hello(ip_address("192.0.2.1"), 443, "www.example", version, frozenset(SuiteKind), 5.0) for version in TlsVersion
)
JUDGE = ChainJudge()


@target
def tls_first_word(data: bytes) -> None:
    """A first word ends as a greeting or with a name, and the same whole as in pieces."""
    for hello in HELLOS:
        assert _word(FirstWord(hello), [data]) == _word(FirstWord(hello), [data[:7], data[7:11], data[11:]])
    if data:
        with suppress(Unreached):
            inspect_first_bytes(data[:64])


def _word(first: FirstWord, pieces: list[bytes]) -> object:
    try:
        for piece in pieces:
            if (said := first.feed(piece)) is not None:
                return said.version, said.suite
    except Unreached as refusal:
        return refusal.failure
    return None


@target
def certificates(data: bytes) -> None:
    """A certificate is read or is none; a chain of them has faults, and no accidents."""
    with warnings.catch_warnings():
        # The library has more to say of odd certificates than yes and no; that is not for us.
        warnings.simplefilter("ignore")
        met = certificate.read(data)
        JUDGE.faults((data, data), (), "www.example")
    assert met is None or len(met.names) <= 64

"""TLS servers that are none, and certificates that are the attack."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from tests.lab.hostile_http import Script, close, closed, endless, hang, once
from tests.lab.model import SUFFIX
from tests.lab.pki import Authority, builder, new_key, pem, private_pem, subject

_LONGEST_SERIAL = (1 << 159) - 1
"""Twenty octets are the most a serial number may have. Source: RFC 5280 4.1.2.2."""
_HANDSHAKE_FAILURE = bytes.fromhex("15 0303 0002 02 28")


def tls_cases() -> dict[str, tuple[Script, tuple[str, ...]]]:
    """Return what speaks no TLS on the port of TLS, and what a careful client may conclude."""
    return {
        "tls-garbage": (once(lambda: os.urandom(4096)), ("tls_not_tls", "tls_malformed")),
        "tls-plain-http": (once(closed(b"plain")), ("tls_not_tls", "tls_malformed")),
        "tls-alert": (once(_HANDSHAKE_FAILURE), ("tls_alert",)),
        "tls-close": (close, ("tls_closed",)),
        "tls-hang": (hang, ("tls_timeout",)),
        "tls-endless": (endless(b"", bytes.fromhex("16 0303 4000") + bytes(0x4000)), ("tls_timeout", "tls_malformed")),
        "tls-bad-hello": (once(bytes.fromhex("16 0303 0004 02 00ffff")), ("tls_closed", "tls_malformed")),
    }


CERTIFICATES = {
    "cert-hostile-name": "valid",
    "cert-many-names": "valid",
    "cert-long-chain": "valid",
    "cert-nul-name": "wrong_name",
    "cert-year-9999": "valid",
    "cert-not-yet-valid": "not_yet_valid",
    "cert-huge-serial": "valid",
}
"""Handshakes that succeed, and the state of the certificate; whatever it holds is bounded and cleaned before use."""


def certificate(authority: Authority, name: str) -> Path:
    """Make the certificate of the hostile host *name* and return the PEM file of key and chain."""
    path = authority.folder / f"{name}.pem"
    if path.exists():
        return path
    key = new_key()
    host = f"{name}.hostile.{SUFFIX}"
    own, names = subject(host), [host]
    begin, end = authority.now - dt.timedelta(hours=1), authority.now + dt.timedelta(days=90)
    chain: list[x509.Certificate] = []
    if name == "cert-hostile-name":
        own = _hostile_subject()
    elif name == "cert-many-names":
        names += [f"n{number}.hostile.{SUFFIX}" for number in range(1500)]
    elif name == "cert-long-chain":
        chain = [builder(own, own, key, begin, end).sign(key, hashes.SHA256()) for _ in range(60)]
    elif name == "cert-nul-name":
        names = [f"{host}\0.attacker.test"]
    elif name == "cert-year-9999":
        end = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    elif name == "cert-not-yet-valid":
        begin, end = begin + dt.timedelta(days=30), end + dt.timedelta(days=30)
    serial = _LONGEST_SERIAL if name == "cert-huge-serial" else x509.random_serial_number()
    leaf = (
        builder(own, authority.certificate.subject, key, begin, end, serial)
        .add_extension(x509.SubjectAlternativeName([_raw(each) for each in names]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    path.write_bytes(private_pem(key) + b"".join(pem(each) for each in (leaf, *chain)))
    return path


def _raw(name: str) -> x509.DNSName:
    """Return a name without the checks that an honest authority makes."""
    return x509.DNSName._init_without_validation(name)


def _hostile_subject() -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "\x1b[2J\x1b]0;owned\x07"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "<script>alert(1)</script>"),
            x509.NameAttribute(NameOID.COMMON_NAME, 'a"b\n\u202egnp.exe'),
        ]
    )

"""Reading an X.509 certificate that anyone may have made, into plain and cleaned values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtensionOID

from probes.text import clean

NAME_LIMIT = 64
"""Subject alternative names kept."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The fields of a certificate that rules and people ask for; texts cleaned, times UTC."""

    subject: str
    issuer: str
    serial: str
    fingerprint: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    key: str
    key_bits: int
    signature: str


def read(der: bytes) -> Certificate | None:
    """Read one DER certificate; None when it does not parse."""
    try:
        cert = x509.load_der_x509_certificate(der)
        key, bits = _key(cert)
        return Certificate(
            subject=clean(cert.subject.rfc4514_string(), 256),
            issuer=clean(cert.issuer.rfc4514_string(), 256),
            serial=f"{cert.serial_number:x}"[:64],
            fingerprint=cert.fingerprint(hashes.SHA256()).hex(),
            names=_names(cert),
            not_before=cert.not_valid_before_utc,
            not_after=cert.not_valid_after_utc,
            key=key,
            key_bits=bits,
            signature=_signature(cert),
        )
    except (ValueError, TypeError, x509.InvalidVersion, OverflowError):
        return None


def _names(cert: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = cert.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    if not isinstance(extension, x509.SubjectAlternativeName):
        return ()
    dns = extension.get_values_for_type(x509.DNSName)
    ips = [str(address) for address in extension.get_values_for_type(x509.IPAddress)]
    return tuple(clean(name, 253) for name in [*dns, *ips][:NAME_LIMIT])


def _key(cert: x509.Certificate) -> tuple[str, int]:
    try:
        public = cert.public_key()
    except (UnsupportedAlgorithm, ValueError):
        # SM2 and other algorithms OpenSSL does not load still have a name.
        return cert.public_key_algorithm_oid.dotted_string, 0
    match public:
        case rsa.RSAPublicKey():
            return "rsa", public.key_size
        case ec.EllipticCurvePublicKey():
            return public.curve.name, public.key_size
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256
        case ed448.Ed448PublicKey():
            return "ed448", 456
        case dsa.DSAPublicKey():
            return "dsa", public.key_size
    return "other", 0


def _signature(cert: x509.Certificate) -> str:
    algorithm = None
    try:
        algorithm = cert.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return cert.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm else cert.signature_algorithm_oid.dotted_string

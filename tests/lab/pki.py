"""The city's certificate authority, and leaf certificates in every state of health."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.model import SUFFIX, Cert

Key = ec.EllipticCurvePrivateKey

_LIFE = {
    # begin and end, in days from now
    Cert.VALID: (-10, 300),
    Cert.EXPIRED: (-400, -35),
    Cert.EXPIRING: (-83, 7),
    Cert.SELF_SIGNED: (-10, 300),
    Cert.WRONG_NAME: (-10, 300),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The key and certificate that sign the city's leaves; *folder* is where PEM files go."""

    key: Key
    certificate: x509.Certificate
    folder: Path
    now: dt.datetime

    @classmethod
    def create(cls, folder: Path) -> Authority:
        """Make an authority and write its certificate to `ca.pem`."""
        folder.mkdir(parents=True, exist_ok=True)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        key = new_key()
        name = subject("Kaiping demo authority")
        certificate = (
            builder(name, name, key, now + dt.timedelta(days=-500), now + dt.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(_usage(sign_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        (folder / "ca.pem").write_bytes(pem(certificate))
        return cls(key, certificate, folder, now)

    def leaf(self, names: tuple[str, ...], state: Cert) -> Path:
        """Make a certificate for *names* in *state* and return the PEM file of key and chain."""
        path = self.folder / f"{names[0]}-{state}.pem".replace("*", "any")
        if path.exists():
            return path
        shown = (f"elsewhere.{SUFFIX}",) if state is Cert.WRONG_NAME else names
        key = new_key()
        begin, end = (self.now + dt.timedelta(days=days) for days in _LIFE[state])
        own = subject(shown[0])
        signed_by_self = state is Cert.SELF_SIGNED
        signer = key if signed_by_self else self.key
        certificate = (
            builder(own, own if signed_by_self else self.certificate.subject, key, begin, end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in shown]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(sign_certificates=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        path.write_bytes(private_pem(key) + pem(certificate))
        return path


def new_key() -> Key:
    """Make a P-256 key; small and quick."""
    return ec.generate_private_key(ec.SECP256R1())


def subject(common_name: str) -> x509.Name:
    """Return a subject of the city."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Kaiping demo data"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def builder(
    own: x509.Name, issuer: x509.Name, key: Key, begin: dt.datetime, end: dt.datetime, serial: int | None = None
) -> x509.CertificateBuilder:
    """Begin a certificate, with a random serial number unless one is given."""
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: Key) -> bytes:
    """Return an unencrypted private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def context(chain: Path, *, old_tls: bool = False, lenient: bool = False) -> ssl.SSLContext:
    """Return a server's TLS context; *old_tls*: TLS 1.0 and nothing newer; *lenient*: TLS 1.0 and all since."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old_tls or lenient:
        # OpenSSL 3 allows the signatures of TLS 1.0 at security level 0 alone.
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.TLSv1
    if old_tls:
        made.maximum_version = ssl.TLSVersion.TLSv1
    made.load_cert_chain(chain)
    return made

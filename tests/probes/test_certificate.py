"""A certificate is read into plain values whoever made it, and what is none is no defect of ours."""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.certificate import NAME_LIMIT, Certificate, read

EC = ec.generate_private_key(ec.SECP256R1())
BEGIN, END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
Key = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)

P256, ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d040302")
SM2, SM2_SM3 = bytes.fromhex("06082a811ccf5501822d"), bytes.fromhex("06082a811ccf55018375")
ALTERNATIVE_NAMES = x509.ObjectIdentifier("2.5.29.17")


def made(
    key: Key = EC,
    *,
    name: str = "www.gov.test",
    names: list[x509.GeneralName] | None = None,
    raw_names: bytes | None = None,
) -> bytes:
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begun = x509.CertificateBuilder().subject_name(own).issuer_name(own).public_key(key.public_key()).serial_number(255)
    begun = begun.not_valid_before(BEGIN).not_valid_after(END)
    if names is not None:
        begun = begun.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if raw_names is not None:
        begun = begun.add_extension(x509.UnrecognizedExtension(ALTERNATIVE_NAMES, raw_names), critical=False)
    edwards = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return begun.sign(key, None if edwards else hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def dns(name: str) -> x509.DNSName:
    return x509.DNSName._init_without_validation(name)


def test_a_plain_certificate_is_read_whole() -> None:
    der = made(names=[dns("www.gov.test")])
    assert read(der) == Certificate(
        subject="CN=www.gov.test",
        issuer="CN=www.gov.test",
        serial="ff",
        fingerprint=hashlib.sha256(der).hexdigest(),
        names=("www.gov.test",),
        not_before=BEGIN,
        not_after=END,
        key="secp256r1",
        key_bits=256,
        signature="sha256",
    )


@pytest.mark.parametrize(
    ("key", "name", "bits", "signature"),
    [
        (rsa.generate_private_key(65537, 2048), "rsa", 2048, "sha256"),
        (ec.generate_private_key(ec.SECP384R1()), "secp384r1", 384, "sha256"),
        (dsa.generate_private_key(1024), "dsa", 1024, "sha256"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519", 256, "1.3.101.112"),
        (ed448.Ed448PrivateKey.generate(), "ed448", 456, "1.3.101.113"),
    ],
    ids=["rsa", "ec", "dsa", "ed25519", "ed448"],
)
def test_every_kind_of_key_has_a_name_and_a_size(key: Key, name: str, bits: int, signature: str) -> None:
    certificate = read(made(key))
    assert certificate is not None
    assert (certificate.key, certificate.key_bits, certificate.signature) == (name, bits, signature)


def test_a_certificate_of_the_national_algorithms_is_read_although_openssl_cannot_use_its_key() -> None:
    der = made().replace(P256, SM2).replace(ECDSA_SHA256, SM2_SM3)
    certificate = read(der)
    assert certificate is not None
    assert (certificate.key, certificate.key_bits) == ("1.2.840.10045.2.1", 0)
    assert certificate.signature == "1.2.156.10197.1.501"
    assert certificate.subject == "CN=www.gov.test"


def test_names_are_kept_up_to_the_limit() -> None:
    certificate = read(made(names=[dns(f"n{number}.gov.test") for number in range(1500)]))
    assert certificate is not None
    assert certificate.names == tuple(f"n{number}.gov.test" for number in range(NAME_LIMIT))


def test_names_and_subjects_are_cleaned_and_clipped() -> None:
    certificate = read(made(name="a\u202eb" * 5, names=[dns("a\0b.test"), dns("x" * 4000)]))
    assert certificate is not None
    assert certificate.subject.startswith(r"CN=a\u202eb")
    assert certificate.names[0] == r"a\x00b.test"
    assert len(certificate.names[1].encode()) <= 253


def test_a_certificate_without_alternative_names_has_none() -> None:
    certificate = read(made())
    assert certificate is not None
    assert certificate.names == ()


@pytest.mark.parametrize("value", ["", "0500", "3000", "30048202ffff", "3007870501020304ff"])
def test_alternative_names_that_do_not_parse_are_none_and_the_rest_is_read(value: str) -> None:
    certificate = read(made(raw_names=bytes.fromhex(value)))
    assert certificate is not None
    assert certificate.names == ()
    assert certificate.subject == "CN=www.gov.test"


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x00", b"\x30\x84\xff\xff\xff\xff", b"MIIB", bytes(4096)])
def test_what_is_no_certificate_is_none(der: bytes) -> None:
    assert read(der) is None


def test_a_certificate_cut_anywhere_is_none() -> None:
    der = made(names=[dns("www.gov.test")])
    assert [size for size in range(len(der)) if read(der[:size]) is not None] == []


WHOLE = made(rsa.generate_private_key(65537, 2048), names=[dns("www.gov.test")])


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_certificate_changed_anywhere_is_read_or_none(changes: list[tuple[int, int]]) -> None:
    der = bytearray(WHOLE)
    for place, value in changes:
        der[place] = value
    with warnings.catch_warnings():
        # Of serial numbers that are not positive, cryptography complains, and reads them.
        warnings.simplefilter("ignore")
        certificate = read(bytes(der))
    assert certificate is None or len(certificate.fingerprint) == 64

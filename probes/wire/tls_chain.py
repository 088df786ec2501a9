"""What is wrong with a certificate chain: the verifier's complaints and our own look at names and keys."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from probes.wire import ChainFault
from probes.wire.tls_names import matches

Complaint = tuple[int, int]
"""An X509_V_ERR number of OpenSSL, and the depth of the certificate it is about; 0 is the leaf."""

_NO_ISSUER: Final = frozenset({2, 20})
_NOTHING_MORE: Final = frozenset({0, 21})
"""21 says again, of the leaf, what 20 has said."""

_FAULTS: Final = {
    9: ChainFault.NOT_YET_VALID,
    10: ChainFault.EXPIRED,
    4: ChainFault.MALFORMED,
    6: ChainFault.MALFORMED,
    7: ChainFault.MALFORMED,
    13: ChainFault.MALFORMED,
    14: ChainFault.MALFORMED,
    18: ChainFault.SELF_SIGNED,
    19: ChainFault.UNTRUSTED,
    27: ChainFault.UNTRUSTED,
    66: ChainFault.WEAK,
    67: ChainFault.WEAK,
    68: ChainFault.WEAK,
}

_BROKEN_HASHES: Final = frozenset({"md5", "sha1"})
_SMALLEST_RSA, _SMALLEST_EC = 2048, 224


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one certificate says that does not depend on who asks or when; *names* None when it has none."""

    names: x509.SubjectAlternativeName | None
    weak: bool
    points_to_issuer: bool
    malformed: bool = False


class ChainJudge:
    """Finds the faults of chains; what was read from a certificate is kept by its SHA-256, for *size* of them."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._read: OrderedDict[bytes, _Reading] = OrderedDict()

    def faults(self, chain: tuple[bytes, ...], complaints: Iterable[Complaint], host: str) -> frozenset[ChainFault]:
        """Return every fault of *chain* (DER, leaf first) as shown to who asked for *host*."""
        readings = [self._reading(der) for der in chain]
        leaf = readings[0]
        found = {fault for complaint in complaints for fault in _of_complaint(complaint, leaf)}
        if any(reading.malformed for reading in readings):
            found.add(ChainFault.MALFORMED)
        if any(reading.weak for reading in readings):
            found.add(ChainFault.WEAK)
        if not leaf.malformed and (leaf.names is None or not matches(leaf.names, host)):
            found.add(ChainFault.NAME_MISMATCH)
        return frozenset(found)

    def _reading(self, der: bytes) -> _Reading:
        key = hashlib.sha256(der).digest()
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = _read(der)
            if len(self._read) > self._size:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(key)
        return known


def _of_complaint(complaint: Complaint, leaf: _Reading) -> set[ChainFault]:
    number, depth = complaint
    if number in _NOTHING_MORE:
        return set()
    if number not in _NO_ISSUER:
        return {_FAULTS.get(number, ChainFault.OTHER)}
    if depth > 0:
        return {ChainFault.UNTRUSTED}
    # The leaf's issuer was not shown. Where the leaf says where to fetch it, showing it is all that is missing.
    return {ChainFault.INCOMPLETE} if leaf.points_to_issuer else {ChainFault.INCOMPLETE, ChainFault.UNTRUSTED}


def _read(der: bytes) -> _Reading:
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        weak = _weak_key(certificate) or _weak_signature(certificate)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, x509.DuplicateExtension):
        return _Reading(None, weak=False, points_to_issuer=False, malformed=True)
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    return _Reading(names, weak, _points_to_issuer(extensions))


def _points_to_issuer(extensions: x509.Extensions) -> bool:
    try:
        access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access)


def _weak_key(certificate: x509.Certificate) -> bool:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        # SM2 and others that OpenSSL does not load are not known to be weak.
        return False
    match key:
        case rsa.RSAPublicKey():
            return key.key_size < _SMALLEST_RSA
        case ec.EllipticCurvePublicKey():
            return key.key_size < _SMALLEST_EC
    return isinstance(key, dsa.DSAPublicKey)


def _weak_signature(certificate: x509.Certificate) -> bool:
    if certificate.subject == certificate.issuer:
        # Nobody relies on the signature a certificate puts under itself.
        return False
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return False
    return algorithm is not None and algorithm.name in _BROKEN_HASHES

"""Keys that sign policy: how they are written, made, read, and known by name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from monitor.bundles.refused import BundleRefused

_WRITTEN = re.compile(r"ed25519:([A-Za-z0-9+/]{43}=)")
_LARGEST_PEM = 16 * 1024


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key policy is accepted from; *name* is whose it is, *raw* its 32 bytes."""

    name: str
    raw: bytes

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that tell keys apart."""
        return identity(self.raw)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Say whether *signature* is this key's on *message*."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """The secret half, held only while something is signed."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the signature on *message*; the same message always has the same one."""
        return self._private.sign(message)


def identity(raw: bytes) -> str:
    """Return the id of a public key."""
    return hashlib.sha256(raw).hexdigest()[:16]


def written(raw: bytes) -> str:
    """Write a public key as settings hold it."""
    return f"ed25519:{base64.b64encode(raw).decode('ascii')}"


def parse(text: str) -> bytes:
    """Read a public key as settings hold it.

    Raises:
        ValueError: it is none.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    try:
        return base64.b64decode(match[1], validate=True)
    except binascii.Error as fault:
        raise ValueError(text) from fault


def make(path: Path) -> SigningKey:
    """Make a key and write its secret half to *path*, for its owner's eyes alone; nothing is overwritten.

    Raises:
        BundleRefused: *path* is taken or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BundleRefused(f"{path} 已存在，没有覆盖", f"{path} exists and was not overwritten") from None
    except OSError as fault:
        raise BundleRefused(
            f"{path} 写不进去：{fault.strerror}", f"{path} cannot be written: {fault.strerror}"
        ) from fault
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(private)


def read(path: Path) -> SigningKey:
    """Read the secret half from *path*.

    Raises:
        BundleRefused: it cannot be read, is no Ed25519 key, or others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            pem = file.read(_LARGEST_PEM)
    except OSError as fault:
        raise BundleRefused(f"{path} 读不出来：{fault.strerror}", f"{path} cannot be read: {fault.strerror}") from fault
    if mode & 0o077:
        raise BundleRefused(
            f"{path} 别人也能读；请先 chmod 600，若已外泄应换密钥",
            f"{path} can be read by others: chmod 600 it first, and make a new key if it may have leaked",
        )
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise BundleRefused(
            f"{path} 不是 Ed25519 私钥；可用 diaolou policy keygen 生成",
            f"{path} is no private Ed25519 key; diaolou policy keygen makes one",
        )
    return SigningKey(private)

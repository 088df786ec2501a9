"""The file a bundle is: a ZIP archive without compression, the same to the byte for the same content and key.

It is read as something anyone may have made: nothing of it is used before the signature on its manifest, and every file
against the manifest, has been checked. Nothing is ever unpacked to a path it names.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.bundles.keys import SigningKey, TrustedKey, identity
from monitor.bundles.manifest import LARGEST, MANIFEST, MOST_FILES, SIGNATURE, Manifest, decode
from monitor.bundles.refused import BundleRefused

_PURPOSE = b"diaolou policy bundle 1\n"
"""Stands before what is signed, so that no signature made for anything else passes for one on a policy."""
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,  # cut short
    NotImplementedError,  # of a version that nobody writes
    OverflowError,  # a file that begins beyond the end of all files
    ValueError,  # or before the beginning, or whose name is no text
)
"""What reading a damaged archive may end in; the fuzzer has met each of them."""
_BEGINNING = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was found whole and signed by *key*."""

    manifest: Manifest
    files: Mapping[str, bytes]
    key: TrustedKey


def seal(manifest: Manifest, files: Mapping[str, bytes], key: SigningKey) -> bytes:
    """Return the bundle of *files*, listed in *manifest*, signed with *key*."""
    listed = manifest.encode()
    signature = base64.b64encode(key.sign(_PURPOSE + listed)).decode("ascii")
    signed = json.dumps({"key": identity(key.public), "signature": signature}, sort_keys=True) + "\n"
    sealed = io.BytesIO()
    with zipfile.ZipFile(sealed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [(MANIFEST, listed), (SIGNATURE, signed.encode("ascii")), *sorted(files.items())]:
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, data)
    return sealed.getvalue()


def open_sealed(data: bytes, trusted: Iterable[TrustedKey]) -> Bundle:
    """Return what *data* holds, if one of the *trusted* signed it and not a byte was changed since.

    Raises:
        BundleRefused: it is not so.
    """
    held = _held(data)
    if MANIFEST not in held or SIGNATURE not in held:
        raise BundleRefused("策略包没有签名", "the bundle is not signed")
    listed = held.pop(MANIFEST)
    key = _signer(listed, held.pop(SIGNATURE), trusted)
    manifest = decode(listed)
    if held.keys() != manifest.digests.keys():
        raise BundleRefused(
            "策略包的内容与清单不符，可能被改动过",
            "what the bundle holds is not what its manifest lists: it was altered",
        )
    for name, content in held.items():
        if manifest.digests[name] != (len(content), hashlib.sha256(content).hexdigest()):
            raise BundleRefused(f"策略包里的 {name} 被改动过", f"{name} in the bundle was altered")
    return Bundle(manifest, held, key)


def read(path: Path, trusted: Iterable[TrustedKey]) -> Bundle:
    """Return the bundle at *path*.

    Raises:
        BundleRefused: it cannot be read, or is not to be trusted.
    """
    return open_sealed(read_bytes(path), trusted)


def read_bytes(path: Path) -> bytes:
    """Return the bytes at *path*, at most as many as a bundle has.

    Raises:
        BundleRefused: they cannot be read, or are too many.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as fault:
        raise BundleRefused(f"{path} 读不出来：{fault.strerror}", f"{path} cannot be read: {fault.strerror}") from fault
    return data


def _held(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive that takes no more room open than it does closed."""
    if len(data) > LARGEST:
        raise BundleRefused(f"策略包超过 {LARGEST >> 20} MiB", f"the bundle is larger than {LARGEST >> 20} MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if len(names) != len(entries) or len(entries) > MOST_FILES + 2:
                raise BundleRefused("策略包里的文件重复或过多", "the bundle holds a file twice, or too many")
            if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 0x1 for entry in entries):
                raise BundleRefused("策略包不得压缩或加密", "a bundle is neither compressed nor encrypted")
            if sum(entry.file_size for entry in entries) > len(data):
                raise BundleRefused("策略包打开后比它自己还大", "the bundle is larger open than closed")
            return {entry.filename: archive.read(entry) for entry in entries}
    except _DAMAGED:
        raise BundleRefused("不是策略包，或已损坏", "no bundle, or a damaged one") from None


def _signer(listed: bytes, signed: bytes, trusted: Iterable[TrustedKey]) -> TrustedKey:
    try:
        value = json.loads(signed)
        key, signature = str(value["key"]), base64.b64decode(value["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        raise BundleRefused("策略包的签名看不懂", "the signature of the bundle is not understood") from None
    known = next((each for each in trusted if each.id == key), None)
    if known is None:
        raise BundleRefused(
            f"签名的密钥 {key[:16]!r} 不在 diaolou.yaml 的 policy_keys 中",
            f"it is signed with the key {key[:16]!r}, which policy_keys in diaolou.yaml does not list",
        )
    if not known.signed(_PURPOSE + listed, signature):
        raise BundleRefused("签名不符，策略包被改动过", "the signature does not fit: the bundle was altered")
    return known

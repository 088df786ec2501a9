"""The list of what a bundle holds, which is what is signed: version, effective date, and every file's digest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.bundles.refused import BundleRefused
from rules.text import Text

FORMAT = 1
MANIFEST, SIGNATURE, POLICY = "manifest.json", "signature.json", "policy.yaml"
LARGEST = 8 * 1024 * 1024
"""Bytes of a bundle, at most."""
MOST_FILES = 4000
_CONTENT = re.compile(r"policy\.yaml|packs/[a-z0-9][a-z0-9_-]{0,63}/[a-z][a-z0-9_]{0,120}\.yaml", re.ASCII)
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself. *digests* gives size and SHA-256 of each file by its name."""

    profile: str
    version: str
    title: Text
    effective: dt.date
    digests: Mapping[str, tuple[int, str]]

    @property
    def digest(self) -> str:
        """The digest of the content; who issued it, and from when it counts, is not part of it."""
        return _digest({name: digest for name, (_, digest) in self.digests.items()})

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, so that the later of two is the greater."""
        return order(self.version)

    def encode(self) -> bytes:
        """Return the manifest as the one text there is for it."""
        value = {
            "format": FORMAT,
            "profile": self.profile,
            "version": self.version,
            "title": {"zh": self.title.zh, "en": self.title.en},
            "effective": self.effective.isoformat(),
            "files": {name: {"size": size, "sha256": digest} for name, (size, digest) in self.digests.items()},
        }
        return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the digest of a policy's *files*, by name: equal ones judge alike."""
    return _digest({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def list_up(files: Mapping[str, bytes], profile: str, version: str, title: Text, effective: dt.date) -> Manifest:
    """Return the manifest of *files*.

    Raises:
        BundleRefused: the version cannot be compared, or a name or the number of files does not fit a bundle.
    """
    if _VERSION.fullmatch(version) is None:
        raise BundleRefused(
            f"policy.yaml 的 version “{version}”无法比较新旧；写成 2026.1 这样的数字",
            f'the version "{version}" of policy.yaml cannot be compared; write numbers, as 2026.1',
        )
    strange = next((name for name in files if not is_content(name)), None)
    if strange is not None:
        raise BundleRefused(f"文件名“{strange}”不能放进策略包", f'a file named "{strange}" cannot be in a bundle')
    digests = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items())}
    return Manifest(profile, version, title, effective, digests)


def is_content(name: str) -> bool:
    """Say whether *name* is one of the few a bundle may hold; it never leads anywhere else."""
    return _CONTENT.fullmatch(name) is not None


def order(version: str) -> tuple[int, ...]:
    """Return *version* as numbers, without the zeros at its end: 2026.1 and 2026.1.0 are one."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    zh: str = Field(min_length=1, max_length=1024)
    en: str = Field(min_length=1, max_length=1024)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    size: int = Field(ge=0, le=LARGEST)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    profile: str = Field(min_length=1, max_length=1024)
    version: str = Field(max_length=64)
    title: _Words
    effective: dt.date
    files: dict[str, _Entry] = Field(max_length=MOST_FILES)


def decode(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BundleRefused: it is none, or names what a bundle cannot hold.
    """
    try:
        file = _File.model_validate_json(data)
    except (ValidationError, ValueError):
        raise BundleRefused(
            "策略包的清单看不懂，可能由更新的版本制作",
            "the manifest is not understood; a newer version may have made it",
        ) from None
    if POLICY not in file.files or not all(map(is_content, file.files)) or _VERSION.fullmatch(file.version) is None:
        raise BundleRefused("策略包的清单里有不该有的内容", "the manifest names what no bundle may hold")
    digests = {name: (entry.size, entry.sha256) for name, entry in sorted(file.files.items())}
    return Manifest(file.profile, file.version, Text(file.title.zh, file.title.en), file.effective, digests)


def _digest(digests: Mapping[str, str]) -> str:
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(listed.encode("ascii")).hexdigest()

"""What opens an agent to us. Secrets show neither in what is printed nor in what is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Hash(StrEnum):
    """How messages are proven genuine. Source: RFC 7860."""

    SHA256 = "sha256"
    SHA512 = "sha512"


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv2c: a word that travels in the clear."""

    word: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """SNMPv3 with authentication and privacy (AES-128). Source: RFC 3414, RFC 3826."""

    name: str
    hash: Hash
    authentication: bytes = field(repr=False)
    privacy: bytes = field(repr=False)


SnmpKey = Community | User

COMMON = Community(b"public")
"""What agents are delivered with."""

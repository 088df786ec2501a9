"""Cipher suites by number, what they are called, and what is weak about them.

Suites that need a shared password, key or ticket beforehand (PSK, SRP, Kerberos) are left out: nobody offers those to
the public. Source: IANA TLS Cipher Suites; SSL 3.0 and its export drafts; GB/T 38636-2020 6.4.5.2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SuiteKind(StrEnum):
    """What a suite is worth, best first; of several weaknesses the worst.

    MODERN: of TLS 1.3. NATIONAL: of TLCP. STRONG: forward secret, with a cipher that is not broken. STATIC: the same
    without forward secrecy. The others are weak.
    """

    MODERN = "modern"
    NATIONAL = "national"
    STRONG = "strong"
    STATIC = "static"
    TRIPLE_DES = "triple_des"
    DES = "des"
    RC4 = "rc4"
    EXPORT = "export"
    ANONYMOUS = "anonymous"
    NULL = "null"


WEAK: Final = frozenset(
    {SuiteKind.TRIPLE_DES, SuiteKind.DES, SuiteKind.RC4, SuiteKind.EXPORT, SuiteKind.ANONYMOUS, SuiteKind.NULL}
)
"""Kinds that nobody should accept."""

_MODERN: Final = {
    0x1301: "AES_128_GCM_SHA256", 0x1302: "AES_256_GCM_SHA384", 0x1303: "CHACHA20_POLY1305_SHA256",
    0x1304: "AES_128_CCM_SHA256", 0x1305: "AES_128_CCM_8_SHA256", 0x00C6: "SM4_GCM_SM3", 0x00C7: "SM4_CCM_SM3",
}  # fmt: skip

_NATIONAL: Final = {
    0xE011: "ECDHE_SM4_CBC_SM3", 0xE013: "ECC_SM4_CBC_SM3", 0xE019: "RSA_SM4_CBC_SM3", 0xE01C: "RSA_SM4_CBC_SHA256",
    0xE051: "ECDHE_SM4_GCM_SM3", 0xE053: "ECC_SM4_GCM_SM3", 0xE059: "RSA_SM4_GCM_SM3", 0xE05A: "RSA_SM4_GCM_SHA256",
}  # fmt: skip

_CLASSIC: Final[Mapping[str, Mapping[int, str]]] = {
    "ECDHE_ECDSA": {
        0xC006: "NULL_SHA", 0xC007: "RC4_128_SHA", 0xC008: "3DES_EDE_CBC_SHA", 0xC009: "AES_128_CBC_SHA",
        0xC00A: "AES_256_CBC_SHA", 0xC023: "AES_128_CBC_SHA256", 0xC024: "AES_256_CBC_SHA384",
        0xC02B: "AES_128_GCM_SHA256", 0xC02C: "AES_256_GCM_SHA384", 0xC048: "ARIA_128_CBC_SHA256",
        0xC049: "ARIA_256_CBC_SHA384", 0xC05C: "ARIA_128_GCM_SHA256", 0xC05D: "ARIA_256_GCM_SHA384",
        0xC072: "CAMELLIA_128_CBC_SHA256", 0xC073: "CAMELLIA_256_CBC_SHA384", 0xC086: "CAMELLIA_128_GCM_SHA256",
        0xC087: "CAMELLIA_256_GCM_SHA384", 0xC0AC: "AES_128_CCM", 0xC0AD: "AES_256_CCM", 0xC0AE: "AES_128_CCM_8",
        0xC0AF: "AES_256_CCM_8", 0xCCA9: "CHACHA20_POLY1305_SHA256",
    },
    "ECDHE_RSA": {
        0xC010: "NULL_SHA", 0xC011: "RC4_128_SHA", 0xC012: "3DES_EDE_CBC_SHA", 0xC013: "AES_128_CBC_SHA",
        0xC014: "AES_256_CBC_SHA", 0xC027: "AES_128_CBC_SHA256", 0xC028: "AES_256_CBC_SHA384",
        0xC02F: "AES_128_GCM_SHA256", 0xC030: "AES_256_GCM_SHA384", 0xC04C: "ARIA_128_CBC_SHA256",
        0xC04D: "ARIA_256_CBC_SHA384", 0xC060: "ARIA_128_GCM_SHA256", 0xC061: "ARIA_256_GCM_SHA384",
        0xC076: "CAMELLIA_128_CBC_SHA256", 0xC077: "CAMELLIA_256_CBC_SHA384", 0xC08A: "CAMELLIA_128_GCM_SHA256",
        0xC08B: "CAMELLIA_256_GCM_SHA384", 0xCCA8: "CHACHA20_POLY1305_SHA256",
    },
    "DHE_RSA": {
        0x0015: "DES_CBC_SHA", 0x0016: "3DES_EDE_CBC_SHA", 0x0033: "AES_128_CBC_SHA", 0x0039: "AES_256_CBC_SHA",
        0x0045: "CAMELLIA_128_CBC_SHA", 0x0067: "AES_128_CBC_SHA256", 0x006B: "AES_256_CBC_SHA256",
        0x0088: "CAMELLIA_256_CBC_SHA", 0x009A: "SEED_CBC_SHA", 0x009E: "AES_128_GCM_SHA256",
        0x009F: "AES_256_GCM_SHA384", 0x00BE: "CAMELLIA_128_CBC_SHA256", 0x00C4: "CAMELLIA_256_CBC_SHA256",
        0xC044: "ARIA_128_CBC_SHA256", 0xC045: "ARIA_256_CBC_SHA384", 0xC052: "ARIA_128_GCM_SHA256",
        0xC053: "ARIA_256_GCM_SHA384", 0xC07C: "CAMELLIA_128_GCM_SHA256", 0xC07D: "CAMELLIA_256_GCM_SHA384",
        0xC09E: "AES_128_CCM", 0xC09F: "AES_256_CCM", 0xC0A2: "AES_128_CCM_8", 0xC0A3: "AES_256_CCM_8",
        0xCCAA: "CHACHA20_POLY1305_SHA256",
    },
    "DHE_DSS": {
        0x0012: "DES_CBC_SHA", 0x0013: "3DES_EDE_CBC_SHA", 0x0032: "AES_128_CBC_SHA", 0x0038: "AES_256_CBC_SHA",
        0x0040: "AES_128_CBC_SHA256", 0x0044: "CAMELLIA_128_CBC_SHA", 0x0066: "RC4_128_SHA",
        0x006A: "AES_256_CBC_SHA256", 0x0087: "CAMELLIA_256_CBC_SHA", 0x0099: "SEED_CBC_SHA",
        0x00A2: "AES_128_GCM_SHA256", 0x00A3: "AES_256_GCM_SHA384", 0x00BD: "CAMELLIA_128_CBC_SHA256",
        0x00C3: "CAMELLIA_256_CBC_SHA256", 0xC042: "ARIA_128_CBC_SHA256", 0xC043: "ARIA_256_CBC_SHA384",
        0xC056: "ARIA_128_GCM_SHA256", 0xC057: "ARIA_256_GCM_SHA384", 0xC080: "CAMELLIA_128_GCM_SHA256",
        0xC081: "CAMELLIA_256_GCM_SHA384",
    },
    "RSA": {
        0x0001: "NULL_MD5", 0x0002: "NULL_SHA", 0x0004: "RC4_128_MD5", 0x0005: "RC4_128_SHA", 0x0007: "IDEA_CBC_SHA",
        0x0009: "DES_CBC_SHA", 0x000A: "3DES_EDE_CBC_SHA", 0x002F: "AES_128_CBC_SHA", 0x0035: "AES_256_CBC_SHA",
        0x003B: "NULL_SHA256", 0x003C: "AES_128_CBC_SHA256", 0x003D: "AES_256_CBC_SHA256",
        0x0041: "CAMELLIA_128_CBC_SHA", 0x0084: "CAMELLIA_256_CBC_SHA", 0x0096: "SEED_CBC_SHA",
        0x009C: "AES_128_GCM_SHA256", 0x009D: "AES_256_GCM_SHA384", 0x00BA: "CAMELLIA_128_CBC_SHA256",
        0x00C0: "CAMELLIA_256_CBC_SHA256", 0xC03C: "ARIA_128_CBC_SHA256", 0xC03D: "ARIA_256_CBC_SHA384",
        0xC050: "ARIA_128_GCM_SHA256", 0xC051: "ARIA_256_GCM_SHA384", 0xC07A: "CAMELLIA_128_GCM_SHA256",
        0xC07B: "CAMELLIA_256_GCM_SHA384", 0xC09C: "AES_128_CCM", 0xC09D: "AES_256_CCM", 0xC0A0: "AES_128_CCM_8",
        0xC0A1: "AES_256_CCM_8",
    },
    "ECDH_ECDSA": {
        0xC001: "NULL_SHA", 0xC002: "RC4_128_SHA", 0xC003: "3DES_EDE_CBC_SHA", 0xC004: "AES_128_CBC_SHA",
        0xC005: "AES_256_CBC_SHA", 0xC025: "AES_128_CBC_SHA256", 0xC026: "AES_256_CBC_SHA384",
        0xC02D: "AES_128_GCM_SHA256", 0xC02E: "AES_256_GCM_SHA384",
    },
    "ECDH_RSA": {
        0xC00B: "NULL_SHA", 0xC00C: "RC4_128_SHA", 0xC00D: "3DES_EDE_CBC_SHA", 0xC00E: "AES_128_CBC_SHA",
        0xC00F: "AES_256_CBC_SHA", 0xC029: "AES_128_CBC_SHA256", 0xC02A: "AES_256_CBC_SHA384",
        0xC031: "AES_128_GCM_SHA256", 0xC032: "AES_256_GCM_SHA384",
    },
    "DH_anon": {
        0x0018: "RC4_128_MD5", 0x001A: "DES_CBC_SHA", 0x001B: "3DES_EDE_CBC_SHA", 0x0034: "AES_128_CBC_SHA",
        0x003A: "AES_256_CBC_SHA", 0x0046: "CAMELLIA_128_CBC_SHA", 0x006C: "AES_128_CBC_SHA256",
        0x006D: "AES_256_CBC_SHA256", 0x0089: "CAMELLIA_256_CBC_SHA", 0x009B: "SEED_CBC_SHA",
        0x00A6: "AES_128_GCM_SHA256", 0x00A7: "AES_256_GCM_SHA384", 0x00BF: "CAMELLIA_128_CBC_SHA256",
        0x00C5: "CAMELLIA_256_CBC_SHA256",
    },
    "ECDH_anon": {
        0xC015: "NULL_SHA", 0xC016: "RC4_128_SHA", 0xC017: "3DES_EDE_CBC_SHA", 0xC018: "AES_128_CBC_SHA",
        0xC019: "AES_256_CBC_SHA",
    },
    "RSA_EXPORT": {0x0003: "RC4_40_MD5", 0x0006: "RC2_CBC_40_MD5", 0x0008: "DES40_CBC_SHA"},
    "DHE_RSA_EXPORT": {0x0014: "DES40_CBC_SHA"},
    "DHE_DSS_EXPORT": {0x0011: "DES40_CBC_SHA"},
    "RSA_EXPORT1024": {0x0062: "DES_CBC_SHA", 0x0064: "RC4_56_SHA"},
    "DHE_DSS_EXPORT1024": {0x0063: "DES_CBC_SHA", 0x0065: "RC4_56_SHA"},
    "DH_anon_EXPORT": {0x0017: "RC4_40_MD5", 0x0019: "DES40_CBC_SHA"},
}  # fmt: skip
"""Suites of SSL 3.0 to TLS 1.2 by how keys are exchanged."""

_NAMES: Final = MappingProxyType(
    {
        **{number: f"TLS_{name}" for number, name in _MODERN.items()},
        **{
            number: f"TLS_{exchange}_WITH_{cipher}"
            for exchange, ciphers in _CLASSIC.items()
            for number, cipher in ciphers.items()
        },
        **{number: f"TLCP_{name}" for number, name in _NATIONAL.items()},
    }
)

_FRESH: Final = ("TLS_ECDHE_", "TLS_DHE_", "TLS_DH_anon_", "TLS_ECDH_anon_", "TLCP_ECDHE_")
"""How the names of suites begin that make a key for each session."""

_MARKS: Final = (
    ("_WITH_NULL_", SuiteKind.NULL),
    ("_anon_", SuiteKind.ANONYMOUS),
    ("_EXPORT", SuiteKind.EXPORT),
    ("_RC4_", SuiteKind.RC4),
    ("_WITH_DES_", SuiteKind.DES),
    ("_IDEA_", SuiteKind.DES),
    ("_3DES_", SuiteKind.TRIPLE_DES),
)


def suite_name(number: int) -> str:
    """Return what suite *number* is called, as IANA writes it; its number in hex for one that is not in the table."""
    return _NAMES.get(number, f"0x{number:04X}")


def forward_secret(number: int) -> bool:
    """Say whether a key that leaks later leaves what went under suite *number* secret."""
    return number in _MODERN or _NAMES.get(number, "").startswith(_FRESH)


def suite_kind(number: int) -> SuiteKind:
    """Return what suite *number*, one of the table, is worth."""
    if number in _MODERN:
        return SuiteKind.MODERN
    if number in _NATIONAL:
        return SuiteKind.NATIONAL
    weak = next((kind for mark, kind in _MARKS if mark in _NAMES[number]), None)
    return weak or (SuiteKind.STRONG if forward_secret(number) else SuiteKind.STATIC)


def suites_of(kinds: Collection[SuiteKind]) -> tuple[int, ...]:
    """Return the suites of *kinds*, good ones first: a server that leaves the choice to us chooses well."""
    return tuple(number for kind in SuiteKind if kind in kinds for number in _BY_KIND[kind])


_BY_KIND: Final[Mapping[SuiteKind, tuple[int, ...]]] = {
    kind: tuple(number for number in _NAMES if suite_kind(number) is kind) for kind in SuiteKind
}

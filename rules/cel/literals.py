"""From the written form of a number or a string to its value."""

from __future__ import annotations

import math
import re

from rules.cel.errors import Source
from rules.cel.values import INT_MAX, UINT_MAX, UInt

_SIMPLE = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))
_ESCAPE = re.compile(
    r"""\\(?: (?P<simple>[abfnrtv\\?"'`]) | [xX](?P<hex>[0-9a-fA-F]{2}) | (?P<octal>[0-3][0-7]{2})
        | u(?P<short>[0-9a-fA-F]{4}) | U(?P<long>[0-9a-fA-F]{8}) | (?P<wrong>.?) )""",
    re.VERBOSE | re.DOTALL,
)


MAX_DIGITS = 40
"""Digits looked at: more than any integer that fits, and few enough to be read at once."""


class Magnitude(int):
    """An integer literal that fits an int only behind a minus sign: 9223372036854775808."""

    __slots__ = ()


def number(source: Source, text: str, at: int) -> int | float:
    """Return the value of a numeric literal: int, UInt, float, or Magnitude."""
    based = text[:2] in ("0x", "0X")
    if not based and any(mark in text for mark in ".eE"):
        return _double(source, text, at)
    unsigned = text[-1] in "uU"
    digits = text.rstrip("uU").lstrip("0")[:MAX_DIGITS]
    value = int("0" + digits, 0 if based else 10)
    if unsigned and value <= UINT_MAX:
        return UInt(value)
    if not unsigned and value <= INT_MAX:
        return value
    if not unsigned and value == INT_MAX + 1:
        return Magnitude(value)
    raise source.error(at, f"{text[:40]} does not fit into 64 bits", f"{text[:40]} 超出 64 位整数范围")


def _double(source: Source, text: str, at: int) -> float:
    value = float(text)
    if math.isinf(value):
        raise source.error(at, f"{text[:40]} is too large for a double", f"{text[:40]} 超出 double 范围")
    return value


def quoted(source: Source, text: str, at: int) -> str | bytes:
    """Return the value of a string or bytes literal, prefix and quotes included in *text*."""
    prefix = text[: len(text) - len(text.lstrip("rRbB"))].lower()
    body_at = len(prefix) + (3 if text[len(prefix) :].startswith(('"""', "'''")) else 1)
    body = text[body_at : len(text) - (body_at - len(prefix))]
    if "r" in prefix:
        return _encoded(source, body, at) if "b" in prefix else body
    if "b" in prefix:
        return b"".join(_bytes_part(source, part, at + body_at) for part in _parts(body))
    return "".join(_string_part(source, part, at + body_at) for part in _parts(body))


def _parts(body: str) -> list[str | re.Match[str]]:
    found: list[str | re.Match[str]] = []
    at = 0
    for match in _ESCAPE.finditer(body):
        found += [body[at : match.start()], match]
        at = match.end()
    return [*found, body[at:]]


def _encoded(source: Source, text: str, at: int) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise source.error(at, "half of a surrogate pair is no character", "孤立的代理项不是字符") from None


def _string_part(source: Source, part: str | re.Match[str], at: int) -> str:
    if isinstance(part, str):
        return part
    kind, value = _escape(source, part, at)
    if kind == "simple":
        return _SIMPLE[value]
    code = int(value, 8 if kind == "octal" else 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        place = at + part.start()
        raise source.error(place, f"{part.group()} is no Unicode character", f"{part.group()} 不是 Unicode 字符")
    return chr(code)


def _bytes_part(source: Source, part: str | re.Match[str], at: int) -> bytes:
    if isinstance(part, str):
        return _encoded(source, part, at)
    kind, value = _escape(source, part, at)
    if kind == "simple":
        return _SIMPLE[value].encode()
    if kind in ("short", "long"):
        raise source.error(at + part.start(), "bytes have no \\u escapes", "字节串不支持 \\u 转义")
    return bytes([int(value, 8 if kind == "octal" else 16)])


def _escape(source: Source, match: re.Match[str], at: int) -> tuple[str, str]:
    kind = match.lastgroup or "wrong"
    if kind == "wrong":
        place, text = at + match.start(), match.group()
        raise source.error(
            place, f"unknown escape {text}: write \\\\ for a backslash", f"未知的转义 {text}，反斜杠应写作 \\\\"
        )
    return kind, match.group(kind)

"""Functions on strings; positions count characters, and patterns run in linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import re2

from rules.cel.errors import Fault
from rules.cel.overload import Overload, either, fitting, method
from rules.cel.types import BOOL, BYTES, INT, STRING, ListOf


class Pattern(Protocol):
    """What is used of a compiled regular expression."""

    def search(self, text: str) -> Any:
        """Return the first match, or None."""

    def finditer(self, text: str) -> Any:
        """Return the matches, from left to right."""


_ASCII_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
_ASCII_UPPER = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})
_BLANKS = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@lru_cache(maxsize=256)
def pattern_of(text: str) -> Pattern:
    """Compile a regular expression in RE2 syntax.

    Raises:
        Fault: *text* is none.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 2 << 20
    try:
        compiled: Pattern = re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error, re2.error) else "not UTF-8"
        raise Fault(f"bad regular expression: {reason}", f"正则表达式有误：{reason}") from None
    return compiled


def _encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Fault("the string has half of a surrogate pair", "字符串含有孤立的代理项") from None
    return text


def _matches(text: str, pattern: str) -> bool:
    return pattern_of(pattern).search(_encodable(text)) is not None


def _find(text: str, pattern: str) -> str:
    match = pattern_of(pattern).search(_encodable(text))
    return "" if match is None else str(match.group())


def _find_all(text: str, pattern: str, limit: int = -1) -> tuple[str, ...]:
    found: list[str] = []
    for match in pattern_of(pattern).finditer(_encodable(text)):
        if len(found) == limit:
            break
        found.append(match.group())
    return tuple(found)


def _at(text: str, position: int, last: int) -> int:
    if not 0 <= position <= last:
        raise Fault(f"there is no position {position} in this string", f"该字符串没有位置 {position}")
    return position


def _character(text: str, position: int) -> str:
    return text[_at(text, position, len(text)) : position + 1]


def _index(text: str, part: str, start: int = 0) -> int:
    return text.find(part, _at(text, start, len(text)))


def _last_index(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    return text.rfind(part, 0, _at(text, start, len(text)) + len(part))


def _part(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else _at(text, end, len(text))
    return text[_at(text, start, stop) : stop]


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    count = text.count(old)
    fitting(len(text) + (count if limit < 0 else min(count, limit)) * len(new))
    return text.replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> tuple[str, ...]:
    if limit == 0:
        return ()
    if separator == "":
        cut = len(text) if limit < 0 else min(limit - 1, len(text))
        rest = (text[cut:],) if cut < len(text) else ()
        return (*text[:cut], *rest)
    return tuple(text.split(separator, -1 if limit < 0 else limit - 1))


def _joined(parts: tuple[str, ...], separator: str = "") -> str:
    fitting(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


_STRINGS = ListOf(STRING)

OVERLOADS: tuple[Overload, ...] = (
    either("size", INT, len, STRING),
    either("size", INT, len, BYTES),
    method("startsWith", BOOL, str.startswith, STRING, STRING),
    method("endsWith", BOOL, str.endswith, STRING, STRING),
    method("contains", BOOL, str.__contains__, STRING, STRING),
    either("matches", BOOL, _matches, STRING, STRING),
    method("find", STRING, _find, STRING, STRING),
    method("findAll", _STRINGS, _find_all, STRING, STRING),
    method("findAll", _STRINGS, _find_all, STRING, STRING, INT),
    method("lowerAscii", STRING, lambda text: text.translate(_ASCII_LOWER), STRING),
    method("upperAscii", STRING, lambda text: text.translate(_ASCII_UPPER), STRING),
    method("trim", STRING, lambda text: text.strip(_BLANKS), STRING),
    method("charAt", STRING, _character, STRING, INT),
    method("indexOf", INT, _index, STRING, STRING),
    method("indexOf", INT, _index, STRING, STRING, INT),
    method("lastIndexOf", INT, _last_index, STRING, STRING),
    method("lastIndexOf", INT, _last_index, STRING, STRING, INT),
    method("substring", STRING, _part, STRING, INT),
    method("substring", STRING, _part, STRING, INT, INT),
    method("replace", STRING, _replace, STRING, STRING, STRING),
    method("replace", STRING, _replace, STRING, STRING, STRING, INT),
    method("split", _STRINGS, _split, STRING, STRING),
    method("split", _STRINGS, _split, STRING, STRING, INT),
    method("join", STRING, _joined, _STRINGS),
    method("join", STRING, _joined, _STRINGS, STRING),
)

PATTERN_FUNCTIONS = frozenset({"matches", "find", "findAll"})
"""Functions whose second argument is a regular expression."""

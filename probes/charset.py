"""Reading a page's bytes as text, whatever they claim to be; undecodable bytes become replacement characters."""

from __future__ import annotations

import codecs
import re
from typing import Final

PRESCAN = 2048
"""Bytes in which a page may name its own charset."""

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# A closed list: Python's own would also take labels for codecs that are no charsets. GB 18030 holds GBK and GB 2312,
# and pages labelled with the older names use its characters; browsers read them so.
# Source: WHATWG Encoding, 4.2.
_CODECS: Final = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "gb_2312", "gb_2312-80", "x-gbk", "cp936", "chinese"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf-16le", "unicode", "ucs-2"), "utf-16-le"),
    **dict.fromkeys(("utf-16be",), "utf-16-be"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("shift_jis", "sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **dict.fromkeys(("windows-1251", "cp1251"), "cp1251"),
}

_ENOUGH = 8
"""Characters on which a guess may rest."""

_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE | re.ASCII)
_XML = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return *body* as text and the charset it was read as.

    A byte order mark decides, then the Content-Type, then the page itself; without a label that is known, markup with
    a zero beside every character is UTF-16, and otherwise UTF-8 and GB 18030 are tried. A body cut in the middle of a
    character is no less valid for it.

    Source: WHATWG HTML, 13.2.3.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    name = _labelled(body, content_type) or _guessed(body)
    return body.decode(name, "replace"), name


def _labelled(body: bytes, content_type: str) -> str | None:
    header = _HEADER.search(content_type[:1024])
    if header and (name := _CODECS.get(header[1].lower())):
        return name
    told = _XML.match(body[:PRESCAN]) or _META.search(body[:PRESCAN])
    name = _CODECS.get(told[1].decode("ascii").lower()) if told else None
    # The label was found by reading bytes as ASCII, so it cannot be right about UTF-16.
    return "utf-8" if name and name.startswith("utf-16") else name


def _guessed(body: bytes) -> str:
    even, odd = body[:PRESCAN:2], body[1:PRESCAN:2]
    for name, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        # Most of a page's first characters are markup, whatever its language; beside them a zero is rare.
        if len(high) >= _ENOUGH and high.count(0) * 2 > len(high) and low.count(0) * 8 < len(low):
            return name
    for name in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(name)().decode(body, final=False)
        except UnicodeDecodeError:
            continue
        return name
    return "utf-8"

"""Host names to the form the inventory keeps: lower-case A-labels without a trailing dot.

International names are mapped by IDNA 2003 (Python's own), and only where UTS #46 and IDNA 2008 give the same
answer; what they treat differently (ß, ς, joiners, symbols, characters newer than Unicode 3.2) is refused, and the
operator writes the A-label.

Source: RFC 1035 (lengths), RFC 1123 (letters, digits, hyphen), RFC 3490, RFC 5891, UTS #46.
"""

from __future__ import annotations

import re
import unicodedata
from encodings import idna

from monitor.settings.mistakes import NOTHING, Refused
from rules.text import Text

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_DOTS = re.compile("[。．｡]")
_DEVIATIONS = frozenset("ßẞς\u200c\u200d")
_LETTERS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_WRITE_A_LABEL = Text("请写成 xn-- 开头的形式", "write it in its xn-- form")


def name_of(text: str) -> str:
    """Return *text* as the inventory keeps names.

    Raises:
        Refused: *text* is no fully qualified host name.
    """
    name = _DOTS.sub(".", text).removesuffix(".")
    labels = [_label(text, label) for label in name.split(".")]
    if len(labels) == 1:
        message = Text(f"“{text}”不是完整的域名", f'"{text}" is no fully qualified name')
        raise Refused(message, Text("请写完整域名，如 www.example.gov.cn", "write it in full, like www.example.gov.cn"))
    if _NUMERIC.fullmatch(labels[-1]):
        message = Text(f"“{text}”像地址，但不是合法地址", f'"{text}" looks like an address and is none')
        raise Refused(message, Text("每段为 0 到 255，不带前导零", "four numbers of 0 to 255, without leading zeros"))
    name = ".".join(labels)
    if len(name) > 253:
        raise Refused(Text("域名超过 253 个字符", "a name has at most 253 characters"))
    return name


def _label(text: str, label: str) -> str:
    if not label:
        raise Refused(Text(f"“{text}”中有空的一段", f'"{text}" has an empty label'))
    if label == "*":
        message = Text("不接受通配符", "wildcards are not accepted")
        raise Refused(message, Text("请逐个写出主机", "list the hosts one by one"))
    ascii_label = label.lower() if label.isascii() else _to_ascii(text, label)
    if len(ascii_label) > 63:
        raise Refused(Text(f"“{label}”超过 63 个字符", f'the label "{label}" is longer than 63 characters'))
    if not _LABEL.fullmatch(ascii_label):
        culprit = next((mark for mark in ascii_label if not (mark.isalnum() or mark in "-_")), "-")
        message = Text(
            f"“{text}”含有域名中不允许的“{culprit}”", f'"{text}" holds "{culprit}", which a name cannot hold here'
        )
        raise Refused(message)
    if ascii_label.startswith("xn--"):
        _check_a_label(text, ascii_label)
    return ascii_label


def _to_ascii(text: str, label: str) -> str:
    refusal = Refused(Text(f"“{text}”不能可靠地转换为 ASCII 域名", f'"{text}" has no sure ASCII form'), _WRITE_A_LABEL)
    if _DEVIATIONS & set(label):
        raise refusal
    try:
        mapped = idna.nameprep(label)
        ascii_label = idna.ToASCII(label).decode("ascii").lower()
    except UnicodeError as error:
        raise refusal from error
    old = unicodedata.ucd_3_2_0
    if any(unicodedata.category(mark) not in _LETTERS or old.category(mark) == "Cn" for mark in mapped if mark != "-"):
        raise refusal
    return ascii_label


def _check_a_label(text: str, label: str) -> None:
    refusal = Refused(Text(f"“{label}”不是合法的国际化域名", f'"{label}" is no valid A-label'), NOTHING)
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except UnicodeError as error:
        raise refusal from error
    unwritable = any(unicodedata.category(mark)[0] in "CZ" and mark not in _DEVIATIONS for mark in decoded)
    if unwritable or decoded.isascii() or decoded.encode("punycode").decode("ascii") != label[4:]:
        raise refusal

"""Bytes of a settings file to text: UTF-8 for YAML, UTF-8 or GB18030 for tables."""

from __future__ import annotations

import codecs
import re

from monitor.settings.mistakes import Mistake, Mistakes
from rules.text import Text

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; an inventory of 100,000 targets needs about ten million."""

HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]"
)
"""Characters that a reader does not see and that a terminal or a browser may obey."""

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(file: str, data: bytes, *, gb18030: bool = False) -> str:
    """Return the text of *data*, read as UTF-8 with or without a byte order mark, and GB18030 where allowed.

    Raises:
        Mistakes: Not text in an encoding we read, a hidden character, or too large.
    """
    if len(data) > LARGEST_FILE:
        raise Mistakes([_too_large(file)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data.startswith(_WIDE_MARKS)
        if wide or not gb18030:
            raise Mistakes([_not_utf8(file, data, 0 if wide else error.start)]) from error
        text = _from_gb18030(file, data)
    hidden = HIDDEN.search(text)
    if hidden is not None:
        raise Mistakes([_hidden(file, text, hidden.start())])
    return text


def _from_gb18030(file: str, data: bytes) -> str:
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("gb18030", "replace"))
        message = Text("既不是 UTF-8，也不是 GB18030 编码", "neither UTF-8 nor GB18030")
        cure = Text("请另存为 UTF-8", "save it as UTF-8")
        raise Mistakes([Mistake(file, line, column, message, cure)]) from error


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _not_utf8(file: str, data: bytes, start: int) -> Mistake:
    line, column = _place(data[:start].decode("utf-8", "replace"))
    return Mistake(file, line, column, Text("不是 UTF-8 编码", "not UTF-8"), Text("请另存为 UTF-8", "save it as UTF-8"))


def _hidden(file: str, text: str, start: int) -> Mistake:
    line, column = _place(text[:start])
    code = f"U+{ord(text[start]):04X}"
    message = Text(f"含有看不见的控制字符 {code}", f"holds the invisible control character {code}")
    return Mistake(file, line, column, message, Text("请删除它", "delete it"))


def _too_large(file: str) -> Mistake:
    mib = LARGEST_FILE // 1024 // 1024
    message = Text(f"文件超过 {mib} MiB", f"larger than {mib} MiB")
    return Mistake(
        file, 0, 0, message, Text("请拆分到 targets/ 目录下的多个文件", "split it into files under targets/")
    )

"""What is wrong with a value, said in both languages to the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from monitor.settings.mistakes import NOTHING, Refused, did_you_mean
from rules.text import Text

_NUMBER = Text("应为数字", "must be a number")
_WHOLE = Text("应为整数", "must be a whole number")
_MAPPING = Text("应为映射（键: 值）", "must be a mapping (key: value)")
_LIST = Text("应为列表（每行以 - 开头，或写在 [] 内）", "must be a list (lines that begin with -, or [])")
_YES_NO = Text("应为 true 或 false", "must be true or false")
_WORDS = Text("应为文字", "must be text")
_SAID = {
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_parsing": _YES_NO,
    "bool_type": _YES_NO,
    "string_type": _WORDS,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "string_too_short": Text("不能为空", "cannot be empty"),
    "string_too_long": Text("最多 {max_length} 个字符", "has at most {max_length} characters"),
    "too_short": Text("至少要有 {min_length} 项", "needs at least {min_length}"),
    "too_long": Text("最多 {max_length} 项", "has at most {max_length}"),
    "greater_than": Text("应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": Text("不能小于 {ge}", "cannot be less than {ge}"),
    "less_than": Text("应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("不能大于 {le}", "cannot be greater than {le}"),
}
_OTHER = Text("不合要求", "is not accepted here")
_LONGEST_SHOWN = 80


def unknown_key(key: str, known: Collection[str]) -> Refused:
    """Refuse a key that is none of *known*."""
    return Refused(Text(f"没有名为“{key}”的项", f'no key "{key}" here'), _one_of(key, known))


def refusal(kind: str, place: tuple[str | int, ...], written: str | None, bounds: Mapping[str, object]) -> Refused:
    """Refuse the value at *place*. *kind* and *bounds* are pydantic's; *written* is None for what is no scalar."""
    subject = _subject(place)
    if kind == "missing":
        return Refused(Text(f"缺少{subject.zh}", f"{subject.en} is missing"))
    if kind == "enum":
        words = re.findall(r"'([^']*)'", str(bounds.get("expected", "")))
        shown = (written or "")[:_LONGEST_SHOWN]
        return Refused(Text(f"{subject.zh}不能是“{shown}”", f'{subject.en} cannot be "{shown}"'), _one_of(shown, words))
    said = _SAID.get(kind, _OTHER)
    numbers = {name: f"{value:g}" if isinstance(value, float) else value for name, value in bounds.items()}
    zh, en = said.zh.format(**numbers), said.en.format(**numbers)
    if written and len(written) <= _LONGEST_SHOWN:
        return Refused(Text(f"{subject.zh}写的是“{written}”，{zh}", f'{subject.en} is "{written}", but {en}'))
    return Refused(Text(f"{subject.zh}{zh}", f"{subject.en} {en}"))


def _subject(place: tuple[str | int, ...]) -> Text:
    """Name the value at *place*: its key, or which item of a list it is, or the file as a whole."""
    key = next((step for step in reversed(place) if isinstance(step, str)), None)
    if key is None:
        return Text("这一项", "the item") if place else Text("整个文件", "the file as a whole")
    if isinstance(place[-1], int):
        return Text(f"“{key}”的第 {place[-1] + 1} 项", f'item {place[-1] + 1} of "{key}"')
    return Text(f"“{key}”", f'"{key}"')


def _one_of(word: str, known: Collection[str]) -> Text:
    cure = did_you_mean(word, known)
    listed = ", ".join(known)
    return Text(f"可选：{listed}", f"one of: {listed}") if cure == NOTHING else cure

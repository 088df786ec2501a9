"""Pydantic's findings as an operator's mistakes, in both languages, each at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.settings.fields import Known
from monitor.settings.mistakes import NOTHING, Mistake, Refused, did_you_mean
from monitor.settings.yaml_reader import Way
from rules.text import Text

Model = TypeVar("Model", bound=BaseModel)


class Source(Protocol):
    """A file whose values can be found again."""

    file: str

    def place(self, way: Way) -> tuple[int, int]:
        """Return line and column of the value at *way*."""

    def label(self, way: Way) -> str:
        """Return what people call the value at *way*."""


@dataclass(frozen=True, slots=True)
class Slip:
    """Something refused, and the way to it from the root of its file."""

    way: tuple[str | int, ...]
    refusal: Refused

    def mistake(self, source: Source) -> Mistake:
        """Return the slip as a mistake at its place in *source*."""
        way = (*self.way, *self.refusal.at)
        line, column = source.place(way)
        return Mistake(source.file, line, column, self.refusal.message, self.refusal.cure)


def validate(model: type[Model], value: object, known: Known, way: tuple[str | int, ...] = ()) -> Model | list[Slip]:
    """Return *value*, found at *way*, as a *model*, or everything that keeps it from being one."""
    try:
        return model.model_validate(value, context=known)
    except ValidationError as error:
        return [_slip(model, details, way) for details in error.errors(include_url=False)]


def mistakes(source: Source, slips: Iterable[Slip]) -> list[Mistake]:
    """Return *slips* as mistakes, in the order of the lines."""
    return sorted((slip.mistake(source) for slip in slips), key=lambda mistake: (mistake.line, mistake.column))


def _slip(model: type[BaseModel], details: ErrorDetails, way: tuple[str | int, ...]) -> Slip:
    place = tuple(step for step in details["loc"] if step != "[key]")
    refusal = details.get("ctx", {}).get("error")
    if not isinstance(refusal, Refused):
        refusal = _refusal(model, details, place)
    return Slip((*way, *place), refusal)


def _refusal(model: type[BaseModel], details: ErrorDetails, place: tuple[str | int, ...]) -> Refused:
    key = next((str(step) for step in reversed(place) if isinstance(step, str)), "")
    context = details.get("ctx", {})
    if details["type"] == "extra_forbidden":
        fields = _model_at(model, place[:-1]).model_fields
        cure = did_you_mean(key, fields)
        known = ", ".join(fields)
        return Refused(
            Text(f"没有名为“{key}”的项", f'no key "{key}" here'),
            Text(f"可用的项：{known}", f"known keys: {known}") if cure == NOTHING else cure,
        )
    if details["type"] == "missing":
        return Refused(Text(f"缺少“{key}”", f'"{key}" is missing'))
    if details["type"] == "enum":
        words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        listed = ", ".join(words)
        cure = did_you_mean(str(details["input"]), words)
        message = Text(f"“{key}”不能是“{details['input']}”", f'"{key}" cannot be "{details["input"]}"')
        return Refused(message, Text(f"可选：{listed}", f"one of: {listed}") if cure == NOTHING else cure)
    said = _SAID.get(details["type"])
    if details["input"] is None:
        said = Text("是空的", "is empty")
    if said is None:
        said = Text("的值不合要求", f"is not accepted: {details['msg']}")
    numbers = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    return Refused(Text(f"“{key}”{said.zh.format(**numbers)}", f'"{key}" {said.en.format(**numbers)}'))


_NUMBER = Text("应为数字", "must be a number")
_WHOLE = Text("应为整数", "must be a whole number")
_MAPPING = Text("应为映射（键: 值）", "must be a mapping (key: value)")
_LIST = Text("应为列表（以 - 开头，或写在 [] 内）", "must be a list (lines that begin with -, or [])")
_YES_NO = Text("应为 true 或 false", "must be true or false")
_WORDS = Text("应为文字", "must be text")
_SAID = {
    "int_parsing": _WHOLE,
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
    "string_too_long": Text("太长，最多 {max_length} 个字符", "is too long, at most {max_length} characters"),
    "string_pattern_mismatch": Text("的写法不对，应符合 {pattern}", "is not written as it should be: {pattern}"),
    "too_short": Text("至少要有 {min_length} 项", "needs at least {min_length}"),
    "greater_than": Text("应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": Text("不能小于 {ge}", "cannot be less than {ge}"),
    "less_than": Text("应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("不能大于 {le}", "cannot be greater than {le}"),
}


def _model_at(model: type[BaseModel], place: Way) -> type[BaseModel]:
    """Return the model of the value at *place*, the nearest around it where there is none."""
    annotation: Any = model
    for step in place:
        annotation = _bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(step))
            annotation = field.annotation if field is not None else annotation
        else:
            arguments = get_args(annotation)
            annotation = arguments[-1] if arguments else annotation
        bare = _bare(annotation)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            model = bare
    return model


def _bare(annotation: Any) -> Any:
    """Return *annotation* without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation

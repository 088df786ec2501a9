"""Pydantic's findings as an operator's mistakes, in both languages, each at its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.settings import wording
from monitor.settings.fields import Known
from monitor.settings.mistakes import Mistake, Refused
from monitor.settings.yaml_reader import Way

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
    context = details.get("ctx", {})
    refusal = context.get("error")
    if isinstance(refusal, Refused):
        return Slip((*way, *place), refusal)
    if details["type"] == "extra_forbidden":
        return Slip((*way, *place), wording.unknown_key(str(place[-1]), _model_at(model, place[:-1]).model_fields))
    is_key = place != details["loc"]
    written = details["input"] if isinstance(details["input"], str) and not is_key else None
    return Slip((*way, *place), wording.refusal(details["type"], (*way, *place), written, context))


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

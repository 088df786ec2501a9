"""The small types settings are made of: how each is written, what it becomes, and how editors are told."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from monitor.settings.hosts import parse_network
from monitor.settings.mistakes import Names, Refused
from probes.target import QuietHours
from probes.wire.scope import Network
from rules.text import Text


@dataclass(frozen=True, slots=True)
class Known:
    """What settings may refer to; handed to the models as their validation context."""

    rules: Names
    probes: Names
    agencies: Names
    targets: Names


class Section(BaseModel):
    """A mapping with known keys. A known key without a value counts as left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: object) -> object:
        if not isinstance(data, dict) or None not in data.values():
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


Words = Annotated[str, StringConstraints(min_length=1, max_length=1024, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Zone = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 ()+-]{2,31}$")]


class Bilingual(Section):
    """The same words in Chinese and English."""

    zh: Words
    en: Words

    def noun(self) -> Text:
        """Return the words as the noun the rest of the house uses."""
        return Text(self.zh, self.en)


def _reference(group: str, zh: str, en: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        names = cast(Names, getattr(info.context, group))
        if name not in names:
            raise Refused(Text(f"没有名为“{name}”的{zh}", f'no {en} "{name}"'), names.cure(name))
        return name

    return AfterValidator(check)


RuleId = Annotated[str, _reference("rules", "规则", "rule")]
ProbeName = Annotated[str, _reference("probes", "探测项", "probe")]
AgencyCode = Annotated[str, _reference("agencies", "单位", "agency")]
TargetName = Annotated[str, _reference("targets", "目标", "target")]


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)", re.ASCII)


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip())
    if match is None or not float(match[1]):
        message = Text(f"“{value}”不是时长", f'"{value}" is no duration')
        raise Refused(message, Text("写法如 90s、15m、12h、7d", "write it like 90s, 15m, 12h, 7d"))
    return float(match[1]) * _UNITS[match[2]]


_DURATION_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": r"^\d+(\.\d+)?\s*[smhd]?$",
    "examples": ["12h"],
}
Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
"""Seconds; written `90s`, `15m`, `12h`, `7d`."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if _DAY.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    message = Text(f"“{value}”不是日期", f'"{value}" is no date')
    raise Refused(message, Text("写法如 2026-12-31", "write it like 2026-12-31"))


Day = Annotated[dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]

_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–—~～至]\s*([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


def _quiet(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SPAN.fullmatch(value.strip())
    minutes = [int(match[hour]) * 60 + int(match[hour + 1]) for hour in (1, 3)] if match else []
    if not minutes or minutes[0] == minutes[1] or minutes[0] >= 1440 or minutes[1] > 1440:
        message = Text(f"“{value}”不是时段", f'"{value}" is no span of hours')
        raise Refused(message, Text('写法如 "22:00-06:00"', 'write it like "22:00-06:00"'))
    if minutes == [0, 1440]:
        message = Text("全天静默等于不监测", "quiet all day is never looked at")
        raise Refused(
            message, Text("请删除该目标，或写入 scope.deny", "remove the target, or list it under scope.deny")
        )
    start, end = (dt.time(minute // 60 % 24, minute % 60) for minute in minutes)
    return QuietHours(start, end)


_QUIET_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\d{1,2}:\d{2}-\d{1,2}:\d{2}$",
    "examples": ["22:00-06:00"],
}
Quiet = Annotated[QuietHours, BeforeValidator(_quiet), WithJsonSchema(_QUIET_SCHEMA)]


def _prefix(value: object) -> object:
    return parse_network(value) if isinstance(value, str) else value


Prefix = Annotated[Network, BeforeValidator(_prefix), WithJsonSchema({"type": "string", "examples": ["192.0.2.0/24"]})]

"""The small types settings are made of: how each is written, what it becomes, and how editors are told."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
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

    directory: Path
    rules: Names
    probes: Names
    agencies: Names
    targets: Names
    profiles: Names = field(default_factory=lambda: Names(None))
    snmp_keys: Names = field(default_factory=lambda: Names(None))


class Section(BaseModel):
    """A mapping with known keys. A known key without a value counts as left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: object) -> object:
        if not isinstance(data, dict) or None not in data.values():
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


def parsed(parse: Callable[[str], object], **schema: Any) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the annotations of a value that is written as one piece of text and read by *parse*."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            raise Refused(
                Text("不能为空", "cannot be empty") if value is None else Text("应为一段文字", "must be plain text")
            )
        return parse(value)

    return PlainValidator(read), WithJsonSchema({"type": "string", **schema})


def spelled(pattern: str, zh: str, en: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the annotations of text that must match *pattern*; *zh* and *en* say how it is written."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Refused(
                Text(f"“{text[:80]}”的写法不对", f'"{text[:80]}" is not written as it should be'), Text(zh, en)
            )
        return text

    return parsed(check, pattern=f"^(?:{pattern})$")


Words = Annotated[str, StringConstraints(min_length=1, max_length=1024, strip_whitespace=True)]
_ZONE = spelled(
    "[a-z0-9][a-z0-9_-]{0,31}",
    "用小写字母、数字、_ 和 -，最多 32 个",
    "use lower-case letters, digits, _ and -, at most 32",
)
Zone = Annotated[str, *_ZONE]
Port = Annotated[int, Field(ge=1, le=65535)]


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
SnmpKeyName = Annotated[str, _reference("snmp_keys", " SNMP 凭据", "SNMP credentials")]
ProfileName = Annotated[str, _reference("profiles", "策略档案", "profile of the policy")]


def _pattern(group: str, zh: str, en: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        names = cast(Names, getattr(info.context, group))
        if "*" in name and not names.any_like(name):
            raise Refused(Text(f"没有{zh}符合“{name}”", f'no {en} is like "{name}"'))
        if "*" not in name and name not in names:
            raise Refused(Text(f"没有名为“{name}”的{zh}", f'no {en} "{name}"'), names.cure(name))
        return name

    return AfterValidator(check)


RulePattern = Annotated[Words, _pattern("rules", "规则", "rule")]
TargetPattern = Annotated[Words, _pattern("targets", "目标", "target")]
"""The name of one, or a pattern in which `*` stands for any text and which means at least one."""


def _present(name: str, info: ValidationInfo) -> str:
    if not (cast(Known, info.context).directory / name).is_file():
        message = Text(f"没有文件“{name}”", f'there is no file "{name}"')
        raise Refused(message, Text("路径相对于本目录", "the path is relative to this directory"))
    return name


FileName = Annotated[Words, AfterValidator(_present)]
"""The path of a file that is there, relative to the settings."""

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)", re.ASCII)


def _duration(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None or not float(match[1]):
        message = Text(f"“{text}”不是时长", f'"{text}" is no duration')
        raise Refused(message, Text("写法如 90s、15m、12h、7d", "write it like 90s, 15m, 12h, 7d"))
    return float(match[1]) * _UNITS[match[2]]


Duration = Annotated[
    float, *parsed(_duration, pattern=r"^\d+(\.\d+)?\s*[smhd]?$", examples=["90s", "15m", "12h", "7d"])
]
"""Seconds; written `90s`, `15m`, `12h`, `7d`."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(text: str) -> dt.date:
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    message = Text(f"“{text}”不是日期", f'"{text}" is no date')
    raise Refused(message, Text("写法如 2026-12-31", "write it like 2026-12-31"))


Day = Annotated[dt.date, *parsed(_day, format="date")]

_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–—~～至]\s*([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


def _quiet(text: str) -> QuietHours:
    match = _SPAN.fullmatch(text.strip())
    minutes = [int(match[hour]) * 60 + int(match[hour + 1]) for hour in (1, 3)] if match else []
    if minutes == [0, 1440]:
        message = Text("全天静默等于不监测", "quiet all day is never looked at")
        raise Refused(
            message, Text("请删除该目标，或写入 scope.deny", "remove the target, or list it under scope.deny")
        )
    if not minutes or minutes[0] == minutes[1] or minutes[0] >= 1440 or minutes[1] > 1440:
        message = Text(f"“{text}”不是时段", f'"{text}" is no span of hours')
        raise Refused(message, Text('写法如 "22:00-06:00"', 'write it like "22:00-06:00"'))
    start, end = (dt.time(minute // 60 % 24, minute % 60) for minute in minutes)
    return QuietHours(start, end)


Quiet = Annotated[QuietHours, *parsed(_quiet, examples=["22:00-06:00"])]
Prefix = Annotated[Network, *parsed(parse_network, examples=["192.0.2.0/24", "2001:db8::/48"])]

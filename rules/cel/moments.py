"""Timestamps and durations: how they are written, read apart, and calculated with.

Precision is the microsecond, Python's own; finer digits are cut off.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

from rules.cel.arithmetic import in_int
from rules.cel.errors import Fault
from rules.cel.overload import Overload, function, method, operator
from rules.cel.types import DURATION, INT, STRING, TIMESTAMP

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_SECOND = dt.timedelta(seconds=1)
NO_TIME = dt.timedelta()
_LONGEST = dt.timedelta(seconds=315_576_000_000)
"""Ten thousand years, the longest duration the language has."""

_FARTHEST = dt.timedelta(microseconds=2**63 // 1000)
"""The longest difference of two timestamps: 64 bits of nanoseconds."""

_TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_PART = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def timestamp_of(text: str) -> dt.datetime:
    """Read an RFC 3339 timestamp.

    Raises:
        Fault: *text* is none.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise Fault(f"{text!r} is no RFC 3339 timestamp", f"{text!r} 不是 RFC 3339 时间")
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    zone = "+00:00" if match["zone"] in "Zz" else match["zone"]
    try:
        moment = dt.datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}{zone}")
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Fault(
            f"{text!r} is no moment between the years 1 and 9999", f"{text!r} 不在公元 1 年至 9999 年之间"
        ) from None


def timestamp_text(moment: dt.datetime) -> str:
    """Write a timestamp in RFC 3339, in UTC, with no more fraction digits than it needs."""
    moment = moment.astimezone(dt.UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z"


def timestamp_at(seconds: int) -> dt.datetime:
    """Return the moment so many seconds after 1970.

    Raises:
        Fault: it is outside the years 1 to 9999.
    """
    return _later(_EPOCH, _bounded(seconds, _SECOND))


def seconds_since_epoch(moment: dt.datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // _SECOND


def duration_of(text: str) -> dt.timedelta:
    """Read a duration such as `1h30m` or `-1.5s`.

    Raises:
        Fault: *text* is none, or is longer than ten thousand years.
    """
    if len(text) > 100 or _DURATION.fullmatch(text) is None:
        raise Fault(f"{text[:100]!r} is no duration such as 1h30m", f"{text[:100]!r} 不是形如 1h30m 的时长")
    total = 0
    for whole, fraction, unit in _PART.findall(text):
        nanoseconds = _NANOSECONDS[unit]
        total += int(whole or 0) * nanoseconds + int(fraction or 0) * nanoseconds // 10 ** len(fraction)
    return _bounded((-total if text.startswith("-") else total) // 1000, _MICROSECOND)


def duration_text(span: dt.timedelta) -> str:
    """Write a duration in seconds, such as `5400s` or `-1.5s`."""
    microseconds = abs(span) // _MICROSECOND
    fraction = f".{microseconds % 1_000_000:06d}".rstrip("0") if microseconds % 1_000_000 else ""
    return f"{'-' if span < NO_TIME else ''}{microseconds // 1_000_000}{fraction}s"


def _bounded(count: int, unit: dt.timedelta) -> dt.timedelta:
    if abs(count) * unit.total_seconds() > _LONGEST.total_seconds():
        raise Fault("the duration is longer than ten thousand years", "时长超过一万年")
    return count * unit


def add_durations(left: dt.timedelta, right: dt.timedelta) -> dt.timedelta:
    """Return the sum.

    Raises:
        Fault: it is longer than ten thousand years.
    """
    return _bounded((left + right) // _MICROSECOND, _MICROSECOND)


def _later(moment: dt.datetime, span: dt.timedelta) -> dt.datetime:
    try:
        return moment + span
    except OverflowError:
        raise Fault("the moment is outside the years 1 to 9999", "时间超出公元 1 年至 9999 年") from None


def _between(left: dt.datetime, right: dt.datetime) -> dt.timedelta:
    span = left - right
    if abs(span) > _FARTHEST:
        raise Fault("the moments are more than 292 years apart", "两个时间相隔超过 292 年")
    return span


@lru_cache(maxsize=64)
def _zone(name: str) -> dt.tzinfo:
    match = _OFFSET.fullmatch(name)
    if match is not None and int(match[2]) < 24 and int(match[3]) < 60:
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
        return dt.timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise Fault(f"there is no time zone {name!r}", f"没有时区 {name!r}") from None


def _getters() -> Iterator[Overload]:
    parts: dict[str, Callable[[dt.datetime], int]] = {
        "getFullYear": lambda moment: moment.year,
        "getMonth": lambda moment: moment.month - 1,
        "getDate": lambda moment: moment.day,
        "getDayOfMonth": lambda moment: moment.day - 1,
        "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
        "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
        "getHours": lambda moment: moment.hour,
        "getMinutes": lambda moment: moment.minute,
        "getSeconds": lambda moment: moment.second,
        "getMilliseconds": lambda moment: moment.microsecond // 1000,
    }
    for name, part in parts.items():
        yield method(name, INT, _local(part), TIMESTAMP)
        yield method(name, INT, _local(part), TIMESTAMP, STRING)


def _local(part: Callable[[dt.datetime], int]) -> Callable[..., int]:
    def get(moment: dt.datetime, zone: str = "UTC") -> int:
        try:
            return part(moment.astimezone(dt.UTC if zone == "UTC" else _zone(zone)))
        except OverflowError:
            raise Fault("the moment is outside the years 1 to 9999", "时间超出公元 1 年至 9999 年") from None

    return get


def _whole(span: dt.timedelta, unit: dt.timedelta) -> int:
    return in_int(int(span / unit) if span >= NO_TIME else -(-span // unit))


def _milliseconds(span: dt.timedelta) -> int:
    part = abs(span) // dt.timedelta(milliseconds=1) % 1000
    return part if span >= NO_TIME else -part


OVERLOADS: tuple[Overload, ...] = (
    function("timestamp", TIMESTAMP, timestamp_of, STRING, early=True),
    function("timestamp", TIMESTAMP, timestamp_at, INT),
    function("timestamp", TIMESTAMP, lambda moment: moment, TIMESTAMP),
    function("duration", DURATION, duration_of, STRING, early=True),
    function("duration", DURATION, lambda seconds: _bounded(seconds, _SECOND), INT),
    function("duration", DURATION, lambda span: span, DURATION),
    operator("+", TIMESTAMP, _later, TIMESTAMP, DURATION),
    operator("+", TIMESTAMP, lambda span, moment: _later(moment, span), DURATION, TIMESTAMP),
    operator("+", DURATION, add_durations, DURATION, DURATION),
    operator("-", TIMESTAMP, lambda moment, span: _later(moment, -span), TIMESTAMP, DURATION),
    operator("-", DURATION, _between, TIMESTAMP, TIMESTAMP),
    operator("-", DURATION, lambda left, right: add_durations(left, -right), DURATION, DURATION),
    operator("-", DURATION, lambda span: -span, DURATION),
    *_getters(),
    method("getHours", INT, lambda span: _whole(span, dt.timedelta(hours=1)), DURATION),
    method("getMinutes", INT, lambda span: _whole(span, dt.timedelta(minutes=1)), DURATION),
    method("getSeconds", INT, lambda span: _whole(span, _SECOND), DURATION),
    method("getMilliseconds", INT, _milliseconds, DURATION),
)

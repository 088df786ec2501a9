"""Record types are derived from the dataclasses that carry the facts."""

import datetime as dt
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal

import pytest

from rules.cel import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    STRING,
    TIMESTAMP,
    Env,
    ListOf,
    MapOf,
    Record,
    compile,
    record_of,
)


class State(StrEnum):
    OPEN = "open"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Port:
    number: int
    state: State
    banner: bytes | None = None


@dataclass(frozen=True, slots=True)
class Host:
    kind: ClassVar[str] = "host"
    name: str
    alive: bool
    ratio: float
    level: Level
    seen: dt.datetime
    age: dt.timedelta | None
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    maybe: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    network: ipaddress.IPv6Network
    ports: tuple[Port, ...]
    families: frozenset[str]
    pair: tuple[int, int]
    mixed: tuple[int, str]
    names: list[str] | None
    steps: Sequence[float]
    headers: Mapping[str, str]
    scores: dict[str, dict[str, int]]
    first: Port | None
    either: int | str
    whatever: Any
    thing: object
    mode: Literal["a", "b"]
    note: Annotated[str, "clipped"]
    parent: "Host | None"


def test_every_annotation_has_its_type() -> None:
    port = Record("Port", {"number": INT, "state": STRING, "banner": BYTES})
    assert record_of(Host) == Record(
        "Host",
        {
            "name": STRING,
            "alive": BOOL,
            "ratio": DOUBLE,
            "level": INT,
            "seen": TIMESTAMP,
            "age": DURATION,
            "address": IP,
            "maybe": IP,
            "network": CIDR,
            "ports": ListOf(port),
            "families": ListOf(STRING),
            "pair": ListOf(INT),
            "mixed": ListOf(DYN),
            "names": ListOf(STRING),
            "steps": ListOf(DOUBLE),
            "headers": MapOf(STRING, STRING),
            "scores": MapOf(STRING, MapOf(STRING, INT)),
            "first": port,
            "either": DYN,
            "whatever": DYN,
            "thing": DYN,
            "mode": STRING,
            "note": STRING,
            "parent": DYN,
        },
    )


def test_fields_may_be_added_and_replaced() -> None:
    record = record_of(Port, at=TIMESTAMP, banner=STRING)
    assert record.fields == {"number": INT, "state": STRING, "banner": STRING, "at": TIMESTAMP}


def test_a_record_does_not_change_once_it_is_made() -> None:
    fields = {"a": INT}
    record = Record("r", fields)
    fields["b"] = INT
    assert record.fields == {"a": INT}
    with pytest.raises(TypeError):
        record.fields["b"] = INT  # type: ignore[index]
    assert hash(record) == hash(Record("r", {"a": INT}))
    assert record != Record("r", {"a": STRING})


def test_facts_in_dataclasses_are_read_as_declared() -> None:
    env = Env({"port": record_of(Port)})
    port = Port(6379, State.OPEN)
    assert (
        compile("port.number == 6379 && port.state == 'open' && !has(port.banner)", env).evaluate({"port": port})
        is True
    )


class Colour(Enum):
    RED = 1


@dataclass
class Painted:
    colour: Colour


@dataclass
class Callable_:
    call: type[int]


@pytest.mark.parametrize(
    ("class_", "message"),
    [
        (int, "is not a dataclass"),
        (Painted, r"Painted\.colour: Colour is an Enum without a plain value"),
        (Callable_, r"Callable_\.call: no expression type"),
    ],
)
def test_what_no_expression_can_hold_is_refused(class_: type, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        record_of(class_)

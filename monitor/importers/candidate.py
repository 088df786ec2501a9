"""A target as another system knows it: plain words, not yet understood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from probes.target import Kind
from rules.text import Text


@dataclass(frozen=True, slots=True)
class Candidate:
    """One host found in another inventory; empty words were not said.

    *row* is the line of a table or the position in a list, from 1. *fields* are further keys of a target, in the
    words of a table cell.
    """

    row: int
    host: str
    agency: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """What happened to a row that was not simply taken over."""

    row: int
    host: str
    why: Text


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator can say of an import.

    *agencies* maps the other system's words for an agency to codes; *agency* is for rows without one. *domain* is
    appended to device names that have none. *columns* maps column titles to the keys of a target. *statuses* are
    those NetBox rows are taken in. *present* are the hosts of the inventory as it is.
    """

    agencies: Mapping[str, str] = field(default_factory=dict)
    agency: str = ""
    kind: Kind | None = None
    domain: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset({"active"})
    present: Collection[str] = frozenset()

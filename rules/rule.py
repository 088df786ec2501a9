"""A rule: one YAML file with a statement that should be true, the condition that decides it, and its own cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.target import Kind
from rules import cel
from rules.text import Text
from rules.verdict import Outcome


class Status(StrEnum):
    """How far a rule may be trusted: an experimental one is shown and weighs nothing, a retired one is only kept."""

    EXPERIMENTAL = "experimental"
    STABLE = "stable"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Case:
    """A rule's own example: facts, and the outcome each subject must get.

    *facts* is as in the judge's activation, in YAML's plain values; *subjects* maps a subject (empty for the
    target as a whole) to its outcome and is complete.
    """

    name: str
    now: dt.datetime
    facts: Mapping[str, object]
    subjects: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Rule:
    """A loaded rule.

    *each* yields the subjects, named `it` in the other expressions; a list of lists yields what is in them. None: the
    subject is the target as a whole.

    *kinds* are those of the targets it is about; of others nothing is said.

    The statement holds for a subject when *when* is true, provided *applies* is. *empty* is the outcome for the
    target as a whole when *each* surely yields no subject.
    """

    id: str
    pack: str
    status: Status
    title: Text
    why: Text
    fix: Text
    references: tuple[str, ...]
    each: cel.Program | None
    empty: Outcome
    subject: cel.Program | None
    applies: cel.Program | None
    when: cel.Program
    cases: tuple[Case, ...]
    kinds: frozenset[Kind]
    reads: frozenset[str]
    """The probes whose observations decide."""

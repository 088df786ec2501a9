"""A rule: one YAML file with a statement that should be true, the condition that decides it, and its own cases."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rules import cel
from rules.text import Text
from rules.verdict import Outcome

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


class Status(StrEnum):
    """How far a rule may be trusted: an experimental one is shown and weighs nothing, a retired one is only kept."""

    EXPERIMENTAL = "experimental"
    STABLE = "stable"
    RETIRED = "retired"


class RuleFault(Exception):
    """A rule file that cannot be used, and where. *line* counts from 1, 0 where it is the file as a whole."""

    def __init__(self, source: str, line: int, message: str) -> None:
        super().__init__(f"{source}:{line}: {message}" if line else f"{source}: {message}")
        self.source, self.line, self.message = source, line, message


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
    reads: frozenset[str]
    """The probes whose observations decide."""


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        return Text(self.zh.strip(), self.en.strip())


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    now: dt.datetime = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    facts: dict[str, object]
    outcome: Outcome | None = None
    subjects: dict[str, Outcome] | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    status: Status = Status.STABLE
    title: _Text
    why: _Text
    fix: _Text
    references: list[str] = Field(min_length=1)
    each: str | None = None
    empty: Outcome = Outcome.NOT_APPLICABLE
    subject: str | None = None
    applies: str | None = None
    when: str
    cases: list[_Case] = Field(min_length=1)

    @field_validator("id")
    @classmethod
    def _statement(cls, value: str) -> str:
        if not IDENTIFIER.match(value):
            raise ValueError("a rule id is a statement in lower_snake_case")
        return value


def parse(text: str, source: str, pack: str, schema: Mapping[str, cel.Type]) -> Rule:
    """Read one rule file.

    *schema* gives the type of every variable a condition may use; *source* is only for messages.

    Raises:
        RuleFault: the file is no rule, or an expression does not fit the facts.
    """
    try:
        raw = yaml.safe_load(text)
        file = _File.model_validate(raw)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        raise RuleFault(source, mark.line + 1 if mark else 0, str(getattr(fault, "problem", fault))) from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RuleFault(
            source, _line(text, str(first["loc"][0]) if first["loc"] else ""), f"{place}: {first['msg']}"
        ) from fault

    def compiled(
        key: str, expression: str | None, env: Mapping[str, cel.Type], expects: cel.Type
    ) -> cel.Program | None:
        if expression is None:
            return None
        try:
            return cel.compile(expression, cel.Env(env), expects=expects)
        except cel.CelError as fault:
            raise RuleFault(
                source, _line(text, key) + fault.line - 1, f"{key}: column {fault.column}: {fault.message}"
            ) from fault

    each = compiled("each", file.each, schema, cel.ListOf(cel.DYN))
    inner = dict(schema) if each is None else {**schema, "it": _element(each)}
    when = compiled("when", file.when, inner, cel.BOOL)
    assert when is not None
    programs = [
        each,
        compiled("subject", file.subject, inner, cel.STRING),
        compiled("applies", file.applies, inner, cel.BOOL),
        when,
    ]
    read = {re.split(r"[.\[]", path)[0] for program in programs if program for path in program.reads}
    reads = frozenset(read & schema.keys() - BUILT_IN)
    return Rule(
        id=file.id,
        pack=pack,
        status=file.status,
        title=file.title.text(),
        why=file.why.text(),
        fix=file.fix.text(),
        references=tuple(file.references),
        each=each,
        empty=file.empty,
        subject=programs[1],
        applies=programs[2],
        when=when,
        cases=tuple(_case(case) for case in file.cases),
        reads=reads,
    )


BUILT_IN = frozenset({"target", "policy", "now"})
"""Variables of a condition that are no probe."""


def _element(each: cel.Program) -> cel.Type:
    element: cel.Type = each.type
    while isinstance(element, cel.ListOf):
        element = element.element
    return element


def _case(case: _Case) -> Case:
    subjects = case.subjects if case.subjects is not None else {"": case.outcome or Outcome.UNKNOWN}
    return Case(case.name, case.now, case.facts, subjects)


def _line(text: str, key: str) -> int:
    """Return the line on which the top-level *key* stands, 0 when it does not."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if key and line.startswith(f"{key}:")), 0)

"""Reading a rule file: its form, its expressions against the facts there are, and every mistake by its line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from probes.target import Kind
from rules import cel
from rules.faults import RuleFault, RuleFaults, refusal, syntax
from rules.places import Places
from rules.rule import Case, Rule, Status
from rules.text import Text
from rules.verdict import Outcome

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
BUILT_IN = frozenset({"target", "policy", "now"})
"""Variables of a condition that are no probe."""


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        return Text(self.zh.strip(), self.en.strip())


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    now: AwareDatetime = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    facts: dict[str, object]
    outcome: Outcome | None = None
    subjects: dict[str, Outcome] | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> _Case:
        if (self.outcome is None) == (self.subjects is None):
            raise PydanticCustomError("one_outcome", "either outcome or subjects")
        return self

    def case(self) -> Case:
        subjects = self.subjects if self.outcome is None else {"": self.outcome}
        return Case(self.name, self.now, self.facts, subjects or {})


HOSTS: list[Kind] = [kind for kind in Kind if kind != Kind.LINK]
"""The kinds of targets a rule is about unless it says so."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    status: Status = Status.STABLE
    title: _Text
    why: _Text
    fix: _Text
    references: list[str] = Field(min_length=1)
    kinds: list[Kind] = Field(default=HOSTS, min_length=1)
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
            raise PydanticCustomError("statement", "a statement in lower_snake_case")
        return value


def parse(text: str, source: str, pack: str, schema: Mapping[str, cel.Type]) -> Rule:
    """Read one rule file.

    *schema* gives the type of every variable a condition may use; *source* is only for messages.

    Raises:
        RuleFaults: the file is no rule, or an expression does not fit the facts; every mistake that can be told.
    """
    file, places = _read(text, source)
    compiler = _Compiler(source, places)
    each = compiler.compile("each", file.each, schema, cel.ListOf(cel.DYN))
    inner = dict(schema) if file.each is None else {**schema, "it": _element(each)}
    subject = compiler.compile("subject", file.subject, inner, cel.STRING)
    applies = compiler.compile("applies", file.applies, inner, cel.BOOL)
    when = compiler.compile("when", file.when, inner, cel.BOOL)
    if compiler.faults or when is None:
        raise RuleFaults(sorted(compiler.faults, key=lambda fault: fault.line))
    programs = [program for program in (each, subject, applies, when) if program]
    read = {re.split(r"[.\[]", path)[0] for program in programs for path in program.reads}
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
        subject=subject,
        applies=applies,
        when=when,
        cases=tuple(case.case() for case in file.cases),
        kinds=frozenset(file.kinds),
        reads=frozenset(read & schema.keys() - BUILT_IN),
    )


def _read(text: str, source: str) -> tuple[_File, Places]:
    try:
        places = Places(text)
    except yaml.YAMLError as fault:
        raise RuleFaults([syntax(source, fault)]) from fault
    except RecursionError:
        raise RuleFaults([RuleFault(source, 0, Text("嵌套过深", "is nested too deeply"))]) from None
    twice = [
        RuleFault(source, line, Text(f"“{key}”写了不止一次", f'"{key}" is written more than once'))
        for key, line in places.twice()
    ]
    if twice:
        raise RuleFaults(twice)
    try:
        return _File.model_validate(places.value), places
    except ValidationError as mistakes:
        raise RuleFaults(
            refusal(source, places.line(each["loc"]), each, _keys(each["loc"][:-1])) for each in mistakes.errors()
        ) from mistakes


def _keys(way: tuple[str | int, ...]) -> Collection[str]:
    """Return the keys that a mapping at *way* may have."""
    model = _File if not way else _Case if way[0] == "cases" else _Text
    return model.model_fields


class _Compiler:
    """Compiles a rule's expressions and keeps what is wrong with them."""

    def __init__(self, source: str, places: Places) -> None:
        self._source, self._places = source, places
        self.faults: list[RuleFault] = []

    def compile(
        self, key: str, expression: str | None, variables: Mapping[str, cel.Type], expects: cel.Type
    ) -> cel.Program | None:
        """Return the program of what stands at *key*; None where nothing does, or nothing that can be used."""
        if expression is None:
            return None
        try:
            return cel.compile(expression, cel.Env(variables), expects=expects)
        except cel.CelError as fault:
            line, column = self._places.within(key, fault.line, fault.column)
            message = Text(f"{key} 第 {column} 列：{fault.text.zh}", f"{key}: column {column}: {fault.text.en}")
            self.faults.append(RuleFault(self._source, line, message))
            return None


def _element(each: cel.Program | None) -> cel.Type:
    """Return the type of `it`; anything where the list it comes from is itself mistaken."""
    element: cel.Type = each.type if each else cel.DYN
    while isinstance(element, cel.ListOf):
        element = element.element
    return element

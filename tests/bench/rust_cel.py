"""The same rules driven by the CEL implementation in Rust, as a program that uses it would drive them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

import cel

from rules.cel import Program
from rules.rule import Rule
from rules.verdict import Outcome

_FAULTS = (ZeroDivisionError, OverflowError, KeyError, IndexError, RuntimeError, TypeError, ValueError)
"""What the library raises where we say that it is unknown."""


class _Unknown(Exception):
    """The library has no answer."""


class RustFacts:
    """The facts of one host, handed to the library once; *it* is the element that a rule is asked about."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        self.it: object = None
        self.context = cel.Context(variables=plain(facts))
        self.context.set_variable_resolver(self._resolve)

    def _resolve(self, name: str) -> object:
        return self.it if name == "it" else None


class RustRule:
    """One rule, its expressions compiled by the library once."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._each, self._subject = _compiled(rule.each), _compiled(rule.subject)
        self._applies, self._when = _compiled(rule.applies), cel.compile(rule.when.text)

    def outcomes(self, facts: RustFacts) -> Iterator[tuple[str, Outcome]]:
        """Yield each subject and its outcome, as `rules.judge.outcomes` does for facts without gaps.

        A list with one unknown element is unknown to the library as a whole, and so is the outcome.
        """
        if self._each is None:
            yield "", self._outcome(facts)
            return
        try:
            elements = list(_flat(_value(self._each, facts)))
        except _Unknown:
            yield "", Outcome.UNKNOWN
            return
        if not elements:
            yield "", self._rule.empty
        for element in elements:
            facts.it = element
            yield self._named(facts, element), self._outcome(facts)

    def _outcome(self, facts: RustFacts) -> Outcome:
        try:
            if self._applies is not None and not _value(self._applies, facts):
                return Outcome.NOT_APPLICABLE
            return Outcome.PASS if _value(self._when, facts) else Outcome.FAIL
        except _Unknown:
            return Outcome.UNKNOWN

    def _named(self, facts: RustFacts, element: object) -> str:
        if self._subject is not None:
            return str(_value(self._subject, facts))
        return str(element.get("subject", "")) if isinstance(element, Mapping) else str(element)


def plain(facts: Mapping[str, object]) -> dict[str, object]:
    """Return facts as the library takes them: it knows neither addresses nor enumerations."""
    return {key: _plain(value) for key, value in facts.items()}


def _plain(value: object) -> object:
    if isinstance(value, (IPv4Address, IPv6Address)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _compiled(program: Program | None) -> cel.Program | None:
    return None if program is None else cel.compile(program.text)


def _value(program: cel.Program, facts: RustFacts) -> object:
    try:
        return program.execute(facts.context)
    except _FAULTS as fault:
        raise _Unknown from fault


def _flat(elements: object) -> Iterator[object]:
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, list):
            yield from _flat(element)
        else:
            yield element

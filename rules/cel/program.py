"""A compiled expression, and the two things one can do with it: ask, and ask why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.cel import typed
from rules.cel.check import check
from rules.cel.closures import Plan, build
from rules.cel.errors import CelError, Exhausted, Message, Source
from rules.cel.lexer import RESERVED
from rules.cel.parser import parse
from rules.cel.paths import reads
from rules.cel.trace import Step, Trace
from rules.cel.types import BOOL, OPEN, Kind, Type
from rules.cel.values import UNKNOWN, Frame, Run, kind_of

BUDGET = 1_000_000
"""Default cost budget: about one unit for each element that a macro goes through."""

_EXHAUSTED = Message("the evaluation takes too long", "求值开销过大")
_TOO_DEEP = Message("the evaluation is nested too deeply", "求值嵌套过深")


@dataclass(frozen=True, slots=True)
class Env:
    """The facts that expressions may use, and their types."""

    variables: Mapping[str, Type]

    def __post_init__(self) -> None:
        for name in self.variables:
            if not name.isidentifier() or not name.isascii() or name in RESERVED:
                raise ValueError(f"{name!r} cannot be the name of a variable")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an evaluation came out as it did.

    *steps* are the parts that were evaluated, innermost first; of a macro, only the elements that decided it or left
    it open. *reads* are the facts that were looked at, such as `ports[].number`. *reasons* say what stayed open; they
    may be there although another part decided.
    """

    outcome: object
    steps: tuple[Step, ...]
    reads: frozenset[str]
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled expression; *reads* are all facts it can look at, *tree* is its typed tree."""

    text: str
    type: Type
    reads: frozenset[str]
    tree: typed.Node = field(repr=False)
    _names: tuple[str, ...] = field(repr=False)
    _locals: tuple[None, ...] = field(repr=False)
    _budget: int = field(repr=False)
    _run: Run = field(repr=False)
    _wanted: Kind | None = field(repr=False)
    _source: Source = field(repr=False)

    def evaluate(self, activation: Mapping[str, object]) -> object:
        """Return the value for these facts, or UNKNOWN; no data makes it raise."""
        try:
            outcome = self._run(self._frame(activation, None))
        except (Exhausted, RecursionError):
            return UNKNOWN
        return outcome if self._wanted is None else self._settled(outcome)

    def explain(self, activation: Mapping[str, object]) -> Explanation:
        """Return the value for these facts and what led to it."""
        trace = Trace()
        try:
            run = build(self.tree, _plan(self._source, self._names, tracing=True))
            outcome = self._settled(run(self._frame(activation, trace)))
        except Exhausted:
            outcome = UNKNOWN
            trace.reasons.append(_EXHAUSTED)
        except RecursionError:
            outcome = UNKNOWN
            trace.reasons.append(_TOO_DEEP)
        steps = tuple(_once(trace.steps))
        return Explanation(outcome, steps, frozenset(trace.reads & self.reads), tuple(dict.fromkeys(trace.reasons)))

    def _frame(self, activation: Mapping[str, object], trace: Trace | None) -> Frame:
        frame: Frame = [self._budget, trace]
        for name in self._names:
            frame.append(activation.get(name))
        frame += self._locals
        return frame

    def _settled(self, outcome: Any) -> Any:
        """Hold a dynamic result to the type that was asked for."""
        return outcome if self._wanted is None or kind_of(outcome) is self._wanted else UNKNOWN


def compile(text: str, env: Env, *, expects: Type = BOOL, budget: int = BUDGET) -> Program:
    """Compile an expression.

    Raises:
        CelError: *text* is no expression, is not well-typed over *env*, or its result is not of type *expects*.
    """
    source = Source(text)
    try:
        return _compile(source, env, expects, budget)
    except RecursionError:
        raise CelError(_TOO_DEEP, 1, 1) from None


def _compile(source: Source, env: Env, expects: Type, budget: int) -> Program:
    tree = check(source, parse(source), env.variables, expects)
    nodes = list(typed.walk(tree))
    names = tuple(dict.fromkeys(node.name for node in nodes if isinstance(node, typed.Variable)))
    return Program(
        text=source.text,
        type=tree.type,
        reads=reads(tree),
        tree=tree,
        _names=names,
        _locals=(None,) * sum(isinstance(node, typed.Fold) for node in nodes),
        _budget=budget,
        _run=build(tree, _plan(source, names, tracing=False)),
        _wanted=expects.kind if tree.type.kind in OPEN and expects.kind not in OPEN else None,
        _source=source,
    )


def _plan(source: Source, names: tuple[str, ...], *, tracing: bool) -> Plan:
    facts = {name: at for at, name in enumerate(names, start=2)}
    return Plan(source, facts, 2 + len(names), tracing)


def _once(steps: list[Step]) -> Iterator[Step]:
    """Leave out a step that says the same of the same value as one before it."""
    seen: set[tuple[str, int]] = set()
    for step in steps:
        key = (step.text, id(step.value))
        if key not in seen:
            seen.add(key)
            yield step

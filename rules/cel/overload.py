"""One way to call a function: what it takes, what it gives, and the Python that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rules.cel.errors import Fault
from rules.cel.types import Type

MAX_TEXT = 1 << 20
"""Characters, bytes or elements that one computed value may have."""


@dataclass(frozen=True, slots=True)
class Overload:
    """A function for one combination of argument types.

    *apply* takes known values only and raises `Fault` where these have no result. *as_function* and *as_method* say
    which of `f(x)` and `x.f()` may be written. *early* means that with literal arguments the call is tried when the
    expression is loaded, so that a mistyped address or pattern is found there.
    """

    function: str
    parameters: tuple[Type, ...]
    result: Type
    apply: Callable[..., Any]
    as_function: bool = False
    as_method: bool = False
    early: bool = False

    def __str__(self) -> str:
        shown = [str(parameter) for parameter in self.parameters]
        if self.as_method and not self.as_function:
            return f"{shown[0]}.{self.function}({', '.join(shown[1:])})"
        return f"{self.function}({', '.join(shown)})"


def function(name: str, result: Type, apply: Callable[..., Any], *parameters: Type, early: bool = False) -> Overload:
    """Return an overload called as `name(x)`."""
    return Overload(name, parameters, result, apply, as_function=True, early=early)


def method(name: str, result: Type, apply: Callable[..., Any], *parameters: Type, early: bool = False) -> Overload:
    """Return an overload called as `x.name()`; the first parameter is x."""
    return Overload(name, parameters, result, apply, as_method=True, early=early)


def either(name: str, result: Type, apply: Callable[..., Any], *parameters: Type, early: bool = False) -> Overload:
    """Return an overload called as `name(x)` or `x.name()`."""
    return Overload(name, parameters, result, apply, as_function=True, as_method=True, early=early)


def operator(name: str, result: Type, apply: Callable[..., Any], *parameters: Type) -> Overload:
    """Return an overload written with an operator."""
    return Overload(name, parameters, result, apply)


def fitting(size: int) -> None:
    """Refuse to compute a value of more than MAX_TEXT characters, bytes or elements.

    Raises:
        Fault: *size* is larger.
    """
    if size > MAX_TEXT:
        raise Fault(f"the result would be longer than {MAX_TEXT}", f"结果长度将超过 {MAX_TEXT}")

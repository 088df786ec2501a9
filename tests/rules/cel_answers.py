"""How the tests of the expression language ask: an expression, its facts, an answer."""

import math
from collections.abc import Mapping

from rules.cel import DYN, UNKNOWN, Env, Type, compile

NOTHING: Mapping[str, Type] = {}


def answer(text: str, types: Mapping[str, Type] = NOTHING, /, **facts: object) -> object:
    """Evaluate *text* over facts of the given types."""
    return compile(text, Env(types), expects=DYN).evaluate(facts)


def same(left: object, right: object) -> bool:
    """Compare two answers: types count, a list may be any sequence, not-a-number is itself."""
    if left is UNKNOWN or right is UNKNOWN:
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and left == right

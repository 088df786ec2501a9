"""What is fuzzed: a function that eats bytes, and raises only where the parser it feeds has a defect."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping

Target = Callable[[bytes], None]

_found: dict[str, Target] = {}


def target(eat: Target) -> Target:
    """Make the decorated function a target by its name."""
    _found[eat.__name__] = eat
    return eat


def load() -> Mapping[str, Target]:
    """Return all targets by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_found.items()))

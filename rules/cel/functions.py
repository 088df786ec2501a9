"""The table of every function and operator that is looked up by the types of its arguments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from rules.cel import arithmetic, conversions, lists, moments, networks, strings
from rules.cel.overload import Overload

_LIBRARIES = (arithmetic, conversions, moments, networks, strings, lists)


def _by_name() -> Mapping[str, tuple[Overload, ...]]:
    found: defaultdict[str, list[Overload]] = defaultdict(list)
    for library in _LIBRARIES:
        for overload in library.OVERLOADS:
            found[overload.function].append(overload)
    return {name: tuple(overloads) for name, overloads in found.items()}


OVERLOADS = _by_name()
NAMESPACES = frozenset(name.partition(".")[0] for name in OVERLOADS if "." in name)
"""Names before the dot in functions such as `sets.contains`."""

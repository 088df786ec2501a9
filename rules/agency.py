"""Who answers for targets: the tree of province, city, county, town and village."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.text import Text


class Tier(StrEnum):
    """A level of government; agencies of a government stand at its tier."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"


class Role(StrEnum):
    """What a contact is asked for."""

    LEAD = "lead"
    TECHNICAL = "technical"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk of an agency; empty strings where not known."""

    role: Role
    name: str
    mail: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency; *parent* is the code of the agency above, empty at the root of the tree.

    *kind* is what sort of agency it is, in the words of the inventory; empty where it does not say.
    """

    code: str
    name: Text
    tier: Tier
    parent: str = ""
    contacts: tuple[Contact, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """The agencies by code, without cycles and with every parent present (the loader has checked)."""

    agencies: Mapping[str, Agency]
    _children: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {}
        for agency in self.agencies.values():
            children.setdefault(agency.parent, []).append(agency.code)
        object.__setattr__(self, "_children", children)

    @classmethod
    def of(cls, agencies: Iterable[Agency]) -> Tree:
        """Build the tree."""
        return cls({agency.code: agency for agency in agencies})

    def roots(self) -> tuple[str, ...]:
        """Return the codes without a parent, in the order of the file."""
        return tuple(self._children.get("", ()))

    def children(self, code: str) -> tuple[str, ...]:
        """Return the codes right below *code*."""
        return tuple(self._children.get(code, ()))

    def subtree(self, code: str) -> Iterator[str]:
        """Yield *code* and every code below it, parents first."""
        waiting = [code]
        while waiting:
            current = waiting.pop()
            yield current
            waiting.extend(reversed(self.children(current)))

    def ancestors(self, code: str) -> Iterator[str]:
        """Yield the codes above *code*, nearest first."""
        parent = self.agencies[code].parent
        while parent:
            yield parent
            parent = self.agencies[parent].parent

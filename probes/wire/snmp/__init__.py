"""What can be asked of an SNMP agent, and what it can say: columns of tables, bounded whatever the agent answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.target import Address

Oid = tuple[int, ...]

PUBLIC = ""
"""The key every agent is delivered with: v2c, community "public". No configured key has an empty name."""


@dataclass(frozen=True, slots=True)
class SnmpWalk:
    """Columns of one table at one agent, named by their OIDs; *key* names the credentials, which are written nowhere.

    *rows* is the most of a column that is read; what lies beyond cuts the table short. With *scalars* the columns are
    objects that exist once, and one question is all.
    """

    address: Address
    port: int
    key: str
    columns: tuple[str, ...]
    rows: int = 4096
    scalars: bool = False
    timeout: float = 2.0
    deadline: float = 30.0


@dataclass(frozen=True, slots=True)
class SnmpCell:
    """One value: of the column at that place in the walk, in the row of *index*; a *number*, or else *octets*.

    An object identifier is the octets of its dotted spelling.
    """

    column: int
    index: Oid
    number: int | None = None
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class SnmpTable:
    """What an agent said, in its order. *cut*: it has more rows than were to be read.

    *encrypted*: it was asked over SNMPv3 with privacy.
    """

    cells: tuple[SnmpCell, ...]
    cut: bool = False
    seconds: float = 0.0
    encrypted: bool = False

    def rows(self) -> Mapping[Oid, Mapping[int, SnmpCell]]:
        """Return the cells by row and column; what an agent does not know is absent."""
        rows: dict[Oid, dict[int, SnmpCell]] = {}
        for cell in self.cells:
            rows.setdefault(cell.index, {})[cell.column] = cell
        return rows

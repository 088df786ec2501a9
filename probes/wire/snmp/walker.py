"""Walking a table: several columns a question, and an end to it whatever the agent answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from probes.observation import Failure
from probes.wire import Unreached
from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.snmp import PUBLIC, Oid, SnmpCell, SnmpTable, SnmpWalk
from probes.wire.snmp.agent import Agent
from probes.wire.snmp.keys import COMMON, SnmpKey, User
from probes.wire.snmp.pdu import END_OF_VIEW, Binding, Pdu
from probes.wire.watch import watched

ASKED = 60
"""Values asked for at once: they come in one packet of usual size, or little more."""
OCTETS = 8 * 1024 * 1024
"""What an agent may say in one walk."""
_TOO_BIG, _NO_SUCH_NAME = 1, 2


class SnmpWalker:
    """Reads tables of agents through *guard*, with the credentials of *keys*, by name."""

    def __init__(self, guard: Guard, keys: Mapping[str, SnmpKey]) -> None:
        self._guard, self._keys = guard, {**keys, PUBLIC: COMMON}

    async def walk(self, asked: SnmpWalk, account: Account) -> SnmpTable:
        """Return the table.

        Raises:
            Unreached: the agent does not answer, refuses, or does not keep to the order it promises.
            NotLooked: nothing could be sent.
        """
        async with watched(asked.deadline) as watch:
            watch.stage = Failure.SNMP_TIMEOUT
            key = self._keys[asked.key]
            async with Agent(self._guard, asked, key, account) as agent:
                return replace(await _Reading(asked, agent).table(), encrypted=isinstance(key, User))


class _Column:
    """How far one column has been read."""

    def __init__(self, place: int, oid: Oid) -> None:
        self.place, self.oid, self.last = place, oid, oid
        self.rows, self.over = 0, False

    def take(self, found: Binding) -> SnmpCell | None:
        """Go on to *found*; return the cell, None where there is none.

        Raises:
            Unreached: it does not come after what was there before.
        """
        if found.tag == END_OF_VIEW or found.oid[: len(self.oid)] != self.oid:
            self.over = True
            return None
        if found.oid <= self.last:
            raise Unreached(Failure.SNMP_LOOP, f"{_dotted(found.oid)} after {_dotted(self.last)}")
        self.last = found.oid
        self.rows += 1
        index = found.oid[len(self.oid) :]
        if isinstance(found.value, int):
            return SnmpCell(self.place, index, number=found.value)
        return None if found.value is None else SnmpCell(self.place, index, octets=found.value)


class _Reading:
    """One walk under way; *width* columns are asked about at once, for *depth* rows."""

    def __init__(self, asked: SnmpWalk, agent: Agent) -> None:
        self._asked, self._agent = asked, agent
        oids = [tuple(map(int, each.split("."))) for each in asked.columns]
        self._columns = [_Column(place, oid) for place, oid in enumerate(oids)]
        self._cells: list[SnmpCell] = []
        self._width = len(oids)
        self._depth = 1 if asked.scalars else max(1, ASKED // len(oids))
        self._cut = False

    async def table(self) -> SnmpTable:
        began = time.monotonic()
        while open_ := [column for column in self._columns if not column.over][: self._width]:
            depth = min(self._depth, self._asked.rows + 1)
            pdu = await self._agent.next(tuple(column.last for column in open_), depth)
            if self._agent.octets > OCTETS:
                raise Unreached(Failure.SNMP_OVERSIZED, f"{self._agent.octets} octets")
            if pdu.status:
                self._refused(pdu, open_)
                continue
            self._take(pdu, open_)
        # A column's rows come in order; those of several are told row by row.
        cells = sorted(self._cells, key=lambda cell: (cell.index, cell.column))
        return SnmpTable(tuple(cells), self._cut, time.monotonic() - began)

    def _take(self, pdu: Pdu, open_: list[_Column]) -> None:
        if len(pdu.bindings) < len(open_) or len(pdu.bindings) > len(open_) * self._depth:
            raise Unreached(Failure.SNMP_MALFORMED, f"{len(pdu.bindings)} values")
        for place, found in enumerate(pdu.bindings):
            column = open_[place % len(open_)]
            if column.over:
                continue
            cell = column.take(found)
            if column.rows > self._asked.rows:
                column.over = self._cut = True
            elif cell is not None:
                self._cells.append(cell)
            column.over = column.over or self._asked.scalars

    def _refused(self, pdu: Pdu, open_: list[_Column]) -> None:
        """Ask for less where that was too much, and take a column that does not exist for an empty one."""
        if pdu.status == _NO_SUCH_NAME:
            for column in open_:
                column.over = True
        elif pdu.status != _TOO_BIG:
            raise Unreached(Failure.SNMP_DENIED, f"error {pdu.status}")
        elif self._depth > 1:
            self._depth //= 2
        elif self._width > 1:
            self._width = max(1, len(open_) // 2)
        else:
            raise Unreached(Failure.SNMP_OVERSIZED, "one value is too big")


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid[:24]))

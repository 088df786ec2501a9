"""Reading many answers at once: those that say plainly what is there, and those that need a closer look.

Plain is a NOERROR or NXDOMAIN whose answer section holds aliases in order, then addresses, and whose other sections
hold nothing out of the ordinary. Its outcome is what `trail.follow` says of the message as dnspython reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.wire import Presence
from probes.wire.dns_columns import HEADER, TYPES, Index, Names, Octets
from probes.wire.dns_names import Messages, text
from probes.wire.trail import within

MOST = 24
"""Records of a section read here."""
PRESENCES = (None, Presence.PRESENT, Presence.NODATA, Presence.NXDOMAIN)
"""By *presence* in a `Reading`."""
_PRESENT, _NODATA, _NXDOMAIN = 1, 2, 3
_NS, _CNAME, _SOA, _OPT = 2, 5, 6, 41
_RECORD = 10
_UNSEEN = 1 << 31
_NOWHERE = -1000

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """What datagrams are worth, by row.

    *asked*: the row answers the question it is held against. *presence* is an index of `PRESENCES`, 0 where the row
    is not plain. *ttl* is -1 without records. *owners* are the rows of *addresses*, which are padded to 16 octets
    and stand in the order of the messages. *aliases* has the rows with CNAMEs only.
    """

    asked: Flags
    presence: NDArray[np.uint8]
    ttl: NDArray[np.int64]
    owners: Index
    addresses: Octets
    aliases: dict[int, tuple[str, ...]]


def read(data: Octets, lengths: Index, names: Names, questions: Index) -> Reading:
    """Hold each row of *data* against one of *questions*, as `dns_columns` numbers them."""
    head = _header(data)
    asked = _asks(data, lengths, head, names, questions)
    plain = asked & (head[:, 1] & 0x0200 == 0) & np.isin(head[:, 1] & 0x0F, (0, 3))
    plain &= (head[:, 3:] <= MOST).all(axis=1)
    messages = Messages(data, lengths, names, questions >> 1)
    answers = _Answers(messages, questions, HEADER + names.lengths[questions >> 1] + 4)
    live = answers.walk(np.flatnonzero(plain), head[:, 3])
    rest = _Rest(answers, head[:, 4], head[:, 5])
    presence, aliases = _outcomes(answers, rest, rest.walk(live), head[:, 1] & 0x0F)
    kept = presence == _PRESENT
    owners, addresses = answers.addresses(kept)
    ttl = np.where(answers.ttl < _UNSEEN, answers.ttl, -1)
    return Reading(asked, presence, ttl, owners, addresses, aliases)


def _header(data: Octets) -> Index:
    return np.ascontiguousarray(data[:, :HEADER]).view(">u2").astype(np.intp)


def _asks(data: Octets, lengths: Index, head: Index, names: Names, questions: Index) -> Flags:
    """Say which rows are responses whose one question is the one asked, whatever the case of its letters."""
    name, rows = questions >> 1, np.arange(len(lengths))
    sizes, width = names.lengths[name], names.wire.shape[1]
    fits = lengths >= HEADER + sizes + 4
    said = data[:, HEADER : HEADER + width]
    said = np.where((said >= ord("A")) & (said <= ord("Z")), said | 0x20, said)
    same = ((said == names.wire[name]) | (np.arange(width) >= sizes[:, None])).all(axis=1)
    tail = data[rows[:, None], HEADER + sizes[:, None] + np.arange(4)]
    kind = (tail[:, 0] == 0) & (tail[:, 1] == TYPES[questions & 1]) & (tail[:, 2] == 0) & (tail[:, 3] == 1)
    response = (head[:, 1] & 0xF800 == 0x8000) & (head[:, 2] == 1)
    return np.asarray(fits & same & kind & response)


class _Answers:
    """The answer sections of some messages, walked record by record; *at* is where each has come to."""

    def __init__(self, messages: Messages, questions: Index, at: Index) -> None:
        self.messages, self.at = messages, at
        lengths = messages.lengths
        self.wanted, self.size = TYPES[questions & 1], np.where(questions & 1, 16, 4)
        self.found = np.zeros(len(lengths), np.intp)
        self.ttl = np.full(len(lengths), _UNSEEN, np.int64)
        self.targets: dict[int, list[int]] = {}
        self._owner = np.full(len(lengths), HEADER, np.intp)
        self._rows: list[Index] = []
        self._addresses: list[Octets] = []

    def walk(self, live: Index, records: Index) -> Index:
        """Walk the answer sections of the rows *live*; return those of them that are plain."""
        for number in range(int(records[live].max(initial=0))):
            there = records[live] > number
            rows = live[there]
            live = np.concatenate((live[~there], self._step(rows)))
        return live

    def _step(self, rows: Index) -> Index:
        """Read one record of each of *rows*; return the rows where it is an alias or an address in its place."""
        lengths, short = self.messages.lengths, self.messages.short
        rows = rows[self.at[rows] + 2 + _RECORD <= lengths[rows]]
        at = self.at[rows] + 2
        kind, ttl, size = short(rows, at), self.messages.long(rows, at + 4), short(rows, at + 8)
        end = at + _RECORD + size
        sound = (short(rows, at - 2) == 0xC000 | self._owner[rows]) & (short(rows, at + 2) == 1)
        sound &= (end <= lengths[rows]) & (ttl < _UNSEEN)
        address = sound & (kind == self.wanted[rows]) & (size == self.size[rows])
        alias = sound & (kind == _CNAME) & (self.found[rows] == 0)
        alias[alias] = self._aliases(rows[alias], at[alias] + _RECORD, end[alias])
        self._keep(rows[address], at[address] + _RECORD)
        kept = address | alias
        rows = rows[kept]
        self.ttl[rows], self.at[rows] = np.minimum(self.ttl[rows], ttl[kept]), end[kept]
        return rows

    def _aliases(self, rows: Index, at: Index, end: Index) -> Flags:
        """Go on to the names at *at*; return which of them are sound and fill their record."""
        ends, sound = self.messages.walk(rows, at)
        sound &= ends == end
        self._owner[rows[sound]] = at[sound]
        for row, target in zip(rows[sound].tolist(), at[sound].tolist(), strict=True):
            self.targets.setdefault(row, []).append(target)
        return sound

    def _keep(self, rows: Index, at: Index) -> None:
        octets = np.zeros((len(rows), 16), np.uint8)
        for version in np.unique(self.size[rows]):
            some = self.size[rows] == version
            octets[some, :version] = self.messages.data[rows[some, None], at[some, None] + np.arange(version)]
        self.found[rows] += 1
        self._rows.append(rows)
        self._addresses.append(octets)

    def addresses(self, wanted: Flags) -> tuple[Index, Octets]:
        """Return the addresses of the rows that are *wanted*, and whose they are."""
        rows = np.concatenate([np.empty(0, np.intp), *self._rows])
        octets = np.concatenate([np.empty((0, 16), np.uint8), *self._addresses])
        kept = wanted[rows]
        return rows[kept], octets[kept]


class _Rest:
    """What follows the answer sections: name servers, one SOA, their addresses and an OPT that says nothing.

    *owned* is where the owner of a row's SOA stands, 0 without one; *referred* are the rows that name name servers.
    """

    def __init__(self, answers: _Answers, authority: Index, additional: Index) -> None:
        self.owned = np.zeros(len(authority), np.intp)
        self.referred = np.zeros(len(authority), bool)
        self._answers, self._authority, self._records = answers, authority, authority + additional
        self._opted = np.zeros(len(authority), bool)

    def walk(self, live: Index) -> Index:
        """Walk what follows in the rows *live*; return those of them that are plain."""
        for number in range(int(self._records[live].max(initial=0))):
            there = self._records[live] > number
            rows = live[there]
            live = np.concatenate((live[~there], self._step(rows, number)))
        return live

    def _step(self, rows: Index, number: int) -> Index:
        messages = self._answers.messages
        lengths, short, octet = messages.lengths, messages.short, messages.octet
        owner = self._answers.at[rows]
        at, sound = messages.walk(rows, owner)
        sound &= at + _RECORD <= lengths[rows]
        rows, owner, at = rows[sound], owner[sound], at[sound]
        kind, size, internet = short(rows, at), short(rows, at + 8), short(rows, at + 2) == 1
        first, end = number < self._authority[rows], at + _RECORD + size
        kept = ~first & internet & (((kind == TYPES[0]) & (size == 4)) | ((kind == TYPES[1]) & (size == 16)))
        quiet = (octet(rows, owner) == 0) & (octet(rows, at + 4) == 0) & (size == 0)
        kept |= ~first & (kind == _OPT) & quiet & ~self._opted[rows]
        self._opted[rows[kind == _OPT]] = True
        server = first & internet & (kind == _NS)
        server[server] = self._names(rows[server], at[server] + _RECORD, 1) == end[server]
        self.referred[rows[server]] = True
        soa = first & internet & (kind == _SOA) & (self.owned[rows] == 0)
        soa[soa] = self._names(rows[soa], at[soa] + _RECORD, 2) + 20 == end[soa]
        self.owned[rows[soa]] = owner[soa]
        kept = (kept | server | soa) & (end <= lengths[rows])
        rows, end = rows[kept], end[kept]
        self._answers.at[rows] = end
        return rows

    def _names(self, rows: Index, at: Index, count: int) -> Index:
        """Return where *count* names in a row end, or _NOWHERE if they are none."""
        fine = np.ones(len(rows), bool)
        for _ in range(count):
            at, sound = self._answers.messages.walk(rows, at)
            fine &= sound
        ends: Index = np.where(fine, at, _NOWHERE)
        return ends


def _outcomes(
    answers: _Answers, rest: _Rest, live: Index, rcodes: Index
) -> tuple[NDArray[np.uint8], dict[int, tuple[str, ...]]]:
    presence = np.zeros(len(answers.at), np.uint8)
    absent = np.where(rcodes[live] == 3, _NXDOMAIN, _NODATA)
    presence[live] = np.where(answers.found[live] > 0, _PRESENT, absent)
    aliases: dict[int, tuple[str, ...]] = {}
    for row, targets in answers.targets.items():
        chain = _chain(answers, row, targets) if presence[row] else ()
        if chain:
            aliases[row] = chain
        else:
            presence[row] = 0
    # Where servers are named or an alias leads elsewhere, only an SOA makes nothing to be an answer.
    doubtful = (presence == _NODATA) & rest.referred
    doubtful[list(aliases)] |= presence[list(aliases)] == _NODATA
    for row in np.flatnonzero(doubtful).tolist():
        if not _covered(answers, row, answers.targets.get(row, [HEADER])[-1], int(rest.owned[row])):
            presence[row] = 0
            aliases.pop(row, None)
    return presence, aliases


def _chain(answers: _Answers, row: int, targets: list[int]) -> tuple[str, ...]:
    """Return the names at *targets*; none at all if they go in a circle, or one of them is not plain."""
    message = answers.messages.data[row].tobytes()
    chain = [text(message, target) for target in (HEADER, *targets)]
    return tuple(name for name in chain[1:] if name is not None) if len({*chain, None}) == len(chain) + 1 else ()


def _covered(answers: _Answers, row: int, end: int, owner: int) -> bool:
    """Say whether the SOA whose owner stands at *owner* speaks for the name at *end*."""
    message = answers.messages.data[row].tobytes()
    zone, name = text(message, owner) if owner else None, text(message, end)
    return zone is not None and name is not None and within(name, zone)

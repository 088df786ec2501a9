"""Reading many answers at once: those that say plainly what is there, and those that need a closer look.

Plain is a NOERROR or NXDOMAIN whose answer section holds aliases in order, then addresses, with nothing besides but
one SOA and an empty OPT. Of these the outcome is what `trail.follow` says of the message as dnspython reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.wire import Presence
from probes.wire.dns_columns import HEADER, TYPES, Index, Names, Octets
from probes.wire.dns_names import text, walk
from probes.wire.trail import within

MOST = 24
"""Records of an answer section read here."""
PRESENCES = (None, Presence.PRESENT, Presence.NODATA, Presence.NXDOMAIN)
"""By *presence* in a `Reading`."""
_PRESENT, _NODATA, _NXDOMAIN = 1, 2, 3
_CNAME, _SOA, _OPT = 5, 6, 41
_RECORD = 10
_UNSEEN = 1 << 31

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
    plain &= (head[:, 3] <= MOST) & (head[:, 4] <= 1) & (head[:, 5] <= 1)
    answers = _Answers(data, lengths, questions, HEADER + names.lengths[questions >> 1] + 4)
    live = answers.walk(np.flatnonzero(plain), head[:, 3])
    live, owned = _authority(answers, live, head[:, 4])
    live = _additional(answers, live, head[:, 5])
    presence, aliases = _outcomes(answers, live, head[:, 1] & 0x0F, owned)
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

    def __init__(self, data: Octets, lengths: Index, questions: Index, at: Index) -> None:
        self.data, self.lengths, self.at = data, lengths, at
        self.wanted, self.size = TYPES[questions & 1], np.where(questions & 1, 16, 4)
        self.found = np.zeros(len(lengths), np.intp)
        self.ttl = np.full(len(lengths), _UNSEEN, np.int64)
        self.targets: dict[int, list[int]] = {}
        self._owner = np.full(len(lengths), HEADER, np.intp)
        self._rows: list[Index] = []
        self._addresses: list[Octets] = []

    def short(self, rows: Index, at: Index) -> Index:
        """Return the two octets at *at* of *rows* as numbers."""
        return (self.data[rows, at].astype(np.intp) << 8) | self.data[rows, at + 1]

    def long(self, rows: Index, at: Index) -> Index:
        """Return the four octets at *at* of *rows* as numbers."""
        return (self.short(rows, at) << 16) | self.short(rows, at + 2)

    def walk(self, live: Index, records: Index) -> Index:
        """Walk the answer sections of the rows *live*; return those of them that are plain."""
        for number in range(int(records[live].max(initial=0))):
            there = records[live] > number
            rows = live[there]
            live = np.concatenate((live[~there], self._step(rows)))
        return live

    def _step(self, rows: Index) -> Index:
        """Read one record of each of *rows*; return the rows where it is an alias or an address in its place."""
        rows = rows[self.at[rows] + 2 + _RECORD <= self.lengths[rows]]
        at = self.at[rows] + 2
        kind, ttl, size = self.short(rows, at), self.long(rows, at + 4), self.short(rows, at + 8)
        end = at + _RECORD + size
        sound = (self.short(rows, at - 2) == 0xC000 | self._owner[rows]) & (self.short(rows, at + 2) == 1)
        sound &= (end <= self.lengths[rows]) & (ttl < _UNSEEN)
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
        ends, sound = walk(self.data, self.lengths, rows, at)
        sound &= ends == end
        self._owner[rows[sound]] = at[sound]
        for row, target in zip(rows[sound].tolist(), at[sound].tolist(), strict=True):
            self.targets.setdefault(row, []).append(target)
        return sound

    def _keep(self, rows: Index, at: Index) -> None:
        octets = np.zeros((len(rows), 16), np.uint8)
        for version in np.unique(self.size[rows]):
            some = self.size[rows] == version
            octets[some, :version] = self.data[rows[some, None], at[some, None] + np.arange(version)]
        self.found[rows] += 1
        self._rows.append(rows)
        self._addresses.append(octets)

    def addresses(self, wanted: Flags) -> tuple[Index, Octets]:
        """Return the addresses of the rows that are *wanted*, and whose they are."""
        rows = np.concatenate([np.empty(0, np.intp), *self._rows])
        octets = np.concatenate([np.empty((0, 16), np.uint8), *self._addresses])
        kept = wanted[rows]
        return rows[kept], octets[kept]


def _authority(answers: _Answers, live: Index, records: Index) -> tuple[Index, dict[int, int]]:
    """Pass the authority sections; return the rows that are still plain, and where their SOA's owner stands."""
    there = records[live] > 0
    rows, without = live[there], live[~there]
    if not rows.size:
        return live, {}
    owner = answers.at[rows]
    at, sound = walk(answers.data, answers.lengths, rows, owner)
    sound &= at + _RECORD <= answers.lengths[rows]
    rows, at, owner = rows[sound], at[sound], owner[sound]
    sound = (answers.short(rows, at) == _SOA) & (answers.short(rows, at + 2) == 1)
    end = at + _RECORD + answers.short(rows, at + 8)
    sound &= end <= answers.lengths[rows]
    rows, at, owner, end = rows[sound], at[sound], owner[sound], end[sound]
    master, fine = walk(answers.data, answers.lengths, rows, at + _RECORD)
    mailbox, sound = walk(answers.data, answers.lengths, rows, master)
    sound &= fine & (mailbox + 20 == end)
    rows = rows[sound]
    answers.at[rows] = end[sound]
    owned = dict(zip(rows.tolist(), owner[sound].tolist(), strict=True)) if answers.targets else {}
    return np.concatenate((without, rows)), owned


def _additional(answers: _Answers, live: Index, records: Index) -> Index:
    """Pass the additional sections; return the rows where they hold nothing, or an OPT that says nothing."""
    there = records[live] > 0
    rows, without = live[there], live[~there]
    rows = rows[answers.at[rows] + 1 + _RECORD <= answers.lengths[rows]]
    at = answers.at[rows]
    quiet = (answers.data[rows, at] == 0) & (answers.short(rows, at + 1) == _OPT)
    quiet &= (answers.data[rows, at + 5] == 0) & (answers.short(rows, at + 9) == 0)
    return np.concatenate((without, rows[quiet]))


def _outcomes(
    answers: _Answers, live: Index, rcodes: Index, owned: dict[int, int]
) -> tuple[NDArray[np.uint8], dict[int, tuple[str, ...]]]:
    presence = np.zeros(len(answers.lengths), np.uint8)
    absent = np.where(rcodes[live] == 3, _NXDOMAIN, _NODATA)
    presence[live] = np.where(answers.found[live] > 0, _PRESENT, absent)
    aliases: dict[int, tuple[str, ...]] = {}
    for row, targets in answers.targets.items():
        chain = _chain(answers, row, targets) if presence[row] else ()
        covered = presence[row] != _NODATA or _covered(answers, row, chain, owned.get(row))
        if chain and covered:
            aliases[row] = chain
        else:
            presence[row] = 0
    return presence, aliases


def _chain(answers: _Answers, row: int, targets: list[int]) -> tuple[str, ...]:
    """Return the names at *targets*; none at all if they go in a circle, or one of them is not plain."""
    message = answers.data[row].tobytes()
    chain = [text(message, target) for target in (HEADER, *targets)]
    return tuple(name for name in chain[1:] if name is not None) if len({*chain, None}) == len(chain) + 1 else ()


def _covered(answers: _Answers, row: int, chain: tuple[str, ...], owner: int | None) -> bool:
    """Say whether the SOA whose owner stands at *owner* speaks for the end of *chain*."""
    zone = text(answers.data[row].tobytes(), owner) if owner is not None else None
    return zone is not None and bool(chain) and within(chain[-1], zone)

"""Taking records in: read what is open, move it on, write what changed, all in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, bindparam, select, update

from monitor.store import looks, samples
from monitor.store.coding import Coder
from monitor.store.engine import chunks, insert
from monitor.store.nouns import Recorded, RunId
from monitor.store.schema import fact, run_gap, spell
from monitor.store.schema import run as runs
from monitor.store.spells import Batch, OpenSpell
from probes.observation import Record


def record(
    connection: Connection,
    run: RunId,
    records: Sequence[Record],
    complete: Iterable[str],
    *,
    coder: Coder,
    silence: dt.timedelta,
    zone: dt.tzinfo,
) -> Recorded:
    """Take a batch in; taking it in twice changes nothing.

    Raises:
        ValueError: a record belongs to another probe or vantage than the run.
    """
    if any((item.probe, item.vantage) != (run.probe, run.vantage) for item in records):
        raise ValueError(f"a record does not belong to the run of {run.probe} from {run.vantage}")
    finished = set(complete)
    ends = dict.fromkeys(finished, run.started)
    for item in records:
        ends[item.target] = max(item.at, ends.get(item.target, item.at))
    looked = looks.load(connection, run, ends)
    batch = Batch(run, coder, silence, zone, {target: item.settled for target, item in looked.items()})
    _load(connection, batch, ends)
    for item in records:
        batch.take(item)
    for target in finished:
        if batch.settled.get(target, 0) <= run.number:
            batch.finish(target, ends[target])
    _write_spells(connection, batch)
    samples.write(connection, batch.samples)
    done = looks.write(connection, run, looked, ends, finished)
    _count(connection, batch, done)
    return batch.recorded()


def _load(connection: Connection, batch: Batch, targets: Collection[str]) -> None:
    run = batch.run
    mine = spell.c.probe == run.probe, spell.c.vantage == run.vantage, spell.c.valid_to.is_(None)
    for names in chunks(sorted(targets)):
        for row in connection.execute(select(*_COLUMNS).where(*mine, spell.c.target.in_(names))):
            batch.hold(OpenSpell(*row))


_COLUMNS = (
    spell.c.id,
    spell.c.target,
    spell.c.subject,
    spell.c.digest,
    spell.c.failure,
    spell.c.gap,
    spell.c.since,
    spell.c.valid_from,
    spell.c.seen_at,
    spell.c.run,
    spell.c.seconds,
    spell.c.detail,
    spell.c.samples,
)
"""In the order of the fields of an `OpenSpell`."""

_GO_ON = update(spell).where(spell.c.id == bindparam("number"))


def _write_spells(connection: Connection, batch: Batch) -> None:
    touched = [item for item in batch.spells if item.touched]
    new = [item for item in touched if item.number is None]
    if fresh := {item.digest for item in new} & batch.facts.keys():
        bodies = [{"digest": digest, "body": batch.facts[digest]} for digest in fresh if digest is not None]
        connection.execute(insert(connection, fact).on_conflict_do_nothing(), bodies)
    if moved := [{"number": item.number, **_moving(item)} for item in touched if item.number is not None]:
        connection.execute(_GO_ON, moved)
    if new:
        connection.execute(spell.insert(), [_whole(item, batch.run) for item in new])


def _moving(item: OpenSpell) -> dict[str, object]:
    return {
        "valid_to": item.valid_to,
        "seen_at": item.seen_at,
        "run": item.run,
        "seconds": item.seconds,
        "detail": item.detail,
        "samples": item.samples,
    }


def _whole(item: OpenSpell, run: RunId) -> dict[str, object]:
    return {
        "target": item.target,
        "probe": run.probe,
        "vantage": run.vantage,
        "subject": item.subject,
        "digest": item.digest,
        "failure": item.failure,
        "gap": item.gap,
        "since": item.since,
        "valid_from": item.valid_from,
        **_moving(item),
    }


def _count(connection: Connection, batch: Batch, done: int) -> None:
    """Add the batch to the figures of its run."""
    number = batch.run.number
    figures = {"done": runs.c.done + done, "observations": runs.c.observations + batch.observations}
    connection.execute(update(runs).where(runs.c.id == number).values(figures))
    if batch.gaps:
        statement = insert(connection, run_gap)
        more = {"count": run_gap.c["count"] + statement.excluded["count"]}
        rows = [{"run": number, "reason": reason.value, "count": count} for reason, count in batch.gaps.items()]
        connection.execute(statement.on_conflict_do_update(index_elements=["run", "reason"], set_=more), rows)

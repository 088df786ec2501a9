"""Opening the store, whatever is there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from monitor.store import Store, StoreUnavailable, Trouble
from monitor.store.opening import SCRIPTS
from monitor.store.schema import metadata
from tests.monitor.watching import AT, FACTS, HOST, VANTAGE, Page, after, look, seen, url

HEAD = max(path.name[1:5] for path in (SCRIPTS / "versions").glob("r*.py"))


def open_at(folder: Path) -> Store:
    return Store.open(url(folder), facts=FACTS)


def refused(folder: Path) -> Trouble:
    with pytest.raises(StoreUnavailable) as refusal:
        open_at(folder)
    return refusal.value.trouble


def filled(folder: Path) -> Path:
    """Return the file of a store with something in it."""
    names = [f"h{number}.example" for number in range(300)]
    with open_at(folder) as store:
        run = store.begin_run("http_page", VANTAGE, AT, len(names))
        store.record(run, [seen(Page(200, (name,)), 1, target=name) for name in names], names)
    return folder / "diaolou.db"


def test_a_new_store_is_begun_with_the_folders_it_needs(tmp_path: Path) -> None:
    with open_at(tmp_path / "var" / "lib") as store:
        assert list(store.state()) == []
        assert (store.opened.aside, store.opened.backup) == (None, None)


def test_what_was_stored_is_there_the_next_time(tmp_path: Path) -> None:
    filled(tmp_path)
    with open_at(tmp_path) as store:
        assert sum(1 for _ in store.state()) == 300


def test_the_migrations_build_the_tables_the_code_knows(tmp_path: Path) -> None:
    path = filled(tmp_path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_second_instance_is_refused_and_told_who_holds_the_store(tmp_path: Path) -> None:
    with open_at(tmp_path), pytest.raises(StoreUnavailable, match=f"pid {os.getpid()}") as refusal:
        open_at(tmp_path)
    assert refusal.value.trouble is Trouble.TAKEN
    with open_at(tmp_path):
        pass


def test_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    code = "import os, sys; from monitor.store import Store; Store.open(sys.argv[1], facts={}); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, url(tmp_path)], check=False)
    with open_at(tmp_path):
        pass


def test_what_a_dead_predecessor_left_open_is_closed(tmp_path: Path) -> None:
    from probes.target import Target
    from tests.monitor.watching import probe

    store = open_at(tmp_path)
    store.sync([Target(HOST, "city")], [probe()], AT, spread=0)
    store.claim("http_page", AT, 10, 3600)
    run = store.begin_run("http_page", VANTAGE, AT, 1)
    store.record(run, [seen(Page(200), 1)])
    store.close()
    with open_at(tmp_path) as store:
        (campaign,) = store.campaigns()
        assert campaign.finished is not None
        assert not campaign.complete
        assert store.claim("http_page", after(1), 10, 60) == [HOST]


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    assert refused(tmp_path) is Trouble.NEWER
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM spell").fetchone() == (300,)
    assert not list(tmp_path.glob("*.before-*"))


def test_an_older_database_is_copied_before_it_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.store import opening

    path = filled(tmp_path)
    monkeypatch.setattr(opening, "SCRIPTS", older_and_newer(tmp_path))
    with open_at(tmp_path) as store:
        backup = store.opened.backup
        assert backup == tmp_path / f"diaolou.db.before-{HEAD}"
    with closing(sqlite3.connect(backup)) as raw:
        assert raw.execute("SELECT count(*) FROM spell").fetchone() == (300,)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("more",)
        assert raw.execute("SELECT mood FROM spell LIMIT 1").fetchone() == ("calm",)


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.store import opening

    path = filled(tmp_path)
    monkeypatch.setattr(opening, "SCRIPTS", older_and_newer(tmp_path, after="raise RuntimeError('half-way')"))
    with pytest.raises(RuntimeError, match="half-way"):
        open_at(tmp_path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        assert "mood" not in {row[1] for row in raw.execute("PRAGMA table_info(spell)")}


def older_and_newer(folder: Path, after: str = "pass") -> Path:
    """Return a copy of the migrations with one more."""
    import shutil

    from monitor.store import opening

    scripts = folder / "migrations"
    shutil.copytree(opening.SCRIPTS, scripts)
    (scripts / "versions" / "r9999_more.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = 'more'\ndown_revision = '{HEAD}'\n"
        "def upgrade():\n"
        "    op.add_column('spell', sa.Column('mood', sa.Text(), nullable=False, server_default='calm'))\n"
        f"    {after}\n"
    )
    return scripts


def spoil_middle(path: Path) -> None:
    with path.open("r+b") as file:
        for offset in range(8192, path.stat().st_size, 4096):
            file.seek(offset)
            file.write(os.urandom(256))


def spoil_table(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 256)


def spoil_magic(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"this is no database, is it?")


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("spoil", [spoil_middle, spoil_magic, cut_short])
def test_a_corrupted_database_is_moved_aside_and_a_new_one_begun(
    tmp_path: Path, spoil: type[object], caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(tmp_path)
    spoil(path)
    rotten = path.read_bytes()
    with open_at(tmp_path) as store:
        assert list(store.state()) == []
        assert store.opened.aside is not None
        assert store.opened.aside.read_bytes() == rotten
        assert store.opened.corrupted == 1
    assert "corrupted" in caplog.text
    with open_at(tmp_path) as store:
        assert (store.opened.aside, store.opened.corrupted) == (None, 1)


def test_corruption_met_at_work_is_said_and_healed_by_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.store import opening

    path = filled(tmp_path)
    # A database too large to be read whole at every start.
    monkeypatch.setattr(opening, "CHECKED_BYTES", 0)
    spoil_table(path, "spell")
    with open_at(tmp_path) as store:
        assert store.opened.aside is None
        with pytest.raises(StoreUnavailable) as trouble:
            list(store.state())
        assert trouble.value.trouble is Trouble.CORRUPT
    with open_at(tmp_path) as store:
        assert store.opened.aside is not None
        assert list(store.state()) == []


def test_corruption_met_while_opening_is_healed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.store import opening

    path = filled(tmp_path)
    monkeypatch.setattr(opening, "CHECKED_BYTES", 0)
    spoil_table(path, "schedule")
    with open_at(tmp_path) as store:
        assert store.opened.aside is not None
        assert list(store.state()) == []


def test_a_folder_that_cannot_be_written_is_refused_with_its_name(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert refused(blocked) is Trouble.DISK


@pytest.mark.parametrize("bad", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_keep_anything_is_refused(bad: str) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        Store.open(bad, facts=FACTS)
    assert refusal.value.trouble is Trouble.URL


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        look(store, seen(Page(200), 0))
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        limit(store, pages + 2)
        with pytest.raises(StoreUnavailable) as full:
            fill(store)
        assert full.value.trouble is Trouble.FULL
        kept = sum(1 for _ in store.state())
        assert 1 <= kept < 200
        limit(store, 1_000_000)
        look(store, seen(Page(500), 20), at=20)
        assert sum(1 for _ in store.state()) == kept


def fill(store: Store) -> None:
    for number in range(200):
        look(store, seen(Page(200, ("x" * 500, str(number))), 10, target=f"h{number}"), target=f"h{number}")


def limit(store: Store, pages: int) -> None:
    """Let the database grow to *pages* and no further: to SQLite the same as a disk that is full."""
    for connection in [store._engine.connect() for _ in range(4)]:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.close()


def test_a_reader_opens_beside_the_writer_and_cannot_write(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        look(store, seen(Page(200), 0))
        with Store.open_to_read(url(tmp_path), facts=FACTS) as reader:
            assert [stored.record for stored in reader.state()] == [seen(Page(200), 0)]
            look(store, seen(Page(500), 10), at=10)
            assert [stored.record for stored in reader.state()] == [seen(Page(500), 10)]
            with pytest.raises(StoreUnavailable) as refusal:
                reader.audit("me", "try", "", at=AT)
            assert refusal.value.trouble is Trouble.READ_ONLY


def test_a_reader_neither_begins_a_store_nor_migrates_one(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        Store.open_to_read(url(tmp_path), facts=FACTS)
    assert not list(tmp_path.iterdir())
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DELETE FROM alembic_version")
        raw.commit()
    with pytest.raises(StoreUnavailable) as refusal:
        Store.open_to_read(url(tmp_path), facts=FACTS)
    assert refusal.value.trouble is Trouble.OLDER


def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        for number in range(3):
            look(store, seen(Page(200), 0, target=f"h{number}"), target=f"h{number}")
        state = store.state()
        first = next(state)
        for number in range(3):
            look(store, seen(Page(500), 10, target=f"h{number}"), at=10, target=f"h{number}")
        assert [item.record.facts for item in (first, *state)] == [Page(200)] * 3  # type: ignore[union-attr]


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable) as refusal:
        list(store.state())
    assert refusal.value.trouble is Trouble.CLOSED


def test_a_defect_of_ours_is_not_taken_for_a_broken_database(tmp_path: Path) -> None:
    from sqlalchemy import exc, text

    with open_at(tmp_path) as store, pytest.raises(exc.SQLAlchemyError), store._read() as connection:
        connection.execute(text("SELECT nonsense FROM nowhere"))

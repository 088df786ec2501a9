"""What a command needs before it can begin, the configuration and the store, or its end in one plain line."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from monitor.configuration import Known, read
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, EX_FAILED, EX_NOTHING, nothing_yet, told, trouble_with
from monitor.settings import Mistakes
from monitor.store import Store, StoreUnavailable, Trouble

Directory = Annotated[Path, typer.Argument(help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")
]
DEFAULT = Path("config")


def known_or_end(directory: Path) -> Known:
    """Read the configuration in *directory*; every mistake in it is told, and ends the command."""
    try:
        return read(directory)
    except (Mistakes, RuleFaults) as found:
        end(told(found), EX_CONFIG)


def store_or_end(known: Known) -> Store:
    """Open the store as its only writer."""
    try:
        return Store.open(known.config.daemon.store_url, zone=known.config.daemon.time_zone)
    except StoreUnavailable as trouble:
        end(trouble_with(trouble), EX_FAILED)


@contextmanager
def reading_or_end(known: Known, directory: Path) -> Iterator[Store]:
    """Open the store beside whoever writes it; trouble with it, then or later, or nothing in it ends the command."""
    try:
        with Store.open_to_read(known.config.daemon.store_url) as store:
            if not store.campaigns():
                end(nothing_yet(directory), EX_NOTHING)
            yield store
    except StoreUnavailable as trouble:
        if trouble.trouble is Trouble.ABSENT:
            end(nothing_yet(directory), EX_NOTHING)
        end(trouble_with(trouble), EX_FAILED)


def now() -> dt.datetime:
    """Return the time, aware and UTC."""
    return dt.datetime.now(dt.UTC)


def end(message: str, status: int) -> NoReturn:
    """Tell *message* as an error and end with *status*."""
    print(message, file=sys.stderr)
    raise typer.Exit(status)

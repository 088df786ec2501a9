"""What a command needs before it can begin, the configuration and the store, or its end in one plain line."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from monitor.configuration import Known, read
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, EX_FAILED, told
from monitor.settings import Mistakes
from monitor.store import Store, StoreUnavailable

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
        end(str(trouble), EX_FAILED)


def reading_or_end(known: Known) -> Store:
    """Open the store beside whoever writes it."""
    try:
        return Store.open_to_read(known.config.daemon.store_url)
    except StoreUnavailable as trouble:
        end(str(trouble), EX_FAILED)


def now() -> dt.datetime:
    """Return the time, aware and UTC."""
    return dt.datetime.now(dt.UTC)


def end(message: str, status: int) -> NoReturn:
    """Tell *message* as an error and end with *status*."""
    print(message, file=sys.stderr)
    raise typer.Exit(status)

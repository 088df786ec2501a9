"""What a command needs before it can begin, the configuration and the store, or its end in one plain line."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from monitor.configuration import Known, read
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, EX_FAILED, EX_NOTHING, EX_USAGE, Unequipped, nothing_yet, told, trouble_with
from monitor.settings import Mistakes
from monitor.store import Store, StoreUnavailable, Trouble
from probes.text import clean
from rules.deed import Deed, Move
from rules.text import Language

Directory = Annotated[Path, typer.Argument(help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")
]
LangOption = Annotated[Language | None, typer.Option("--lang", help="zh 或 en / zh or en")]
JsonOption = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
ByOption = Annotated[str, typer.Option("--by", help="由谁作出，默认为登录名 / who does it; the login, if absent")]
WhyOption = Annotated[str, typer.Option("--why", "-m", help="理由或说明 / why, or what there is to say")]
HostArgument = Annotated[str, typer.Argument(help="目标 / the target")]
DEFAULT = Path("config")


def known_or_end(directory: Path) -> Known:
    """Read the configuration in *directory*; every mistake in it is told, and ends the command."""
    try:
        return read(directory)
    except (Mistakes, RuleFaults) as found:
        end(told(found), EX_CONFIG)


def host_or_end(known: Known, host: str) -> str:
    """Return *host* as it is; one that the inventory does not name ends the command."""
    if host not in known.config.targets:
        end(f"清单中没有目标 {host} / no target {host} in the inventory", EX_CONFIG)
    return host


def agency_or_end(known: Known, agency: str) -> str:
    """Return the code *agency* as it is; one that the inventory does not name ends the command."""
    if agency and agency not in known.config.tree.agencies:
        end(f'没有单位 "{agency}" / there is no agency "{agency}"', EX_CONFIG)
    return agency


def rule_or_end(known: Known, rule: str) -> str:
    """Return the id *rule* as it is; one that the policy has no clause for ends the command."""
    if rule and rule not in known.rules:
        end(f"没有规则 {rule} / no rule {rule}", EX_CONFIG)
    return rule


def speech(known: Known, language: Language | None) -> Language:
    """Return the language asked for, or else the configuration's."""
    return language or known.config.daemon.language


def store_or_end(known: Known) -> Store:
    """Open the store as its only writer."""
    try:
        return Store.open(known.config.daemon.store_url, zone=known.config.daemon.time_zone)
    except StoreUnavailable as trouble:
        end(trouble_with(trouble), EX_FAILED)


@contextmanager
def beside(known: Known) -> Iterator[Store | None]:
    """Open the store to add to it beside a tower that runs on it, beginning it where needed.

    Where that cannot be, None, and why is told: what comes of it is no reason to do nothing.
    """
    with ExitStack() as stack:
        try:
            store = _beside(known)
        except StoreUnavailable as trouble:
            print(trouble_with(trouble), file=sys.stderr)
            yield None
            return
        yield stack.enter_context(store)


def _beside(known: Known) -> Store:
    try:
        return Store.open_to_act(known.config.daemon.store_url)
    except StoreUnavailable as trouble:
        if trouble.trouble not in (Trouble.ABSENT, Trouble.OLDER):
            raise
        return Store.open(known.config.daemon.store_url, zone=known.config.daemon.time_zone)


@contextmanager
def reading_or_end(known: Known, directory: Path, *, measured: bool = True) -> Iterator[Store]:
    """Open the store beside whoever writes it; trouble with it, then or later, ends the command.

    So does one in which nothing was *measured*, where that is what somebody wants to know.
    """
    try:
        with Store.open_to_read(known.config.daemon.store_url) as store:
            if measured and not store.campaigns():
                end(nothing_yet(directory), EX_NOTHING)
            yield store
    except StoreUnavailable as trouble:
        if trouble.trouble is Trouble.ABSENT:
            end(nothing_yet(directory), EX_NOTHING)
        end(trouble_with(trouble), EX_FAILED)


@contextmanager
def acting_or_end(known: Known, directory: Path) -> Iterator[Store]:
    """Open the store to add deeds, beside a tower that runs on it or not; trouble with it ends the command."""
    try:
        with Store.open_to_act(known.config.daemon.store_url) as store:
            yield store
    except StoreUnavailable as trouble:
        if trouble.trouble is Trouble.ABSENT:
            end(nothing_yet(directory), EX_NOTHING)
        end(trouble_with(trouble), EX_FAILED)


@contextmanager
def at_work_or_end() -> Iterator[None]:
    """Do what needs the wire or the store; what is missing for it ends the command."""
    try:
        yield
    except Unequipped as fault:
        end(str(fault), fault.status)
    except StoreUnavailable as trouble:
        end(trouble_with(trouble), EX_FAILED)


def now() -> dt.datetime:
    """Return the time, aware and UTC."""
    return dt.datetime.now(dt.UTC)


def signed(move: Move, by: str, why: str = "") -> Deed:
    """Return a deed done now by whoever is at the terminal, under the name given."""
    account = getpass.getuser()
    return Deed(move, clean(by.strip()) or account, now(), clean(why.strip()), account=account)


def end(message: str, status: int) -> NoReturn:
    """Tell *message* as an error and end with *status*."""
    print(message, file=sys.stderr)
    raise typer.Exit(status)


def one_form(*, as_json: bool, as_csv: bool) -> None:
    """End with a plain word where a command is asked for both forms at once."""
    if as_json and as_csv:
        end("--json、--csv 二者取一 / --json and --csv: one of the two", EX_USAGE)

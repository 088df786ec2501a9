"""The commands that look: the demonstration, one round, one host, and the daemon."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.configuration import Known
from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    Directory,
    HostArgument,
    JsonOption,
    LangOption,
    at_work_or_end,
    beside,
    end,
    host_or_end,
    known_or_end,
    speech,
    store_or_end,
)
from monitor.garbage import settle
from monitor.halt import HaltFile
from monitor.refusal import EX_CONFIG, EX_FAILED, EX_STOPPED, both, stopped_by
from rules.text import Language, Text

DEMO = "tests.lab.demo"


def demo(once: Annotated[bool, typer.Option("--once", help="跑完一轮即退出 / end after one round")] = False) -> None:
    """建一座演示城市，跑一轮，核对结论。Build a demo city, look at it, and hold every word against the truth."""
    try:
        city = importlib.import_module(DEMO)
    except ModuleNotFoundError as missing:
        if missing.name not in ("tests", "tests.lab", DEMO):
            raise
        told = Text(
            "演示城市不在安装包里：请检出源代码，在其目录中运行 make demo",
            "the demo city is not part of the installed package: check out the source and run make demo there",
        )
        end(both(told), EX_FAILED)
    raise typer.Exit(city.main(["--once"] if once else []))


def round_(
    directory: Directory = DEFAULT,
    target: Annotated[list[str] | None, typer.Option(help="只看此目标，可重复 / only this target")] = None,
    lang: LangOption = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
    as_json: JsonOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只列出将发什么、发给谁、约需多久，一个包也不发 / only tell; send nothing")
    ] = False,
) -> None:
    """立即跑完整一轮：探测、评判、确认，并显示排名。One whole round now: look, judge, confirm, show the ranking."""
    from exporters.documenting import dumps, posture_document
    from monitor.commands.round import run_round
    from monitor.screen.bars import Bars
    from monitor.screen.city import show
    from monitor.screen.terminal import terminal

    known = known_or_end(directory)
    language = speech(known, lang)
    hosts = [host_or_end(known, host) for host in target or []]
    if dry_run:
        _tell_plan(known, hosts or None, language, as_json=as_json)
        return
    halted = _halted_or_end(known, directory)
    settle()
    bars = Bars(Console(stderr=True), known.probes, language)
    with at_work_or_end(), store_or_end(known) as store, bars:
        done = asyncio.run(run_round(directory, known, store, hosts or None, bars, halted))
    if as_json:
        print(dumps(posture_document(done.posture, stopped=halted.read() is not None)))
    else:
        show(terminal(), done.posture, language, worst)
    if done.quiet:
        quiet = Text(
            f"{done.quiet} 个目标处于静默时段，本轮未探测", f"{done.quiet} targets in quiet hours were left alone"
        )
        print(quiet.into(language), file=sys.stderr)
    if done.unwritten:
        end(
            f"存储不可用，{done.unwritten} 条观测未能写入 / the store took nothing: {done.unwritten} records were lost",
            EX_FAILED,
        )
    _end_if_halted(known, halted)


def _tell_plan(known: Known, hosts: Sequence[str] | None, language: Language, *, as_json: bool) -> None:
    """Print what a round would send."""
    from exporters.documenting import dumps
    from monitor.commands.plan import document, plan
    from monitor.screen.plan import show_plan
    from monitor.screen.terminal import terminal

    with at_work_or_end():
        made = plan(known, hosts)
    if as_json:
        print(dumps(document(made)))
    else:
        show_plan(terminal(), known, made, language)


def look(
    host: HostArgument, config: ConfigOption = DEFAULT, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """立即查看一个目标的一切：除发包台账外不作记录。Everything about one target, live; only the ledger is kept."""
    from exporters.documenting import dumps, looked_document
    from monitor.commands.look import look_at
    from monitor.screen.looked import Looking
    from monitor.screen.terminal import terminal

    known = known_or_end(config)
    if not known.config.vantage.sees(known.config.targets[host_or_end(known, host)]):
        end(f"{host} 不由本监测点查看 / {host} is to be seen from another zone", EX_CONFIG)
    halted = _halted_or_end(known, config)
    shown = Looking(Console(stderr=True) if as_json else terminal(), known, speech(known, lang), quiet=as_json)
    with at_work_or_end(), beside(known) as store:
        found = asyncio.run(look_at(config, known, host, shown.seen, halted, store))
    if as_json:
        print(dumps(looked_document(found.target, found.records, found.verdicts)))
    else:
        shown.judged(found.verdicts)
    _end_if_halted(known, halted)


def serve(directory: Directory = DEFAULT) -> None:
    """常驻运行：按计划探测，向 Prometheus 提供指标。Run for good: look on schedule, serve metrics to Prometheus."""
    from monitor.daemon import Daemon

    known = known_or_end(directory)
    settle()
    with at_work_or_end():
        asyncio.run(Daemon(directory, known).run())


def _halted_or_end(known: Known, directory: Path) -> HaltFile:
    """Return where an order to stop would lie; one that is in force ends the command."""
    file = known.halt_file(directory)
    _end_if_halted(known, file)
    return file


def _end_if_halted(known: Known, file: HaltFile) -> None:
    if (halt := file.read()) is not None:
        end(both(stopped_by(halt, known.config.daemon.time_zone)), EX_STOPPED)

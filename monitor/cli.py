"""The command line: `diaolou`, every word of it in Chinese and English."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from monitor.configuration import Known, read
from monitor.packs import RuleFaults
from monitor.settings import Mistakes
from monitor.store import Store, StoreUnavailable
from rules.text import Language

EX_CONFIG = 78
"""The exit status of an operator's mistake, as sysexits.h has it."""

app = typer.Typer(
    name="diaolou",
    help="碉楼：政务网络安全态势与 IPv6 就绪度监测。The watchtower: network security posture and IPv6 readiness.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="策略与规则。Policy and rules.", no_args_is_help=True)
report_app = typer.Typer(help="报告。Reports.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
app.add_typer(report_app, name="report")

Directory = Annotated[Path, typer.Argument(help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置目录 / the configuration directory", envvar="DIAOLOU_CONFIG")
]
DEFAULT = Path("config")


class Format(StrEnum):
    """The shape of a report."""

    HTML = "html"
    PDF = "pdf"


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def version() -> None:
    """显示版本。Show the version."""
    print(f"diaolou {importlib.metadata.version('diaolou')}")


@app.command()
def init(directory: Directory = DEFAULT) -> None:
    """写出一套可直接修改的样例配置。Write a sample configuration, ready to edit."""
    from monitor.settings.sample import init as write_sample

    try:
        written = write_sample(directory)
    except Mistakes as found:
        _end(str(found), EX_CONFIG)
    for path in written:
        print(path)


@app.command()
def check(directory: Directory = DEFAULT) -> None:
    """检查配置，一次列出全部错误；有错时退出码 78。Check the configuration; every mistake at once, exit 78."""
    known = _known(directory)
    config = known.config
    print(
        f"配置无误：{len(config.tree.agencies)} 个单位，{len(config.targets)} 个目标，{len(known.rules)} 条规则，"
        f"{len(known.probes)} 个探测项 / configuration is good: {len(config.tree.agencies)} agencies, "
        f"{len(config.targets)} targets, {len(known.rules)} rules, {len(known.probes)} probes"
    )


@app.command("round")
def round_(
    directory: Directory = DEFAULT,
    target: Annotated[list[str] | None, typer.Option(help="只看此目标，可重复 / only this target")] = None,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
) -> None:
    """立即跑完整一轮：探测、评判、确认，并显示排名。One whole round now: look, judge, confirm, show the ranking."""
    from monitor.commands.round import run_round
    from monitor.screen import Bars, show

    known = _known(directory)
    speech = language or known.config.daemon.language
    console, progress = Console(), Console(stderr=True)
    unknown = [host for host in target or [] if host not in known.config.targets]
    if unknown:
        _end(f"清单中没有目标 {unknown[0]} / no target {unknown[0]} in the inventory", EX_CONFIG)
    with _store(known) as store, Bars(progress, speech) as bars:
        posture = asyncio.run(run_round(directory, known, store, target, bars))
    show(console, posture, speech, worst)


@app.command()
def status(
    directory: Directory = DEFAULT,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
) -> None:
    """显示最近一次的态势，不作探测。Show how the city stood when last judged; looks at nothing."""
    from monitor.commands.status import current
    from monitor.screen import show

    known = _known(directory)
    with _reading(known) as store:
        show(Console(), current(known, store, _now()), language or known.config.daemon.language, worst)


@app.command()
def run(directory: Directory = DEFAULT) -> None:
    """常驻运行：按计划探测，向 Prometheus 提供指标。Run for good: look on schedule, serve metrics to Prometheus."""
    from monitor.daemon import Daemon

    known = _known(directory)
    try:
        asyncio.run(Daemon(directory, known).run())
    except StoreUnavailable as trouble:
        _end(str(trouble), 1)


@report_app.command("month")
def report_month(
    month: Annotated[str, typer.Argument(help="月份，如 2026-11 / the month, as 2026-11")],
    config: ConfigOption = DEFAULT,
    agency: Annotated[str, typer.Option(help="单位代码；不写为全市 / an agency's code; all, if absent")] = "",
    form: Annotated[Format, typer.Option("--format", help="html 或 pdf / html or pdf")] = Format.HTML,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到此文件 / write to this file")] = None,
) -> None:
    """生成月报。Write the monthly report."""
    from exporters.report import PdfUnavailable, render_html, render_pdf
    from monitor.atomic import write_whole
    from monitor.commands.report import monthly

    known = _known(config)
    daemon = known.config.daemon
    speech = language or daemon.language
    try:
        with _reading(known) as store:
            report = monthly(known, store, month, agency or daemon.city, _now())
        page = render_html(report, speech, daemon.time_zone)
        content = page.encode("utf-8") if form is Format.HTML else render_pdf(page)
    except (ValueError, PdfUnavailable) as fault:
        _end(str(fault), 1)
    path = output or Path(f"diaolou-{agency or daemon.city}-{month}-{speech.value}.{form.value}")
    write_whole(path, content)
    print(path)


@policy_app.command("test")
def policy_test(directory: Directory = DEFAULT) -> None:
    """运行每条规则自带的用例。Run the cases every rule brings along."""
    from monitor.commands.policy_test import run_cases

    results = run_cases(directory / "packs")
    for result in results:
        if not result.holds:
            print(f"✗ {result.rule}: {result.case}")
            for subject in sorted({*result.expected, *result.actual}):
                wanted, got = result.expected.get(subject), result.actual.get(subject)
                if wanted != got:
                    print(f"    {subject or '(整个目标 / whole target)'}: 应为 expected {wanted}, 得到 got {got}")
    failed = sum(not result.holds for result in results)
    print(f"{len(results) - failed} 个用例通过 passed, {failed} 个失败 failed")
    raise typer.Exit(1 if failed else 0)


def _known(directory: Path) -> Known:
    try:
        return read(directory)
    except RuleFaults as faults:
        _end(str(faults), EX_CONFIG)
    except Mistakes as found:
        _end(str(found), EX_CONFIG)


def _store(known: Known) -> Store:
    try:
        return Store.open(known.config.daemon.store_url, zone=known.config.daemon.time_zone)
    except StoreUnavailable as trouble:
        _end(str(trouble), 1)


def _reading(known: Known) -> Store:
    try:
        return Store.open_to_read(known.config.daemon.store_url)
    except StoreUnavailable as trouble:
        _end(str(trouble), 1)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _end(message: str, status: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(status)


if __name__ == "__main__":
    os.umask(0o077)
    main()

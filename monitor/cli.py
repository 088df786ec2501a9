"""The command line: `diaolou`, every word of it in Chinese and English."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.entrance import DEFAULT, ConfigOption, Directory, end, known_or_end, now, reading_or_end, store_or_end
from monitor.garbage import settle
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, EX_FAILED, Unequipped, both, told, trouble_with
from monitor.settings import Mistakes
from monitor.store import StoreUnavailable
from rules.text import Language, Text

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
        end(told(found), EX_CONFIG)
    for path in written:
        print(path)


@app.command()
def check(directory: Directory = DEFAULT) -> None:
    """检查配置，一次列出全部错误；有错时退出码 78。Check the configuration; every mistake at once, exit 78."""
    from monitor.commands.check import check as look_over

    try:
        notes = look_over(directory, now().date())
    except (Mistakes, RuleFaults) as found:
        end(told(found), EX_CONFIG)
    except Unequipped as fault:
        end(str(fault), fault.status)
    for note in notes:
        print(both(note))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV、XLSX，或 NetBox 导出 / CSV, XLSX or a NetBox export")],
    config: ConfigOption = DEFAULT,
    into: Annotated[
        Path | None, typer.Option("--into", "-o", help="写成此文件（.yaml 或 .csv）/ write this file")
    ] = None,
    agency: Annotated[str, typer.Option(help="没有写单位的行归入此单位 / agency of rows without one")] = "",
    domain: Annotated[str, typer.Option(help="给设备名补上的域名 / appended to bare device names")] = "",
) -> None:
    """导入其他系统的资产表；不写 --into 则只看不写。Import another inventory; without --into it only looks."""
    from monitor.importers import Options, import_targets

    known = known_or_end(config).config
    if agency and agency not in known.tree.agencies:
        end(f'没有单位 "{agency}" / there is no agency "{agency}"', EX_CONFIG)
    options = Options(agency=agency, domain=domain, present=known.targets.keys())
    try:
        found = import_targets(file, known.tree, options, into=into)
    except Mistakes as faults:
        end(told(faults), EX_CONFIG)
    for remark in (*found.changed, *found.skipped):
        print(f"{file}:{remark.row}: {remark.host}: {both(remark.why)}", file=sys.stderr)
    print(
        f"读到 {found.read} 行，可用 {len(found.entries)} 个，略过 {len(found.skipped)} 行 / "
        f"rows read: {found.read}, targets: {len(found.entries)}, skipped: {len(found.skipped)}"
    )
    if into is not None and found.entries:
        print(into)


@app.command()
def explain(
    host: Annotated[str, typer.Argument(help="目标 / the target")],
    rule: Annotated[str, typer.Argument(help="规则；不写为全部 / a rule; all, if absent")] = "",
    config: ConfigOption = DEFAULT,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
) -> None:
    """说明对一个目标的每条结论：规则、取值与证据。Explain every verdict on a target: rule, values, witnesses."""
    from monitor.commands.explain import explain as explained
    from monitor.screen import terminal
    from monitor.screen_explain import show_explained

    known = known_or_end(config)
    daemon = known.config.daemon
    if host not in known.config.targets:
        end(f"清单中没有目标 {host} / no target {host} in the inventory", EX_CONFIG)
    if rule and rule not in known.rules:
        end(f"没有规则 {rule} / no rule {rule}", EX_CONFIG)
    with reading_or_end(known, config) as store:
        found = explained(known, store, host, rule)
    if not found:
        end(f"还没有对 {host} 的结论 / nothing was concluded about {host} yet", EX_FAILED)
    show_explained(terminal(), found, language or daemon.language, daemon.time_zone)


@app.command("round")
def round_(
    directory: Directory = DEFAULT,
    target: Annotated[list[str] | None, typer.Option(help="只看此目标，可重复 / only this target")] = None,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
) -> None:
    """立即跑完整一轮：探测、评判、确认，并显示排名。One whole round now: look, judge, confirm, show the ranking."""
    from monitor.commands.round import run_round
    from monitor.screen import Bars, show, terminal

    known = known_or_end(directory)
    speech = language or known.config.daemon.language
    console, progress = terminal(), Console(stderr=True)
    unknown = [host for host in target or [] if host not in known.config.targets]
    if unknown:
        end(f"清单中没有目标 {unknown[0]} / no target {unknown[0]} in the inventory", EX_CONFIG)
    settle()
    try:
        with store_or_end(known) as store, Bars(progress, speech) as bars:
            done = asyncio.run(run_round(directory, known, store, target, bars))
    except Unequipped as fault:
        end(str(fault), fault.status)
    except StoreUnavailable as trouble:
        end(trouble_with(trouble), EX_FAILED)
    show(console, done.posture, speech, worst)
    if done.quiet:
        console.print(
            Text(
                f"{done.quiet} 个目标处于静默时段，本轮未探测", f"{done.quiet} targets in quiet hours were left alone"
            ).into(speech)
        )
    if done.unwritten:
        end(
            f"存储不可用，{done.unwritten} 条观测未能写入 / the store took nothing: {done.unwritten} records were lost",
            EX_FAILED,
        )


@app.command()
def status(
    directory: Directory = DEFAULT,
    language: Annotated[Language | None, typer.Option(help="zh 或 en / zh or en")] = None,
    worst: Annotated[int, typer.Option(help="列出最严重的隐患数 / how many of the worst findings to list")] = 10,
) -> None:
    """按已有观测显示此刻的态势，不作探测。Show how the city stands by what is known; looks at nothing."""
    from monitor.commands.status import current
    from monitor.screen import show, terminal

    known = known_or_end(directory)
    with reading_or_end(known, directory) as store:
        show(terminal(), current(known, store, now()), language or known.config.daemon.language, worst)


@app.command()
def run(directory: Directory = DEFAULT) -> None:
    """常驻运行：按计划探测，向 Prometheus 提供指标。Run for good: look on schedule, serve metrics to Prometheus."""
    from monitor.daemon import Daemon

    known = known_or_end(directory)
    settle()
    try:
        asyncio.run(Daemon(directory, known).run())
    except Unequipped as fault:
        end(str(fault), fault.status)
    except StoreUnavailable as trouble:
        end(trouble_with(trouble), EX_FAILED)


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

    known = known_or_end(config)
    daemon = known.config.daemon
    speech = language or daemon.language
    try:
        with reading_or_end(known, config) as store:
            report = monthly(known, store, month, agency or daemon.city, now())
        page = render_html(report, speech, daemon.time_zone)
        content = page.encode("utf-8") if form is Format.HTML else render_pdf(page)
    except (ValueError, PdfUnavailable) as fault:
        end(str(fault), EX_FAILED)
    path = output or Path(f"diaolou-{agency or daemon.city}-{month}-{speech.value}.{form.value}")
    write_whole(path, content)
    print(path)


@policy_app.command("test")
def policy_test(directory: Directory = DEFAULT) -> None:
    """运行每条规则自带的用例。Run the cases every rule brings along."""
    from monitor.commands.policy_test import run_cases

    try:
        results = run_cases(directory / "packs")
    except RuleFaults as faults:
        end(told(faults), EX_CONFIG)
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


if __name__ == "__main__":
    os.umask(0o077)
    main()

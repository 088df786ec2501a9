"""The commands about the configuration's files: the sample, the check, and inventories from elsewhere."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.entrance import DEFAULT, ConfigOption, Directory, agency_or_end, end, known_or_end, now
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, Unequipped, both, told
from monitor.settings import Mistakes


def version() -> None:
    """显示版本。Show the version."""
    print(f"diaolou {importlib.metadata.version('diaolou')}")


def init(directory: Directory = DEFAULT) -> None:
    """写出一套可直接修改的样例配置。Write a sample configuration, ready to edit."""
    from monitor.settings.sample import init as write_sample

    try:
        written = write_sample(directory)
    except Mistakes as found:
        end(told(found), EX_CONFIG)
    for path in written:
        print(path)


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

    known = known_or_end(config)
    options = Options(agency=agency_or_end(known, agency), domain=domain, present=known.config.targets.keys())
    try:
        found = import_targets(file, known.config.tree, options, into=into)
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

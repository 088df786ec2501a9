"""The command that turns what is declared into packet filters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from exporters.enforcement import Dialect
from monitor.configuration import Known
from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    agency_or_end,
    end,
    host_or_end,
    known_or_end,
    reading_or_end,
)
from monitor.refusal import EX_CONFIG, EX_FAILED, both
from monitor.settings.hosts import parse_network
from monitor.settings.mistakes import Refused
from probes.wire.scope import Network
from rules.text import Text


def enforce(
    host: Annotated[str, typer.Argument(help="目标；或写 --agency / the target; or else --agency")] = "",
    config: ConfigOption = DEFAULT,
    agency: Annotated[str, typer.Option(help="此单位及下级的全部目标 / every target of this agency and below")] = "",
    dialect: Annotated[Dialect, typer.Option(help="nftables、huawei、h3c、cisco 或 ruijie")] = Dialect.NFTABLES,
    trust: Annotated[
        list[str] | None, typer.Option(help="可以访问一切的管理网段，可重复 / a prefix of administrators, repeatable")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到此目录 / write to this directory")] = None,
) -> None:
    """按申报的服务生成主机或交换机的访问控制，两族一致。Make packet filters of what is declared, for both families."""
    from exporters.enforcement import render
    from monitor.atomic import write_whole
    from monitor.commands.enforce import plans

    known = known_or_end(config)
    hosts = _hosts(known, host, agency)
    trusted = [_network(text) for text in trust or ()]
    with reading_or_end(known, config) as store:
        made = plans(known, store, hosts, trusted)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    missing = []
    for plan in made:
        try:
            text = render(plan, dialect)
        except ValueError as fault:
            missing.append(str(fault))
            continue
        if output is None:
            print(text, end="")
        else:
            path = output / _file_name(plan.host, dialect)
            write_whole(path, text.encode("utf-8"))
            print(path)
    if missing:
        end("\n".join(missing), EX_FAILED)


def _hosts(known: Known, host: str, agency: str) -> Sequence[str]:
    if bool(host) == bool(agency):
        end(both(Text("请写目标或 --agency 之一", "write one of a target and --agency")), EX_CONFIG)
    if host:
        return [host_or_end(known, host)]
    below = frozenset(known.config.tree.subtree(agency_or_end(known, agency)))
    return sorted(name for name, target in known.config.targets.items() if target.agency in below)


def _network(text: str) -> Network:
    try:
        return parse_network(text)
    except Refused as fault:
        cure = f"; {both(fault.cure)}" if fault.cure.zh else ""
        end(f"--trust {text}: {both(fault.message)}{cure}", EX_CONFIG)


def _file_name(host: str, dialect: Dialect) -> str:
    """Return a file name: a target is a name or an address, and of those only a colon is no good in one."""
    return f"{host.replace(':', '-')}.{'nft' if dialect is Dialect.NFTABLES else f'{dialect}.txt'}"

"""The command that makes the page to publish for those we probe."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from monitor.atomic import write_whole
from monitor.entrance import DEFAULT, Directory, end, known_or_end
from monitor.refusal import EX_USAGE, both
from rules.text import Text


def about(
    directory: Directory = DEFAULT,
    source: Annotated[
        list[str] | None, typer.Option("--from", help="探测所用的源地址，可重复 / an address we probe from; repeatable")
    ] = None,
    name: Annotated[str, typer.Option(help="源地址的反向域名 / the reverse name of these addresses")] = "",
    into: Annotated[Path | None, typer.Option("--into", "-o", help="写成此文件 / write this file")] = None,
) -> None:
    """由配置生成“关于我们的探测”网页，供发布在 contact 所写的网址。Make the page to publish at the contact URL."""
    from exporters.about import About, blanks, page, pointers

    config = known_or_end(directory).config
    try:
        addresses = tuple(ip_address(each) for each in source or ())
    except ValueError as fault:
        end(f"--from 应为地址 / --from must be an address: {fault}", EX_USAGE)
    agency = config.tree.agencies[config.daemon.city]
    contact = next(iter(agency.contacts), None)
    crawling, limits = config.surroundings.crawling, config.limits
    made = About(
        agency=agency.name,
        user_agent=limits.user_agent,
        addresses=addresses,
        name=name,
        mail=contact.mail if contact else "",
        phone=contact.phone if contact else "",
        overall=limits.overall,
        per_host=limits.per_host,
        second=crawling.second,
        third=crawling.third,
        source_ports=limits.source_ports,
    )
    if into is None:
        print(page(made), end="")
    else:
        write_whole(into, page(made).encode())
        into.chmod(0o644)
        print(into)
    if left := blanks(made):
        print(both(Text("还须填写：", "still to be filled in: ")) + ", ".join(left), file=sys.stderr)
    if lines := pointers(made):
        advice = Text(
            "请让管理这些地址的单位设置反向域名，并使该名字正向解析回同样的地址",
            "have whoever runs these addresses set their reverse names, and let the name resolve back to them",
        )
        print("\n".join([both(advice), *lines]), file=sys.stderr)

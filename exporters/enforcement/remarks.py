"""The comments at the head of a filter; what others wrote cannot leave its comment, nor speak to a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporters.enforcement.model import Enforcement
from exporters.words import told
from probes.text import clean
from rules.text import Text

_LIMIT = 200
"""Bytes of somebody else's words in one comment."""

_PLAIN = re.compile(r"[^\w .,:;/@()\[\]_+=，。：；、（）—-]")
"""What a device might take for a command: "?" asks a switch for help, and quotes and bars mean something to others."""


def safe(text: str) -> str:
    """Return *text* as it may stand in a comment of any dialect: one line, no signs that mean something."""
    return _PLAIN.sub("_", clean(text, _LIMIT))


def remarks(plan: Enforcement) -> Iterator[Text]:
    """Yield what is to be said of *plan*, both languages each time; every piece is `safe` already."""
    host = safe(plan.host)
    yield Text(
        f"{host}（{safe(plan.agency.zh)}）的访问控制，由碉楼按申报的服务生成；改申报，不要手改此文件。",
        f"Packet filter of {host} ({safe(plan.agency.en)}), made by Diaolou of the services declared: change those.",
    )
    yield Text(f"策略 {safe(plan.policy)}", f"Policy {safe(plan.policy)}")
    yield Text(
        f"监测点 {safe(plan.vantage)} 从外部查看，不需要、也没有例外：它看到的应与任何人相同。{safe(plan.contact)}",
        f"The vantage {safe(plan.vantage)} looks from outside and has no exception: it is to see what anybody sees. "
        f"{safe(plan.contact)}",
    )
    if not plan.doors:
        yield Text("没有申报任何服务：对外一律不开放。", "No service is declared: nothing is let in.")
    for door, family in plan.lopsided():
        only = told(family)
        yield Text(
            f"{door.transport} {door.port} 只申报了 {only.zh}，两族一致放行。",
            f"{door.transport} {door.port} is declared over {only.en} alone, and let in over both.",
        )
    if not plan.trusted:
        yield Text(
            "没有给出管理地址（--trust）：未申报的管理端口，装载之后从哪里都连不上；已建立的连接不断。",
            "No --trust was given: undeclared ports for administration are closed to everyone once this is loaded; "
            "connections that stand go on.",
        )
    if plan.beyond:
        listed = " ".join(str(address) for address in plan.beyond)
        yield Text(f"不在授权范围内、未写入的地址：{listed}", f"Addresses beyond our scope, left out: {listed}")
    yield from _closings(plan)


def _closings(plan: Enforcement) -> Iterator[Text]:
    for closing in plan.closings:
        key = closing.finding.key
        named = f"{key.id} {safe(key.subject)}"
        if closing.declared:
            yield Text(
                f"未消除的隐患：{named} {safe(closing.title.zh)}（该端口已申报，故放行）",
                f"Not closed: {named} {safe(closing.title.en)} (the port is declared, and so let in)",
            )
        else:
            yield Text(f"可消除的隐患：{named} {safe(closing.title.zh)}", f"Closes: {named} {safe(closing.title.en)}")

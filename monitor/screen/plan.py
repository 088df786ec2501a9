"""What a round would send."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text as Line

from exporters.words import word
from monitor.commands.plan import HostPlan, Plan
from monitor.configuration import Known
from monitor.screen.terminal import plain, table
from probes.outlook import Sending
from rules.text import Language, Text

_HEADINGS = (
    Text("单位、目标", "Agency, target"),
    Text("地址与范围", "Addresses and scope"),
    Text("看一遍通常发送", "Usually sent for one look"),
)
_UNKNOWN = Text("未知，按每族一个计；探测时再查范围", "unknown: one of each family assumed; scope checked when looking")
_NONE = Text("没有地址", "no address")
_OURSELVES = Text("（监测点自身）", "(the tower itself)")


def show_plan(console: Console, known: Known, plan: Plan, language: Language) -> None:
    """Print *plan*: agency by agency, host by host, and in all."""
    shown = table("", _HEADINGS, language)
    for code, sendings in plan.agencies.items():
        name = known.config.tree.agencies[code].name.into(language)
        shown.add_row(Line(name, style="bold"), "", Line(_amounts(sendings, language), style="bold"))
        for host in plan.hosts:
            if host.target.agency == code:
                shown.add_row(
                    plain(f"  {host.target.host}"), _addresses(host, language), _amounts(host.sendings, language)
                )
    shown.add_row(Line(_OURSELVES.into(language), style="bold"), "", _amounts(plan.ourselves, language))
    console.print(shown)
    for line in _sums(plan, language):
        console.print(plain(line), soft_wrap=True)


def _sums(plan: Plan, language: Language) -> Iterable[str]:
    usual, most = plan.seconds
    limits = plan.limits
    yield Text("合计，通常：", "In all, usually: ").into(language) + _amounts(plan.whole, language)
    yield Text("合计，至多：", "In all, at most: ").into(language) + _amounts(plan.whole, language, most=True)
    yield Text(
        f"按现行速率（全局每秒 {limits.overall:g}，每单位 {limits.per_agency:g}，每主机 {limits.per_host:g}）"
        f"看一遍约 {_span(usual)}，至多 {_span(most)}；新发现的问题会再看一遍。",
        f"At the present pace ({limits.overall:g} a second in all, {limits.per_agency:g} an agency, "
        f"{limits.per_host:g} a host) looking once takes about {_span(usual)}, {_span(most)} at most; "
        "what is found new is looked at once more.",
    ).into(language)
    yield Text(
        "“至多”指对方都不应答、每次重发和后备途径都用上。以上均未发送。",
        '"At most" is where nobody answers and every repetition and fallback is used. None of this was sent.',
    ).into(language)


def _amounts(sendings: Iterable[Sending], language: Language, *, most: bool = False) -> str:
    said = (f"{word(each.what, language)} {each.most if most else each.usual:,}" for each in sendings)
    return Text("，", ", ").into(language).join(said)


def _addresses(host: HostPlan, language: Language) -> str:
    if not host.known:
        return _UNKNOWN.into(language)
    ok = Text("可发", "in scope").into(language)
    said = [f"{address} {word(refusal, language) if refusal else ok}" for address, refusal in host.addresses.items()]
    return "\n".join(said) or _NONE.into(language)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"

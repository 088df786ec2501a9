"""The rollout on a terminal: goals, remedies by how much they lift, and what each host of an agency needs."""

from __future__ import annotations

from collections.abc import Collection

from rich.console import Console

from exporters.posture import Posture
from exporters.rollout import outlook
from exporters.words import word
from monitor.screen.terminal import plain, table
from rules.rollout import Fix, Remedy, Rollout
from rules.text import Language, Text

NAMED = 5
"""Hosts named of those a remedy lifts."""


def show_rollout(
    console: Console, rollout: Rollout, posture: Posture, language: Language, top: int, *, hosts: bool
) -> None:
    """Print the goals, the *top* remedies, and with *hosts* what each host needs."""
    if rollout.progress:
        console.print(_goals(rollout, language))
    console.print(_remedies(rollout.remedies[:top], len(rollout.remedies), posture, language))
    if hosts:
        console.print(_steps(rollout, posture, language))


def _goals(rollout: Rollout, language: Language) -> object:
    headings = (
        Text("期限", "by"),
        Text("阶段", "stage"),
        Text("目标", "goal"),
        Text("已到", "there"),
        Text("还差", "missing"),
        Text("未测得", "unknown"),
        Text("近四周每周", "a week lately"),
        Text("今后每周须", "a week needed"),
        Text("按此进度", "at this pace"),
    )
    made = table(Text("推进目标", "Goals").into(language), headings, language)
    for each in rollout.progress:
        made.add_row(
            each.goal.by.isoformat(),
            word(each.goal.stage, language),
            f"{each.goal.share:.0%}",
            f"{each.there}/{each.hosts}",
            str(each.missing),
            str(each.unknown),
            "—" if each.pace is None else f"{each.pace:+.1f}",
            "—" if each.needed is None else f"{each.needed:.1f}",
            outlook(each).into(language),
        )
    return made


def _remedies(remedies: tuple[Remedy, ...], count: int, posture: Posture, language: Language) -> object:
    title = Text(f"改哪里最见效（{len(remedies)}/{count}）", f"What lifts most ({len(remedies)} of {count})")
    headings = Text("可升一阶", "lifts"), Text("或可", "perhaps"), Text("须整改", "to be mended"), Text("主机", "hosts")
    made = table(title.into(language), headings, language)
    for each in remedies:
        lifted = [*each.hosts, *each.perhaps]
        fixes = "\n".join(_fix(fix, lifted, posture, language) for fix in each.fixes)
        more = f" … +{len(lifted) - NAMED}" if len(lifted) > NAMED else ""
        made.add_row(
            str(len(each.hosts)), str(len(each.perhaps) or "·"), plain(fixes), plain("\n".join(lifted[:NAMED]) + more)
        )
    return made


def _steps(rollout: Rollout, posture: Posture, language: Language) -> object:
    headings = Text("主机", "host"), Text("现在", "now"), Text("下一阶", "next"), Text("须整改", "to be mended")
    made = table(Text("逐台清单", "Host by host").into(language), headings, language)
    for step in rollout.steps:
        needs = [_fix(fix, [step.host], posture, language) for fix in sorted(step.fixes)]
        needs += [f"? {_title(rule, posture, language)}" for rule in step.unknown]
        made.add_row(
            plain(step.host),
            word(step.stage, language),
            word(step.next, language) if step.next else "·",
            plain("\n".join(needs) or "·"),
        )
    return made


def _fix(fix: Fix, hosts: Collection[str], posture: Posture, language: Language) -> str:
    """Return what is to be mended, and where, unless that is one of *hosts* itself."""
    title = _title(fix.rule, posture, language)
    return title if fix.thing in hosts else f"{title} ← {fix.thing}"


def _title(rule: str, posture: Posture, language: Language) -> str:
    return Text(*posture.rules.get(rule, (rule, rule))).into(language)

"""What `diaolou check` tells: the mistakes, or what was understood and what deserves a second look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.settings.config import Config
from monitor.settings.load import Written, load
from monitor.settings.mistakes import Mistake, Mistakes
from rules.reporting import Basis
from rules.text import Text

ENDING_SOON = dt.timedelta(days=30)
FAR = dt.timedelta(days=90)
"""How far ahead deadlines commonly reach."""
WEB_PORTS = (443, 80)
"""What most of all is looked at, and what filters treat otherwise than the rest."""
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check: a *config* and notes on it, or mistakes."""

    config: Config | None
    mistakes: tuple[Mistake, ...] = ()
    notes: tuple[Text, ...] = ()


def check(
    directory: Path,
    known_rules: Collection[str],
    known_probes: Collection[str],
    today: dt.date,
    policy: Written | None = None,
) -> Report:
    """Read the settings in *directory* as the daemon would, and report; *policy* stands for its own policy.yaml."""
    try:
        config = load(directory, known_rules, known_probes, policy)
    except Mistakes as found:
        return Report(None, found.mistakes)
    return Report(config, (), (_counts(config), *_notes(config, known_rules, today)))


def _counts(config: Config) -> Text:
    agencies, targets = len(config.tree.agencies), len(config.targets)
    clauses, waivers = len(config.policy.clauses), len(config.waivers)
    return Text(
        f"{agencies} 个单位，{targets} 个目标，{clauses} 条条款，{waivers} 项豁免",
        f"agencies: {agencies}, targets: {targets}, clauses: {clauses}, waivers: {waivers}",
    )


def _notes(config: Config, known_rules: Collection[str], today: dt.date) -> Iterator[Text]:
    if not config.scope.allow:
        yield Text("scope.allow 为空，一个包也不会发出", "scope.allow is empty, so no packet will be sent")
    yield from _control_notes(config)
    unjudged = sorted(set(known_rules) - set(config.policy.clauses))
    if unjudged:
        yield Text(
            f"没有条款、因而不评判的规则：{_listed(unjudged)}", f"rules without clause, not judged: {_listed(unjudged)}"
        )
    idle = _without_targets(config)
    if idle:
        yield Text(f"没有目标的单位：{_listed(idle)}", f"agencies without targets: {_listed(idle)}")
    elsewhere = sorted(config.targets.keys() - config.watched.keys())
    if elsewhere:
        zone = config.vantage.zone
        yield Text(
            f"不归本观测点所在区域 {zone} 看的目标 {len(elsewhere)} 个，不探测，结论都是“未知”：{_listed(elsewhere)}",
            f"targets to be seen from other zones than ours, {zone}, not looked at and unknown: {_listed(elsewhere)}",
        )
    yield from _waiver_notes(config, today)
    yield from _response_notes(config)
    if config.policy.workdays is not None and (missing := today + FAR).year not in config.holiday_years:
        yield Text(
            f"{missing.year} 年的放假安排还不知道，期限只扣周末；公布后写入 holidays.yaml",
            f"the holidays of {missing.year} are not known, deadlines skip weekends only; write them to holidays.yaml",
        )


def _control_notes(config: Config) -> Iterator[Text]:
    for family in sorted(config.vantage.families):
        ports = {contact.port for contact in config.surroundings.controls.get(family, ())}
        if not ports:
            yield Text(
                f"没有 {family} 的对照目标，无法证明观测点自己有 {family}，{family} 的结论都将是“未知”",
                f"no control target over {family}: the vantage cannot prove it, and all of it stays unknown",
            )
        elif missing := [str(port) for port in WEB_PORTS if port not in ports]:
            yield Text(
                f"端口 {'、'.join(missing)} 没有 {family} 对照目标：自己的出口若过滤它，会算到单位头上；请各配两个",
                f"no control target over {family} on port {', '.join(missing)}: "
                "should our own egress filter it, agencies would be blamed; give two for each",
            )


def _response_notes(config: Config) -> Iterator[Text]:
    if config.alerting.ladder and config.alerting.mail is None:
        yield Text(
            "alerting.yaml 没有写 mail：无人认领的告警不论上报到哪一级，都只送到本塔的网址",
            "alerting.yaml has no mail: on every step of the ladder only the tower's own webhooks are told",
        )
    if unsure := [duty.id for duty in config.duties if duty.basis is not Basis.OWN]:
        yield Text(
            f"报告时限未与正式文本核对，不是官方口径：{_listed(unsure)}",
            f"terms for reports that nobody has held against the official text: {_listed(unsure)}",
        )


def _without_targets(config: Config) -> list[str]:
    """Return the agencies that answer for no target, and have none below them that does."""
    busy = {target.agency for target in config.targets.values()}
    for code in list(busy):
        busy.update(config.tree.ancestors(code))
    return [code for code in config.tree.agencies if code not in busy]


def _waiver_notes(config: Config, today: dt.date) -> Iterator[Text]:
    for waiver in config.waivers:
        whom = waiver.target or waiver.agency
        if not waiver.rule.strip("*"):
            yield Text(f"豁免涵盖全部规则：{whom}", f"a waiver covers every rule: {whom}")
        if waiver.until < today:
            yield Text(
                f"豁免已于 {waiver.until} 到期：{waiver.rule}（{whom}）",
                f"a waiver ended on {waiver.until}: {waiver.rule} ({whom})",
            )
        elif waiver.until - today <= ENDING_SOON:
            yield Text(
                f"豁免将于 {waiver.until} 到期：{waiver.rule}（{whom}）",
                f"a waiver ends on {waiver.until}: {waiver.rule} ({whom})",
            )


def _listed(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "")

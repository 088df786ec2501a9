"""The pages of documentation on every probe and every rule, made from the code, the packs and the policy."""

from __future__ import annotations

import datetime as dt
import inspect
import ipaddress
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from enum import StrEnum
from itertools import groupby
from typing import Union, get_args, get_origin, get_type_hints

from exporters.words import word
from probes.observation import SAMPLE
from probes.registry import Probe
from rules.policy import Clause, Level, Policy
from rules.rule import Rule, Status
from rules.text import Language

PROBES_HEAD = """\
# 探测项 Probes

本页由代码生成，请勿手改：`make docs`
<br>This page is made from the code; change it there and run `make docs`.

探测项只记录所见，从不评判。标有“样本”的字段每次都可能不同，变化不算状态变化。“阶段”是一轮之内的先后。
<br>A probe says what it saw and never judges. A field marked *sample* may differ at each look without meaning a change.
The stage is the order within a round.
"""

RULES_HEAD = """\
# 规则 Rules

本页由规则包和样例策略（`config/policy.yaml`）生成，请勿手改：`make docs`
<br>This page is made from the packs and the sample policy; change them and run `make docs`.

没有条款的规则不评判；没有期限写作“—”。
<br>A rule without a clause is not judged; a dash stands for no deadline.
"""

STAGES = ("看自己 ourselves", "找地址 addresses", "用地址 what is at them")
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_PLAIN: Mapping[object, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true/false",
    dt.datetime: "time (UTC)",
    ipaddress.IPv4Address: "address",
    ipaddress.IPv6Address: "address",
    types.NoneType: "nothing",
}


# --- probes


def probes_page(probes: Mapping[str, Probe]) -> str:
    """Return the page on *probes*, in Markdown."""
    parts = [PROBES_HEAD, *_overview(probes.values())]
    for probe in probes.values():
        parts += _probe(probe)
    return "\n".join(parts)


def _overview(probes: Iterable[Probe]) -> Iterator[str]:
    yield "| 探测项 Probe | 阶段 Stage | 周期 Every | 问题 Question |"
    yield "|---|---|---|---|"
    for probe in probes:
        link = f"[`{probe.name}`](#{probe.name})"
        yield f"| {link} | {probe.stage} {STAGES[probe.stage]} | {duration(probe.every)} | {_cell(probe.question)} |"
    yield ""


def _probe(probe: Probe) -> Iterator[str]:
    kinds = ", ".join(word(kind, Language.ZH) for kind in sorted(probe.kinds)) or "全部 all"
    yield f"## {probe.name}\n"
    yield f"**{probe.question}**\n"
    yield from _paragraphs(probe.run)
    yield f"- 依据 Source: {probe.source}"
    yield f"- 周期 Every: {duration(probe.every)}；时限 Deadline: {duration(probe.deadline)}"
    yield f"- 阶段 Stage: {probe.stage} {STAGES[probe.stage]}；目标类别 Kinds: {kinds}\n"
    yield f"### {probe.name}: 事实 facts\n"
    yield inspect.cleandoc(probe.facts.__doc__ or "") + "\n"
    yield from _fields(probe.facts)
    for nested in _nested(probe.facts):
        yield f"`{nested.__name__}`: {inspect.cleandoc(nested.__doc__ or '')}\n"
        yield from _members(nested) if issubclass(nested, StrEnum) else _fields(nested)


def _paragraphs(run: object) -> Iterator[str]:
    """Yield what a probe's docstring says between the question and the source."""
    for paragraph in inspect.cleandoc(getattr(run, "__doc__", "") or "").split("\n\n")[1:]:
        if not paragraph.startswith("Source: "):
            yield paragraph + "\n"


def _fields(of: type) -> Iterator[str]:
    assert is_dataclass(of)
    hints = get_type_hints(of)
    yield "| 字段 Field | 类型 Type | 样本 Sample |"
    yield "|---|---|---|"
    for item in fields(of):
        yield f"| `{item.name}` | {type_name(hints[item.name])} | {_sampled(item)} |"
    yield ""


def _sampled(item: Field[object]) -> str:
    return "样本 sample" if item.metadata == SAMPLE else ""


def _members(of: type[StrEnum]) -> Iterator[str]:
    yield ", ".join(f"`{member.value}`" for member in of) + "\n"


def _nested(of: type) -> list[type]:
    """Return the closed sets and the records that the fields of *of* hold, each once, in order."""
    found: dict[type, None] = {}
    for hint in get_type_hints(of).values():
        for leaf in _leaves(hint):
            if isinstance(leaf, type) and leaf not in found:
                if issubclass(leaf, StrEnum):
                    found[leaf] = None
                elif is_dataclass(leaf):
                    found[leaf] = None
                    found.update(dict.fromkeys(_nested(leaf)))
    return list(found)


def _leaves(hint: object) -> Iterator[object]:
    inner = get_args(hint)
    if not inner:
        yield hint
    for each in inner:
        yield from _leaves(each)


def type_name(hint: object) -> str:
    """Name a field's type for people; a `|` would end the cell of the table."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_name(each) for each in get_args(hint)))
    if get_origin(hint) in (tuple, frozenset):
        return f"list of {type_name(get_args(hint)[0])}"
    return _PLAIN.get(hint) or f"`{getattr(hint, '__name__', hint)}`"


def duration(seconds: float) -> str:
    """Write *seconds* in the largest unit that needs no fraction."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0 or size == 1.0)
    return f"{seconds / size:g} {unit}"


# --- rules


def rules_page(rules: Mapping[str, Rule], policy: Policy) -> str:
    """Return the page on *rules* as *policy* weighs them, in Markdown."""
    parts = [RULES_HEAD]
    for pack, of_pack in groupby(sorted(rules.values(), key=lambda rule: rule.pack), key=lambda rule: rule.pack):
        parts += _pack(pack, of_pack, policy)
    return "\n".join([*parts, *_ladder(policy)])


def _pack(pack: str, rules: Iterable[Rule], policy: Policy) -> Iterator[str]:
    yield f"## {pack}\n"
    yield "| 规则 Rule | 应当成立 | What should hold | 级别 Level | 天数 Days | 探测项 Probes | 依据 References |"
    yield "|---|---|---|---|---|---|---|"
    for rule in rules:
        probes = ", ".join(f"[`{name}`](probes.md#{name})" for name in sorted(rule.reads))
        title, clause = rule.title, policy.clauses.get(rule.id)
        trial = "" if rule.status is Status.STABLE else f" ({rule.status})"
        yield (
            f"| `{rule.id}`{trial} | {_cell(title.zh)} | {_cell(title.en)} | {_level(clause)} | {_days(clause)} "
            f"| {probes} | {_cell('; '.join(rule.references))} |"
        )
    yield ""


def _level(clause: Clause | None) -> str:
    if clause is None:
        return "—"
    later = "".join(f"<br>{step.since}: {_word(step.level)}" for step in clause.stricter if step.level)
    return _word(clause.level) + later


def _word(level: Level) -> str:
    return f"{word(level, Language.ZH)} {word(level, Language.EN)}"


def _days(clause: Clause | None) -> str:
    if clause is None:
        return "—"
    later = "".join(f"<br>{step.since}: {step.days}" for step in clause.stricter if step.days is not None)
    return ("—" if clause.days is None else str(clause.days)) + later


def _ladder(policy: Policy) -> Iterator[str]:
    yield "## IPv6 阶梯 The IPv6 ladder\n"
    yield "| 阶段 Stage | 必须成立的规则 Rules that must hold |"
    yield "|---|---|"
    for stage, rules in policy.ladder.items():
        named = ", ".join(f"`{rule}`" for rule in rules) or "尚无规则，一律未知 none yet, so unknown"
        yield f"| {word(stage, Language.ZH)} {word(stage, Language.EN)} | {named} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

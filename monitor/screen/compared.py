"""What another policy would change, on a terminal."""

from __future__ import annotations

from rich.console import Console

from exporters.words import word
from monitor.commands.policy_diff import Comparison
from monitor.screen.terminal import level, plain, table
from rules.comparison import Turn
from rules.policy import Clause, Level
from rules.text import Language, Text

_TURNS = (Turn.OPENS, Turn.CLOSES, Turn.RISES, Turn.FALLS)


def show_comparison(console: Console, found: Comparison, language: Language, most: int) -> None:
    """Print the clauses that differ, what that means to each agency, and at most *most* of the findings touched."""
    console.print(plain(_heading(found).into(language)), style="bold")
    if not found.clauses and not found.profiles and not found.touched:
        console.print(Text("没有差别", "no difference").into(language))
        return
    _clauses(console, found, language)
    if found.profiles:
        names = ", ".join(found.profiles)
        console.print(plain(Text(f"有差别的档案：{names}", f"profiles that differ: {names}").into(language)))
    _agencies(console, found, language)
    _findings(console, found, language, most)


def _heading(found: Comparison) -> Text:
    old, new, days = found.old.config.policy, found.new.config.policy, found.days
    names = f"{old.version} ({old.digest[:12]}) → {new.version} ({new.digest[:12]})"
    span = str(days[0]) if len(days) == 1 else f"{days[0]} — {days[-1]}"
    return Text(f"策略 {names}，按 {span} 的事实", f"policy {names}, by the facts of {span}")


def _clauses(console: Console, found: Comparison, language: Language) -> None:
    headings = (Text("规则", "rule"), Text("变化", "change"), Text("原条款", "clause"), Text("新条款", "new clause"))
    made = table(Text("条款", "Clauses").into(language), headings, language)
    for one in found.clauses:
        made.add_row(
            plain(one.rule), word(one.turn, language), _clause(one.before, language), _clause(one.after, language)
        )
    if found.clauses:
        console.print(made)


def _agencies(console: Console, found: Comparison, language: Language) -> None:
    names = tuple(Text(word(turn, Language.ZH), word(turn, Language.EN)) for turn in _TURNS)
    made = table(Text("各单位隐患", "Findings by agency").into(language), (Text("单位", "agency"), *names), language)
    agencies = found.new.config.tree.agencies
    for code, counts in found.by_agency().items():
        made.add_row(plain(agencies[code].name.into(language)), *(str(counts.get(turn, 0) or "") for turn in _TURNS))
    if found.touched:
        console.print(made)
    else:
        console.print(Text("没有隐患受影响", "no finding would be touched").into(language))


def _findings(console: Console, found: Comparison, language: Language, most: int) -> None:
    headings = [Text("变化", "change"), Text("级别", "level"), Text("规则", "rule"), Text("目标", "target")]
    headings.append(Text("对象", "subject"))
    if len(found.days) > 1:
        headings.append(Text("天数", "days"))
    made = table(Text("隐患", "Findings").into(language), headings, language)
    for one in found.touched[:most]:
        shift = one.shift
        weight = shift.after or shift.before
        days = [str(one.days)] if len(found.days) > 1 else []
        made.add_row(
            word(shift.turn, language),
            level(weight, language) if weight else "",
            plain(_title(found, shift.key.rule, language)),
            plain(shift.key.target),
            plain(shift.key.subject),
            *days,
        )
    if found.touched and most:
        console.print(made)
    rest = len(found.touched) - most
    if rest > 0:
        console.print(Text(f"另有 {rest} 条，--json 可得全部", f"{rest} more; --json gives all").into(language))


def _title(found: Comparison, rule: str, language: Language) -> str:
    known = found.new.rules.get(rule) or found.old.rules.get(rule)
    return known.title.into(language) if known else rule


def _clause(clause: Clause | None, language: Language) -> str:
    if clause is None:
        return "—"
    words = [word(Level(clause.level), language)]
    if clause.days is not None:
        words.append(Text(f"{clause.days} 天", f"{clause.days} d").into(language))
    if clause.since is not None:
        words.append(Text(f"{clause.since} 起", f"from {clause.since}").into(language))
    return " · ".join(words)

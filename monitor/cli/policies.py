"""The commands about rules and policy."""

from __future__ import annotations

import typer

from monitor.entrance import DEFAULT, Directory, end, now
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, told
from monitor.settings import Mistakes
from rules.cases import TO_SHOW, Result, unshown


def run_cases(directory: Directory = DEFAULT) -> None:
    """运行每条规则的用例；少展示一种结果也算失败。Run the cases of every rule; each must show all outcomes."""
    from monitor.commands import rule_cases

    try:
        results = rule_cases.run_cases(directory, now())
    except (Mistakes, RuleFaults) as faults:
        end(told(faults), EX_CONFIG)
    failed = [result for result in results if not result.holds]
    for result in failed:
        _tell(result)
    missing = unshown(results)
    for rule, outcomes in missing.items():
        listed = ", ".join(outcomes)
        print(f"✗ {rule}: 没有用例展示 no case shows {listed}")
    rules = len({result.rule for result in results})
    print(f"{len(results) - len(failed)} 个用例通过 passed, {len(failed)} 个失败 failed")
    print(f"{rules - len(missing)}/{rules} 条规则展示了全部结果 rules show every outcome ({', '.join(TO_SHOW)})")
    raise typer.Exit(1 if failed or missing else 0)


def _tell(result: Result) -> None:
    print(f"✗ {result.rule}: {result.case}")
    for subject in sorted({*result.expected, *result.actual}):
        wanted, got = result.expected.get(subject), result.actual.get(subject)
        if wanted != got:
            print(f"    {subject or '(整个目标 / whole target)'}: 应为 expected {wanted}, 得到 got {got}")

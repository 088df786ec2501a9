"""What every probe and every rule must bring along; whoever forgets a part is told which."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import pkgutil
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typer.main import get_command

import probes
from monitor import packs
from monitor.cli import app
from probes import registry
from probes.observation import Facts, Sighting
from probes.outlook import Sends
from probes.registry import Probe
from probes.target import Target
from probes.wire import Wire
from probes.wire.recording import ReplayWire
from rules.facts import schema
from rules.rule import Case, Rule, Status
from rules.verdict import Outcome
from tests.generated import ROOT

PROBES, RULES = registry.load(), packs.load()
SHOWN = {Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN}
NO_RECORDINGS = {"enforcement", "metrics"}
"""Folders of fixtures that belong to no probe."""


def _settings(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    return loaded


# --- what is looked for


def lacks_of_probe(probe: Probe, root: Path) -> Iterator[str]:
    """Yield what *probe* lacks in the project at *root*."""
    if probe.run.__module__ != f"probes.{probe.name}":
        yield f"a module probes/{probe.name}.py of its own"
    if not (root / "tests" / "probes" / f"test_{probe.name}.py").is_file():
        yield f"tests/probes/test_{probe.name}.py"
    recordings = sorted((root / "tests" / "fixtures" / probe.name).glob("*.json"))
    if not recordings:
        yield f"a recording in tests/fixtures/{probe.name}/"
    if probe.sends is None:
        yield "`sends`: what a look would send, for the dry run"
    if not probe.question.endswith("?"):
        yield "a docstring that begins with its question"
    if not probe.source:
        yield "a docstring that cites its Source"
    if f"| [`{probe.name}`](#{probe.name}) |" not in _page(root, "probes.md"):
        yield "a row in docs/probes.md: run `make docs`"
    if not probe.facts.__doc__ or probe.facts.__doc__.startswith(f"{probe.facts.__name__}("):
        yield "a docstring of its facts"


def lacks_of_rule(rule: Rule, root: Path) -> Iterator[str]:
    """Yield what *rule* lacks in the project at *root*."""
    shown = {outcome for case in rule.cases for outcome in case.subjects.values()}
    yield from (f"a case that shows {outcome}" for outcome in sorted(SHOWN - shown))
    policy = yaml.safe_load((root / "config" / "policy.yaml").read_text(encoding="utf-8"))
    if rule.status is not Status.RETIRED and rule.id not in policy["clauses"]:
        yield "a clause in config/policy.yaml"
    if not rule.reads:
        yield "a probe it reads"
    if f"| `{rule.id}`" not in _page(root, "rules.md"):
        yield "a row in docs/rules.md: run `make docs`"


def strangers(policy: Mapping[str, Any], schedule: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the settings name although it is not there."""
    yield from (f"clause of no rule: {rule}" for rule in policy["clauses"] if rule not in RULES)
    for stage, rules in policy["ladder"].items():
        yield from (f"ladder, {stage}: {rule}" for rule in rules if rule not in RULES)
    yield from (f"schedule of no probe: {probe}" for probe in schedule["probes"] if probe not in PROBES)


def odd_modules(names: list[str], registered: Mapping[str, Probe]) -> list[str]:
    """Return the modules of *names* that do not register exactly the probe they are named for, and the other way."""
    modules = {f"probes.{name}": name for name in names if "_" in name}
    found = Counter(probe.run.__module__ for probe in registered.values())
    wrong = [name for module, name in modules.items() if found[module] != 1 or name not in registered]
    return sorted({*wrong, *(registered.keys() - modules.values())})


def _page(root: Path, name: str) -> str:
    path = root / "docs" / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


# --- the project


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_a_probe_lacks_nothing(probe: Probe) -> None:
    assert list(lacks_of_probe(probe, ROOT)) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_lacks_nothing(rule: Rule) -> None:
    assert list(lacks_of_rule(rule, ROOT)) == []


def test_every_module_of_a_probe_registers_the_function_it_is_named_for() -> None:
    assert odd_modules([module.name for module in pkgutil.iter_modules(probes.__path__)], PROBES) == []


def test_the_settings_name_nothing_that_is_not_there() -> None:
    assert list(strangers(_settings("policy.yaml"), _settings("schedule.yaml"))) == []


def test_every_folder_of_recordings_belongs_to_a_probe() -> None:
    folders = {path.name for path in (ROOT / "tests" / "fixtures").iterdir() if path.is_dir()}
    assert folders - NO_RECORDINGS == set(PROBES)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/fixtures").glob("*_*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_recording_can_be_replayed_and_names_no_machine(path: Path) -> None:
    ReplayWire(path)
    assert json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    assert str(ROOT.parent) not in path.read_text(encoding="utf-8")


def test_no_two_rules_bear_the_same_title() -> None:
    for language in ("zh", "en"):
        titles = Counter(getattr(rule.title, language) for rule in RULES.values())
        assert [title for title, times in titles.items() if times > 1] == []


def test_no_two_test_files_bear_the_same_name() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []


# --- facts


AWARE = st.datetimes(timezones=st.just(dt.UTC))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES: Mapping[object, st.SearchStrategy[object]] = {
    dt.datetime: AWARE,
    float: FINITE,
    float | None: st.none() | FINITE,
}
"""Values of the types for which hypothesis would also make what facts never hold: local times and no numbers."""


def facts_of(kind: type[Facts]) -> st.SearchStrategy[Facts]:
    """Return facts of *kind* with any values of the types it declares, and its parts alike."""
    hints = get_type_hints(kind)
    parts = {name: facts_of(hint) for name, hint in hints.items() if dataclasses.is_dataclass(hint)}
    return st.builds(kind, **parts, **{name: VALUES[hint] for name, hint in hints.items() if hint in VALUES})


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_facts_are_frozen_slotted_and_plain(probe: Probe) -> None:
    kind = probe.facts
    assert issubclass(kind, Facts)
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert set(kind.__slots__) == {item.name for item in dataclasses.fields(kind)}
    assert not hasattr(object.__new__(kind), "__dict__"), "a base class without slots"
    assert probe.name in schema({probe.name: kind}), "a condition can read it"


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_facts_survive_being_stored_as_json(probe: Probe, data: st.DataObject) -> None:
    facts = data.draw(facts_of(probe.facts))
    adapter = TypeAdapter(probe.facts)
    assert adapter.validate_json(adapter.dump_json(facts)) == facts
    assert hash(facts) == hash(adapter.validate_json(adapter.dump_json(facts)))


# --- whether the checks above would notice


@dataclasses.dataclass(frozen=True, slots=True)
class Bare(Facts):
    answer: int


async def _unasked(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Says something."""
    for nothing in tuple[Sighting, ...]():
        yield nothing


async def _asked(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """What is there?

    Source: RFC 1.
    """
    for nothing in tuple[Sighting, ...]():
        yield nothing


def _probe(
    name: str, run: Callable[..., Any], module: str = "", facts: type[Facts] = Facts, sends: Sends | None = None
) -> Probe:
    run.__module__ = module or f"probes.{name}"
    return Probe(name, run, facts, 60.0, 5.0, 2, frozenset(), sends=sends)


def _project(root: Path, *paths: str) -> Path:
    for path in (*paths, "config/policy.yaml"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("clauses: {}\n" if path.endswith(".yaml") else "{}", encoding="utf-8")
    return root


def test_a_bare_probe_is_told_all_it_lacks(tmp_path: Path) -> None:
    bare = _probe("dns_bare", _unasked, "probes.dns_other", Bare)
    assert list(lacks_of_probe(bare, _project(tmp_path))) == [
        "a module probes/dns_bare.py of its own",
        "tests/probes/test_dns_bare.py",
        "a recording in tests/fixtures/dns_bare/",
        "`sends`: what a look would send, for the dry run",
        "a docstring that begins with its question",
        "a docstring that cites its Source",
        "a row in docs/probes.md: run `make docs`",
        "a docstring of its facts",
    ]


def test_a_probe_with_everything_is_told_nothing(tmp_path: Path) -> None:
    root = _project(tmp_path, "tests/probes/test_dns_whole.py", "tests/fixtures/dns_whole/one.json", "docs/probes.md")
    (root / "docs/probes.md").write_text("| [`dns_whole`](#dns_whole) | ... |", encoding="utf-8")
    whole = _probe("dns_whole", _asked, facts=PROBES["dns_address"].facts, sends=lambda _: ())
    assert list(lacks_of_probe(whole, root)) == []


def test_a_bare_rule_is_told_all_it_lacks(tmp_path: Path) -> None:
    good = RULES["aaaa_published"]
    case = Case("only", good.cases[0].now, {}, {"": Outcome.PASS})
    bare = dataclasses.replace(good, id="bare", cases=(case,), reads=frozenset())
    assert list(lacks_of_rule(bare, _project(tmp_path))) == [
        "a case that shows fail",
        "a case that shows unknown",
        "a clause in config/policy.yaml",
        "a probe it reads",
        "a row in docs/rules.md: run `make docs`",
    ]
    retired = dataclasses.replace(bare, status=Status.RETIRED)
    assert "a clause in config/policy.yaml" not in list(lacks_of_rule(retired, tmp_path))


def test_settings_that_name_strangers_are_told_each() -> None:
    policy = {"clauses": {"aaaa_published": {}, "nobody": {}}, "ladder": {"equal": ["somebody", "aaaa_published"]}}
    assert list(strangers(policy, {"probes": {"tcp_ports": {}, "udp_ports": {}}})) == [
        "clause of no rule: nobody",
        "ladder, equal: somebody",
        "schedule of no probe: udp_ports",
    ]


@pytest.mark.parametrize(
    ("names", "registered", "odd"),
    [
        (["dns_one", "plain"], {"dns_one": "dns_one"}, []),
        (["dns_one"], {}, ["dns_one"]),
        (["dns_one"], {"dns_uno": "dns_one"}, ["dns_one", "dns_uno"]),
        (["dns_one"], {"dns_one": "dns_one", "dns_two": "dns_one"}, ["dns_one", "dns_two"]),
        (["dns_one"], {"dns_one": "dns_one", "plain": "plain"}, ["plain"]),
    ],
)
def test_modules_and_probes_that_do_not_match_are_told(
    names: list[str], registered: dict[str, str], odd: list[str]
) -> None:
    def made(name: str, module: str) -> Probe:
        async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
            for nothing in tuple[Sighting, ...]():
                yield nothing

        return _probe(name, run, f"probes.{module}")

    assert odd_modules(names, {name: made(name, module) for name, module in registered.items()}) == odd


# --- what the documentation tells people to type

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/design/*.md", "systemd/*", "config/*.yaml", "config/prometheus/*.yml")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
TYPED = re.compile(r"(?:^|[`/ ])diaolou ((?:[a-z][a-z-]+)(?: [a-z][a-z-]+)?)([^`\n#|]*)")


def _commands() -> Mapping[str, frozenset[str]]:
    """Return every registered command with its options."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, frozenset[str]]]:
        for name, sub in getattr(command, "commands", {}).items():
            yield from walk(sub, f"{path} {name}".strip())
        if path:
            yield path, frozenset(option for parameter in command.params for option in parameter.opts)

    return dict(walk(get_command(app), ""))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_a_page_names_is_one_with_those_options(page: Path) -> None:
    commands = _commands()
    wrong = []
    for line in page.read_text(encoding="utf-8").splitlines():
        for match in TYPED.finditer(line) if _typed(line) else ():
            words = match[1].split()
            name = next((name for name in (" ".join(words), words[0]) if name in commands), None)
            options = set(re.findall(r"(?:^| )(--?[a-z][a-z-]*)", match[2]))
            if name is None or not options <= {*commands[name], "--help"}:
                wrong.append(match[0])
    assert wrong == []


def _typed(line: str) -> bool:
    """Say whether *line* shows something to type: a line of a shell or a unit, or a word set as code."""
    return bool(re.search(r"`diaolou |bin/diaolou |^\s*(?:\$ |sudo .*)?diaolou ", line))


def test_the_pages_name_every_command() -> None:
    said = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    groups = {"acts", "finding", "notice", "policy", "report"}
    assert [name for name in _commands() if name not in groups and f"diaolou {name}" not in said] == []

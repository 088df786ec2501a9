"""The samples and schemas in `config/`: what a newcomer starts from must be right."""

import datetime as dt
import json
from pathlib import Path

import pytest

from monitor import packs
from monitor.settings import Mistakes, load
from monitor.settings.checkup import check
from monitor.settings.folder import FILES
from monitor.settings.sample import init
from monitor.settings.schemas import MODELS, schemas
from probes import registry
from rules.policy import Stage
from tests.monitor.operator import PROBES, RULES, Desk

CONFIG = Path(__file__).parents[2] / "config"
TODAY = dt.date(2026, 11, 1)


def test_the_samples_load_with_the_rules_and_probes_there_are() -> None:
    config = load(CONFIG, packs.load(), registry.load())
    assert config.daemon.city in config.tree.agencies
    assert len(config.targets) > 10
    assert all(config.policy.ladder[stage] for stage in (Stage.PUBLISHED, Stage.REACHABLE, Stage.EQUAL))


def test_the_samples_use_only_names_and_addresses_set_aside_for_documentation() -> None:
    config = load(CONFIG, packs.load(), registry.load())
    for host, target in config.targets.items():
        literal = target.literal
        assert (
            literal in config.scope.allow[0] or host.startswith("2001:db8:") if literal else host.endswith(".example")
        )


@pytest.mark.parametrize("name", FILES)
def test_each_sample_names_its_schema_and_speaks_chinese_first(name: str) -> None:
    lines = (CONFIG / name).read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# yaml-language-server: $schema=schemas/{name.removesuffix('.yaml')}.json"
    said = [line for line in lines[1:] if line.strip("# ")]
    assert any("\u4e00" <= character <= "\u9fff" for character in said[0])


def test_no_other_schema_is_committed() -> None:
    assert {path.name for path in (CONFIG / "schemas").iterdir()} == set(schemas())


def test_every_key_of_every_model_stands_in_its_schema() -> None:
    for name, model in MODELS.items():
        schema = json.loads(schemas()[f"{name}.json"])
        assert list(schema["properties"]) == list(model.model_fields)
        assert schema["additionalProperties"] is False


# --- beginning


def test_what_init_writes_is_free_of_mistakes(tmp_path: Path) -> None:
    written = init(tmp_path / "new")
    assert {path.name for path in written} >= set(FILES)
    assert load(tmp_path / "new", packs.load(), registry.load()).targets


def test_init_overwrites_nothing_and_then_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("mine")
    with pytest.raises(Mistakes, match="not overwritten"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]
    assert (tmp_path / "policy.yaml").read_text() == "mine"


# --- checking


def test_a_check_says_what_was_understood(tmp_path: Path) -> None:
    Desk(tmp_path)
    report = check(tmp_path, RULES, PROBES, TODAY)
    assert report.config is not None
    assert not report.mistakes
    assert report.notes[0].en == "agencies: 3, targets: 2, clauses: 2, waivers: 0"


def test_a_check_with_mistakes_has_no_configuration(tmp_path: Path) -> None:
    Desk(tmp_path).write("policy.yaml", "x: 1\n")
    report = check(tmp_path, RULES, PROBES, TODAY)
    assert report.config is None
    assert len(report.mistakes) > 5


def test_a_check_notes_what_deserves_a_second_look(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("diaolou.yaml", 'allow: [192.0.2.0/24, 10.0.0.0/8, "2001:db8::/32"]', "allow: []")
    desk.change("diaolou.yaml", ', ipv6: ["[2001:db8::53]:53"]', "")
    notes = " ".join(note.en for note in check(tmp_path, RULES, PROBES, TODAY).notes)
    assert "no packet will be sent" in notes
    assert "no control target over ipv6" in notes
    assert "rules without clause, not judged: https_available" in notes
    assert "agencies without targets: town" in notes


@pytest.mark.parametrize(
    ("ipv4", "said"),
    [
        ('"192.0.2.53:53"', "on port 443, 80:"),
        ('"192.0.2.53:53", "192.0.2.8:443"', "on port 80:"),
        ('"192.0.2.8:443", "192.0.2.8:80"', ""),
        ("", "no control target over ipv4: the vantage cannot prove it"),
    ],
)
def test_a_check_notes_ports_of_the_web_that_no_control_proves(tmp_path: Path, ipv4: str, said: str) -> None:
    desk = Desk(tmp_path)
    desk.change("diaolou.yaml", '"192.0.2.53:53"', ipv4)
    notes = [note for note in check(tmp_path, RULES, PROBES, TODAY).notes if "over ipv4" in note.en]
    assert [said in note.en and "ipv4" in note.zh for note in notes] == [True] * bool(said)


@pytest.mark.parametrize(
    ("until", "said"), [("2026-10-31", "a waiver ended"), ("2026-11-20", "a waiver ends"), ("2026-12-31", "")]
)
def test_a_check_notes_waivers_that_have_ended_or_soon_will(tmp_path: Path, until: str, said: str) -> None:
    waiver = "{rule: aaaa_published, agency: town, reason: r, requested_by: a, approved_by: b, granted: 2026-01-10"
    Desk(tmp_path).write("waivers.yaml", f"waivers: [{waiver}, until: {until}}}]\n")
    notes = [note.en for note in check(tmp_path, RULES, PROBES, TODAY).notes]
    assert [note.startswith(said) for note in notes if "waiver end" in note] == [True] * bool(said)

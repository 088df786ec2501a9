"""100,000 targets load within seconds because a good file is never looked at twice; `tests/bench` measures it."""

from pathlib import Path

import pytest

from monitor.settings import inventory, yaml_reader
from tests.monitor.operator import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.targets(*(f"{{host: h{number}.example, agency: city, kind: website}}" for number in range(300)))
    return desk


def test_positions_are_looked_for_only_when_there_is_a_mistake(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    positions = yaml_reader._positions
    monkeypatch.setattr(yaml_reader, "_positions", lambda text: searched.append(text) or positions(text))
    assert len(desk.load().targets) == 300
    assert searched == []
    desk.change("targets.yaml", "h7.example", "h8.example")
    desk.change("targets.yaml", "h9.example", "http://h9.example")
    assert len(desk.mistakes()) == 2
    assert len(searched) == 1


def test_a_good_list_is_validated_as_a_whole_and_not_row_by_row(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[str] = []
    validate = inventory.validate

    def counted(model: type, *arguments: object) -> object:
        validated.append(model.__name__)
        return validate(model, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(inventory, "validate", counted)
    desk.load()
    assert validated == ["TargetsFile"]


def test_targets_of_a_kind_share_their_services(desk: Desk) -> None:
    assert len({id(target.declared) for target in desk.load().targets.values()}) == 1

"""Reading the playbooks: those that come along, and an operator's own beside the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from monitor.settings import Mistake, Mistakes
from monitor.settings.fields import Bilingual, Known, Section, spelled
from monitor.settings.mistakes import NOTHING, Names, Refused
from monitor.settings.validation import mistakes, validate
from monitor.settings.yaml_reader import read_yaml
from rules.playbook import Evidence, Playbook, Step
from rules.text import Text

OWN = "playbooks"
"""The folder beside the configuration in which an operator's own lie; one of the same id takes the place of ours."""

_ID = spelled("[a-z][a-z0-9_]{0,31}", "用小写字母、数字和 _", "use lower-case letters, digits and _")


class StepEntry(Section):
    """One step."""

    id: Annotated[str, *_ID]
    title: Bilingual
    do: Bilingual
    proof: Evidence = Evidence.TEXT
    optional: bool = False

    def noun(self) -> Step:
        """Return the step."""
        return Step(self.id, self.title.noun(), self.do.noun(), self.proof, self.optional)


class PlaybookFile(Section):
    """One playbook."""

    id: Annotated[str, *_ID]
    title: Bilingual
    when: Bilingual
    steps: list[StepEntry] = Field(min_length=1, max_length=100)

    @field_validator("steps")
    @classmethod
    def _told_apart(cls, steps: list[StepEntry]) -> list[StepEntry]:
        ids = [step.id for step in steps]
        for index, id_ in enumerate(ids):
            if id_ in ids[:index]:
                raise Refused(Text(f"“{id_}”出现了两次", f'"{id_}" appears twice'), at=(index, "id"))
        return steps

    def noun(self) -> Playbook:
        """Return the playbook."""
        return Playbook(self.id, self.title.noun(), self.when.noun(), tuple(step.noun() for step in self.steps))


def load(directory: Path | None = None) -> Mapping[str, Playbook]:
    """Return the playbooks by id, with those beside the configuration in *directory*.

    Raises:
        Mistakes: with every mistake of every file.
    """
    found: dict[str, Playbook] = {}
    wrong: list[Mistake] = []
    for shown, file in _files(directory):
        try:
            playbook = _read(shown, file)
        except Mistakes as faults:
            wrong += faults.mistakes
            continue
        found[playbook.id] = playbook
    if wrong:
        raise Mistakes(wrong)
    return found


def _files(directory: Path | None) -> Iterator[tuple[str, Traversable]]:
    folders: list[tuple[str, Traversable]] = [("rules/playbooks", files("rules") / "playbooks")]
    if directory is not None and (directory / OWN).is_dir():
        folders.append((str(directory / OWN), directory / OWN))
    for shown, folder in folders:
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if file.name.endswith(".yaml"):
                yield f"{shown}/{file.name}", file


def _read(shown: str, file: Traversable) -> Playbook:
    try:
        document = read_yaml(shown, file.read_bytes())
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        text = Text(f"读不出来：{reason}", f"cannot be read: {reason}")
        raise Mistakes([Mistake(shown, 0, 0, text, NOTHING)]) from fault
    anyone = Known(Path(), Names(None), Names(None), Names(None), Names(None))
    result = validate(PlaybookFile, {} if document.value is None else document.value, anyone)
    if isinstance(result, list):
        raise Mistakes(mistakes(document, result))
    if file.name != f"{result.id}.yaml":
        text = Text(f"文件应与剧本同名：“{result.id}.yaml”", f'the file must be named "{result.id}.yaml"')
        raise Mistakes([Mistake(shown, 0, 0, text, NOTHING)])
    return result.noun()

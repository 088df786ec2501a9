"""What can go wrong: a mistake in the text, found at load, and a question the data cannot answer, found later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Message(NamedTuple):
    """One sentence for people, in both languages."""

    en: str
    zh: str


class CelError(ValueError):
    """A mistake in an expression, with the place where it was noticed (lines and columns count from 1)."""

    def __init__(self, message: str | Message, line: int, column: int) -> None:
        self.text = message if isinstance(message, Message) else Message(message, message)
        self.message = self.text.en
        self.line = line
        self.column = column
        super().__init__(f"{line}:{column}: {self.message}")


class Fault(Exception):
    """An operation that has no result for these values, such as a division by zero."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Message(en, zh)
        super().__init__(en)


class Exhausted(Exception):
    """The evaluation used up its cost budget."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one expression, able to say where an offset is."""

    text: str

    def error(self, offset: int, en: str, zh: str) -> CelError:
        """Return the error at *offset*, ready to raise."""
        before = self.text[:offset]
        return CelError(Message(en, zh), before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    def extract(self, start: int, end: int) -> str:
        """Return the written form of a part of the expression, on one line."""
        return " ".join(self.text[start:end].split())

"""Text for people, in both languages of the house."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language Diaolou speaks."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Chinese and English; neither is empty."""

    zh: str
    en: str

    def into(self, language: Language) -> str:
        """Return the text in *language*."""
        return self.zh if language is Language.ZH else self.en

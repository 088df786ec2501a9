"""An operator's mistakes: where they are, what is wrong, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from probes.text import clean
from rules.text import Language, Text
from rules.waiving import alike

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. *line* and *column* count from 1; 0 means the file as a whole.

    In a CSV file *column* counts cells. *cure* is empty where the message already says what to do.
    """

    file: str
    line: int
    column: int
    message: Text
    cure: Text = NOTHING

    def render(self, language: Language) -> str:
        """Return the mistake as one line, `file:line: message; cure`; what was written is shown, never obeyed."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        cure = self.cure.into(language)
        joint = "；" if language is Language.ZH else "; "
        return clean(f"{place}: {self.message.into(language)}" + (joint + cure if cure else ""))

    def __str__(self) -> str:
        return self.render(Language.EN)


class Mistakes(Exception):
    """Nothing was loaded, for these reasons: all of them, in the order of the files and lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Refused(ValueError):
    """A value that cannot be accepted. *at* is the way from where it was raised to the culprit."""

    def __init__(self, message: Text, cure: Text = NOTHING, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(message.en)
        self.message, self.cure, self.at = message, cure, at


class Names:
    """The names that may be referred to. None: not known, because their own file could not be read."""

    def __init__(self, known: Collection[str] | None) -> None:
        self._known = None if known is None else frozenset(known)
        self._cures: dict[str, Text] = {}

    def __contains__(self, name: str) -> bool:
        return self._known is None or name in self._known

    def any_like(self, pattern: str) -> bool:
        """Say whether *pattern*, in which `*` stands for any text, means any of them."""
        return self._known is None or any(alike(pattern, name) for name in self._known)

    def cure(self, name: str) -> Text:
        """Say which known name was probably meant; empty when none is near."""
        if name not in self._cures:
            near = [word for word in self._known or () if abs(len(word) - len(name)) <= max(3, len(name) // 3)]
            self._cures[name] = did_you_mean(name, near)
        return self._cures[name]


def did_you_mean(word: str, candidates: Iterable[str]) -> Text:
    """Say which of *candidates* is nearest to *word*; empty when none is near."""
    lower = {candidate.lower(): candidate for candidate in sorted(candidates)}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if not near:
        return NOTHING
    return Text(f"是否应为“{lower[near[0]]}”？", f'did you mean "{lower[near[0]]}"?')

"""Why a bundle, or a key for one, is not taken."""

from __future__ import annotations

from rules.text import Text


class BundleRefused(Exception):
    """A bundle or key that is not taken, and why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)

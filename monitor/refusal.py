"""Why the tower cannot do as it was told, in both languages: the one way every command says it."""

from __future__ import annotations

from monitor.packs import RuleFaults
from monitor.settings import Mistakes
from monitor.settings.mistakes import Mistake
from probes.text import clean
from rules.faults import RuleFault
from rules.text import Language, Text

EX_CONFIG = 78
"""The exit status of an operator's mistake, as sysexits.h has it."""
EX_FAILED = 1


class Unequipped(Exception):
    """The tower cannot begin its work, for a reason outside the configuration's wording.

    *status* is the exit status: 78 where the operator can mend it in the configuration.
    """

    def __init__(self, text: Text, status: int = EX_CONFIG) -> None:
        super().__init__(both(text))
        self.text, self.status = text, status


def both(text: Text) -> str:
    """Return *text* in Chinese and English, on one line."""
    return f"{text.zh} / {text.en}"


def told(found: Mistakes | RuleFaults) -> str:
    """Return every mistake on a line of its own: the place first, then what is wrong in both languages."""
    faults = found.mistakes if isinstance(found, Mistakes) else found.faults
    return "\n".join(_line(fault) for fault in faults)


def _line(fault: Mistake | RuleFault) -> str:
    zh, en = fault.render(Language.ZH), fault.render(Language.EN)
    file = fault.file if isinstance(fault, Mistake) else fault.source
    place = clean(f"{file}:{fault.line}" if fault.line else file) + ": "
    return f"{zh} / {en.removeprefix(place)}"

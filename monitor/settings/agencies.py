"""agencies.yaml: the tree of those who answer for targets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.settings.fields import Bilingual, Section, Words, spelled
from monitor.settings.mistakes import Names, Refused
from monitor.settings.validation import Slip
from rules.agency import Agency, Contact, Role, Tier, Tree
from rules.text import Text

_CODE = spelled(
    "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "字母、数字、点、_ 和 -，以字母或数字开头，最多 64 个",
    "letters, digits, dots, _ and -, the first a letter or digit, at most 64",
)
_MAIL = spelled(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+", "写法如 name@example.gov.cn", "write it like name@example.gov.cn")
_PHONE = spelled(r"[0-9+][0-9 ()+-]{2,31}", "写数字、空格、+、-、括号", "digits, spaces, +, - and brackets")
_KIND = spelled(
    "[a-z][a-z0-9_-]{0,31}",
    "用小写字母、数字、_ 和 -，最多 32 个，如 hospital",
    "use lower-case letters, digits, _ and -, at most 32, as hospital",
)
Code = Annotated[str, *_CODE]
AgencyKind = Annotated[str, *_KIND]


class ContactEntry(Section):
    """A person or desk of an agency."""

    role: Role
    name: Words
    mail: Annotated[str, *_MAIL] = ""
    phone: Annotated[str, *_PHONE] = ""


class AgencyEntry(Section):
    """One agency. Towns and departments name the agency above them as `parent`."""

    code: Code
    name: Bilingual
    tier: Tier
    parent: Code | None = None
    kind: AgencyKind = ""
    contacts: list[ContactEntry] = Field(default_factory=list)

    def noun(self) -> Agency:
        """Return the agency."""
        contacts = tuple(Contact(entry.role, entry.name, entry.mail, entry.phone) for entry in self.contacts)
        return Agency(self.code, self.name.noun(), self.tier, self.parent or "", contacts, self.kind)


class AgenciesFile(Section):
    """The agencies, in the order they are to be listed in."""

    agencies: list[AgencyEntry] = Field(min_length=1)


def tree_slips(agencies: list[tuple[int, AgencyEntry]], codes: Names) -> list[Slip]:
    """Find duplicate codes, unknown parents, cycles and tiers upside down.

    *agencies* are the entries that could be read, with their index; *codes* those of all entries.
    """
    slips: list[Slip] = []
    first: dict[str, AgencyEntry] = {}
    for index, entry in agencies:
        if entry.code in first:
            message = Text(f"单位代码“{entry.code}”重复出现", f'the agency code "{entry.code}" appears twice')
            slips.append(Slip(("agencies", index, "code"), Refused(message)))
        first.setdefault(entry.code, entry)
    for index, entry in agencies:
        refusal = _parent_refusal(entry, first, codes)
        if refusal is not None:
            slips.append(Slip(("agencies", index, "parent"), refusal))
    return slips


def _parent_refusal(entry: AgencyEntry, known: dict[str, AgencyEntry], codes: Names) -> Refused | None:
    if entry.parent is None:
        return None
    if entry.parent not in codes:
        message = Text(f"没有代码为“{entry.parent}”的上级单位", f'no agency "{entry.parent}" to be the parent')
        return Refused(message, codes.cure(entry.parent))
    parent = known.get(entry.parent)
    if parent is not None and _height(parent.tier) > _height(entry.tier):
        message = Text(
            f"上级单位“{parent.code}”的层级（{parent.tier}）低于本单位（{entry.tier}）",
            f'the parent "{parent.code}" ({parent.tier}) stands below this agency ({entry.tier})',
        )
        return Refused(message)
    return _cycle_refusal(entry, known)


def _cycle_refusal(entry: AgencyEntry, known: dict[str, AgencyEntry]) -> Refused | None:
    passed = [entry.code]
    current: AgencyEntry | None = entry
    while current is not None and current.parent is not None:
        if current.parent == entry.code:
            way = " → ".join([*passed, entry.code])
            return Refused(Text(f"上级关系成环：{way}", f"the parents go in a circle: {way}"))
        if current.parent in passed:
            return None  # the circle is further up, and reported there
        passed.append(current.parent)
        current = known.get(current.parent)
    return None


def _height(tier: Tier) -> int:
    return list(Tier).index(tier)


def tree_of(entries: list[AgencyEntry]) -> Tree:
    """Return the tree of *entries* in which no slip was found."""
    return Tree.of(entry.noun() for entry in entries)

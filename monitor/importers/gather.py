"""Candidates to entries of the inventory: hosts read, agencies found, duplicates left out, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitor.importers.candidate import Candidate, Options, Remark
from monitor.settings.fields import Known
from monitor.settings.hosts import Span
from monitor.settings.mistakes import Names
from monitor.settings.table_reader import LISTS
from monitor.settings.targets import TargetEntry
from monitor.settings.validation import validate
from monitor.settings.yaml_reader import Value
from rules.agency import Tree
from rules.text import Text

Entry = Mapping[str, Value]
"""One item of `targets:`, ready to be written."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an import brought: *entries* to write, rows *skipped*, and rows taken with a *change*."""

    read: int
    entries: tuple[Entry, ...]
    skipped: tuple[Remark, ...]
    changed: tuple[Remark, ...]


def gather(found: Iterable[Candidate | Remark], tree: Tree, options: Options) -> Import:
    """Turn what was found into entries; a row that cannot become one is skipped with its reason."""
    known = Known(Path(), Names(()), Names(()), Names(tree.agencies), Names(None))
    words = _agency_words(tree, options)
    entries: dict[str, Entry] = {}
    skipped: list[Remark] = []
    changed: list[Remark] = []
    read = 0
    for one in found:
        read += 1
        if isinstance(one, Remark):
            skipped.append(one)
            continue
        code = words.get(one.agency.casefold()) if one.agency else options.agency
        if not code:
            skipped.append(Remark(one.row, one.host, _no_agency(one.agency)))
            continue
        raw, remarks = _raw(one, code, options)
        entry = validate(TargetEntry, raw, known)
        if isinstance(entry, list):
            skipped += [
                Remark(one.row, _safe(one.host), _why(slip.refusal.message, slip.refusal.cure)) for slip in entry
            ]
            continue
        name = entry.host.text if isinstance(entry.host, Span) else entry.host
        if name in entries or name in options.present:
            where = Text("已在本次导入中", "already in this import") if name in entries else _PRESENT
            skipped.append(Remark(one.row, name, where))
            continue
        entries[name] = {**raw, "host": name}
        changed += remarks
    return Import(read, tuple(entries.values()), tuple(skipped), tuple(changed))


_PRESENT = Text("清单中已有", "already in the inventory")


def _agency_words(tree: Tree, options: Options) -> Mapping[str, str]:
    """Map every word an agency may be called by to its code; the operator's own mapping has the last word."""
    words: dict[str, str] = {}
    for code, agency in tree.agencies.items():
        words.setdefault(agency.name.zh.casefold(), code)
        words.setdefault(agency.name.en.casefold(), code)
    words.update({code.casefold(): code for code in tree.agencies})
    words.update({word.casefold(): code for word, code in options.agencies.items()})
    return words


def _no_agency(said: str) -> Text:
    if not said:
        return Text("没有写单位，也没有指定默认单位", "it names no agency, and no default was given")
    return Text(f"不认识单位“{said}”", f'the agency "{said}" is not known')


def _raw(one: Candidate, code: str, options: Options) -> tuple[dict[str, Value], list[Remark]]:
    """Return the item as an operator would have written it, and what was changed to get there."""
    raw: dict[str, Value] = {"host": one.host, "agency": code}
    if options.kind is not None:
        raw["kind"] = str(options.kind)
    for key, words in one.fields.items():
        raw[key] = list[Value](words.replace(";", " ").split()) if key in LISTS else words
    url = urlsplit(one.host) if "://" in one.host else None
    if url is None or url.scheme.lower() not in ("http", "https") or "@" in url.netloc:
        return raw, []
    return _from_url(one, raw)


def _from_url(one: Candidate, raw: dict[str, Value]) -> tuple[dict[str, Value], list[Remark]]:
    """Take a web address apart: the host is the target, its path what is assessed, its port what is declared."""
    try:
        url = urlsplit(one.host)
        host, port = url.hostname or "", url.port
    except ValueError:
        return raw, []
    raw["host"] = host
    raw.setdefault("kind", "website")
    if url.path not in ("", "/"):
        raw.setdefault("paths", [url.path])
    if port is not None:
        raw.setdefault("declared", f"tcp/{port}")
    return raw, [Remark(one.row, host, Text(f"由网址 {_safe(one.host)} 取出", f"taken out of {_safe(one.host)}"))]


def _safe(host: str) -> str:
    """Return a host as it may be shown: without credentials."""
    scheme, mark, rest = host.rpartition("://")
    authority, slash, path = rest.partition("/")
    return scheme + mark + authority.rpartition("@")[2] + slash + path


def _why(message: Text, cure: Text) -> Text:
    if not cure.zh:
        return message
    return Text(f"{message.zh}；{cure.zh}", f"{message.en}; {cure.en}")

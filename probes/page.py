"""Reading a web page that anyone may have made: title, visible text and refresh, in one pass over its bytes.

A tolerant scanner and not a parser: nothing nests, nothing is expanded, and each character is looked at a bounded
number of times.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from probes.charset import decode
from probes.text import clean

SCAN_LIMIT = 4 * 1024 * 1024
"""Characters of a page looked at."""
TEXT_LIMIT = 500_000
"""Characters of visible text kept."""
TAG_LIMIT = 4096
"""Characters of one tag or title looked at."""

_OPENING = re.compile(r"<(?:(/?[a-zA-Z][a-zA-Z0-9:-]{0,31})|!|\?)")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,32})\s{0,64}=\s{0,64}(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
REFRESH = re.compile(r"\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_HIDDEN: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII)
    for name in ("script", "style", "noscript", "template", "textarea", "title", "xmp", "iframe")
}
"""Elements whose content is no visible text, and where it ends."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is read of a page. *title* and *refresh* are cleaned and clipped, empty when absent.

    *text* is the visible text with white space collapsed, entities resolved, and nothing cleaned: it is for
    comparing, not for showing. *refresh* is where a meta refresh leads. *charset* is what the bytes were read as.
    """

    title: str
    text: str
    refresh: str
    charset: str


def read_page(body: bytes, content_type: str = "") -> Page:
    """Read *body* as a page; whatever it is, the outcome is a page, perhaps an empty one."""
    text, charset = decode(body, content_type)
    title = refresh = ""
    visible: list[str] = []
    room = TEXT_LIMIT
    for name, content in _pieces(text[:SCAN_LIMIT]):
        if name == "" and room > 0:
            visible.append(content[:room])
            room -= len(content)
        elif name == "title":
            title = title or clean(_plain(content))
        elif name == "meta":
            refresh = refresh or _refresh(content)
    return Page(title, _plain("".join(visible)), refresh, charset)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield ("", visible text), ("title", content) and ("meta", attributes), in order."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        if opening.start() > at:
            yield "", text[at : opening.start()] + " "
        name = (opening[1] or "").lower()
        at = _after(text, "-->" if text.startswith("<!--", opening.start()) else ">", opening.end())
        if name == "meta":
            yield name, text[opening.end() : min(at, opening.end() + TAG_LIMIT)]
        elif name in _HIDDEN:
            closing = _HIDDEN[name].search(text, at)
            end = closing.start() if closing else len(text)
            if name == "title":
                yield name, text[at : min(end, at + TAG_LIMIT)]
            at = end
    if at < len(text):
        yield "", text[at:]


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _refresh(attributes: str) -> str:
    found = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(attributes)}
    if found.get("http-equiv", "").strip().lower() != "refresh":
        return ""
    content = REFRESH.fullmatch(html.unescape(found.get("content", "")))
    return clean(content[1].strip(" \t\r\n\"'")) if content else ""

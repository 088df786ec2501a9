"""What a page refers to: links, frames, forms, and all it loads, read out of HTML that anyone may have made."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

from probes.charset import decode
from probes.page import REFRESH
from probes.redirect import PORTS, Goal, goal
from probes.stylesheet import loads

SCAN_LIMIT = 4 * 1024 * 1024
"""Characters of a page looked at."""
REFERENCE_LIMIT = 5000
"""Different references of one page that are kept."""
URL_LIMIT = 2048
"""Characters of a URL as it is written; longer ones are passed over."""
SECONDS = 0.5
"""Processor time one page may take: elements nobody closes make every end tag dear."""
_PIECE = 8192
_SCRIPT_LIMIT = 256 * 1024
_AT_ONCE = 500
"""URLs taken from one attribute, style sheet or script."""


class Use(StrEnum):
    """How a page refers to something."""

    LINK = "link"
    REFRESH = "refresh"
    FRAME = "frame"
    FORM = "form"
    SCRIPT = "script"
    STYLE = "style"
    FONT = "font"
    IMAGE = "image"
    MEDIA = "media"
    MAIL = "mail"
    MENTION = "mention"
    """A URL within a script's text: it may be asked for, and may be not."""


LOADED = frozenset({Use.FRAME, Use.SCRIPT, Use.STYLE, Use.FONT, Use.IMAGE, Use.MEDIA})
"""What a browser fetches by itself to show the page."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing a page refers to. Of a mail address, *there* has the scheme `mailto` and the domain as its host."""

    use: Use
    there: Goal


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a page: its different references in order; *whole* unless a limit cut it short."""

    references: tuple[Reference, ...]
    whole: bool


def read_references(body: bytes, content_type: str, url: str) -> Reading:
    """Read *body*, found at *url*; whatever it is, the outcome is a reading, perhaps an empty one."""
    text, charset = decode(body, content_type)
    reader = _Reader(url, charset)
    parser = etree.HTMLParser(target=reader, encoding="utf-8", recover=True, huge_tree=True)
    data = text[:SCAN_LIMIT].encode("utf-8", "replace")
    until, whole = time.thread_time() + SECONDS, len(text) <= SCAN_LIMIT
    try:
        for start in range(0, len(data), _PIECE):
            if time.thread_time() > until or reader.full:
                whole = False
                break
            parser.feed(data[start : start + _PIECE])
        parser.close()
    except etree.LxmlError:
        whole = whole and not data.strip()
    return Reading(reader.references(), whole)


def read_style(body: bytes, content_type: str, url: str) -> Reading:
    """Read *body* as a style sheet found at *url*."""
    text, charset = decode(body, content_type)
    reader = _Reader(url, charset)
    reader.style(text)
    return Reading(reader.references(), whole=True)


_SOURCES: Final[Mapping[str, tuple[tuple[str, Use], ...]]] = {
    "a": (("href", Use.LINK),),
    "area": (("href", Use.LINK),),
    "script": (("src", Use.SCRIPT),),
    "img": (("src", Use.IMAGE), ("srcset", Use.IMAGE)),
    "source": (("src", Use.MEDIA), ("srcset", Use.IMAGE)),
    "video": (("src", Use.MEDIA), ("poster", Use.IMAGE)),
    "audio": (("src", Use.MEDIA),),
    "track": (("src", Use.MEDIA),),
    "embed": (("src", Use.MEDIA),),
    "object": (("data", Use.MEDIA),),
    "image": (("href", Use.IMAGE), ("xlink:href", Use.IMAGE)),
    "iframe": (("src", Use.FRAME),),
    "frame": (("src", Use.FRAME),),
    "form": (("action", Use.FORM),),
    "button": (("formaction", Use.FORM),),
    "input": (("formaction", Use.FORM), ("src", Use.IMAGE)),
    **dict.fromkeys(("body", "table", "tr", "td", "th"), (("background", Use.IMAGE),)),
}
_RELATIONS: Final = {
    "stylesheet": Use.STYLE,
    "icon": Use.IMAGE,
    "apple-touch-icon": Use.IMAGE,
    "mask-icon": Use.IMAGE,
    "modulepreload": Use.SCRIPT,
}
_PRELOADED: Final = {"script": Use.SCRIPT, "style": Use.STYLE, "font": Use.FONT, "image": Use.IMAGE}
_MENTIONED = re.compile(r"\bhttps?:(?:\\?/){2}[A-Za-z0-9._-]{1,253}(?::\d{1,5})?", re.ASCII)
_IGNORED = ("javascript:", "data:", "tel:", "about:", "blob:", "sms:")
_SPACE = str.maketrans("", "", "\t\n\r\f")


class _Reader:
    """Takes the parser's events, and keeps what they refer to; nothing of the page itself is built."""

    def __init__(self, url: str, charset: str) -> None:
        self._base, self._based = url, False
        self._charset = "utf-8" if charset.startswith("utf-16") else charset
        self._found: dict[Reference, None] = {}
        self._inside, self._content, self._room = "", list[str](), 0

    @property
    def full(self) -> bool:
        """Whether no further reference is kept."""
        return len(self._found) >= REFERENCE_LIMIT

    def references(self) -> tuple[Reference, ...]:
        """Return what was found, in order."""
        return tuple(self._found)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if tag in ("style", "script"):
            self._inside, self._content, self._room = tag, [], _SCRIPT_LIMIT
        if tag == "base" and not self._based and attributes.get("href"):
            self._base, self._based = _joined(self._base, attributes["href"]), True
        elif tag == "meta":
            self._meta(attributes)
        elif tag == "link":
            self._relation(attributes)
        for name, use in _SOURCES.get(tag, ()):
            if written := attributes.get(name):
                for url in islice(_candidates(written), _AT_ONCE) if name == "srcset" else (written,):
                    self._keep(use, url)
        if written := attributes.get("style"):
            self.style(written)

    def data(self, text: str) -> None:
        """Take text: that of style sheets and scripts alone."""
        if self._inside and self._room > 0:
            self._content.append(text[: self._room])
            self._room -= len(text)

    def end(self, tag: str) -> None:
        """End an element."""
        if tag != self._inside:
            return
        content, self._inside = "".join(self._content), ""
        if tag == "style":
            self.style(content)
            return
        for mention in islice(_MENTIONED.finditer(content), _AT_ONCE):
            self._keep(Use.MENTION, mention[0].replace("\\", ""))

    def close(self) -> None:
        """End the page, and a script or style sheet that nobody closed."""
        self.end(self._inside)

    def style(self, text: str) -> None:
        """Keep what a style sheet loads."""
        for kind, url in islice(loads(text), _AT_ONCE):
            self._keep(Use(kind), url)

    def _meta(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("http-equiv", "").strip().lower() == "refresh":
            found = REFRESH.fullmatch(attributes.get("content", ""))
            if found and (url := found[1].strip(" \t\r\n\"'")):
                self._keep(Use.REFRESH, url)

    def _relation(self, attributes: Mapping[str, str]) -> None:
        relations = attributes.get("rel", "").lower().split()
        use = next((_RELATIONS[each] for each in relations if each in _RELATIONS), None)
        if use is None and "preload" in relations:
            use = _PRELOADED.get(attributes.get("as", "").lower())
        if use is not None:
            self._keep(use, attributes.get("href", ""))

    def _keep(self, use: Use, written: str) -> None:
        written = written.translate(_SPACE).strip()
        if not written or len(written) > URL_LIMIT or written.startswith("#") or self.full:
            return
        scheme = written[:11].lower()
        if scheme.startswith("mailto:"):
            domain = written.partition("?")[0].rpartition("@")[2].strip().rstrip(".").lower()
            if domain and domain.isascii():
                self._found[Reference(Use.MAIL, Goal(written, "mailto", domain, None, ""))] = None
            return
        there = None if scheme.startswith(_IGNORED) else goal(self._base, self._spelled(written))
        if there is not None and there.scheme in PORTS and there.port:
            self._found[Reference(use, there)] = None

    def _spelled(self, written: str) -> str:
        """Spell the query as the page's own charset would have it. Source: WHATWG URL, 4.1 (encoding override)."""
        if written.isascii():
            return written
        path, mark, query = written.partition("?")
        return path + mark + quote(query, safe="%/:?[]@!$&'()*+,;=-._~#", encoding=self._charset, errors="replace")


def _joined(base: str, href: str) -> str:
    try:
        joined = urljoin(base, href.translate(_SPACE).strip())
        return joined if urlsplit(joined).scheme in PORTS else base
    except ValueError:
        return base


def _candidates(srcset: str) -> Iterator[str]:
    """Yield the URLs of a srcset. Source: WHATWG HTML, 4.8.4.2.1."""
    at = 0
    while at < len(srcset):
        found = _CANDIDATE.match(srcset, at)
        if found is None:
            return
        url = found[1]
        at = found.end()
        if not url.endswith(","):
            comma = srcset.find(",", at)
            at = len(srcset) if comma < 0 else comma + 1
        yield url.rstrip(",")


_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")

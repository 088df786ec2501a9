"""The page that tells those we probe who we are: its text with blanks to fill in, or filled from a configuration."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from exporters.notice.page import template
from rules.text import Text

_MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
)
_BLANK = re.compile(r"\[[^\]]+\]")


@dataclass(frozen=True, slots=True)
class About:
    """What a configuration knows of us; what is empty stays a blank. *addresses* are those we send from."""

    agency: Text
    user_agent: str
    addresses: tuple[IPv4Address | IPv6Address, ...]
    name: str
    mail: str
    phone: str
    overall: float
    per_host: float
    second: int
    third: int
    source_ports: tuple[int, int] | None

    @property
    def ipv4(self) -> str:
        """The addresses of IPv4."""
        return ", ".join(str(address) for address in self.addresses if address.version == 4)

    @property
    def ipv6(self) -> str:
        """The addresses of IPv6."""
        return ", ".join(str(address) for address in self.addresses if address.version == 6)


def text(about: About | None = None) -> str:
    """Return the text as Markdown, with blanks in brackets for all that *about* does not know."""

    def fill(known: str | None, blank: str) -> str:
        return known or f"[{blank}]"

    def number(known: float | None, usual: int) -> str:
        return f"[{usual}]" if known is None else f"{known:g}"

    return _template().render(about=about, fill=fill, number=number)


def page(about: About) -> str:
    """Return the page, ready to publish but for its `blanks`."""
    return template("about.html.j2").render(body="\n".join(_blocks(text(about))))


def blanks(about: About) -> Sequence[str]:
    """Return the blanks that are left for somebody to fill in, in order."""
    return [" ".join(blank.split()) for blank in _BLANK.findall(text(about))]


def pointers(about: About) -> Sequence[str]:
    """Return the lines of reverse zones by which whoever looks up our addresses finds our name."""
    name = about.name or "probe.example"
    return [f"{address.reverse_pointer}. IN PTR {name.rstrip('.')}." for address in about.addresses]


def _blocks(markdown: str) -> Iterator[str]:
    """Yield the HTML of the paragraphs, headings and lists of *markdown*, which has nothing else."""
    for block in re.split(r"\n{2,}", markdown.strip()):
        if block.startswith("#"):
            signs, _, words = block.partition(" ")
            yield f"<h{len(signs)}>{_inline(words)}</h{len(signs)}>"
        elif block.startswith("- "):
            items = re.split(r"\n- ", block[2:])
            yield "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
        else:
            yield f"<p>{_inline(block)}</p>"


def _inline(words: str) -> str:
    shown = html.escape(" ".join(line.strip() for line in words.splitlines()))
    for sign, mark in _MARKS:
        shown = sign.sub(mark, shown)
    return shown


@cache
def _template() -> Template:
    # Markdown, of which nothing is HTML yet.
    environment = Environment(
        loader=PackageLoader("exporters"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("about.md.j2")

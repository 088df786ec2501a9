"""The Prometheus text format 0.0.4: metrics, samples, and the finished blocks a page of them is joined from.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass

from rules.text import Text

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LEVEL = 1
"""Deflate level: a page is fetched over a local network more often than its blocks change."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge of the posture; *labels* in the order their values are given in."""

    name: str
    text: Text
    labels: tuple[str, ...] = ()

    def header(self) -> str:
        """Return its HELP and TYPE lines, in both languages."""
        text = f"{self.text.zh} / {self.text.en}".replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {self.name} {text}\n# TYPE {self.name} gauge\n"

    def line(self, values: tuple[str, ...], number: float) -> str:
        """Return one whole sample.

        Raises:
            ValueError: there are more or fewer *values* than labels.
        """
        if not values and not self.labels:
            return f"{self.name} {number!r}\n"
        pairs = zip(self.labels, values, strict=True)
        labels = ",".join([f'{label}="{escape(value)}"' for label, value in pairs])
        return f"{self.name}{{{labels}}} {number!r}\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A finished piece of a page, kept as a gzip member; *digest* tells whether a new text is the same."""

    member: bytes
    digest: bytes

    @classmethod
    def of(cls, text: str, former: Block | None = None) -> Block:
        """Return the block of *text*: *former* itself when it says the same, so that nothing is packed twice."""
        raw = text.encode("utf-8")
        digest = hashlib.blake2b(raw, digest_size=16).digest()
        if former is not None and former.digest == digest:
            return former
        return cls(gzip.compress(raw, _LEVEL, mtime=0), digest)

    def text(self) -> bytes:
        """Return what was packed."""
        return zlib.decompress(self.member, wbits=31)


@dataclass(frozen=True, slots=True)
class Page:
    """Everything one scrape is told, ready to be joined."""

    blocks: tuple[Block, ...] = ()

    def plain(self) -> bytes:
        """Return the page as text."""
        return b"".join(block.text() for block in self.blocks)

    def zipped(self) -> bytes:
        """Return the page as gzip members in a row, which together are one gzip file. Source: RFC 1952, 2.2."""
        return b"".join(block.member for block in self.blocks)


def escape(value: str) -> str:
    """Return *value* as it stands between the quotes of a label."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return value

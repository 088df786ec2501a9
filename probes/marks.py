"""The marks by which a government website says who it is: site code, records with the state, and the official badge.

Source: 国办发〔2017〕47号 (government website guidelines).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from probes.charset import decode
from probes.page import read_page
from probes.reference import Reference
from probes.text import clean

_SITE_CODE = re.compile(r"网站标识码\s{0,8}[:：]?\s{0,8}(\d{10,12}|[A-Za-z]{2}\d{8})")
_ICP = re.compile(r"([\u4e00-\u9fff]\s{0,2}ICP\s{0,2}[备证]\s{0,2}\d{6,10}\s{0,2}号?(?:-\d{1,3})?)", re.IGNORECASE)
_POLICE = re.compile(r"([\u4e00-\u9fff]\s{0,2}公网安备\s{0,4}\d{10,16}\s{0,2}号?)")
_BADGES = ("bszs.conac.cn", "dcs.conac.cn")
"""Where the badge of party and government bodies is shown and checked."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the home page says of itself, as written there without spaces; empty where it says nothing.

    None: it was not found, and only a part of the page could be read.
    """

    site_code: str | None
    icp: str | None
    police: str | None
    badge: bool | None


def read_marks(body: bytes, content_type: str, references: Iterable[Reference], *, whole: bool = True) -> Marks:
    """Return the marks of a page; *whole* is whether all of it can be read here."""
    text = read_page(body, content_type).text
    badge = any(reference.there.host in _BADGES for reference in references)
    markup = decode(body, content_type)[0]
    return Marks(
        _first(_SITE_CODE, text) or (None if not whole else ""),
        _first(_ICP, text) or (None if not whole else ""),
        _first(_POLICE, text) or (None if not whole else ""),
        badge or any(each in markup for each in _BADGES) or (None if not whole else False),
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return clean("".join(found[1].split()), 64) if found else ""

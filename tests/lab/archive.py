"""A website of two thousand pages that every one of the many hosts has, for benchmarks: 40 columns of 49 notices."""

from __future__ import annotations

import re

from tests.lab.sheets import Sheet

PATH = "/archive/"
COLUMNS, NOTICES = 40, 49
PAGES = COLUMNS * (NOTICES + 1)
"""Pages below the first one."""
_PLACE = re.compile(rf"{PATH}(?:(\d+)/(?:(\d+)\.html)?)?", re.ASCII)
_TEXT = "为贯彻落实上级关于推进互联网协议第六版规模部署的要求，现将有关事项通知如下。" * 80
"""As much text as a notice has: some 9 kB."""


def sheet(path: str) -> Sheet | None:
    """Return the page at *path*; None when the archive has none there."""
    place = _PLACE.fullmatch(path)
    if place is None:
        return None
    column, notice = place.groups()
    if column is None:
        return Sheet("档案", links=tuple(f"{number}/" for number in range(COLUMNS)), says=_TEXT)
    if notice is None:
        return Sheet(f"栏目 {column}", links=tuple(f"{number}.html" for number in range(NOTICES)), says=_TEXT)
    return Sheet(f"公告 {column}-{notice}", links=("./", "../", PATH), says=_TEXT)

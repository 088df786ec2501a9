"""What a style sheet loads besides: imports, fonts and images."""

from __future__ import annotations

import re
from collections.abc import Iterator

STYLE_LIMIT = 512 * 1024
"""Characters of a style sheet looked at."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_LOAD = re.compile(
    r"(?P<import>@import\s{0,64})?"
    r"(?:url\(\s{0,64}(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s\"'()]+))"
    r"|(?<=@import)\s{0,64}(?:\"(?P<imported>[^\"\n]*)\"|'(?P<imported2>[^'\n]*)'))",
    re.IGNORECASE,
)
_FONTS = (".woff2", ".woff", ".ttf", ".otf", ".eot")


def loads(style: str) -> Iterator[tuple[str, str]]:
    """Yield ("style" | "font" | "image", URL as written) for everything *style* loads, in order.

    What an `@import` names is a style sheet; a font is told by the ending of its name. Data within the sheet is not
    loaded from anywhere.
    """
    for found in _LOAD.finditer(_COMMENT.sub(" ", style[:STYLE_LIMIT])):
        part = found.groupdict()
        url = next((part[name] for name in ("double", "single", "bare", "imported", "imported2") if part[name]), "")
        if not url or url.startswith(("data:", "#")):
            continue
        if part["import"] or part["imported"] or part["imported2"]:
            yield "style", url
        else:
            yield ("font" if url.partition("?")[0].partition("#")[0].lower().endswith(_FONTS) else "image"), url

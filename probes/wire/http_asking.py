"""What a request says, the same in both framings: nothing in a URL can leave its line, and we say who asks."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from probes.observation import GapReason
from probes.text import clean
from probes.wire import HttpRequest, NotLooked
from probes.wire.http_coding import ACCEPTED

_PORTS: Final = {"http": 80, "https": 443}
_HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._:")
_TARGET_SAFE = "%/:?[]@!$&'()*+,;=-._~"
_LONGEST_HOST = 253


@dataclass(frozen=True, slots=True)
class Asking:
    """A GET: its authority, its target, and the headers that are the same for everyone."""

    scheme: str
    authority: str
    target: str
    headers: tuple[tuple[str, str], ...]


def asking(request: HttpRequest, user_agent: str) -> Asking:
    """Return what to ask; whatever stands in the path stays within its line.

    Raises:
        NotLooked: the host is none that could be asked for.
    """
    host = request.host
    if not 0 < len(host) <= _LONGEST_HOST or not _HOST_CHARACTERS.issuperset(host):
        raise NotLooked(GapReason.OUT_OF_SCOPE, f"no host name: {clean(host, 96)}")
    authority = f"[{host}]" if ":" in host else host
    target = quote(request.path, safe=_TARGET_SAFE, errors="replace")
    return Asking(
        scheme=request.scheme,
        authority=authority if request.port == _PORTS[request.scheme] else f"{authority}:{request.port}",
        target=target if target.startswith("/") else f"/{target}",
        headers=(
            ("User-Agent", user_agent),
            ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5"),
            ("Accept-Encoding", ACCEPTED),
        ),
    )

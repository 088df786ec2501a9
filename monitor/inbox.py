"""Where Alertmanager tells the tower of alerts: one path, one secret, and bodies of a bounded size."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from exporters.metrics_app import Receive, Scope, Send
from monitor.alarm import Heard
from monitor.notification import understood
from monitor.refusal import EX_CONFIG, Unequipped
from monitor.store import StoreUnavailable
from rules.text import Text

log = logging.getLogger(__name__)

LARGEST = 4 * 1024 * 1024
"""Bytes of a notification."""

SLOWEST = 10.0
"""Seconds in which it must have come."""

AT_ONCE = 2
"""Notifications read at a time."""

SHORTEST_TOKEN = 16
"""Characters of a secret, at least."""


def token(path: Path) -> str:
    """Return the secret that *path* holds.

    Raises:
        Unequipped: it cannot be read, or is none.
    """
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        text = Text(f"读不出告警口令 {path}", f"the secret for alerts cannot be read: {path}")
        raise Unequipped(text, EX_CONFIG) from fault
    if len(found) < SHORTEST_TOKEN or not found.isprintable():
        text = Text(
            f"告警口令 {path} 应为一行至少 {SHORTEST_TOKEN} 个字符",
            f"the secret for alerts, {path}, must be one line of at least {SHORTEST_TOKEN} characters",
        )
        raise Unequipped(text, EX_CONFIG)
    return found


class Inbox:
    """Takes notifications that bear *token*; *hear* is handed what they tell.

    *hosts* and *agencies* give what alerts may be about: other names are left empty.
    """

    def __init__(
        self,
        token: str,
        hear: Callable[[Sequence[Heard]], Awaitable[object]],
        hosts: Callable[[], Collection[str]],
        agencies: Callable[[], Collection[str]],
    ) -> None:
        self._bearer = f"Bearer {token}".encode()
        self._hear, self._hosts, self._agencies = hear, hosts, agencies
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        status = self._refusal(scope) or await self._take(receive)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def _refusal(self, scope: Scope) -> int | None:
        """Return why nothing of a request is read, None if it is; a stranger does not even learn of the path."""
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(sent) != 1 or not hmac.compare_digest(sent[0], self._bearer):
            return 401
        if scope["path"] != "/alerts":
            return 404
        return None if scope["method"] == "POST" else 405

    async def _take(self, receive: Receive) -> int:
        async with self._turn:
            try:
                body = await asyncio.wait_for(_body(receive), SLOWEST)
            except TimeoutError:
                return 408
            if body is None:
                return 413
            try:
                heard = understood(body, self._hosts(), self._agencies())
            except ValueError as fault:
                log.warning("a notification could not be understood: %s", fault)
                return 400
            try:
                await self._hear(heard)
            except StoreUnavailable as trouble:
                log.warning("alerts were not noted, and will be told again: %s", trouble)
                return 503
        return 200


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request; None when it is too long, or its sender is gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body", False):
            return bytes(body)

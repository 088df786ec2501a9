"""Where Alertmanager tells the tower of alerts: one path, one secret, and bodies of a bounded size.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from exporters.metrics_app import Receive, Scope, Send
from monitor.alarm import Heard
from monitor.refusal import EX_CONFIG, Unequipped
from monitor.store import StoreUnavailable
from probes.text import clean
from rules.alert import Severity, Signal
from rules.text import Text

log = logging.getLogger(__name__)

LARGEST = 4 * 1024 * 1024
"""Bytes of a notification."""

SLOWEST = 10.0
"""Seconds in which it must have come."""

MOST = 2000
"""Alerts of one notification."""

AT_ONCE = 2
"""Notifications read at a time."""

SHORTEST_TOKEN = 16
"""Characters of a secret, at least."""

APART = frozenset({"inhibitor", "escalation"})
"""Classes of alerts nobody is to answer for: the one silences others, the other is our own voice."""

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


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
                heard = list(self._understood(json.loads(body)))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
                log.warning("a notification could not be understood: %s", type(fault).__name__)
                return 400
            try:
                await self._hear(heard)
            except StoreUnavailable as trouble:
                log.warning("alerts were not noted, and will be told again: %s", trouble)
                return 503
        return 200

    def _understood(self, told: Mapping[str, Any]) -> Iterator[Heard]:
        """Yield what a notification tells of; whatever is no notification raises what a wrong shape raises."""
        if told.get("truncatedAlerts"):
            log.warning("alerts were left out of a notification: %d", int(told["truncatedAlerts"]))
        if len(told["alerts"]) > MOST:
            raise ValueError(len(told["alerts"]))
        for each in told["alerts"]:
            name, id_ = str(each["labels"]["alertname"]), str(each["fingerprint"])
            if each["labels"].get("class") not in APART and _NAME.fullmatch(name) and _ID.fullmatch(id_):
                yield Heard(id_, each["status"] == "firing", self._signal(name, each))

    def _signal(self, name: str, told: Mapping[str, Any]) -> Signal:
        labels, notes = told["labels"], told.get("annotations") or {}
        severity = labels.get("severity")
        return Signal(
            name,
            Severity(severity) if severity in list(Severity) else Severity.WARNING,
            labels["agency"] if labels.get("agency") in self._agencies() else "",
            labels["host"] if labels.get("host") in self._hosts() else "",
            " / ".join(clean(str(notes[key]), 300) for key in ("summary_zh", "summary_en") if notes.get(key)),
        )


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

"""The inbox of alerts: nothing of a stranger is read, and whatever comes in has one of a few ends."""

from __future__ import annotations

import json
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarm import Heard
from monitor.inbox import LARGEST, Inbox, token
from monitor.notification import MOST
from monitor.refusal import Unequipped
from monitor.store import StoreUnavailable, Trouble
from rules.alert import Severity, Signal

TOKEN = "0123456789abcdef"
BEARER = [(b"authorization", f"Bearer {TOKEN}".encode())]
ALERT = {
    "status": "firing",
    "fingerprint": "00000000000000aa",
    "labels": {"alertname": "DiaolouWebsiteDown", "severity": "critical", "agency": "edu", "host": "www.edu"},
    "annotations": {"summary_zh": "打不开\n", "summary_en": "down"},
}


class Told:
    """An inbox, what it passed on, and how often somebody's body was read."""

    def __init__(self, trouble: StoreUnavailable | None = None) -> None:
        self.heard: list[Heard] = []
        self.reads = 0
        self.trouble = trouble

    async def hear(self, told: Sequence[Heard]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.heard += told

    async def post(
        self,
        *chunks: bytes,
        headers: Sequence[tuple[bytes, bytes]] = BEARER,
        path: str = "/alerts",
        method: str = "POST",
    ) -> int:
        app = Inbox(TOKEN, self.hear, lambda: {"www.edu"}, lambda: {"edu"})
        waiting = list(chunks)
        statuses: list[int] = []

        async def receive() -> MutableMapping[str, Any]:
            self.reads += 1
            if not waiting:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: MutableMapping[str, Any]) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        await app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
        (status,) = statuses
        return status


def body(*alerts: object, **more: object) -> bytes:
    return json.dumps({"alerts": alerts, **more}).encode()


async def test_what_it_is_told_it_passes_on_in_clean_words() -> None:
    inbox = Told()
    assert await inbox.post(body(ALERT)) == 200
    signal = Signal("DiaolouWebsiteDown", Severity.CRITICAL, "edu", "www.edu", "打不开\\x0a / down")
    assert inbox.heard == [Heard("00000000000000aa", True, signal)]


async def test_names_that_are_nobodys_are_left_out() -> None:
    inbox = Told()
    labels = {"alertname": "Other", "severity": "?", "agency": "mars", "host": "evil.example"}
    assert await inbox.post(body({**ALERT, "labels": labels})) == 200
    assert [heard.signal for heard in inbox.heard] == [Signal("Other", Severity.WARNING, "", "", "打不开\\x0a / down")]


@pytest.mark.parametrize(
    "labels", [{"class": "inhibitor"}, {"class": "escalation"}, {"alertname": "a b"}, {"alertname": "{{x}}"}]
)
async def test_nobody_is_to_answer_for_our_own_voice_or_a_name_that_is_none(labels: dict[str, str]) -> None:
    inbox = Told()
    assert await inbox.post(body({**ALERT, "labels": {**ALERT["labels"], **labels}})) == 200
    assert inbox.heard == []


@pytest.mark.parametrize(
    ("headers", "path", "method", "status"),
    [
        ([], "/alerts", "POST", 401),
        ([(b"authorization", b"Bearer 0123456789abcdee")], "/alerts", "POST", 401),
        ([*BEARER, *BEARER], "/alerts", "POST", 401),
        ([(b"authorization", b"\xff")], "/nowhere", "GET", 401),
        (BEARER, "/nowhere", "POST", 404),
        (BEARER, "/alerts", "GET", 405),
    ],
)
async def test_a_stranger_is_turned_away_unread(
    headers: list[tuple[bytes, bytes]], path: str, method: str, status: int
) -> None:
    inbox = Told()
    assert await inbox.post(body(ALERT), headers=headers, path=path, method=method) == status
    assert (inbox.reads, inbox.heard) == (0, [])


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        ((b"[" * 100_000,), 400),
        ((b"null",), 400),
        ((body({}),), 400),
        ((body(*[ALERT] * (MOST + 1)),), 400),
        ((b"x" * LARGEST, b"x"), 413),
        ((), 413),
        ((body(), b" "), 200),
        ((body(truncatedAlerts=7),), 200),
        ((b'{"alerts": [], "truncatedAlerts": 1e999}',), 200),
    ],
)
async def test_a_body_is_bounded_and_may_be_anything(chunks: tuple[bytes, ...], status: int) -> None:
    assert await Told().post(*chunks) == status


async def test_what_could_not_be_kept_is_to_be_told_again() -> None:
    inbox = Told(StoreUnavailable(Trouble.FULL, "full"))
    assert await inbox.post(body(ALERT)) == 503


ANY = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["alerts", "labels", "alertname", "fingerprint", "status", "annotations", "agency", "class"]), inner
))  # fmt: skip


@given(ANY)
async def test_no_shape_gets_it_out_of_step(told: object) -> None:
    inbox = Told()
    assert await inbox.post(json.dumps({"alerts": [told]}).encode()) in (200, 400)
    assert await inbox.post(json.dumps(told).encode()) in (200, 400)


@pytest.mark.parametrize("secret", ["short", "", "口令" * 20, "0123456789\n0123456789"])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "alerts"
    path.write_text(secret)
    with pytest.raises(Unequipped):
        token(path)


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alerts"
    with pytest.raises(Unequipped):
        token(path)
    path.write_text(TOKEN + "\n")
    assert token(path) == TOKEN

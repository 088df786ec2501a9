"""How alerts reach people: the ways out of Alertmanager that an operator has set up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server, `host:port`, and who alerts come from; *password_file* empty where it asks for none."""

    smarthost: str
    sender: str
    user: str = ""
    password_file: str = ""
    tls: bool = True


@dataclass(frozen=True, slots=True)
class WeCom:
    """A WeCom application: its corporation and agent, the file with its secret, and the party that is told.

    *url* is that of another server than WeCom's own, empty for that.
    """

    corporation: str
    agent: str
    secret_file: str
    party: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Alerting:
    """The ways out, empty where there are none. *repeat* is in seconds; *quiet* is a span of the day, or empty.

    *webhooks* get every alert as Alertmanager writes it; *dingtalk* is a bridge to a DingTalk robot, which is spoken to
    in the same way. In quiet hours only what is critical is sent.
    """

    mail: Mail | None = None
    webhooks: tuple[str, ...] = ()
    wecom: WeCom | None = None
    dingtalk: str = ""
    repeat: float = 4 * 3600.0
    quiet: tuple[str, str] | None = None
    zone: str = "Asia/Shanghai"


UNTOLD = Alerting()
"""Nobody is told."""

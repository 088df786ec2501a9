"""How alerts reach people: the ways out of Alertmanager that an operator has set up."""

from __future__ import annotations

from dataclasses import dataclass

from probes.target import Address
from rules.alert import Rung


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
class Inbox:
    """Where Alertmanager tells the tower itself of alerts, so that it knows who answered, and its secret's file."""

    address: Address
    port: int
    token_file: str

    @property
    def url(self) -> str:
        """Where it is told."""
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"http://{host}:{self.port}/alerts"


@dataclass(frozen=True, slots=True)
class Alerting:
    """The ways out, empty where there are none. *repeat* is in seconds; *quiet* is a span of the day, or empty.

    *webhooks* get every alert as Alertmanager writes it; *dingtalk* is a bridge to a DingTalk robot, which is spoken to
    in the same way. In quiet hours only what is critical is sent. What nobody answers for goes up the *ladder*.
    """

    mail: Mail | None = None
    webhooks: tuple[str, ...] = ()
    wecom: WeCom | None = None
    dingtalk: str = ""
    repeat: float = 4 * 3600.0
    quiet: tuple[str, str] | None = None
    zone: str = "Asia/Shanghai"
    inbox: Inbox | None = None
    ladder: tuple[Rung, ...] = ()


UNTOLD = Alerting()
"""Nobody is told."""

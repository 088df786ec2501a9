"""snmp.yaml: the credentials that open network devices to us, by reference to a file or the environment."""

from __future__ import annotations

import os
import stat
from typing import Annotated, cast

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from monitor.settings.fields import Known, Section, Words, Zone
from monitor.settings.mistakes import Refused
from probes.wire.snmp.keys import Community, Hash, SnmpKey, User
from rules.text import Text

_SHORTEST = 8
"""Octets of a pass phrase. Source: RFC 3414 11.2."""
_LARGEST = 4096


def _secret(reference: str, info: ValidationInfo) -> str:
    where, colon, rest = reference.partition(":")
    if not colon or where not in ("file", "env") or not rest:
        message = Text("口令不写在这里", "a secret is not written here")
        raise Refused(message, Text("写 file:路径 或 env:变量名", "write file:PATH or env:NAME"))
    text = _variable(rest) if where == "env" else _file(rest, info)
    if not text:
        raise Refused(Text(f"{reference} 是空的", f"{reference} is empty"))
    return text


def _variable(name: str) -> str:
    if name not in os.environ:
        raise Refused(Text(f"没有环境变量 {name}", f"there is no variable {name} in the environment"))
    return os.environ[name].strip()


def _file(name: str, info: ValidationInfo) -> str:
    path = cast(Known, info.context).directory / name
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            message = Text(f"{name} 人人可读写", f"{name} can be read or written by everyone")
            raise Refused(message, Text(f"执行 chmod o= {name}", f"run chmod o= {name}"))
        with path.open("rb") as file:
            return file.read(_LARGEST).decode().strip()
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "UTF-8"
        message = Text(f"{name} 读不出来：{why}", f"{name} cannot be read: {why}")
        raise Refused(message, Text("路径相对于本目录", "the path is relative to this directory")) from fault


Secret = Annotated[Words, AfterValidator(_secret)]


class SnmpKeyEntry(Section):
    """What opens some devices: a community (v2c), or a user with two pass phrases (v3, AES-128)."""

    community: Secret | None = Field(default=None, repr=False)
    user: Words | None = None
    hash: Hash = Hash.SHA256
    authentication: Secret | None = Field(default=None, repr=False)
    privacy: Secret | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one_of_both(self) -> SnmpKeyEntry:
        of_user = (self.user, self.authentication, self.privacy)
        if self.community is not None and any(each is not None for each in of_user):
            raise Refused(Text("community 与 user 只能选一", "community and user exclude each other"))
        if self.community is None and None in of_user:
            message = Text("缺少凭据", "credentials are missing")
            cure = Text(
                "写 user、authentication、privacy（v3），或 community（v2c）",
                "write user, authentication and privacy (v3), or community (v2c)",
            )
            raise Refused(message, cure)
        for phrase in (self.authentication, self.privacy):
            if phrase is not None and len(phrase.encode()) < _SHORTEST:
                raise Refused(
                    Text(f"v3 口令不足 {_SHORTEST} 个字节", f"a v3 pass phrase has {_SHORTEST} octets at least")
                )
        return self

    def noun(self) -> SnmpKey:
        """Return the credentials."""
        if self.community is not None:
            return Community(self.community.encode())
        phrases = (self.authentication or "").encode(), (self.privacy or "").encode()
        return User(self.user or "", self.hash, *phrases)


class SnmpFile(Section):
    """Credentials by name."""

    credentials: dict[Zone, SnmpKeyEntry] = Field(default_factory=dict)

"""The commands that silence all probing, and let it go on; a mistake in the configuration must not be in their way."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.entrance import DEFAULT, Directory, end, now
from monitor.halt import HaltFile
from monitor.refusal import EX_CONFIG, EX_FAILED, both, stopped_by
from monitor.settings.whereabouts import store_url
from rules.text import Text


def stop_scanning(
    directory: Directory = DEFAULT,
    reason: Annotated[str, typer.Option("--reason", "-r", help="原因 / why")] = "",
) -> None:
    """一秒之内停止全部探测，重启后仍然有效。Silence all probing within a second, through restarts too."""
    file = _file_or_end(directory)
    try:
        halt = file.give(_whoever(), reason, now())
    except OSError as fault:
        end(f"停不下来 / could not stop: {fault}", EX_FAILED)
    print(both(stopped_by(halt, now().astimezone().tzinfo)))


def resume_scanning(directory: Directory = DEFAULT) -> None:
    """恢复探测。Let probing go on."""
    file = _file_or_end(directory)
    try:
        before = file.lift()
    except OSError as fault:
        end(f"恢复不了 / could not resume: {fault}", EX_FAILED)
    done = Text("探测已恢复", "probing goes on") if before else Text("探测并未停止", "probing was not stopped")
    print(both(done))


def _whoever() -> str:
    """Return who runs this; a container's user need not have a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _file_or_end(directory: Path) -> HaltFile:
    try:
        return HaltFile.beside(store_url(directory), directory)
    except ValueError as fault:
        cure = Text(
            "读不出存储在哪里；仍可用 systemctl kill -s USR1 --kill-whom=main diaolou 停止守护进程的探测",
            "where the store lies cannot be read; `systemctl kill -s USR1 --kill-whom=main diaolou` stops the daemon",
        )
        end(f"{fault}\n{both(cure)}", EX_CONFIG)

"""The commands that silence all probing, and let it go on."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from monitor.entrance import DEFAULT, Directory, end, known_or_end, now
from monitor.halt import HaltFile
from monitor.refusal import EX_FAILED, both, stopped_by
from rules.text import Text


def stop_scanning(
    directory: Directory = DEFAULT,
    reason: Annotated[str, typer.Option("--reason", "-r", help="原因 / why")] = "",
) -> None:
    """一秒之内停止全部探测，重启后仍然有效。Silence all probing within a second, through restarts too."""
    known = known_or_end(directory)
    try:
        halt = _file(known.config.daemon.store_url, directory).give(getpass.getuser(), reason, now())
    except OSError as fault:
        end(f"停不下来 / could not stop: {fault}", EX_FAILED)
    print(both(stopped_by(halt, known.config.daemon.time_zone)))


def resume_scanning(directory: Directory = DEFAULT) -> None:
    """恢复探测。Let probing go on."""
    known = known_or_end(directory)
    try:
        before = _file(known.config.daemon.store_url, directory).lift()
    except OSError as fault:
        end(f"恢复不了 / could not resume: {fault}", EX_FAILED)
    done = Text("探测已恢复", "probing goes on") if before else Text("探测并未停止", "probing was not stopped")
    print(both(done))


def _file(store_url: str, directory: Path) -> HaltFile:
    return HaltFile.beside(store_url, directory)

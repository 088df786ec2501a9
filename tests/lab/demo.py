"""The demonstration: one honest round over the demo city, held against what is true of it.

`--once` ends after that; otherwise the month's report is written, and the tower goes on watching and serves its metrics
at 127.0.0.1:9817.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.lab import ground
from tests.lab.config import write
from tests.lab.door import join
from tests.lab.lifecycle import PROJECT, Lab, LabError, NoNamespaces
from tests.lab.truth import KNOWN_PORTS, truth

PORT = 9817
LESS = (
    "改在回环地址上演示城市的一部分：各主机自有 127.18 开头的 IPv4 地址，合用 ::1；\n"
    "没有丢包，没有沉默的防火墙，也没有只在一族开放的端口。\n"
    "Part of the city is shown on loopback instead: each host has an IPv4 address of its own under 127.18, and all\n"
    "share ::1; no packet is lost, no firewall is silent, and no port is open over one family alone."
)
FORMS = ("html", "pdf")
PATIENCE = 0.2
"""Nobody in the city is far away: its slowest site takes 0.6 s for a page, and loses 3 % of packets each way."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; return 0 when everything said of the city is true."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after one round")
    parser.add_argument("--dir", type=Path, default=PROJECT / "demo", help="where configuration and reports go")
    options = parser.parse_args(arguments)
    folder: Path = options.dir
    lab = Lab(Path(tempfile.gettempdir()) / f"diaolou-demo-{os.getuid()}")
    try:
        lab.down()
        seconds = lab.up()
    except NoNamespaces as fault:
        return _on_loopback(fault, arguments)
    except LabError as fault:
        print(fault, file=sys.stderr)
        return 1
    try:
        print(
            f"演示城市已就绪（{seconds:.1f} 秒），数据均为演示 / the demo city is up; all of it is demo data",
            flush=True,
        )
        return _show(lab, folder, once=options.once)
    except KeyboardInterrupt:
        return 0
    finally:
        lab.down()


def _on_loopback(refused: NoNamespaces, arguments: Sequence[str] | None) -> int:
    """Begin again with the part of the city that can stand on loopback."""
    print(f"{refused}\n{LESS}", file=sys.stderr)
    if (obstacle := ground.obstacle()) is not None:
        print(obstacle, file=sys.stderr)
        return 1
    words = sys.argv[1:] if arguments is None else arguments
    command = [sys.executable, "-m", "tests.lab.demo", *words]
    return subprocess.run(command, env=ground.environment(KNOWN_PORTS), check=False).returncode


def _show(lab: Lab, folder: Path, *, once: bool) -> int:
    config = folder / "config"
    if folder.exists():
        shutil.rmtree(folder)
    write(config, lab.folder, patience=PATIENCE)
    round_of_all = subprocess.Popen(_diaolou(lab, "round", str(config)))
    # Slow to import, and the round takes its time anyway.
    from tests.lab.agreement import disagreements

    if round_of_all.wait():
        return 1
    wrong = disagreements(config, truth())
    if wrong:
        print("与既定事实不符 / not as the truth has it:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    count = len(truth()["hosts"])
    print(
        f"\n对 {count} 个目标的结论与演示城市的既定事实完全一致 / all said of {count} targets is true of the demo city"
    )
    if once:
        return 0
    _reports(lab, config, folder)
    print(f"指标 metrics: http://127.0.0.1:{PORT}/metrics　（Ctrl-C 结束 / to end）", flush=True)
    asyncio.run(_watch(lab, config, folder / "metrics.sock"))
    return 0


def _reports(lab: Lab, config: Path, folder: Path) -> None:
    month = dt.datetime.now(dt.UTC).astimezone().strftime("%Y-%m")
    written = {}
    for form in FORMS:
        path = folder / f"report.{form}"
        words = ("report", "month", month, "--config", str(config), "--format", form, "-o", str(path))
        written[path] = subprocess.Popen(
            _diaolou(lab, *words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    for path, writer in written.items():
        _, complaint = writer.communicate()
        print(f"月报 report: {path}" if not writer.returncode else complaint.strip())


def _diaolou(lab: Lab, *words: str) -> list[str]:
    return lab.command("vantage", [sys.executable, "-m", "monitor.cli", *words])


async def _watch(lab: Lab, config: Path, socket: Path) -> None:
    """Keep the tower running, and lead 127.0.0.1 outside the city to its metrics inside.

    Inside and outside share no network, but they share files: a Unix socket is the door between them.
    """
    inside = [sys.executable, "-m", "tests.lab.door", str(socket), "127.0.0.1", str(PORT)]
    tower = await asyncio.create_subprocess_exec(*_diaolou(lab, "serve", str(config)))
    if ground.ON_LOOPBACK:
        await tower.wait()
        return
    door = await asyncio.create_subprocess_exec(*lab.command("vantage", inside))

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await join(reader, writer, *await asyncio.open_unix_connection(socket))

    try:
        server = await asyncio.start_server(lead, "127.0.0.1", PORT)
        async with server:
            await tower.wait()
    finally:
        for child in (door, tower):
            if child.returncode is None:
                child.terminate()
            await child.wait()


if __name__ == "__main__":
    sys.exit(main())

"""Where the time of a fetch goes, as our engine says at 100 starts a second, and as curl does."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.phase_looker import PHASES, STARTS
from tests.probes.syn_bed import NEW

TITLE = Text("抓取的各阶段用时：每秒一百次，与 curl 相比", "Phases of a fetch, at 100 starts a second, beside curl")
LIMIT = 120.0
BAR = 1.2
"""How far apart the medians may be, as the larger by the smaller."""
MISSED = Text(
    "两核由被测服务器、慢速线路和探测方分用，阶段里含有排队；只在空闲的机器上才是线路的时间",
    "server, slow line and prober share two cores, and a phase holds their queues too",
)
WORDS = {
    "connect": ("建立连接", "connecting"),
    "tls": ("TLS 握手", "the TLS handshake"),
    "first_byte": ("等待首字节", "waiting for the first byte"),
    "transfer": ("传输", "transfer"),
}


def run(folder: Path) -> Iterator[Figure]:
    """Look in a namespace with a slow line, and compare medians."""
    looker = [*NEW, sys.executable, "-m", "tests.bench.phase_looker", str(folder)]
    found = json.loads(subprocess.run(looker, check=True, capture_output=True, text=True).stdout)
    if not any(each["timely"] for each in found["engine"]):
        raise SystemExit("this machine is too busy: not one fetch was in time")
    for phase in PHASES:
        zh, en = WORDS[phase]
        ours = statistics.median(each[phase] for each in found["engine"] if each["timely"])
        theirs = statistics.median(each[phase] for each in found["curl"])
        yield figure(f"{phase}.engine", f"{zh}：中位数", f"{en}: median", ours * 1000, "ms")
        yield figure(f"{phase}.curl", f"{zh}：curl 的中位数", f"{en}: curl's median", theirs * 1000, "ms")
        apart = max(ours, theirs) / min(ours, theirs)
        yield figure(f"{phase}.apart", f"{zh}：相差", f"{en}: apart", apart, "×", BAR, MISSED)
    timely = statistics.mean(each["timely"] for each in found["engine"])
    zh, en = "自身事件循环按时、计入统计的抓取", "fetches whose times count, our own loop being in time"
    yield figure("timely", zh, en, timely * 100, "%")
    yield figure("starts", "每秒开始的抓取", "fetches begun each second", STARTS["engine"], "/s")

"""4,000 checks of HTTPS sites over both families, against blackbox_exporter, at one nginx in one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.web_clients import SIZE, Checked, blackbox, checks, engine
from tests.bench.web_server import nginx

TITLE = Text("检查 HTTPS 网站：两千个名字，两个协议族", "Checking HTTPS sites: 2,000 names over both families")
LIMIT = 240.0
SITES = 2000
TIMES = 2
"""How often everyone has a turn; the best counts, for the others were disturbed."""
CLIENTS = {"engine": engine, "blackbox": blackbox}
WORDS = {
    "engine": ("抓取引擎，含验证与完整证书链", "the fetcher, with verification and the whole chain"),
    "blackbox": ("blackbox_exporter", "blackbox_exporter"),
}
BAR = 1 / 1.2
"""What the engine's processor time for a check may be, as a ratio to blackbox_exporter's."""
MISSED = Text(
    "握手本身（密钥交换、验签）占去大半，双方都在编译过的库里；余下的差别是 Python 的事件循环",
    "the handshake itself, in compiled libraries on both sides, takes most of it; what remains is Python's event loop",
)


def run(folder: Path) -> Iterator[Figure]:
    """Give everyone their turns."""
    runs: dict[str, list[Checked]] = defaultdict(list)
    todo = checks(SITES)
    with nginx(folder, SIZE) as server:
        for _ in range(TIMES):
            for name, client in CLIENTS.items():
                runs[name].append(client(server, todo, folder))
    for name, done in runs.items():
        zh, en = WORDS[name]
        rate = max(each.checks / each.wall for each in done)
        yield figure(f"{name}.rate", f"{zh}：检查", f"{en}: checks", rate, "/s")
        yield figure(f"{name}.cpu", f"{zh}：每次检查的处理器时间", f"{en}: CPU per check", _cpu(done), "ms")
        wrong = max(each.wrong for each in done)
        yield figure(f"{name}.wrong", f"{zh}：与事实不符", f"{en}: not true", wrong, "", 0)
    ratio = _cpu(runs["engine"]) / _cpu(runs["blackbox"])
    zh, en = "每次检查的处理器时间与 blackbox_exporter 之比", "CPU per check, ratio to blackbox_exporter"
    yield figure("ratio.blackbox", zh, en, ratio, "×", BAR, MISSED)


def _cpu(done: list[Checked]) -> float:
    return min(each.per_check for each in done)

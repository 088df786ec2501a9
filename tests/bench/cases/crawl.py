"""A website of 2,000 pages, followed to its third level over IPv6: as fast as it goes, and at a polite pace."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.lab.archive import PAGES, PATH
from tests.lab.config import write
from tests.lab.lifecycle import Lab
from tests.lab.scale import name

TITLE = Text("爬取：两千页的网站，经 IPv6 到第三级", "A crawl: a website of 2,000 pages to its third level, over IPv6")
LIMIT = 300.0
HOSTS = 16
MEMORY = 200
"""Megabytes the whole process may take, the interpreter included."""
POLITE = 10.0
"""Requests a second that one host is asked for by default."""
POLITE_LINKS = 100
_FREE = 100_000.0


@dataclass(frozen=True, slots=True)
class Crawled:
    """What `tests.bench.crawler` told."""

    pages: int
    wall: float
    cpu: float
    before_mb: float
    peak_mb: float
    linked: int
    reached: int


def run(folder: Path) -> Iterator[Figure]:
    """Bring the city up in *folder*, and follow the archive of one of the many hosts twice."""
    lab, config = Lab(folder / "lab"), folder / "config"
    lab.up(HOSTS)
    try:
        write(config, lab.folder, many=HOSTS)
        whole = _crawl(lab, config, _FREE, PAGES)
        yield figure("pages", "读取页面", "pages read", whole.pages, "")
        yield figure("missed", "未取得的链接", "links not reached", PAGES - whole.reached, "", 0)
        yield figure("rate", "每秒页面", "pages a second", whole.pages / whole.wall, "/s")
        yield figure("cpu", "每页处理器时间", "CPU per page", whole.cpu / whole.pages * 1e3, "ms")
        yield figure("peak", "内存峰值", "peak memory", whole.peak_mb, "MB", MEMORY)
        yield figure("grown", "其中爬取所增", "of which the crawl", whole.peak_mb - whole.before_mb, "MB")
        polite = _crawl(lab, config, POLITE, POLITE_LINKS)
        # The pace lets a first burst through, and is kept over the whole: the home page and robots.txt count too.
        asked = polite.reached + 2
        yield figure(
            "polite",
            "默认速率下每秒请求",
            "requests a second at the default pace",
            asked / polite.wall,
            "/s",
            1.1 * POLITE,
        )
    finally:
        lab.down()


def _crawl(lab: Lab, config: Path, pace: float, links: int) -> Crawled:
    path = config / "diaolou.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["limits"] |= {"per_host": pace, "per_agency": _FREE, "overall": _FREE}
    settings["crawl"] = {"second": min(links, 40), "third": max(links - 40, 0), "seconds": 240}
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-m", "tests.bench.crawler", str(config), name(0), PATH]
    done = subprocess.run(lab.command("vantage", command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the crawl failed:\n{done.stderr[-4000:]}")
    return Crawled(**json.loads(done.stdout.splitlines()[-1]))

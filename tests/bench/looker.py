"""`diaolou round` in this process, and what it cost: `python -m tests.bench.looker CONFIG`, one line of JSON."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time

from monitor.cli import app
from tests.bench.timing import MB, peak_mb

DESCRIPTORS = 65536
"""What systemd/diaolou.service allows the tower."""


def main(config: str) -> None:
    """Run one round over *config*."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        app(["round", config], standalone_mode=False)
    wall = time.perf_counter() - began
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {
                "wall": wall,
                "cpu": own.ru_utime + own.ru_stime,
                "packets_cpu": children.ru_utime + children.ru_stime,
                "peak_mb": peak_mb(),
                "packets_peak_mb": children.ru_maxrss * 1024 / MB,
                "descriptors": most,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])

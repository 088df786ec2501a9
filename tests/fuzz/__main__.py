"""Fuzz one target: `python -m tests.fuzz TARGET [--seconds N]`; without one, name them all.

Coverage-guided, by atheris. What leads somewhere new is kept in a folder of its own (`--into`), and an input that
breaks the target is written to tests/fuzz/corpus/, where the tests find it from then on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

from tests.fuzz.corpus import CORPUS, LONGEST, keep


def main() -> int:
    """Fuzz until the time is over or something breaks."""
    with atheris.instrument_imports(include=["probes", "monitor"]):
        from tests.fuzz import targets

        known = targets.load()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", metavar="TARGET", help=", ".join(known))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--into", type=Path, help="where to keep inputs that lead somewhere new")
    options = parser.parse_args()
    if options.target is None:
        print("\n".join(known))
        return 0
    if options.target not in known:
        parser.error(f"no target {options.target}; there are {', '.join(known)}")
    eat = known[options.target]

    def one(data: bytes) -> None:
        try:
            eat(data)
        except BaseException:
            print(f"kept as {keep(options.target, data)}", file=sys.stderr)
            raise

    with tempfile.TemporaryDirectory(prefix="diaolou-fuzz-") as folder:
        into = options.into or Path(folder)
        into.mkdir(parents=True, exist_ok=True)
        bounds = f"-max_total_time={options.seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2048"
        atheris.Setup([sys.argv[0], *bounds, str(into), str(CORPUS / options.target)], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())

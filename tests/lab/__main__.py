"""The command of the demo city: `python -m tests.lab up`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tests.lab import scale
from tests.lab.faults import FAULTS, active, turn
from tests.lab.lifecycle import Lab, LabError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--dir", type=Path, default=Lab.default_folder(), help="where the state is kept")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the city up")
    up.add_argument("--scale", type=int, default=0, metavar="N", help="add N hosts for benchmarks")
    commands.add_parser("down", help="end it; nothing is left")
    enter = commands.add_parser("exec", help="run a command in one of its namespaces")
    enter.add_argument("namespace")
    enter.add_argument("words", nargs=argparse.REMAINDER, metavar="-- CMD")
    commands.add_parser("truth", help="print the truth about it as JSON")
    config = commands.add_parser("config", help="write a Diaolou configuration of the city")
    config.add_argument("folder", type=Path)
    config.add_argument("--hostile", action="store_true", help="with the hosts that attack")
    fault = commands.add_parser("fault", help="inject or heal a fault; without a name, list them")
    fault.add_argument("name", nargs="?")
    fault.add_argument("state", nargs="?", choices=("on", "off"), default="on")
    commands.add_parser("status", help="print what runs")
    supervise = commands.add_parser("supervise", help=argparse.SUPPRESS)
    supervise.add_argument("scale", type=int)
    return parser


def _act(lab: Lab, options: argparse.Namespace) -> int:
    if options.command == "up":
        if not 0 <= options.scale <= scale.MOST:
            raise LabError(f"--scale takes 0 to {scale.MOST}")
        print(f"the city is up after {lab.up(options.scale):.2f} s")
    elif options.command == "down":
        lab.down()
    elif options.command == "exec":
        words = options.words[1:] if options.words[:1] == ["--"] else options.words
        line = lab.command(options.namespace, words or ["sh"])
        os.execvp(line[0], line)
    elif options.command == "truth":
        from tests.lab.truth import truth

        print(json.dumps(truth(lab.scale()), ensure_ascii=False, indent=1))
    elif options.command == "config":
        from tests.lab.config import write

        write(options.folder, lab.folder, many=lab.scale(), with_hostile=options.hostile)
    elif options.command == "fault" and options.name:
        turn(lab, options.name, on=options.state == "on")
    elif options.command == "fault":
        on = active(lab.folder)
        print("\n".join(f"{'on ' if name in on else 'off'} {name}: {fault.does}" for name, fault in FAULTS.items()))
    elif options.command == "status":
        print(json.dumps(lab.status(), indent=1))
    elif options.command == "supervise":
        from tests.lab.supervisor import supervise

        supervise(lab.folder, options.scale)
    return 0


def main() -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args()
    options.dir = options.dir.absolute()
    try:
        return _act(Lab(options.dir), options)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

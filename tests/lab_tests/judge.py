"""An independent judge of the way by IPv6 alone: unbound, with IPv4 off, beginning at the city's own root."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.city import ROOT
from tests.lab.lifecycle import Lab
from tests.lab.network import addresses_at
from tests.lab.zones import ROOT_SERVER

PORT = 5399


def _hints() -> str:
    six = next(str(address) for address in addresses_at(ROOT) if address.version == 6)
    return f". 3600 IN NS {ROOT_SERVER}.\n{ROOT_SERVER}. 3600 IN AAAA {six}\n"


def _settings(folder: Path) -> str:
    return f"""
server:
  interface: ::1
  port: {PORT}
  do-ip4: no
  do-ip6: yes
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: "{folder}/log"
  root-hints: "{folder}/hints"
  module-config: "iterator"
  access-control: ::1 allow
  do-not-query-localhost: no
  local-zone: "test." nodefault
  num-threads: 1
  unknown-server-time-limit: 900
  infra-cache-min-rtt: 900
  infra-cache-max-rtt: 1000
  msg-cache-size: 1m
  rrset-cache-size: 1m
  outgoing-range: 64
  num-queries-per-thread: 32
remote-control:
  control-enable: no
"""


_UNTIL_TOLD = '"$@" & read -r _; kill $!; wait'
"""It ends with its standard input: who enters a namespace of processes cannot be told to end those in it."""


@contextmanager
def judge(lab: Lab, folder: Path) -> Iterator[None]:
    """Have the judge sit in the city's vantage that has no IPv4, at port 5399 of ::1."""
    (folder / "hints").write_text(_hints())
    (folder / "unbound.conf").write_text(_settings(folder))
    unbound = ("/usr/sbin/unbound", "-d", "-c", str(folder / "unbound.conf"))
    command = lab.command("vantage6", ("sh", "-c", _UNTIL_TOLD, "judge", *unbound))
    log = folder / "log"
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        until = time.monotonic() + 10
        while not (log.exists() and "start of service" in log.read_text()):
            assert running.poll() is None, "unbound ended"
            assert time.monotonic() < until, "unbound does not begin"
            time.sleep(0.05)
        yield
        assert running.stdin is not None
        running.stdin.close()

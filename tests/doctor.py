"""What this machine lacks for a task, and bringing it where that is possible.

Runs on any Python 3 before anything is installed; on Debian as root it installs, elsewhere it says what to do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DEMO = {"ip": "iproute2", "nft": "nftables", "unshare": "util-linux", "nsenter": "util-linux"}
TEST = {
    **DEMO,
    "dig": "bind9-dnsutils",
    "curl": "curl",
    "nmap": "nmap",
    "amtool": "prometheus-alertmanager",
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "systemd-analyze": "systemd",
    "pdftotext": "poppler-utils",
    "ping": "iputils-ping",
    "ss": "iproute2",
    "snmpd": "snmpd",
    "snmpbulkwalk": "snmp",
    "radvd": "radvd",
    "rdisc6": "ndisc6",
    "unbound": "unbound",
}
BENCH = {
    **TEST,
    "nsd": "nsd",
    "dnsperf": "dnsperf",
    "masscan": "masscan",
    "zmap": "zmap",
    "nginx": "nginx-light",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
NEEDED = {"demo": DEMO, "test": TEST, "bench": BENCH}
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
FONTS = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")


def main() -> int:
    task = sys.argv[1] if len(sys.argv) > 1 else "test"
    if task == "python":
        return _python()
    missing = _missing(NEEDED[task])
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing)
        missing = _missing(NEEDED[task])
    if missing:
        print("缺少系统软件包，请安装后重试 / packages are missing, install them and try again:")
        print("  sudo apt-get install -y --no-install-recommends " + " ".join(missing))
        return 1
    return 0


def _python() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - it runs before anything has checked
        print(f"需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
        print("  make PYTHON=python3.11 …")
        return 1
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            _install(["python3-venv"])
            return 0
        print("缺少 venv 模块 / the venv module is missing:\n  sudo apt-get install -y python3-venv")
        return 1
    return 0


def _missing(commands: dict[str, str]) -> list[str]:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = {package for command, package in commands.items() if not shutil.which(command, path=path)}
    found = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    lacking |= {package for library, package in LIBRARIES.items() if library not in found}
    if not Path(FONTS[0]).exists():
        lacking.add(FONTS[1])
    return sorted(lacking)


def _install(packages: list[str]) -> None:
    """Install Debian packages; none of the daemons among them is started."""
    print("正在安装 / installing: " + " ".join(packages), flush=True)
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with tempfile.TemporaryFile() as log:
            for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
                done = subprocess.run(
                    ["apt-get", *command], env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
                )
                if done.returncode:
                    log.seek(0)
                    sys.stdout.write(log.read()[-4000:].decode("utf-8", "replace"))
                    return
    finally:
        if ours:
            policy.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())

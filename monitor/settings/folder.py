"""The folder of settings: which files are read, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from monitor.settings.mistakes import NOTHING, Mistake, Mistakes, did_you_mean
from monitor.settings.table_reader import Table, read_table
from monitor.settings.yaml_reader import Document, read_yaml
from rules.text import Text

FILES = (
    "agencies.yaml",
    "targets.yaml",
    "policy.yaml",
    "waivers.yaml",
    "schedule.yaml",
    "holidays.yaml",
    "alerting.yaml",
    "response.yaml",
    "snmp.yaml",
    "scoring.yaml",
    "diaolou.yaml",
)
_TABLE = "targets.csv"
_SAMPLE = Text("可用 diaolou init 建立样例", "diaolou init writes a sample")
_UNREAD = Text("这个文件不会被读取", "this file is not read")


class Folder:
    """Reads the files of *directory*; what keeps one from being read is added to *mistakes*."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mistakes: list[Mistake] = []

    def document(self, path: Path, *, required: bool = True) -> Document | None:
        """Read a YAML file; None when it is absent or cannot be read."""
        data = self._bytes(path, required=required)
        return None if data is None else self.understood(str(path), data)

    def understood(self, name: str, data: bytes) -> Document | None:
        """Read *data* as YAML, a file called *name*; None when that cannot be."""
        try:
            return read_yaml(name, data)
        except Mistakes as found:
            self.mistakes += found.mistakes
            return None

    def table(self, path: Path) -> Table | None:
        """Read a CSV file; None when it cannot be read."""
        data = self._bytes(path, required=True)
        try:
            return None if data is None else read_table(str(path), data)
        except Mistakes as found:
            self.mistakes += found.mistakes
            return None

    def target_files(self) -> list[Path]:
        """Return the files of the inventory, in the order they are read in; none at all is a mistake."""
        paths = [path for name in ("targets.yaml", _TABLE) if (path := self.directory / name).exists()]
        more = self.directory / "targets"
        if more.is_dir():
            paths += sorted(path for path in more.iterdir() if path.suffix in (".yaml", ".csv"))
        if not paths:
            self._add(self.directory / "targets.yaml", Text("没有目标清单", "there is no list of targets"), _SAMPLE)
        return paths

    def refuse_unread(self) -> None:
        """Refuse files that look like settings and would not be read, and a directory that is none."""
        if not self.directory.is_dir():
            self._add(self.directory, Text("没有这个目录", "no such directory"), _SAMPLE)
            return
        for path in self._top_files():
            cure = did_you_mean(path.name, (*FILES, _TABLE))
            if cure != NOTHING:
                self._add(path, _UNREAD, cure)
        more = self.directory / "targets"
        for path in sorted(more.iterdir()) if more.is_dir() else ():
            if path.suffix in (".yml", ".json"):
                self._add(path, _UNREAD, Text("请改名为 .yaml", "rename it to .yaml"))
            elif path.suffix == ".xlsx":
                self._add(path, _UNREAD, Text("请用 diaolou import 导入", "bring it in with diaolou import"))

    def _top_files(self) -> Iterator[Path]:
        known = (*FILES, _TABLE)
        for path in sorted(self.directory.iterdir()):
            if path.suffix in (".yaml", ".yml", ".csv") and path.name not in known and path.is_file():
                yield path

    def _bytes(self, path: Path, *, required: bool) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if required:
                self._add(path, Text("缺少这个文件", "the file is missing"), _SAMPLE)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self._add(path, Text(f"读不出来：{reason}", f"cannot be read: {reason}"))
        return None

    def _add(self, path: Path, message: Text, cure: Text = NOTHING) -> None:
        self.mistakes.append(Mistake(str(path), 0, 0, message, cure))

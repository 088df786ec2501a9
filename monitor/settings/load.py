"""A directory of settings to one configuration, or every mistake in it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from monitor.settings.agencies import AgenciesFile, AgencyEntry, tree_of, tree_slips
from monitor.settings.config import Config, Daemon
from monitor.settings.daemon import DaemonFile
from monitor.settings.fields import Known
from monitor.settings.inventory import Inventory
from monitor.settings.mistakes import NOTHING, Mistake, Mistakes, Names, did_you_mean
from monitor.settings.policy import PolicyFile
from monitor.settings.schedule import Schedule, ScheduleFile
from monitor.settings.table_reader import read_table
from monitor.settings.validation import mistakes, validate
from monitor.settings.waivers import WaiverEntry, WaiversFile
from monitor.settings.yaml_reader import Document, read_yaml
from rules.text import Text

Model = TypeVar("Model", bound=BaseModel)

FILES = ("agencies.yaml", "targets.yaml", "policy.yaml", "waivers.yaml", "schedule.yaml", "diaolou.yaml")


def load(directory: Path, known_rules: Collection[str], known_probes: Collection[str]) -> Config:
    """Read the settings in *directory*, checked against the rules and probes there are.

    Raises:
        Mistakes: All of them; nothing is loaded partly.
    """
    loader = _Loader(directory, Names(known_rules), Names(known_probes))
    config = loader.load()
    if config is None:
        files = list(dict.fromkeys(mistake.file for mistake in loader.mistakes))
        raise Mistakes(sorted(loader.mistakes, key=lambda one: (files.index(one.file), one.line, one.column)))
    return config


class _Loader:
    """Reads file by file, those first that others refer to, and collects mistakes on the way."""

    def __init__(self, directory: Path, rules: Names, probes: Names) -> None:
        self.directory = directory
        self.mistakes: list[Mistake] = []
        self.known = Known(rules, probes, Names(None), Names(None))

    def load(self) -> Config | None:
        if not self.directory.is_dir():
            message = Text("没有这个目录", "no such directory")
            cure = Text("可用 diaolou init 建立", "diaolou init makes one")
            self.mistakes.append(Mistake(str(self.directory), 0, 0, message, cure))
            return None
        self._misnamed()
        entries = self._agencies()
        daemon = self._one("diaolou.yaml", DaemonFile)
        policy = self._one("policy.yaml", PolicyFile)
        schedule = self._one("schedule.yaml", ScheduleFile, required=False)
        self._authorities(daemon)
        inventory = self._inventory(daemon)
        waivers = self._waivers()
        if self.mistakes or daemon is None or policy is None:
            return None
        version = importlib.metadata.version("diaolou")
        return Config(
            tree=tree_of(entries),
            targets=inventory.frozen(),
            exemptions=MappingProxyType(inventory.exemptions),
            policy=policy.noun(),
            waivers=tuple(entry.noun() for entry in waivers),
            schedule=schedule.noun() if schedule is not None else Schedule(),
            daemon=_daemon(daemon, self.directory),
            vantage=daemon.vantage_noun(),
            surroundings=daemon.surroundings.noun(),
            scope=daemon.scope.noun(),
            limits=daemon.limits.noun(f"Diaolou/{version} (+{daemon.contact})"),
        )

    def _bytes(self, path: Path, *, required: bool) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if required:
                cure = Text("可用 diaolou init 建立样例", "diaolou init writes a sample")
                self.mistakes.append(Mistake(str(path), 0, 0, Text("缺少这个文件", "the file is missing"), cure))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.mistakes.append(Mistake(str(path), 0, 0, Text(f"读不出来：{reason}", f"cannot be read: {reason}")))
        return None

    def _document(self, path: Path, *, required: bool = True) -> Document | None:
        data = self._bytes(path, required=required)
        if data is None:
            return None
        try:
            return read_yaml(str(path), data)
        except Mistakes as found:
            self.mistakes += found.mistakes
            return None

    def _one(self, name: str, model: type[Model], *, required: bool = True) -> Model | None:
        document = self._document(self.directory / name, required=required)
        return None if document is None else self._validated(document, model)

    def _validated(self, document: Document, model: type[Model]) -> Model | None:
        result = validate(model, document.value if document.value is not None else {}, self.known)
        if isinstance(result, list):
            self.mistakes += mistakes(document, result)
            return None
        return result

    def _agencies(self) -> list[AgencyEntry]:
        document = self._document(self.directory / "agencies.yaml")
        if document is None:
            return []
        value = document.value
        listed = value.get("agencies") if isinstance(value, dict) else None
        raw = listed if isinstance(listed, list) else []
        said = [str(entry["code"]) for entry in raw if isinstance(entry, dict) and "code" in entry]
        codes = Names(said or None)
        self.known = Known(self.known.rules, self.known.probes, codes, self.known.targets)
        self._validated(document, AgenciesFile)
        good = [
            (index, entry)
            for index, item in enumerate(raw)
            if isinstance(entry := validate(AgencyEntry, item, self.known), AgencyEntry)
        ]
        self.mistakes += mistakes(document, tree_slips(good, codes))
        return [entry for _, entry in good]

    def _authorities(self, daemon: DaemonFile | None) -> None:
        for name in daemon.authorities if daemon is not None else []:
            if not (self.directory / name).is_file():
                message = Text(f"没有证书文件“{name}”", f'there is no certificate file "{name}"')
                cure = Text("路径相对于配置目录", "the path is relative to the configuration directory")
                self.mistakes.append(Mistake(str(self.directory / "diaolou.yaml"), 0, 0, message, cure))

    def _inventory(self, daemon: DaemonFile | None) -> Inventory:
        inventory = Inventory()
        paths = list(self._target_files())
        if not paths:
            cure = Text("可用 diaolou init 建立样例", "diaolou init writes a sample")
            message = Text("没有目标清单", "there is no list of targets")
            self.mistakes.append(Mistake(str(self.directory / "targets.yaml"), 0, 0, message, cure))
        for path in paths:
            if path.suffix == ".csv":
                self._table(inventory, path)
            elif (document := self._document(path)) is not None:
                inventory.add_document(document, self.known)
        if daemon is not None:
            inventory.check_scope(daemon.scope.noun())
        readable = not any(mistake.file in map(str, paths) for mistake in self.mistakes)
        self.mistakes += inventory.mistakes
        targets = Names(inventory.owners if readable else None)
        self.known = Known(self.known.rules, self.known.probes, self.known.agencies, targets)
        return inventory

    def _table(self, inventory: Inventory, path: Path) -> None:
        data = self._bytes(path, required=True)
        if data is None:
            return
        try:
            inventory.add_table(read_table(str(path), data), self.known)
        except Mistakes as found:
            self.mistakes += found.mistakes

    def _target_files(self) -> Iterator[Path]:
        """Yield the files of the inventory, in the order they are read in."""
        yield from (path for name in ("targets.yaml", "targets.csv") if (path := self.directory / name).exists())
        folder = self.directory / "targets"
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".csv"))

    def _waivers(self) -> list[WaiverEntry]:
        result = self._one("waivers.yaml", WaiversFile, required=False)
        return result.waivers if result is not None else []

    def _misnamed(self) -> None:
        """Refuse files that look like settings and would not be read."""
        for path in sorted(self.directory.iterdir()):
            name = path.name
            if path.suffix not in (".yaml", ".yml", ".csv") or name in (*FILES, "targets.csv") or not path.is_file():
                continue
            cure = did_you_mean(name, (*FILES, "targets.csv"))
            if cure != NOTHING:
                self.mistakes.append(
                    Mistake(str(path), 0, 0, Text("这个文件不会被读取", "this file is not read"), cure)
                )


def _daemon(file: DaemonFile, directory: Path) -> Daemon:
    return Daemon(
        city=file.city,
        contact=file.contact,
        store_url=file.store.url,
        metrics=file.metrics.listen,
        packets_socket=file.packets.socket,
        authorities=tuple(directory / path for path in file.authorities),
        language=file.language,
        time_zone=file.time_zone,
    )

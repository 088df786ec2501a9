"""A directory of settings to one configuration, or every mistake in it."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib.metadata
from collections.abc import Collection, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from monitor.settings.agencies import AgenciesFile, AgencyEntry, tree_of, tree_slips
from monitor.settings.alerting import AlertingFile
from monitor.settings.config import Config, Daemon
from monitor.settings.daemon import DaemonFile
from monitor.settings.fields import Known
from monitor.settings.folder import Folder
from monitor.settings.holidays import HolidaysFile, workdays, years
from monitor.settings.inventory import Inventory
from monitor.settings.links import link_slips
from monitor.settings.mistakes import Mistakes, Names
from monitor.settings.policy import PolicyFile
from monitor.settings.response import ResponseFile
from monitor.settings.schedule import Schedule, ScheduleFile
from monitor.settings.scoring import ScoringFile
from monitor.settings.snmp import SnmpFile
from monitor.settings.validation import mistakes, validate
from monitor.settings.waivers import WaiversFile
from monitor.settings.yaml_reader import Document

Model = TypeVar("Model", bound=BaseModel)


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """A file that lies elsewhere; *name* is what it is called in messages."""

    name: str
    data: bytes


def load(
    directory: Path, known_rules: Collection[str], known_probes: Collection[str], policy: Written | None = None
) -> Config:
    """Read the settings in *directory*, checked against the rules and probes there are.

    *policy* takes the place of the directory's own policy.yaml.

    Raises:
        Mistakes: All of them; nothing is loaded partly.
    """
    known = Known(directory, Names(known_rules), Names(known_probes), Names(None), Names(None))
    loader = _Loader(Folder(directory), known, policy)
    with _collecting_later():
        config = loader.load()
    if config is None:
        found = loader.folder.mistakes
        files = list(dict.fromkeys(mistake.file for mistake in found))
        raise Mistakes(sorted(found, key=lambda one: (files.index(one.file), one.line, one.column)))
    return config


def daemon_file(directory: Path) -> DaemonFile | None:
    """Return what diaolou.yaml in *directory* says, whatever else is there; None when it cannot be understood."""
    document = Folder(directory).document(directory / "diaolou.yaml")
    if document is None:
        return None
    anyone = Known(directory, Names(None), Names(None), Names(None), Names(None))
    found = validate(DaemonFile, {} if document.value is None else document.value, anyone)
    return found if isinstance(found, DaemonFile) else None


@contextlib.contextmanager
def _collecting_later() -> Iterator[None]:
    """Put off garbage collection: it would look again and again at a million new values of which none is garbage."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Loader:
    """Reads those files first that others refer to, and learns from them what may be referred to."""

    def __init__(self, folder: Folder, known: Known, policy: Written | None) -> None:
        self.folder, self.known, self._policy = folder, known, policy

    def load(self) -> Config | None:
        """Return the configuration, None when there were mistakes."""
        self.folder.refuse_unread()
        if not self.folder.directory.is_dir():
            return None
        agencies = self._agencies()
        daemon = self._one("diaolou.yaml", DaemonFile)
        policy = self._policy_file()
        schedule = self._one("schedule.yaml", ScheduleFile, required=False)
        alerting = self._one("alerting.yaml", AlertingFile, required=False)
        profiles = None if policy is None else [profile.name for profile in policy.profiles]
        self.known = dataclasses.replace(self.known, profiles=Names(profiles))
        response = self._one("response.yaml", ResponseFile, required=False)
        snmp = self._one("snmp.yaml", SnmpFile, required=False)
        written = (self.folder.directory / "snmp.yaml").exists()
        names = snmp.credentials if snmp is not None else None if written else ()
        self.known = dataclasses.replace(self.known, snmp_keys=Names(names))
        inventory = self._inventory(daemon)
        if daemon is not None and daemon.links and not inventory.mistakes:
            self._links(daemon, inventory)
        waivers = self._one("waivers.yaml", WaiversFile, required=False)
        scoring = self._one("scoring.yaml", ScoringFile, required=False)
        holidays = self._one("holidays.yaml", HolidaysFile, required=False)
        if self.folder.mistakes or daemon is None or policy is None:
            return None
        version = importlib.metadata.version("diaolou")
        return Config(
            tree=tree_of(agencies),
            targets=inventory.frozen(),
            exemptions=MappingProxyType(inventory.exemptions),
            policy=policy.noun(workdays(holidays), daemon.time_zone),
            holiday_years=years(holidays),
            waivers=tuple(entry.noun() for entry in waivers.waivers) if waivers is not None else (),
            schedule=schedule.noun() if schedule is not None else Schedule(),
            alerting=(alerting or AlertingFile()).noun(self.folder.directory, daemon.time_zone),
            emergency=(response or ResponseFile()).emergency.noun(),
            duties=(response or ResponseFile()).duties(),
            snmp_keys={name: entry.noun() for name, entry in snmp.credentials.items()} if snmp is not None else {},
            scheme=(scoring or ScoringFile()).noun(),
            daemon=_daemon(daemon, self.folder.directory),
            vantage=daemon.vantage_noun(),
            surroundings=dataclasses.replace(
                daemon.surroundings.noun(),
                crawling=daemon.crawl.noun(),
                links=MappingProxyType({name: entry.noun() for name, entry in daemon.links.items()}),
            ),
            scope=daemon.scope.noun(),
            limits=daemon.limits.noun(f"Diaolou/{version} (+{daemon.contact})"),
        )

    def _one(self, name: str, model: type[Model], *, required: bool = True) -> Model | None:
        document = self.folder.document(self.folder.directory / name, required=required)
        return None if document is None else self._validated(document, model)

    def _links(self, daemon: DaemonFile, inventory: Inventory) -> None:
        document = self.folder.document(self.folder.directory / "diaolou.yaml")
        if document is not None:
            self.folder.mistakes += mistakes(document, link_slips(daemon.links, inventory.targets))

    def _policy_file(self) -> PolicyFile | None:
        if self._policy is None:
            return self._one("policy.yaml", PolicyFile)
        document = self.folder.understood(self._policy.name, self._policy.data)
        return None if document is None else self._validated(document, PolicyFile)

    def _validated(self, document: Document, model: type[Model]) -> Model | None:
        result = validate(model, {} if document.value is None else document.value, self.known)
        if isinstance(result, list):
            self.folder.mistakes += mistakes(document, result)
            return None
        return result

    def _agencies(self) -> list[AgencyEntry]:
        document = self.folder.document(self.folder.directory / "agencies.yaml")
        if document is None:
            return []
        listed = document.value.get("agencies") if isinstance(document.value, dict) else None
        raw = listed if isinstance(listed, list) else []
        codes = [str(entry["code"]) for entry in raw if isinstance(entry, dict) and "code" in entry]
        self.known = dataclasses.replace(self.known, agencies=Names(codes or None))
        self._validated(document, AgenciesFile)
        good = [
            (index, entry)
            for index, item in enumerate(raw)
            if isinstance(entry := validate(AgencyEntry, item, self.known), AgencyEntry)
        ]
        self.folder.mistakes += mistakes(document, tree_slips(good, self.known.agencies))
        return [entry for _, entry in good]

    def _inventory(self, daemon: DaemonFile | None) -> Inventory:
        """Read the targets; where a whole file could not be, nobody can say that a target is not there."""
        inventory = Inventory()
        unread = False
        for path in self.folder.target_files():
            if path.suffix == ".csv":
                table = self.folder.table(path)
                unread = unread or table is None
                if table is not None:
                    inventory.add_table(table, self.known)
            else:
                document = self.folder.document(path)
                unread = unread or document is None
                if document is not None:
                    inventory.add_document(document, self.known)
        if daemon is not None:
            inventory.check_scope(daemon.scope.noun())
        self.folder.mistakes += inventory.mistakes
        targets = Names(None if unread or not inventory.owners else inventory.owners)
        self.known = dataclasses.replace(self.known, targets=targets)
        return inventory


def _daemon(file: DaemonFile, directory: Path) -> Daemon:
    return Daemon(
        city=file.city,
        contact=file.contact,
        store_url=file.store.located(directory),
        keep=file.store.keep,
        keep_minutes=file.store.keep_minutes,
        metrics=file.metrics.listen,
        packets_socket=file.packets.socket,
        authorities=tuple(directory / path for path in file.authorities),
        language=file.language,
        time_zone=file.time_zone,
        policy_keys=file.trusted(),
    )

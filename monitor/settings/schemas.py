"""The JSON Schemas editors read, made from the models; run as a module it writes them.

A schema says a little less than the loader: it knows no agency, rule or probe, and it wants quotes around text that
YAML would take for a number.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from monitor.settings.agencies import AgenciesFile
from monitor.settings.alerting import AlertingFile
from monitor.settings.daemon import DaemonFile
from monitor.settings.fields import Section
from monitor.settings.holidays import HolidaysFile
from monitor.settings.policy import PolicyFile
from monitor.settings.response import ResponseFile
from monitor.settings.schedule import ScheduleFile
from monitor.settings.scoring import ScoringFile
from monitor.settings.snmp import SnmpFile
from monitor.settings.targets import TargetsFile
from monitor.settings.waivers import WaiversFile

MODELS: Mapping[str, type[Section]] = {
    "agencies": AgenciesFile,
    "targets": TargetsFile,
    "policy": PolicyFile,
    "waivers": WaiversFile,
    "schedule": ScheduleFile,
    "holidays": HolidaysFile,
    "alerting": AlertingFile,
    "response": ResponseFile,
    "snmp": SnmpFile,
    "scoring": ScoringFile,
    "diaolou": DaemonFile,
}


def schemas() -> Mapping[str, str]:
    """Return the text of each schema by its file name."""
    return {f"{name}.json": _text(model) for name, model in MODELS.items()}


def _text(model: type[Section]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def write(directory: Path) -> None:
    """Write the schemas to *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

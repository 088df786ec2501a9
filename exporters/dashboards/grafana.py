"""The little of Grafana's dashboard model that is needed: queries, panels in rows, and the dashboard around them.

Source: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules.text import Text

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

SCHEMA_VERSION = 39
COLUMNS = 24
DATASOURCE: Json = {"type": "prometheus", "uid": "diaolou-prometheus"}

_PANELS_OF_A_ROW = 100
"""Ids of a row begin at a multiple of this, so that a panel added to one row renumbers no other."""


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL query; *legend* names its series. A *table* query asks for this moment only."""

    expr: str
    legend: str = ""
    table: bool = False
    instant: bool = False

    def model(self, ref: str) -> Json:
        """Return the target called *ref*."""
        now = self.table or self.instant
        return {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": "table" if self.table else "time_series",
            "instant": now,
            "legendFormat": self.legend or "__auto",
            "range": not now,
            "refId": ref,
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; *kind* is Grafana's, and the mappings are in its terms. *width* of 24 columns."""

    kind: str
    title: Text
    about: Text
    queries: tuple[Query, ...]
    width: int
    height: int
    options: Mapping[str, Json]
    defaults: Mapping[str, Json] = field(default_factory=dict)
    overrides: tuple[Json, ...] = ()
    transformations: tuple[Json, ...] = ()

    def model(self, number: int, x: int, y: int) -> Json:
        """Return the panel at its place."""
        return {
            "id": number,
            "type": self.kind,
            "title": both(self.title),
            "description": f"{self.about.zh}\n\n{self.about.en}",
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": self.defaults, "overrides": self.overrides},
            "options": self.options,
            "targets": [query.model(chr(ord("A") + place)) for place, query in enumerate(self.queries)],
            "transformations": self.transformations,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels, which flow from left to right and into further lines."""

    title: Text
    panels: tuple[Panel, ...]

    def models(self, number: int, top: int) -> Iterator[Json]:
        """Yield the row's heading and its panels from line *top* on."""
        first = number * _PANELS_OF_A_ROW
        heading: dict[str, Json] = {"id": first, "type": "row", "title": both(self.title), "collapsed": False}
        yield {**heading, "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}, "panels": []}
        for place, (panel, x, y) in enumerate(self._places(top + 1), 1):
            yield panel.model(first + place, x, y)

    def bottom(self, top: int) -> int:
        """Return the first line below the row when it begins at *top*."""
        return max(y + panel.height for panel, _, y in self._places(top + 1))

    def _places(self, y: int) -> Iterator[tuple[Panel, int, int]]:
        x = height = 0
        for panel in self.panels:
            if x + panel.width > COLUMNS:
                x, y, height = 0, y + height, 0
            yield panel, x, y
            x, height = x + panel.width, max(height, panel.height)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A whole dashboard. *since* is the span shown at first, such as `7d`."""

    uid: str
    title: Text
    about: Text
    since: str
    variables: tuple[Json, ...]
    rows: tuple[Row, ...]

    def model(self) -> Json:
        """Return the dashboard as Grafana reads it."""
        panels: list[Json] = []
        top = 0
        for number, row in enumerate(self.rows, 1):
            panels += row.models(number, top)
            top = row.bottom(top)
        return {
            "uid": self.uid,
            "title": both(self.title),
            "description": f"{self.about.zh}\n\n{self.about.en}",
            "tags": ["diaolou"],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "1m",
            "time": {"from": f"now-{self.since}", "to": "now"},
            "timezone": "browser",
            "links": [_SIBLINGS],
            "annotations": {"list": []},
            "templating": {"list": self.variables},
            "panels": panels,
        }


_SIBLINGS: Json = {
    "type": "dashboards",
    "title": "碉楼 Diaolou",
    "tags": ["diaolou"],
    "asDropdown": False,
    "includeVars": True,
    "keepTime": False,
    "icon": "external link",
    "targetBlank": False,
    "tooltip": "",
    "url": "",
}


def both(text: Text) -> str:
    """Return *text* in Chinese and then English, on one line."""
    return text.zh if text.zh == text.en else f"{text.zh} {text.en}"

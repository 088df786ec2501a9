"""The kinds of panel the dashboards are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters.dashboards.appearance import PLAIN, Steps, thresholds
from exporters.dashboards.grafana import Json, Panel, Query, both
from rules.text import Text

_LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_NOT_MEASURED = "未测得 not measured"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers in a table: the query behind it, and how its values look."""

    title: Text
    expr: str
    unit: str = "none"
    steps: Steps = PLAIN
    decimals: int | None = None
    mappings: Json = ()


def stat(
    title: Text,
    about: Text,
    *queries: Query,
    width: int = 4,
    unit: str = "none",
    steps: Steps = PLAIN,
    mappings: Json = (),
    overrides: tuple[Json, ...] = (),
    decimals: int | None = None,
    shows: str = "auto",
) -> Panel:
    """Return a panel with the present number in large; what is absent is called not measured.

    *shows* `name` puts the name of the series in place of its number.
    """
    options: Mapping[str, Json] = {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
        "textMode": shows,
    }
    defaults = _defaults(unit, steps, decimals, mappings)
    return Panel("stat", title, about, queries, width, 5, options, defaults, overrides)


def bars(
    title: Text,
    about: Text,
    *queries: Query,
    width: int = 8,
    height: int = 8,
    unit: str = "none",
    steps: Steps = PLAIN,
    most: float | None = None,
    overrides: tuple[Json, ...] = (),
) -> Panel:
    """Return lying bars, one for each series, as it stands now."""
    options: Mapping[str, Json] = {
        "displayMode": "gradient",
        "minVizHeight": 12,
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "valueMode": "color",
    }
    defaults = {**_defaults(unit, steps), "min": 0, **({} if most is None else {"max": most})}
    return Panel("bargauge", title, about, queries, width, height, options, defaults, overrides)


def trend(
    title: Text,
    about: Text,
    *queries: Query,
    width: int = 12,
    height: int = 8,
    unit: str = "none",
    stacked: bool = False,
    overrides: tuple[Json, ...] = (),
) -> Panel:
    """Return lines over time; gaps stay gaps."""
    options: Mapping[str, Json] = {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "right", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 60 if stacked else 8,
        "lineWidth": 1,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
    }
    defaults: Mapping[str, Json] = {"unit": unit, "min": 0, "color": {"mode": "palette-classic"}, "custom": custom}
    return Panel("timeseries", title, about, queries, width, height, options, defaults, overrides)


def states(title: Text, about: Text, *queries: Query, mappings: Json, width: int = 8, height: int = 8) -> Panel:
    """Return bands over time, one for each series, coloured by its state."""
    options: Mapping[str, Json] = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults: Mapping[str, Json] = {
        "mappings": mappings,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds(PLAIN),
        "custom": {"fillOpacity": 70, "lineWidth": 0},
    }
    return Panel("state-timeline", title, about, queries, width, height, options, defaults)


def stacked_bars(
    title: Text,
    about: Text,
    by: str,
    *queries: Query,
    width: int = 12,
    height: int = 10,
    overrides: tuple[Json, ...] = (),
) -> Panel:
    """Return one lying bar for each value of the label *by*, stacked from queries that each have a legend."""
    options: Mapping[str, Json] = {
        "barWidth": 0.8,
        "fullHighlight": False,
        "groupWidth": 0.7,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "orientation": "horizontal",
        "showValue": "auto",
        "stacking": "normal",
        "tooltip": {"mode": "multi", "sort": "none"},
        "xField": by,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 0,
    }
    titles = {by: by, **{_value(place): query.legend for place, query in enumerate(queries)}}
    defaults: Mapping[str, Json] = {"custom": {"fillOpacity": 80, "lineWidth": 1}, "color": {"mode": "palette-classic"}}
    tabled = tuple(Query(query.expr, query.legend, table=True) for query in queries)
    return Panel(
        "barchart", title, about, tabled, width, height, options, defaults, overrides, (_MERGE, *_only(titles))
    )


def table(
    title: Text,
    about: Text,
    labels: Mapping[str, Text],
    *columns: Column,
    width: int = 12,
    height: int = 10,
    sort: Text,
    descending: bool = True,
    words: Mapping[str, Json] | None = None,
) -> Panel:
    """Return a table with a row for each set of *labels*; *words* maps the values of a label to what is shown.

    Every query yields the first of *labels*; rows are joined on the labels the queries share.
    """
    values = {_value(place, len(columns)): column for place, column in enumerate(columns)}
    titles = {**{name: both(text) for name, text in labels.items()}, **{k: both(v.title) for k, v in values.items()}}
    options: Mapping[str, Json] = {
        "cellHeight": "sm",
        "footer": {"show": False, "reducer": ["sum"], "fields": ""},
        "showHeader": True,
        "sortBy": [{"displayName": both(sort), "desc": descending}],
    }
    defaults: Mapping[str, Json] = {
        "noValue": "–",
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        "thresholds": thresholds(PLAIN),
    }
    overrides = [_column(both(column.title), column) for column in columns]
    for label, mappings in (words or {}).items():
        overrides.append(_override(both(labels[label]), [{"id": "mappings", "value": mappings}]))
    queries = tuple(Query(column.expr, table=True) for column in columns)
    changes = (*([_MERGE] if len(columns) > 1 else []), *_only(titles))
    return Panel("table", title, about, queries, width, height, options, defaults, tuple(overrides), changes)


_MERGE: Json = {"id": "merge", "options": {}}


def _value(place: int, count: int = 2) -> str:
    """Return what Grafana calls the field of the query at *place* of *count*."""
    return "Value" if count == 1 else f"Value #{chr(ord('A') + place)}"


def _only(titles: Mapping[str, str]) -> tuple[Json, ...]:
    """Return the transformations that keep only the fields of *titles*, in their order and under those names."""
    order: Json = {name: place for place, name in enumerate(titles)}
    return (
        {"id": "filterFieldsByName", "options": {"include": {"names": list(titles)}}},
        {"id": "organize", "options": {"excludeByName": {}, "indexByName": order, "renameByName": titles}},
    )


def _column(name: str, column: Column) -> Json:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.mappings:
        properties.append({"id": "mappings", "value": column.mappings})
    if column.steps is not PLAIN:
        properties.append({"id": "thresholds", "value": thresholds(column.steps)})
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return _override(name, properties)


def _override(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def _defaults(unit: str, steps: Steps, decimals: int | None = None, mappings: Json = ()) -> Mapping[str, Json]:
    return {
        "unit": unit,
        "noValue": _NOT_MEASURED,
        "mappings": mappings,
        "thresholds": thresholds(steps),
        "color": {"mode": "thresholds"},
        **({} if decimals is None else {"decimals": decimals}),
    }

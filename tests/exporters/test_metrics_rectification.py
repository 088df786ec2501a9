"""The record of rectification, as metrics and drawn together from the store."""

from __future__ import annotations

import dataclasses
import datetime as dt

from exporters.metrics import render
from exporters.posture import Posture
from rules.notice import NoticeState
from rules.rectification import Age, Rectification
from tests.exporters.city import RECORD, city


def told(record: Rectification) -> dict[str, float]:
    """Return what the page says of the city by *record*."""
    posture: Posture = city()
    page = render(
        dataclasses.replace(posture, city=dataclasses.replace(posture.city, rectification=record)),
        dt.date(2026, 11, 22),
    )
    mine = f'agency="{posture.city.agency.code}"'
    lines = [line.rpartition(" ") for line in page.decode().splitlines() if mine in line]
    return {name.replace(mine, "").replace("{,", "{"): float(number) for name, _, number in lines}


def test_rates_and_durations_are_told_of_each_agency() -> None:
    said = told(RECORD)
    assert said["diaolou_agency_rectified_on_time_ratio{}"] == 0.75
    assert said["diaolou_agency_rectification_mean_seconds{}"] == 2 * 86400.0
    assert said["diaolou_agency_findings_reopened_ratio{}"] == 0.25
    assert said["diaolou_agency_notices_overdue{}"] == 1
    assert [said[f'diaolou_agency_findings_age{{age="{age}"}}'] for age in Age] == [2, 0, 0, 1]
    assert [said[f'diaolou_agency_notices{{state="{state}"}}'] for state in NoticeState] == [0, 2, 0, 0, 0, 0]


def test_a_rate_of_nothing_is_absent() -> None:
    said = told(Rectification())
    ratios = ("rectified_on_time_ratio", "rectification_mean_seconds", "findings_reopened_ratio")
    assert not {f"diaolou_agency_{name}{{}}" for name in ratios} & said.keys()
    assert said["diaolou_agency_notices_overdue{}"] == 0

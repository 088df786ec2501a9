"""What is told of how well agencies mend: all below each, over the last 90 days, and their notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporters.metrics_city import told
from exporters.metrics_source import CityMetric, Samples, of_city
from exporters.posture import Posture
from rules.notice import NoticeState
from rules.rectification import Age, Rectification


def _each(samples: Callable[[Rectification], Samples]) -> Callable[[Posture], Samples]:
    def of_all(posture: Posture) -> Samples:
        for agency in told(posture):
            for values, number in samples(agency.rectification):
                yield (agency.agency.code, *values), number

    return of_all


def _known(number: float | None) -> Iterator[tuple[tuple[str, ...], float]]:
    if number is not None:
        yield (), number


def _metric(name: str, zh: str, en: str, samples: Callable[[Rectification], Samples], *labels: str) -> CityMetric:
    return CityMetric(of_city(f"agency_{name}", zh, en, "agency", *labels), _each(samples))


RECTIFICATION_METRICS = (
    _metric(
        "findings_age",
        "未整改的问题数（含下级），按首次发现至今的时长；含已豁免的",
        "Open findings of all below it by how long they have been known, the waived included",
        lambda record: (((age.value,), record.ages.get(age, 0)) for age in Age),
        "age",
    ),
    _metric(
        "rectified_on_time_ratio",
        "按期整改率（含下级），近 90 天：到期应改的之中按期改好的份额；没有到期的则无",
        "Share of what was due in the last 90 days that was mended in time, of all below it; absent if nothing was due",
        lambda record: _known(record.on_time),
    ),
    _metric(
        "rectification_mean_seconds",
        "平均整改时长（含下级），近 90 天；没有改好的则无",
        "Mean time from first seen to mended in the last 90 days, of all below it; absent if nothing was mended",
        lambda record: _known(record.mean),
    ),
    _metric(
        "findings_reopened_ratio",
        "复发率（含下级），近 90 天：复发次数与销号次数之比；没有销号的则无",
        "Findings reopened for each closed in the last 90 days, of all below it; absent if none was closed",
        lambda record: _known(record.recurrence),
    ),
    _metric(
        "notices",
        "整改通知数（含下级），按办理状态",
        "Rectification notices of all below it, by state",
        lambda record: (((state.value,), record.notices.get(state, 0)) for state in NoticeState),
        "state",
    ),
    _metric(
        "notices_overdue",
        "超期未办结的整改通知数（含下级）",
        "Rectification notices past their deadline and not settled, of all below it",
        lambda record: [((), record.notices_overdue)],
    ),
)

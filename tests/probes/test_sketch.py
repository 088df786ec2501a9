"""Two sketches tell how alike two texts are, in one small and bounded pass."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from probes.sketch import SIZE, TEXT_LIMIT, sketch

NEWS = "".join(
    f"开平市{bureau}召开{topic}工作会议，研究部署{season}季度重点任务，要求各镇街认真落实。"
    for bureau in ("教育局", "卫生健康局", "财政局", "民政局", "交通运输局", "自然资源局")
    for topic in ("安全生产", "防汛抗旱", "营商环境", "乡村振兴")
    for season in ("一", "二", "三", "四")
)


def likeness(one: str, other: str) -> float:
    """Return the share of hashes two texts have in common, as the rule about content does."""
    first, second = sketch(one), sketch(other)
    return len({*first} & {*second}) / max(len(first), len(second))


@given(st.text())
def test_a_sketch_is_small_sorted_and_the_same_every_time(text: str) -> None:
    made = sketch(text)
    assert made == sketch(text)
    assert list(made) == sorted(set(made))
    assert len(made) <= SIZE
    assert all(0 <= number < 2**53 for number in made)


@given(st.text(alphabet="开平市政府网站", min_size=1, max_size=30), st.integers(0, 10**9))
def test_clocks_counters_and_layout_change_nothing(text: str, number: int) -> None:
    assert sketch(f"{text}\n 今天") == sketch(f"{number}{text} {number}\t今天")


def test_nothing_has_no_sketch_and_little_has_a_little_one() -> None:
    assert sketch("") == sketch(" 2026-11-22 \n")[:0] == ()
    assert len(sketch("开平")) == 1
    assert len(sketch("开平市政府网")) == 2


def test_a_changed_headline_leaves_a_page_alike() -> None:
    assert likeness(NEWS, NEWS.replace("财政局召开安全生产工作会议", "财政局发布年度预算公开报告", 1)) >= 0.9


def test_another_page_is_another() -> None:
    assert likeness(NEWS, "Welcome to nginx! If you see this page, the web server is successfully installed." * 9) == 0


def test_half_a_page_is_not_the_page() -> None:
    assert likeness(NEWS, "系统维护中，请稍后访问。" * 40) < 0.5


def test_a_huge_text_costs_no_more_than_its_limit() -> None:
    begun = time.process_time()
    huge = "".join(chr(0x4E00 + number % 20000) for number in range(3 * TEXT_LIMIT))
    assert sketch(huge) == sketch(huge[:TEXT_LIMIT])
    assert time.process_time() - begun < 5


def test_lone_surrogates_are_text_too() -> None:
    assert len(sketch("\ud800开平市政")) == 1

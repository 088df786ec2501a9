import pytest

from rules.policy import Stage
from rules.readiness import climb
from rules.verdict import Outcome
from tests.rules.judgement import policy, verdict

POLICY = policy()
PASS, FAIL, UNKNOWN, NA = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("published", "reachable", "equal", "stage"),
    [
        (FAIL, NA, NA, Stage.NONE),
        (UNKNOWN, UNKNOWN, UNKNOWN, None),
        (PASS, FAIL, NA, Stage.PUBLISHED),
        (PASS, UNKNOWN, PASS, Stage.PUBLISHED),
        (PASS, PASS, FAIL, Stage.REACHABLE),
        (PASS, PASS, PASS, Stage.EQUAL),
        (PASS, PASS, NA, Stage.EQUAL),
        (PASS, NA, NA, Stage.PUBLISHED),
        (NA, NA, NA, None),
    ],
)
def test_the_stage_is_what_is_sure(published: Outcome, reachable: Outcome, equal: Outcome, stage: Stage | None) -> None:
    verdicts = [verdict("published", published), verdict("reachable", reachable), verdict("equal", equal)]
    assert climb("h", verdicts, POLICY).stage is stage


def test_a_rule_never_judged_is_unknown() -> None:
    readiness = climb("h", [], POLICY)
    assert (readiness.stage, readiness.unknown) == (None, ("published",))


def test_half_up_is_not_up() -> None:
    verdicts = [verdict("published", PASS), verdict("reachable", PASS, "a"), verdict("reachable", FAIL, "b")]
    readiness = climb("h", verdicts, POLICY)
    assert (readiness.stage, readiness.blockers) == (Stage.PUBLISHED, ("reachable",))


def test_a_stage_without_rules_ends_the_climb() -> None:
    verdicts = [verdict(rule, PASS) for rule in ("published", "reachable", "equal")]
    assert climb("h", verdicts, POLICY).stage is Stage.EQUAL


def test_an_exempt_host_has_no_stage() -> None:
    readiness = climb("h", [verdict("published", NA)], POLICY, exempt=True)
    assert (readiness.stage, readiness.exempt) == (None, True)

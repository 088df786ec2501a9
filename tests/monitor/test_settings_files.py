import datetime as dt
from pathlib import Path

import pytest

from probes.target import Family, QuietHours
from rules.agency import Role, Tier
from rules.policy import Level, Stage
from tests.monitor.operator import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- agencies


def test_an_agency_keeps_its_names_and_contacts(desk: Desk) -> None:
    contact = "{role: notices, name: 张三, mail: zhang@city.example, phone: 0750-1234567}"
    desk.change("agencies.yaml", "tier: county}", f"tier: county, contacts: [{contact}]}}")
    agency = desk.load().tree.agencies["city"]
    assert (agency.name.zh, agency.name.en, agency.tier) == ("市", "City", Tier.COUNTY)
    assert (agency.contacts[0].role, agency.contacts[0].phone) == (Role.NOTICES, "0750-1234567")


def test_a_code_of_digits_keeps_its_leading_zero(desk: Desk) -> None:
    for name in ("agencies.yaml", "targets.yaml"):
        text = (desk.directory / name).read_text().replace(": education", ": 0440783")
        desk.write(name, text)
    assert "0440783" in desk.load().tree.agencies


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code: town", "code: city", "appears twice"),
        ("parent: city}\n  - {code: town", "parent: cty}\n  - {code: town", 'did you mean "city"?'),
        ("tier: town, parent: city", "tier: province, parent: city", "stands below"),
        ("zh: 市, en: City", "zh: 市", '"en" is missing'),
        ("code: city, name", "code: city office, name", "not written as it should be"),
        ("tier: county}", "tier: state}", "one of: province, city, county, town, village"),
        ("tier: county}", "tier: county, contacts: [{role: lead, name: a, mail: nobody}]}", "name@example.gov.cn"),
        ("tier: county}", "tier: county, contacts: [{role: lead, name: a, phone: call me}]}", "digits"),
    ],
)
def test_a_mistake_in_the_agencies_is_told(desk: Desk, old: str, new: str, said: str) -> None:
    desk.change("agencies.yaml", old, new)
    assert any(said in str(mistake) for mistake in desk.mistakes())


def test_parents_in_a_circle_are_told_with_the_way_round(desk: Desk) -> None:
    desk.change("agencies.yaml", "tier: county}", "tier: county, parent: education}")
    mistakes = desk.mistakes()
    assert [mistake.line for mistake in mistakes] == [2, 3]
    assert "city → education → city" in str(mistakes[0])


def test_an_agency_of_its_own_is_a_circle(desk: Desk) -> None:
    desk.change("agencies.yaml", "tier: county}", "tier: county, parent: city}")
    assert "city → city" in desk.mistake()[2]


# --- policy


def test_a_policy_is_read_with_its_defaults(desk: Desk) -> None:
    policy = desk.load().policy
    assert (policy.profile, policy.version, policy.confirmations, policy.reopen_days) == ("county", "1", 2, 90)
    assert policy.clauses["aaaa_published"].since == dt.date(2026, 1, 1)
    assert policy.clauses["no_dangerous_port_open"].days is None
    assert policy.weights[Level.CRITICAL] == 0.4
    assert policy.ladder[Stage.PUBLISHED] == ("aaaa_published",)
    assert policy.ladder[Stage.DEEP] == ()
    assert policy.dangerous_ports == {6379: "Redis"}
    assert policy.freshness == 7 * 86400


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("published: [aaaa_published]", "published: [aaaa_publish]", 5, 'did you mean "aaaa_published"?'),
        ("published: [", "none: [", 5, 'no key "none" here'),
        ("high: 0.2", "high: 0.5", 4, "high weighs more than critical"),
        ("critical: 0.4", "critical: nan", 4, "must be a number"),
        ("critical: 0.4, ", "", 4, '"critical" is missing'),
        ("6379: Redis", "06379: Redis", 6, "no port"),
        ("6379: Redis", "70000: Redis", 6, "cannot be greater than 65535"),
        ("6379: Redis", "6379: ", 6, "must be text"),
        ("{level: critical}", "", 9, "must be a mapping"),
        ("days: 30", "days: soon", 8, "must be a whole number"),
        ("since: 2026-01-01", "since: 2026-02-30", 8, "no date"),
        ("since: 2026-01-01", "since: 20260101", 8, "no date"),
        ('version: "1"', 'version: "1"\nconfirmations: 0', 3, "cannot be less than 1"),
        ('version: "1"', 'version: "1"\nminimum_coverage: 50', 3, "cannot be greater than 1"),
        ('version: "1"', 'version: "1"\nfreshness: 7 days', 3, "no duration"),
        ('version: "1"', 'version: ""', 2, "cannot be empty"),
    ],
)
def test_a_mistake_in_the_policy_is_told_at_its_line(desk: Desk, old: str, new: str, line: int, said: str) -> None:
    desk.change("policy.yaml", old, new)
    file, at, words = desk.mistake()
    assert (file, at) == ("policy.yaml", line)
    assert said in words


# --- alerting


ALERTING = """\
mail: {smarthost: "smtp.city.example:587", sender: diaolou@city.example, user: d, password_file: secrets/smtp}
webhooks: ["http://127.0.0.1:9/alerts"]
wecom: {corporation: ww1, agent: "2", secret_file: secrets/wecom}
quiet: "22:00-06:00"
repeat: 2h
"""


def test_the_ways_out_of_alerts_are_read(desk: Desk) -> None:
    for name in ("smtp", "wecom"):
        desk.write(f"secrets/{name}", "secret")
    desk.write("alerting.yaml", ALERTING)
    alerting = desk.load().alerting
    assert alerting.mail is not None
    assert alerting.wecom is not None
    assert Path(alerting.mail.password_file).read_text() == Path(alerting.wecom.secret_file).read_text() == "secret"
    assert (alerting.webhooks, alerting.repeat, alerting.quiet) == (
        ("http://127.0.0.1:9/alerts",),
        7200.0,
        ("22:00", "06:00"),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("secrets/wecom", "secrets/none", "no file"),
        ("http://127", "ftp://127", "not written as it should be"),
        ("smtp.city.example:587", "smtp.city.example", "not written as it should be"),
    ],
)
def test_a_mistake_in_a_way_out_is_told(desk: Desk, old: str, new: str, said: str) -> None:
    for name in ("smtp", "wecom"):
        desk.write(f"secrets/{name}", "secret")
    desk.write("alerting.yaml", ALERTING.replace(old, new))
    assert said in desk.mistake()[2]


# --- waivers

WAIVER = """\
waivers:
  - rule: aaaa_published
    target: www.city.example
    reason: leaves in June
    requested_by: Zhang
    approved_by: Li
    granted: 2026-01-10
    until: 2026-12-31
"""


def test_a_waiver_is_read(desk: Desk) -> None:
    desk.write("waivers.yaml", WAIVER + "    subject: tcp/80/ipv6\n    evidence: No. 7\n")
    (waiver,) = desk.load().waivers
    assert (waiver.rule, waiver.target, waiver.agency) == ("aaaa_published", "www.city.example", "")
    assert (waiver.subject, waiver.until, waiver.evidence) == ("tcp/80/ipv6", dt.date(2026, 12, 31), "No. 7")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    until: 2026-12-31\n", "", 2, '"until" is missing'),
        ("until: 2026-12-31", "until: ", 8, '"until" is missing'),
        ("until: 2026-12-31", "until: 2027-01-12", 8, "longer than a year"),
        ("until: 2026-12-31", "until: 2026-01-10", 8, "ends before it begins"),
        ("until: 2026-12-31", "until: never", 8, "no date"),
        ("approved_by: Li", "approved_by: zhang", 6, "by the same person"),
        ("approved_by: Li", "approved_by: ' '", 6, "cannot be empty"),
        ("rule: aaaa_published", "rule: https_availble", 2, 'did you mean "https_available"?'),
        ("target: www.city.example", "target: www.ctiy.example", 3, 'did you mean "www.city.example"?'),
        ("target: www.city.example", "agency: educaton", 3, 'did you mean "education"?'),
        ("    target: www.city.example\n", "", 2, "who is waived"),
        ("rule: aaaa_published", "rule: 'tls_*'", 2, 'no rule is like "tls_*"'),
        ("target: www.city.example", "target: '*.town.example'", 3, 'no target is like "*.town.example"'),
        ("    until: 2026-12-31\n", "    until: 2026-12-31\n    evidence_file: letter.pdf\n", 9, "no file"),
    ],
)
def test_a_mistake_in_a_waiver_is_told_at_its_line(desk: Desk, old: str, new: str, line: int, said: str) -> None:
    assert old in WAIVER
    desk.write("waivers.yaml", WAIVER.replace(old, new))
    file, at, words = desk.mistake()
    assert (file, at) == ("waivers.yaml", line)
    assert said in words


def test_a_waiver_may_mean_many_and_rest_on_a_file(desk: Desk) -> None:
    desk.write("letters/7.pdf", b"%PDF")
    many = WAIVER.replace("aaaa_published", "'*_published'").replace("www.city.example", "'www.*'")
    desk.write("waivers.yaml", many + "    evidence_file: letters/7.pdf\n")
    (waiver,) = desk.load().waivers
    assert (waiver.rule, waiver.target, waiver.evidence) == ("*_published", "www.*", "letters/7.pdf")
    assert waiver.granted == dt.date(2026, 1, 10)


def test_a_waiver_for_a_whole_year_is_allowed(desk: Desk) -> None:
    desk.write("waivers.yaml", WAIVER.replace("2026-12-31", "2027-01-10"))
    assert desk.load().waivers


def test_a_waiver_of_a_target_with_a_mistake_is_no_second_mistake(desk: Desk) -> None:
    desk.write("waivers.yaml", WAIVER)
    desk.targets("{host: www.city.example, agency: city, value: 9}")
    assert desk.mistake()[0] == "targets.yaml"


# --- schedule


def test_a_schedule_says_how_often_and_how_much_sooner(desk: Desk) -> None:
    desk.write(
        "schedule.yaml", "jitter: 0.2\nprobes: {tcp_ports: {every: 90m}}\nquiet: ['23:30-24:00']\nrevisit: {dark: 9}\n"
    )
    schedule = desk.load().schedule
    assert (schedule.cadence("tcp_ports").every, schedule.cadence("tcp_ports").jitter) == (5400, 0.2)
    assert schedule.cadence("dns_address").every is None
    assert schedule.revisit.dark == 9
    assert schedule.revisit.levels[Level.CRITICAL] < schedule.revisit.clean
    assert schedule.quiet == (QuietHours(dt.time(23, 30), dt.time(0, 0)),)
    assert schedule.quiet[0].covers(dt.time(23, 59))
    assert not schedule.quiet[0].covers(dt.time(0, 0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("probes: {tcp_port: {every: 1h}}", 'no probe "tcp_port"; did you mean "tcp_ports"?'),
        ("probes: {tcp_ports: {every: 1s}}", "cannot be less than 60"),
        ("probes: {tcp_ports: {every: 0}}", "no duration"),
        ("probes: {tcp_ports: {evry: 1h}}", 'did you mean "every"?'),
        ("jitter: 0.9", "cannot be greater than 0.5"),
        ("revisit: {high: 0.1}", "high is looked at more often than critical"),
        ("revisit: {dark: 0}", "must be greater than 0"),
    ],
)
def test_a_mistake_in_the_schedule_is_told(desk: Desk, text: str, said: str) -> None:
    desk.write("schedule.yaml", text + "\n")
    file, line, words = desk.mistake()
    assert (file, line) == ("schedule.yaml", 1)
    assert said in words


# --- the tower


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("city: city", "city: ciyt", 1, 'did you mean "city"?'),
        ("contact: https://city.example/about", "contact: call me", 2, "https://"),
        ("zone: internet", "zone: internet, families: []", 3, "needs at least 1"),
        ("zone: internet", "zone: internet, families: [ipv5]", 3, 'did you mean "ipv'),
        ("resolvers: [192.0.2.53]", "resolvers: [dns.example]", 5, "no address"),
        ("resolvers: [192.0.2.53]", "resolvers: []", 5, "needs at least 1"),
        ("control_name: www.example.com", "control_name: 192.0.2.1", 6, "not an address"),
        ('ipv4: ["192.0.2.53:53"]', 'ipv4: ["[2001:db8::53]:53"]', 7, "is no ipv4 address"),
        ('ipv4: ["192.0.2.53:53"]', "ipv4: [a.example:53]", 7, "no address with a port"),
        ('ipv4: ["192.0.2.53:53"]', 'ipv4: ["192.0.2.53"]', 7, "no address with a port"),
        ('ipv4: ["192.0.2.53:53"]', 'ipv4: ["192.0.2.53:0"]', 7, "no address with a port"),
        ("allow: [192.0.2.0/24", "allow: [0.0.0.0/0", 8, "larger than"),
        ("allow: [192.0.2.0/24", "allow: [192.0.2.1/24", 8, "host bits"),
        ("scope: {", "limits: {overall: -1}\nscope: {", 8, "greater than 0"),
        ("scope: {", "limits: {per_host: inf}\nscope: {", 8, "must be a number"),
        ("scope: {", "limits: {source_ports: [2, 1]}\nscope: {", 8, "reversed"),
        ("scope: {", "limits: {source_ports: [2]}\nscope: {", 8, "needs at least 2"),
        ("scope: {", "limits: {source_ports: [1000, 9000]}\nscope: {", 8, "must lie above 1023"),
        ("scope: {", "limits: {source_ports: [40000, 40999]}\nscope: {", 8, "1024 at least"),
        ("scope: {", "store: {url: mysql://x}\nscope: {", 8, "sqlite:///"),
        ("scope: {", "metrics: {listen: 9817}\nscope: {", 8, "no address with a port"),
        ("scope: {", "packets: {socket: run/x}\nscope: {", 8, "absolute path"),
        ("scope: {", "language: fr\nscope: {", 8, "one of: zh, en"),
        ("scope: {", "time_zone: Asia/Kaiping\nscope: {", 8, "no time zone"),
        ("scope: {", "time_zone: /etc/passwd\nscope: {", 8, "no time zone"),
    ],
)
def test_a_mistake_about_the_tower_is_told_at_its_line(desk: Desk, old: str, new: str, line: int, said: str) -> None:
    desk.change("diaolou.yaml", old, new)
    file, at, words = desk.mistake()
    assert (file, at) == ("diaolou.yaml", line)
    assert said in words


def test_the_default_pace_is_gentle(desk: Desk) -> None:
    limits = desk.load().limits
    assert (limits.overall, limits.per_host, limits.per_agency) == (100, 10, 50)


def test_a_section_whose_lines_are_all_commented_out_has_its_defaults(desk: Desk) -> None:
    desk.change("diaolou.yaml", "scope: {", "limits:\n  # overall: 5\nscope: {deny: , ")
    config = desk.load()
    assert config.limits.overall == 100
    assert config.scope.deny == ()


def test_an_empty_scope_loads_and_sends_nothing(desk: Desk) -> None:
    desk.change("diaolou.yaml", 'allow: [192.0.2.0/24, 10.0.0.0/8, "2001:db8::/32"]', "allow: []")
    assert desk.load().scope.allow == ()


def test_a_vantage_may_have_one_family(desk: Desk) -> None:
    desk.change("diaolou.yaml", "zone: internet", "zone: internet, families: [ipv4]")
    assert desk.load().vantage.families == {Family.IPV4}

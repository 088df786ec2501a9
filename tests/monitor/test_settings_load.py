import datetime as dt
import gc
from pathlib import Path

import pytest

from monitor.settings import Mistakes, inventory, load
from probes.target import Family, Kind, QuietHours, Service, Transport
from rules.text import Language
from tests.monitor.operator import PROBES, RULES, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_settings_without_mistake_become_nouns(desk: Desk) -> None:
    desk.targets(
        "{host: WWW.city.example., agency: city, kind: website, value: 5, paths: [/, /news/], quiet: ['22:00-6:00']}"
    )
    config = desk.load()
    target = config.targets["www.city.example"]
    assert (target.agency, target.kind, target.value, target.paths) == ("city", Kind.WEBSITE, 5, ("/", "/news/"))
    assert target.quiet == (QuietHours(dt.time(22), dt.time(6)),)
    assert config.daemon.city == "city"
    assert str(config.daemon.metrics) == "127.0.0.1:9817"
    assert config.limits.user_agent.endswith("(+https://city.example/about)")
    assert config.vantage.families == frozenset(Family)
    assert [str(contact.address) for contact in config.surroundings.controls[Family.IPV6]] == ["2001:db8::53"]
    assert list(config.tree.subtree("city")) == ["city", "education", "town"]


def test_the_services_usual_for_a_kind_are_declared_over_both_families(desk: Desk) -> None:
    desk.targets("{host: a.example, agency: city, kind: website}", "{host: b.example, agency: city, kind: dns}")
    config = desk.load()
    assert config.targets["a.example"].declared == {
        Service(family, Transport.TCP, port) for family in Family for port in (80, 443)
    }
    assert config.targets["b.example"].declared == {
        Service(family, transport, 53) for family in Family for transport in Transport
    }


@pytest.mark.parametrize(
    ("declared", "services"),
    [
        ("{}", ""),
        ("{tcp: [22]}", "ipv4/tcp/22 ipv6/tcp/22"),
        ("{udp: [53]}", "ipv4/udp/53 ipv6/udp/53"),
        ("{ipv4: {tcp: [22, 443]}, ipv6: {tcp: [443]}}", "ipv4/tcp/22 ipv4/tcp/443 ipv6/tcp/443"),
        ("{ipv4: {tcp: [22]}}", "ipv4/tcp/22"),
        ("none", ""),
        ("tcp/22 ipv6/udp/53", "ipv4/tcp/22 ipv6/tcp/22 ipv6/udp/53"),
    ],
)
def test_services_are_declared_for_both_families_or_apart(desk: Desk, declared: str, services: str) -> None:
    desk.targets(f"{{host: a.example, agency: city, declared: {declared}}}")
    found = desk.load().targets["a.example"].declared
    assert {f"{one.family}/{one.transport}/{one.port}" for one in found} == set(services.split())


@pytest.mark.parametrize(("host", "family"), [("192.0.2.1", Family.IPV4), ('"2001:db8::1"', Family.IPV6)])
def test_an_address_offers_services_over_its_own_family_only(desk: Desk, host: str, family: Family) -> None:
    desk.targets(f"{{host: {host}, agency: city, declared: {{tcp: [22]}}}}")
    assert {service.family for target in desk.load().targets.values() for service in target.declared} == {family}


def test_an_exempt_target_offers_ipv4_only_and_its_reason_is_kept(desk: Desk) -> None:
    desk.targets("{host: a.example, agency: city, kind: website, ipv6_exempt: leaves in June}")
    config = desk.load()
    assert config.targets["a.example"].ipv6_exempt
    assert {service.family for service in config.targets["a.example"].declared} == {Family.IPV4}
    assert config.exemptions == {"a.example": "leaves in June"}


def test_a_range_becomes_one_target_for_each_address(desk: Desk) -> None:
    desk.targets("{host: 192.0.2.8/30, agency: city}", "{host: '2001:db8::a-2001:db8::c', agency: town}")
    targets = desk.load().targets
    assert list(targets) == ["192.0.2.9", "192.0.2.10", "2001:db8::a", "2001:db8::b", "2001:db8::c"]
    assert {target.agency for target in targets.values()} == {"city", "town"}


def test_a_large_range_needs_consent(desk: Desk) -> None:
    desk.targets("{host: 10.0.0.0/21, agency: city}")
    assert desk.mistake()[:2] == ("targets.yaml", 2)
    desk.targets("{host: 10.0.0.0/21, agency: city, consent: true}")
    assert len(desk.load().targets) == 2046


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("{host: A.example., agency: city}", "appears twice, first at"),
        ("{host: 192.0.2.0/29, agency: city}", "overlaps with 192.0.2.4-192.0.2.20"),
        ("{host: 192.0.2.5, agency: city}", "overlaps with 192.0.2.4-192.0.2.20"),
    ],
)
def test_a_host_stands_in_one_entry_only(desk: Desk, second: str, said: str) -> None:
    desk.targets("{host: a.example, agency: city}", "{host: 192.0.2.4-192.0.2.20, agency: city}", second)
    file, line, words = desk.mistake()
    assert (file, line) == ("targets.yaml", 4)
    assert said in words


def test_an_overlap_is_told_once_with_how_much_it_is(desk: Desk) -> None:
    desk.targets("{host: 192.0.2.0/28, agency: city}", "{host: 192.0.2.8-192.0.2.30, agency: city}")
    assert "in 7 address(es)" in desk.mistake()[2]


def test_a_duplicate_in_another_file_is_found(desk: Desk) -> None:
    desk.targets("{host: a.example, agency: city}")
    desk.write("targets.csv", "host,agency\na.example,town\n")
    assert desk.mistake()[:2] == ("targets.csv", 2)


def test_a_duplicate_of_a_refused_entry_is_told_as_well(desk: Desk) -> None:
    desk.targets("{host: a.example, agency: city, value: 9}", "{host: a.example, agency: city}")
    assert [mistake.line for mistake in desk.mistakes()] == [2, 3]


def test_all_lists_of_targets_are_read(desk: Desk) -> None:
    desk.targets("{host: a.example, agency: city}")
    desk.write("targets.csv", "host,agency\nb.example,town\n")
    desk.write("targets/c.yaml", "targets:\n- {host: c.example, agency: city}\n")
    desk.write("targets/d.csv", "host,agency\nd.example,town\n")
    desk.write("targets/notes.txt", "not read")
    assert list(desk.load().targets) == ["a.example", "b.example", "c.example", "d.example"]


def test_an_address_outside_the_scope_is_refused_once_per_entry(desk: Desk) -> None:
    desk.targets("{host: 198.51.100.0/29, agency: city}", "{host: 198.51.100.77, agency: city}")
    mistakes = desk.mistakes()
    assert [mistake.line for mistake in mistakes] == [2, 3]
    assert "scope.allow" in mistakes[0].cure.en


def test_an_address_on_the_deny_list_may_stay_in_the_inventory(desk: Desk) -> None:
    desk.targets("{host: 192.0.2.7, agency: city}")
    desk.change("diaolou.yaml", "scope: {", "scope: {deny: [192.0.2.7], ")
    assert "192.0.2.7" in desk.load().targets


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{host: a.example, agency: education1}", 'no agency "education1"; did you mean "education"?'),
        ("{host: a.example, agency: city, value: 6}", '"value" is "6", but cannot be greater than 5'),
        ("{host: a.example, agency: city, value: high}", '"value" is "high", but must be a whole number'),
        ("{host: a.example, agency: city, kind: websit}", '"kind" cannot be "websit"; did you mean "website"?'),
        ("{host: a.example, agency: city, vlaue: 3}", 'no key "vlaue" here; did you mean "value"?'),
        ("{host: a.example}", '"agency" is missing'),
        ("{host: a.example, agency: }", '"agency" is missing'),
        ("{host: [a.example], agency: city}", "must be plain text"),
        ("{host: a.example, agency: city, declared: {tcp: [0]}}", 'item 1 of "tcp" is "0", but cannot be less than 1'),
        ("{host: a.example, agency: city, declared: {tcp: [65536]}}", "cannot be greater than 65535"),
        ("{host: a.example, agency: city, declared: {tcp: [http]}}", "must be a whole number"),
        ("{host: a.example, agency: city, declared: {tpc: [1]}}", 'did you mean "tcp"?'),
        ("{host: a.example, agency: city, declared: {tcp: [1], ipv4: {tcp: [1]}}}", "cannot stand beside"),
        ("{host: a.example, agency: city, declared: 443}", '"443" is no service'),
        ("{host: 192.0.2.1, agency: city, declared: {ipv6: {tcp: [1]}}}", "declared over ipv6"),
        ("{host: '2001:db8::1', agency: city, ipv6_exempt: why}", "cannot be exempt"),
        ("{host: a.example, agency: city, paths: [news]}", "no URL path"),
        ("{host: a.example, agency: city, paths: [//b.example/]}", "no URL path"),
        ("{host: a.example, agency: city, paths: []}", "needs at least 1"),
        ("{host: a.example, agency: city, zones: {a: b}}", "must be a list"),
        ("{host: a.example, agency: city, zones: [In Ternet]}", "lower-case letters"),
        ("{host: a.example, agency: city, quiet: ['22-6']}", "no span of hours"),
        ("{host: a.example, agency: city, quiet: ['06:00-06:00']}", "no span of hours"),
        ("{host: a.example, agency: city, quiet: ['00:00-24:00']}", "never looked at"),
        ("{host: a.example, agency: city, consent: maybe}", "must be true or false"),
        ("a.example", "must be a mapping"),
    ],
)
def test_a_mistake_in_a_target_is_told_at_its_line(desk: Desk, entry: str, said: str) -> None:
    desk.targets("{host: www.city.example, agency: city}", entry)
    file, line, words = desk.mistake()
    assert (file, line) == ("targets.yaml", 3)
    assert said in words


def test_every_mistake_is_told_at_once_in_the_order_of_files_and_lines(desk: Desk) -> None:
    desk.change("agencies.yaml", "parent: city}\n  - {code: town", "parent: ctiy}\n  - {code: town")
    desk.change("policy.yaml", "aaaa_published: {level: high", "aaaa_publised: {level: hihg")
    desk.change("diaolou.yaml", "zone: internet", "zone: Internet!")
    desk.change("schedule.yaml", "tcp_ports: {every: 12h}", "tcp_port: {every: soon}")
    desk.targets("{host: http://a.example, agency: twon, value: 0}")
    desk.write("waivers.yaml", "waivers: {}\n")
    found = [f"{Path(mistake.file).name}:{mistake.line}" for mistake in desk.mistakes()]
    assert found == [
        "agencies.yaml:3",
        "diaolou.yaml:3",
        "policy.yaml:8",
        "policy.yaml:8",
        "schedule.yaml:1",
        "schedule.yaml:1",
        "targets.yaml:2",
        "targets.yaml:2",
        "targets.yaml:2",
        "waivers.yaml:1",
    ]


def test_a_mistake_reads_as_the_design_says(desk: Desk) -> None:
    desk.change("policy.yaml", "aaaa_published: {level", "aaaa_publised: {level")
    (mistake,) = desk.mistakes()
    path = desk.directory / "policy.yaml"
    assert mistake.render(Language.EN) == f'{path}:8: no rule "aaaa_publised"; did you mean "aaaa_published"?'
    assert mistake.render(Language.ZH) == f"{path}:8: 没有名为“aaaa_publised”的规则；是否应为“aaaa_published”？"


def test_a_broken_file_does_not_hide_the_mistakes_in_others_nor_invent_any(desk: Desk) -> None:
    desk.write("agencies.yaml", "agencies: [\n")
    desk.change("policy.yaml", "high: 0.2", "high: 2")
    assert [Path(mistake.file).name for mistake in desk.mistakes()] == ["agencies.yaml", "policy.yaml"]


@pytest.mark.parametrize("name", ["agencies.yaml", "targets.yaml", "policy.yaml", "diaolou.yaml"])
def test_a_missing_file_is_a_mistake(desk: Desk, name: str) -> None:
    (desk.directory / name).unlink()
    assert name in [Path(mistake.file).name for mistake in desk.mistakes()]


def test_waivers_and_schedule_may_be_absent(desk: Desk) -> None:
    (desk.directory / "waivers.yaml").unlink()
    (desk.directory / "schedule.yaml").unlink()
    config = desk.load()
    assert config.waivers == ()
    assert config.schedule.cadence("tcp_ports").every is None


def test_a_file_that_only_looks_like_settings_is_refused(desk: Desk) -> None:
    desk.write("waiver.yaml", "waivers: []\n")
    desk.write("grafana.yaml", "of no concern\n")
    assert desk.mistake() == ("waiver.yaml", 0, 'this file is not read; did you mean "waivers.yaml"?')


def test_a_directory_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="no such directory"):
        load(tmp_path / "nowhere", RULES, PROBES)


@pytest.mark.parametrize("name", ["agencies.yaml", "targets.yaml", "policy.yaml", "diaolou.yaml", "waivers.yaml"])
@pytest.mark.parametrize("content", ["", "- a\n", "text\n", "~\n", "{1: 2}\n"])
def test_a_file_of_the_wrong_shape_is_a_mistake_and_no_crash(desk: Desk, name: str, content: str) -> None:
    desk.write(name, content)
    if name == "waivers.yaml" and content in ("", "~\n"):
        assert desk.load().waivers == ()
    else:
        assert {Path(mistake.file).name for mistake in desk.mistakes()} == {name}


def test_every_mistake_is_told_in_both_languages(desk: Desk) -> None:
    desk.write("policy.yaml", "clauses: {x: {level: y, days: -1, z: 1}}\nweights: []\nfreshness: z\n")
    desk.targets("{host: a..b, agency: x, value: v}", "text", "{host: [], agency: city}")
    desk.write("targets.csv", "host;agency\n")
    for mistake in desk.mistakes():
        assert any("\u4e00" <= character <= "\u9fff" for character in mistake.message.zh)
        assert mistake.message.en
        assert not any("\u4e00" <= character <= "\u9fff" for character in mistake.message.en)
        assert bool(mistake.cure.zh) == bool(mistake.cure.en)


@pytest.mark.parametrize(
    ("name", "cure"), [("list.yml", "rename it to .yaml"), ("list.xlsx", "diaolou import"), ("list.json", ".yaml")]
)
def test_a_list_of_targets_that_would_not_be_read_is_refused(desk: Desk, name: str, cure: str) -> None:
    desk.write(f"targets/{name}", "")
    file, line, words = desk.mistake()
    assert (file, line) == (name, 0)
    assert cure in words


def test_an_authority_is_a_file_beside_the_settings(desk: Desk) -> None:
    desk.change("diaolou.yaml", "city: city\n", "city: city\nauthorities: [ca.pem]\n")
    assert desk.mistake()[:2] == ("diaolou.yaml", 2)
    desk.write("ca.pem", "")
    assert desk.load().daemon.authorities == (desk.directory / "ca.pem",)


def test_garbage_is_collected_again_after_a_load_that_failed(desk: Desk) -> None:
    desk.write("policy.yaml", "x: [\n")
    desk.mistakes()
    assert gc.isenabled()


def test_an_inventory_beyond_all_measure_is_refused_before_it_fills_the_memory(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "LARGEST_INVENTORY", 300)
    desk.targets(*(f"{{host: 10.{number}.0.0/24, agency: city}}" for number in range(4)))
    file, line, words = desk.mistake()
    assert (file, line) == ("targets.yaml", 3)
    assert "more than 300 targets" in words

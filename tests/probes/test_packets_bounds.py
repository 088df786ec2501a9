"""The packet process's own bounds: exactly what the file says, or no start at all."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from monitor.settings.daemon import LimitsEntry, ScopeEntry, SurroundingsEntry
from probes.observation import GapReason
from probes.wire.packets.bounds import Bounds, Unusable, from_directory, from_words
from probes.wire.packets.process import main
from probes.wire.scope import Scope

TEXT = """\
scope:
  allow: [192.0.2.0/24, "2001:db8::/32"]
  deny: [192.0.2.66]
  name_servers: [203.0.113.53]
limits:
  overall: 50
  per_host: 2.5
store: sqlite:///elsewhere
"""


def directory(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "diaolou.yaml").write_text(text, encoding=encoding)
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_scope_and_pace_are_read_and_the_rest_is_left_alone(tmp_path: Path, encoding: str) -> None:
    assert from_directory(directory(tmp_path, TEXT, encoding)) == Bounds(
        Scope(
            allow=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
            deny=(ip_network("192.0.2.66/32"),),
        ),
        50.0,
        2.5,
    )


def test_the_source_ports_others_know_us_by_are_those_of_syns_too(tmp_path: Path) -> None:
    text = TEXT.replace("per_host: 2.5", "source_ports: [40000, 44999]")
    assert from_directory(directory(tmp_path, text)).source_ports == (40000, 44999)


def test_without_a_scope_nothing_is_allowed_and_the_pace_is_gentle(tmp_path: Path) -> None:
    assert from_directory(directory(tmp_path, "city: 440783\n")) == Bounds(Scope(), 100.0, 10.0)


CONTROLS = """\
scope: {allow: [192.0.2.0/24], deny: [198.51.100.9]}
surroundings:
  controls: {ipv4: ["198.51.100.7:443", "198.51.100.9:80"], ipv6: ["[2001:db8::7]:443"]}
"""


def test_controls_may_be_pinged_and_nothing_else(tmp_path: Path) -> None:
    bounds = from_directory(directory(tmp_path, CONTROLS))
    for control in ("198.51.100.7", "2001:db8::7"):
        assert bounds.pingable.refusal(ip_address(control)) is None
        assert bounds.scope.refusal(ip_address(control)) is GapReason.OUT_OF_SCOPE
    assert bounds.pingable.refusal(ip_address("192.0.2.1")) is None
    assert bounds.pingable.refusal(ip_address("198.51.100.8")) is GapReason.OUT_OF_SCOPE
    assert bounds.pingable.refusal(ip_address("198.51.100.9")) is GapReason.DENIED


def test_links_are_listened_to_by_their_interfaces_alone(tmp_path: Path) -> None:
    text = "links: {office.lan.test: {interface: eth1, routers: []}, other.lan.test: {interface: eth2}}\n"
    assert from_directory(directory(tmp_path, text)).links == ("eth1", "eth2")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("links: [eth1]", "links: not a mapping"),
        ("links: {a: {interface: 3}}", "links.a.interface"),
        ("links: {a: {interface: ../eth1}}", "links.a.interface"),
        ("links: {a: {}}", "links.a.interface"),
        ("scope: {allow: [192.0.2.1/24]}", "scope.allow"),
        ("scope: {allow: [example.test]}", "scope.allow"),
        ("scope: {deny: [3]}", "scope.deny"),
        ("scope: {allow: 192.0.2.0/24}", "scope.allow: not a list"),
        ("scope: [192.0.2.0/24]", "scope: not a mapping"),
        ("limits: {source_ports: [44999, 40000]}", "limits.source_ports"),
        ("limits: {source_ports: 40000}", "limits.source_ports"),
        ("surroundings: {controls: {ipv4: [192.0.2.1:0]}}", "surroundings.controls.ipv4"),
        ("surroundings: {controls: {ipv4: [3]}}", "surroundings.controls.ipv4"),
        ("surroundings: {controls: {ipv4: 192.0.2.1:53}}", "surroundings.controls.ipv4: not a list"),
        ("surroundings: {controls: {ipv6: [example.test:53]}}", "surroundings.controls.ipv6"),
        ("surroundings: {controls: [192.0.2.1:53]}", "controls: not a mapping"),
        ("limits: {overall: 0}", "limits.overall"),
        ("limits: {overall: .nan}", "limits.overall"),
        ("limits: {per_host: .inf}", "limits.per_host"),
        ("limits: {per_host: yes}", "limits.per_host"),
        ("limits: {per_host: fast}", "limits.per_host"),
        ("- a list", "not a mapping"),
        ("scope: {allow: [", "diaolou.yaml"),
        ("scope: !!python/object/apply:os.getcwd []", "diaolou.yaml"),
    ],
)
def test_what_cannot_be_understood_grants_nothing(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(Unusable, match=word.replace(".", r"\.")):
        from_directory(directory(tmp_path, text))


def test_text_of_another_encoding_and_a_missing_file_grant_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unusable):
        from_directory(tmp_path / "nowhere")
    with pytest.raises(Unusable):
        from_directory(directory(tmp_path, "# 开平\n" + TEXT, "gb18030"))


def test_words_of_a_command_line_are_as_strict() -> None:
    assert from_words(["127.0.0.0/8"], ["127.0.0.9"], 5.0, 1.0).scope.deny == (ip_network("127.0.0.9/32"),)
    with pytest.raises(Unusable, match="allow"):
        from_words(["127.0.0.1/8"], [], 5.0, 1.0)
    with pytest.raises(Unusable, match="overall"):
        from_words([], [], 0.0, 1.0)


@pytest.mark.parametrize(
    "arguments",
    [["--allow", "nonsense"], ["--config", "/nonexistent"], ["--user", "no-such-user-anywhere"], ["--overall", "-1"]],
)
def test_the_process_does_not_start_on_a_mistake_and_says_which(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 78
    assert "配置不可用" in capsys.readouterr().err


def test_the_daemon_and_the_packet_process_read_the_sample_alike() -> None:
    config = Path(__file__).parents[2] / "config"
    document = yaml.safe_load((config / "diaolou.yaml").read_text(encoding="utf-8"))
    scope, limits = ScopeEntry.model_validate(document["scope"]).noun(), LimitsEntry.model_validate(document["limits"])
    own = SurroundingsEntry.model_validate(document["surroundings"]).noun()
    ours = from_directory(config)
    assert set(ours.controls) == {contact for contacts in own.controls.values() for contact in contacts}
    assert (ours.scope.allow, ours.scope.deny) == (scope.allow, scope.deny)
    assert (ours.overall, ours.per_address) == (limits.overall, limits.per_host)

from pathlib import Path

import pytest

from monitor.settings import Mistake, Mistakes
from monitor.settings.table_reader import read_table
from probes.target import Family, Kind, Service, Transport
from tests.monitor.operator import Desk

TABLE = """\
host,agency,kind,value,paths,declared,zones,quiet,ipv6_exempt,consent
# 门户 / the portal
www.a.example,city,website,5,/ /news/,tcp/80 tcp/443 ipv4/tcp/22,internet,22:00-06:00;12:00-13:00,,
b.example,town,,,,none,,,"旧系统，六月下线",
192.0.2.0/30,city,server,,,tcp/22,,,,
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    (tmp_path / "targets.yaml").unlink()
    return desk


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_table_says_what_yaml_says(desk: Desk, encoding: str, newline: str) -> None:
    desk.write("targets.csv", TABLE.replace("\n", newline).encode(encoding))
    config = desk.load()
    portal = config.targets["www.a.example"]
    assert (portal.agency, portal.kind, portal.value, portal.paths) == ("city", Kind.WEBSITE, 5, ("/", "/news/"))
    assert (portal.zones, len(portal.quiet)) == ({"internet"}, 2)
    assert Service(Family.IPV4, Transport.TCP, 22) in portal.declared
    assert Service(Family.IPV6, Transport.TCP, 22) not in portal.declared
    assert len(portal.declared) == 5
    assert config.targets["b.example"].declared == frozenset()
    assert config.exemptions == {"b.example": "旧系统，六月下线"}
    assert [host for host in config.targets if host.startswith("192")] == ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.example,city,server,six", '"value" is "six", but must be a whole number'),
        ("a.example,cty,server,3", 'no agency "cty"; did you mean "city"?'),
        ("a.example,,server,3", '"agency" is missing'),
        ("http://a.example,city,server,3", "no scheme"),
        ("www.a.example,town,server,3", "appears twice, first at"),
    ],
)
def test_a_mistake_in_a_table_is_told_at_its_line(desk: Desk, row: str, said: str) -> None:
    desk.write("targets.csv", f"host,agency,kind,value\nwww.a.example,city,,\n\n{row}\n")
    file, line, words = desk.mistake()
    assert (file, line) == ("targets.csv", 4)
    assert said in words


def test_the_cell_of_a_mistake_is_its_column(desk: Desk) -> None:
    desk.write("targets.csv", "host,agency,value\na.example,city,9\n")
    (mistake,) = desk.mistakes()
    assert (mistake.line, mistake.column) == (2, 3)


def test_lines_are_counted_through_cells_that_span_several(desk: Desk) -> None:
    desk.write("targets.csv", 'host,agency,ipv6_exempt\na.example,city,"two\nlines"\nb.example,nobody,\n')
    assert desk.mistake()[1] == 4


def refused(data: bytes) -> list[Mistake]:
    with pytest.raises(Mistakes) as caught:
        read_table("t.csv", data)
    return list(caught.value.mistakes)


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 0, "empty"),
        (b"# nothing\n", 0, "empty"),
        (b"host,agncy\n", 1, 'no column "agncy"; did you mean "agency"?'),
        (b"host\na.example\n", 1, 'the column "agency" is missing'),
        (b"host,agency,host\n", 1, "appears twice"),
        (b"host;agency\n", 1, "no column"),
        (b"host,agency\na.example,city,extra\n", 2, "3 cells under 2 titles"),
        (b'host,agency\n"a.example,city\n', 2, "not valid CSV"),
        (b"host,agency\na.ex\x00ample,city\n", 2, "U+0000"),
        (b"host,agency\na\xff\xff,city\n", 2, "neither UTF-8 nor GB18030"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, line: int, said: str) -> None:
    mistakes = refused(data)
    assert mistakes[0].line == line
    assert said in str(mistakes[0]) + str(mistakes[-1])


def test_cells_left_empty_beyond_the_titles_are_no_mistake() -> None:
    assert read_table("t.csv", b"host,agency\na.example,city,,,\n").rows == [{"host": "a.example", "agency": "city"}]

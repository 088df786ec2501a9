import json
from pathlib import Path

import openpyxl
import pytest
import yaml

from monitor.importers import Form, Import, Options, import_targets
from monitor.importers.written import as_csv, as_yaml
from monitor.settings import Mistakes
from probes.target import Kind
from rules.agency import Agency, Tier, Tree
from rules.text import Text
from tests.monitor.operator import Desk

TREE = Tree.of(
    (
        Agency("city", Text("市", "City"), Tier.COUNTY),
        Agency("education", Text("教育局", "Education"), Tier.COUNTY, "city"),
        Agency("town", Text("镇", "Town"), Tier.TOWN, "city"),
    )
)
ROWS = [
    ["单位", "域名", "类型", "端口", "重要程度", "备注"],
    ["教育局", "http://www.edu.example/xw/", "网站", "80,443", "高", "x"],
    ["镇", "a.town.example、B.town.example", "服务器", "22", "", ""],
    ["无此局", "c.example", "", "", "", ""],
    ["", "d.example", "", "", "", ""],
    ["town", "http://u:secret@e.example", "", "", "", ""],
    ["Town", "a.town.example", "", "", "", ""],
    ["镇", "192.0.2.9", "交换机", "", "9", ""],
    ["镇", "", "", "", "", "nothing"],
]


def table(rows: list[list[str]], separator: str = ",") -> str:
    return "".join(separator.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def hosts(found: Import) -> list[object]:
    return [entry["host"] for entry in found.entries]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_is_taken_in_and_every_row_left_out_is_told(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    path = tmp_path / "from-the-bureau.csv"
    path.write_bytes(table(ROWS, separator).encode(encoding))
    found = import_targets(path, TREE, Options())
    assert hosts(found) == ["www.edu.example", "a.town.example", "b.town.example"]
    assert found.entries[0] == {
        "host": "www.edu.example",
        "agency": "education",
        "kind": "website",
        "declared": "tcp/80 tcp/443",
        "value": "4",
        "paths": ["/xw/"],
    }
    assert [(remark.row, remark.why.en.partition(";")[0]) for remark in found.skipped] == [
        (4, 'the agency "无此局" is not known'),
        (5, "it names no agency, and no default was given"),
        (6, "a host carries no scheme"),
        (7, "already in this import"),
        (8, '"value" is "9", but cannot be greater than 5'),
        (9, "the row has no host"),
    ]
    assert [remark.row for remark in found.changed] == [2]


def test_a_workbook_is_taken_in_as_a_table_is(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "list.xlsx", [[], ["域名", "单位", "资产价值", "端口"], ["a.example", "镇", 4.0, 443], [None, None]]
    )
    (entry,) = import_targets(path, TREE, Options()).entries
    assert entry == {"host": "a.example", "agency": "town", "value": "4", "declared": "tcp/443"}


def test_a_password_in_a_cell_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("host,agency\nhttp://u:secret@e.example,town\nu:secret@e.example,town\n")
    found = import_targets(path, TREE, Options())
    assert len(found.skipped) == 2
    assert "secret" not in repr(found)


def test_what_a_cell_hides_is_shown(tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", [["host", "agency"], ["a\u202eb.example", "town\u200b"]])
    (remark,) = import_targets(path, TREE, Options()).skipped
    assert "\u200b" not in remark.why.en
    assert "\u202e" not in remark.host


def test_an_operator_may_name_columns_agencies_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Nom,Qui\na.example,Bureau 7\nb.example,\n")
    options = Options(
        columns={"Nom": "host", "Qui": "agency"}, agencies={"bureau 7": "education"}, agency="city", kind=Kind.WEBSITE
    )
    found = import_targets(path, TREE, options)
    assert [(entry["host"], entry["agency"], entry["kind"]) for entry in found.entries] == [
        ("a.example", "education", "website"),
        ("b.example", "city", "website"),
    ]


def test_hosts_of_the_inventory_as_it_is_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("host,agency\nA.example,town\nb.example,town\n")
    found = import_targets(path, TREE, Options(present={"a.example"}))
    assert hosts(found) == ["b.example"]
    assert found.skipped[0].why.en == "already in the inventory"


@pytest.mark.parametrize("name", ["more.csv", "more.yaml"])
def test_what_is_written_loads_as_targets(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(table([*ROWS, ["镇", "192.0.2.7", "", "22 ipv4/udp/161", "", ""]]).encode())
    desk = Desk(tmp_path / "settings")
    found = import_targets(path, TREE, Options(), into=desk.directory / "targets" / name)
    targets = desk.load().targets
    assert {entry["host"] for entry in found.entries} < set(targets)
    assert targets["www.edu.example"].paths == ("/xw/",)
    assert {service.port for service in targets["www.edu.example"].declared} == {80, 443}
    assert {service.port for service in targets["b.town.example"].declared} == {22}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path, into = tmp_path / "list.csv", tmp_path / "targets.csv"
    path.write_text("host,agency\na.example,town\n")
    into.write_text("mine")
    with pytest.raises(Mistakes, match="not overwritten"):
        import_targets(path, TREE, Options(), into=into)
    assert into.read_text() == "mine"


def test_only_tables_and_yaml_are_written(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("host,agency\na.example,town\n")
    with pytest.raises(Mistakes, match="only"):
        import_targets(path, TREE, Options(), into=tmp_path / "targets.txt")


def test_a_formula_does_not_survive_into_a_table() -> None:
    entry = {"host": "a.example", "agency": "town", "ipv6_exempt": "=cmd|' /C calc'!A0"}
    assert ",'=cmd|" in as_csv([entry])


def test_yaml_is_written_as_an_operator_would() -> None:
    entry = {"host": "a.example", "agency": "town", "value": "4", "declared": "tcp/80 ipv4/tcp/22", "paths": ["/1"]}
    declared = {"ipv4": {"tcp": [80, 22]}, "ipv6": {"tcp": [80]}}
    written = {"host": "a.example", "agency": "town", "value": 4, "declared": declared, "paths": ["/1"]}
    assert yaml.safe_load(as_yaml([entry])) == {"targets": [written]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"agency,remark\ntown,x\n", "no column of hosts"),
        ("a.csv", b"", "no column of hosts"),
        ("a.csv", b"host\n\xff\xff", "neither UTF-8 nor GB18030"),
        ("a.xlsx", b"not a workbook", "not a valid XLSX"),
        ("a.xlsx", b"PK\x05\x06" + bytes(18), "not a valid XLSX"),
        ("a.json", b"{", "not valid JSON"),
        ("a.json", b"[" * 100_000, "not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Mistakes, match=said):
        import_targets(tmp_path / name, TREE, Options())


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="cannot be read"):
        import_targets(tmp_path / "a.csv", TREE, Options())


# --- NetBox

ADDRESSES = """\
ID,IP Address,VRF,Status,Role,Tenant,Assigned,DNS Name,Description
1,192.0.2.10/24,,Active,,Town,True,www.town.example,
2,2001:db8::10/64,,Active,,Town,True,www.town.example,
3,192.0.2.11/24,,Active,Loopback,Education,True,—,core
4,192.0.2.12/24,,Deprecated,,Town,False,old.town.example,
5,192.0.2.13/24,,Active,,,False,,
"""


def test_the_addresses_of_a_netbox_table_become_targets_by_name(tmp_path: Path) -> None:
    path = tmp_path / "netbox_ip_addresses.csv"
    path.write_text(ADDRESSES)
    found = import_targets(path, TREE, Options())
    assert [(entry["host"], entry["agency"]) for entry in found.entries] == [
        ("www.town.example", "town"),
        ("192.0.2.11", "education"),
    ]
    assert [(remark.row, remark.why.en) for remark in found.skipped] == [
        (3, "already in this import"),
        (5, "its status is deprecated"),
        (6, "it names no agency, and no default was given"),
    ]


def test_the_devices_of_a_netbox_table_are_taken_by_full_name_or_by_their_addresses(tmp_path: Path) -> None:
    path = tmp_path / "netbox_devices.csv"
    path.write_text(
        "Name,Status,Tenant,Role,IPv4 Address,IPv6 Address\n"
        "core1,Active,City,Core Switch,192.0.2.1/24,2001:db8::1/64\n"
        "web.city.example,Active,City,Server,192.0.2.2/24,\n"
        "spare,Active,City,Server,,\n"
    )
    found = import_targets(path, TREE, Options())
    assert [(entry["host"], entry.get("kind")) for entry in found.entries] == [
        ("192.0.2.1", "network_device"),
        ("2001:db8::1", "network_device"),
        ("web.city.example", None),
    ]
    assert found.skipped[0].why.en == "it has neither a full name nor an address"


def test_device_names_can_be_completed(tmp_path: Path) -> None:
    path = tmp_path / "netbox_devices.csv"
    path.write_text("Name,Status,Tenant,IPv4 Address\nWEB1,Active,City,192.0.2.2/24\n")
    assert hosts(import_targets(path, TREE, Options(domain="city.example"))) == ["web1.city.example"]


def test_a_netbox_answer_is_taken_in(tmp_path: Path) -> None:
    active = {"value": "active", "label": "Active"}
    tenant = {"id": 1, "name": "Third Bureau", "slug": "third-bureau"}
    results = [
        {"address": "192.0.2.20/24", "status": active, "tenant": tenant, "dns_name": "API.city.example"},
        {"address": "2001:db8::20/64", "status": active, "tenant": tenant, "dns_name": ""},
        {
            "name": "fw",
            "status": active,
            "tenant": tenant,
            "role": {"slug": "firewall"},
            "primary_ip4": {"address": "192.0.2.21/24"},
        },
        {"name": "old-vm", "status": {"value": "offline"}, "tenant": None, "primary_ip4": None},
        {"name": "no-tenant", "status": active, "tenant": None, "primary_ip6": {"address": "2001:db8::22/64"}},
        "nonsense",
    ]
    path = tmp_path / "ip-addresses.json"
    path.write_text(json.dumps({"count": len(results), "next": None, "results": results}))
    found = import_targets(path, TREE, Options(agencies={"third-bureau": "education"}, agency="city"))
    assert [(entry["host"], entry["agency"], entry.get("kind")) for entry in found.entries] == [
        ("api.city.example", "education", None),
        ("2001:db8::20", "education", None),
        ("192.0.2.21", "education", "network_device"),
        ("2001:db8::22", "city", None),
    ]
    assert [(remark.row, remark.host, remark.why.en) for remark in found.skipped] == [
        (4, "old-vm", "its status is offline"),
        (6, "", "not an object"),
    ]


@pytest.mark.parametrize(
    "value", [{}, {"results": 1}, 7, None, "x", {"detail": "Authentication credentials were not provided."}]
)
def test_an_answer_without_a_list_is_told(tmp_path: Path, value: object) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    found = import_targets(path, TREE, Options())
    assert not found.entries
    assert "no list of objects" in found.skipped[0].why.en


def test_a_page_of_a_longer_answer_is_told_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"count": 2, "next": "https://netbox.example/?offset=1", "results": [{"address": "192.0.2.1/24"}]})
    )
    found = import_targets(path, TREE, Options(agency="city"))
    assert hosts(found) == ["192.0.2.1"]
    assert "only a part" in found.skipped[0].why.en


def test_the_form_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("address,tenant\n192.0.2.1/24,town\n")
    assert hosts(import_targets(path, TREE, Options(), form=Form.NETBOX)) == ["192.0.2.1"]
    assert not import_targets(path, TREE, Options()).entries

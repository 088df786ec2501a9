"""Reading the way from a name through one answer."""

from hypothesis import given
from hypothesis import strategies as st

from probes.wire import DnsRecord, Presence
from probes.wire.trail import follow, parent, within
from tests.probes.dns_world import parse, said

NAMES = st.sampled_from(["a.test", "b.test", "c.test", "d.c.test", "test"])
RECORDS = st.lists(
    st.one_of(
        st.builds(DnsRecord, NAMES, st.just("CNAME"), st.integers(0, 9), NAMES.map(lambda name: f"{name}.")),
        st.builds(DnsRecord, NAMES, st.just("AAAA"), st.integers(0, 9), st.just("2001:db8::1")),
        st.builds(DnsRecord, NAMES, st.just("NS"), st.integers(0, 9), st.just("ns.test.")),
        st.builds(DnsRecord, NAMES, st.just("SOA"), st.integers(0, 9), st.just("a. b. 1 2 3 4 5")),
    ),
    max_size=8,
)
RCODES = st.sampled_from(["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"])


@given(RCODES, RECORDS, RECORDS, NAMES)
def test_whatever_is_answered_the_way_ends_and_claims_nothing_it_did_not_see(rcode, answer, authority, name):
    trail = follow(said(rcode, answer, authority), name, "AAAA")
    assert len(trail.aliases) <= len(answer)
    assert (trail.presence is Presence.PRESENT) is bool(trail.addresses)
    if trail.looped:
        assert trail.presence is None
    end = trail.aliases[-1] if trail.aliases else name
    if trail.addresses:
        assert any(record.owner == end and record.rdtype == "AAAA" for record in answer)
    if trail.presence is Presence.NXDOMAIN:
        assert rcode == "NXDOMAIN"
    if trail.presence is Presence.NODATA:
        assert rcode == "NOERROR"
        assert not any(record.owner == end and record.rdtype == "AAAA" for record in answer)


def test_records_of_other_names_are_not_taken():
    answer = said("NOERROR", parse("b.test AAAA 2001:db8::bad"))
    assert follow(answer, "a.test", "AAAA").addresses == ()


def test_the_smallest_time_to_live_on_the_way_counts():
    answer = said("NOERROR", [DnsRecord("a.test", "CNAME", 5, "b.test."), DnsRecord("b.test", "A", 300, "198.18.0.1")])
    assert follow(answer, "a.test", "A").ttl == 5


def test_a_referral_is_no_absence():
    assert follow(said("NOERROR", (), parse("test NS ns.test.")), "a.test", "A").presence is None


def test_an_alias_without_more_leaves_its_end_open_unless_the_zone_of_the_end_says_so():
    alias = tuple(parse("a.test CNAME b.elsewhere."))
    assert follow(said("NOERROR", alias), "a.test", "A").presence is None
    assert follow(said("NOERROR", alias, parse("test SOA a. b. 1 2 3 4 5")), "a.test", "A").presence is None
    told = follow(said("NOERROR", alias, parse("elsewhere SOA a. b. 1 2 3 4 5")), "a.test", "A")
    assert told.presence is Presence.NODATA


def test_names_are_compared_by_labels():
    assert within("www.gov.test", "gov.test")
    assert within("gov.test", "gov.test")
    assert within("anything", ".")
    assert not within("wwwgov.test", "gov.test")
    assert (parent("www.gov.test"), parent("test"), parent(".")) == ("gov.test", ".", ".")

"""Volumes are filed when somebody asks; what is found is what an index that files at once would find."""

from harness import TABLE, circle
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.slots import DueRegard
from skyparley.domain.records import Notice, NoticeVersion
from skyparley.state.index import NoticeIndex, Required

OURS, THEIRS = Fingerprint("ours"), Fingerprint("theirs")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["put", "over", "drop", "ask"]),
        st.sampled_from([OURS, THEIRS]),
        st.sampled_from(["one", "two", "three"]),
        st.integers(0, 3),
        st.integers(1, 3),
    ),
    max_size=40,
)


def notice(party, name, east, count, state="NOTIFIED"):
    volumes = tuple(circle(20 * (east + place)) for place in range(count))
    version = NoticeVersion(version=1, kind="TRANSIT", volumes=volumes, due_regard=DueRegard(stated=True))
    return Notice(party=party, id=name, current=version, state=state)


def hits(index, party):
    volumes = [circle(20 * place) for place in range(6)]
    return sorted((hit.notice, hit.given, hit.other) for hit in index.hits(party, volumes, Required(TABLE.separation)))


@given(ACTS)
def test_as_if_filed_at_once(acts):
    lazy, plain = NoticeIndex(OURS), {}
    for act, party, name, east, count in acts:
        if act == "put":
            plain[(party, name)] = notice(party, name, east, count)
            lazy.put(plain[(party, name)])
        elif act == "over":
            plain.pop((party, name), None)
            lazy.put(notice(party, name, east, count, "CANCELLED"))
        elif act == "drop":
            plain.pop((party, name), None)
            lazy.drop((party, name))
        else:
            hits(lazy, party)
        for one in (OURS, THEIRS):
            assert lazy.count(one) == sum(key[0] == one for key in plain)
    fresh = NoticeIndex(OURS)
    for one in plain.values():
        fresh.put(one)
    assert [hits(lazy, one) for one in (OURS, THEIRS)] == [hits(fresh, one) for one in (OURS, THEIRS)]


def test_nothing_is_filed_while_nobody_asks():
    index = NoticeIndex(OURS)
    for place in range(5):
        index.put(notice(THEIRS, f"B-{place}", place, 1))
        index.put(notice(THEIRS, f"B-{place}", place, 1, "ENDED"))
    index.put(notice(THEIRS, "B-9", 0, 1))
    assert len(index._others) == 0
    assert {hit[0][1] for hit in hits(index, OURS)} == {"B-9"}
    assert len(index._others) == 1


def test_filed_in_turns_it_is_filed_to_the_end():
    index = NoticeIndex(OURS)
    for number in range(5):
        index.put(notice(THEIRS, f"n{number}", number, 2))
    assert [index.file_some(2) for _ in range(3)] == [False, False, True]
    assert index.file_some(2), "nothing waits"
    assert {found[0][1] for found in hits(index, OURS)} == {f"n{number}" for number in range(5)}

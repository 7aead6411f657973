"""Every statement that carries a phrase code can be read aloud in every language, and says what it holds."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from statements import LEVELS, VOLUMES, envelopes, forms

from skyparley.base import limits
from skyparley.base.ids import digest, short_id
from skyparley.domain.messages import codes, matter_slots, slots
from skyparley.domain.messages.catalogue import CATALOGUE, PHRASE_OF_CROSSING, PHRASE_OF_IDENTITY, PHRASE_OF_KIND
from skyparley.domain.phrase_values import (
    area_value,
    areas_value,
    levels_value,
    lower_value,
    shape_value,
    slot_value,
    times_value,
    upper_value,
    wide_value,
)
from skyparley.domain.phrases import phrase_of, sentences
from skyparley.language import glossary
from skyparley.language.languages import LANGS
from skyparley.language.phrasebook import phrase, render
from skyparley.language.values import position_value

CARRIED = {
    *(row.code for row in CATALOGUE.values() if row.code not in ("", "*")),
    *filter(None, PHRASE_OF_KIND.values()),
    *PHRASE_OF_IDENTITY.values(),
    *filter(None, PHRASE_OF_CROSSING.values()),
    "L1",
    "L2",
}
"""Every phrase code that a statement can carry."""


@pytest.mark.parametrize(("kind", "matter"), forms(), ids=lambda one: str(one))
@given(data=st.data())
def test_a_statement_with_a_code_is_read_aloud_in_every_language(kind, matter: bool, data: st.DataObject) -> None:
    envelope = data.draw(envelopes(kind, matter=matter))
    said = phrase_of(envelope)
    assert (said is None) == (envelope.code is UNSET)
    for lang in LANGS:
        made = sentences(envelope, lang)
        if said is None:
            assert made == ()
            continue
        assert said.code == envelope.code
        assert set(said.slots) == set(phrase(said.code).slots)
        assert made[-1] == render(said.code, said.slots, lang)
        assert [one.code for one in made] == (["L10"] if envelope.exercise is not UNSET else []) + [envelope.code]


@pytest.mark.parametrize("code", sorted(CARRIED))
def test_every_code_that_a_statement_can_carry_is_a_phrase_and_can_be_read(code: str) -> None:
    from skyparley.domain.phrases import _VALUES

    assert phrase(code)
    assert code in _VALUES


# --- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "of"),
    [
        ("notice-kind", codes.NoticeKind),
        ("reason", codes.ReasonCode),
        ("reason", codes.RejectReason),
        ("reason", codes.RefusalReason),
        ("reason", codes.LineReason),
        ("action", codes.ActionCode),
        ("state", codes.DeskState),
        ("field", codes.QueryField),
        ("field", codes.ChangedField),
        ("field", codes.ReadBackField),
    ],
)
def test_every_code_of_the_line_has_its_word(listed: str, of: object) -> None:
    assert set(get_args(of)) <= set(glossary.codes(listed))


def test_the_line_and_the_phrasebook_name_the_same_languages() -> None:
    assert get_args(codes.Language) == LANGS


# --- what is said ------------------------------------------------------------------------------------------------

CIRCLE = slots.CircleSlot(centre=(361_000_000, 372_000_000), radius_m=37_041)
NOON = 1_795_435_200_000
BOX = (
    slots.VolumeSlot(shape=CIRCLE, lower=slots.FlSlot(ft=15_000), upper=slots.FlSlot(ft=25_000), start=NOON, end=NOON + 3_600_000),
)  # fmt: skip


def some(kind: str, data: st.DataObject, of: object, **changed: object):
    """A statement of a type with these slots, by a sender whose fingerprint is the hash of `a`."""
    drawn = data.draw(envelopes(kind, matter=False))
    return msgspec.structs.replace(drawn, slots=of, exercise=UNSET, from_=digest(b"a"), to=digest(b"b"), **changed)


@given(st.data())
def test_your_notice_is_the_receivers_and_ours_the_senders(data: st.DataObject) -> None:
    refs = [slots.NoticeRef(party=digest(name.encode()), id=f"{name.upper()}-1", version=2) for name in "ab"]
    if data.draw(st.booleans()):
        refs.reverse()
    gaps = slots.GapsSlot(lateral_m=0, vertical_ft=0, time_ms=0)
    of = slots.ConflictSlots(
        pair_id=digest(b"p"), conflict_id=digest(b"c"), notices=tuple(refs), volumes=(0, 0), gaps=gaps
    )
    envelope = some("CFL", data, of, code="C1")
    said = phrase_of(envelope)
    assert said is not None
    assert (said.slots["id1"], said.slots["id2"]) == ("B-1", "A-1")
    assert (said.slots["area"], said.slots["start"]) == ("OF BOTH NOTICES", "NOT STATED")
    known = phrase_of(envelope, lambda party, notice_id, version: BOX if version == 2 else None)
    assert known is not None
    assert known.slots["area"] == f"{shape_value(CIRCLE)} AND {shape_value(CIRCLE)}"
    assert known.slots["end"] == "2026-11-23 13:00Z"


@given(st.data())
def test_a_proposal_says_you_then_we_and_what_stays(data: st.DataObject) -> None:
    ours = slots.TermNotice(party=digest(b"a"), id="A-1", version=1, volumes=BOX)
    yours = slots.TermNotice(party=digest(b"b"), id="B-1", version=1)
    pair = (ours, yours) if data.draw(st.booleans()) else (yours, ours)
    of = slots.ProposalSlots(conflict_id=digest(b"c"), kind="VERT", notices=pair, until=NOON)
    said = phrase_of(some("PRO", data, of, code="C2", dialog_id=digest(b"p")))
    assert said is not None
    assert said.slots == {"id": short_id(digest(b"p")), "band1": "UNCHANGED", "band2": "FL150-FL250"}


@given(st.data(), st.sampled_from([("SUSP", "SUSPENDED"), ("RESM", "RESUMED"), ("TERM", "TERMINATED")]))
def test_the_end_of_a_suspension_is_never_said_to_open_the_line(data: st.DataObject, act: tuple[str, str]) -> None:
    of = matter_slots.LineSlots(effective=NOON, reason="NOT STATED", second="x")
    said = phrase_of(some(act[0], data, of, code="L9"))
    assert said is not None
    assert said.slots == {"state": act[1], "time": "2026-11-23 12:00Z"}
    assert "OPEN" not in said.slots["state"]


@given(st.data(), st.sampled_from(get_args(codes.ActionCode)), st.one_of(st.just(UNSET), LEVELS))
def test_what_a_unit_does_is_said_with_its_level(data: st.DataObject, action: str, level) -> None:
    of = matter_slots.PassedSlots(hash=digest(b"m"), at=NOON, action=action, level=level)
    said = phrase_of(some("PAS", data, of, code="V9"))
    assert said is not None
    assert said.slots["code"].startswith(action)
    if level is not UNSET and action in ("CLIMBING", "DESCENDING", "MAINTAINING"):
        assert said.slots["code"].endswith(slot_value(level))
    assert glossary.find("action", said.slots["code"]).said == said.slots["code"]


@given(st.data())
def test_what_was_not_said_is_not_made_up(data: st.DataObject) -> None:
    of = matter_slots.DistressSlots(aircraft="UAS", area=CIRCLE, at=NOON)
    said = phrase_of(some("DIS", data, of, code="D1"))
    assert said is not None
    assert said.slots == {"id": "UAS", "pos": shape_value(CIRCLE), "time": "2026-11-23 12:00Z", "n": "NOT STATED"}
    passed = phrase_of(some("PAS", data, matter_slots.PassedSlots(hash=digest(b"m"), at=NOON), code="V9"))
    assert passed is not None
    assert passed.slots["code"] == "NOT STATED"


# --- areas, levels, times ----------------------------------------------------------------------------------------


def test_areas_as_they_are_read() -> None:
    a, b = (361_000_000, 372_000_000), (363_000_000, -376_000_000)
    said = {
        slots.CircleSlot(centre=a, radius_m=37_041): "36.1000N 037.2000E RADIUS 20.1 NM",
        slots.CorridorSlot(line=(a, b), half_width_m=9_260): "36.1000N 037.2000E, 36.3000N 037.6000W, 5.0 NM EACH SIDE",
        slots.LineSlot(line=(a, b), buffer_m=1): "36.1000N 037.2000E, 36.3000N 037.6000W, 0.1 NM EACH SIDE",
        slots.OrbitSlot(start=a, end=b, radius_m=0, side="LEFT"): "ORBIT LEFT 36.1000N 037.2000E - 36.3000N 037.6000W RADIUS 0.0 NM",
        slots.ArcSlot(centre=a, inner_m=18_519, outer_m=18_521, from_mdeg=30_900, to_mdeg=90_100): "36.1000N 037.2000E FROM 9.9-10.1 NM, BEARING 030-091",
        slots.PolygonSlot(rings=((a, b, a), (a, b, a))): f"{position_value(a)}, {position_value(b)}, {position_value(a)} WITHOUT 1 HOLE",
    }  # fmt: skip
    assert {shape: shape_value(shape) for shape in said} == said


@given(st.integers(0, 20_100_000))
def test_no_width_is_said_smaller_than_it_is(metres: int) -> None:
    said = round(float(wide_value(metres).removesuffix(" NM")) * 10)
    assert (said - 1) * 185.2 < metres <= said * 185.2 or metres == said == 0


@given(VOLUMES, VOLUMES)
def test_what_volumes_say_fits_its_slot(one, other) -> None:
    for text in (area_value(one), levels_value(one), times_value(one), areas_value(one, other)):
        assert 0 < len(text) <= limits.SLOT_CHARS
        assert text.isascii()


def test_a_route_of_64_legs_is_counted() -> None:
    legs = [slots.CircleSlot(centre=(place * 1_000_000, 0), radius_m=9_260) for place in range(64)]
    volumes = [msgspec.structs.replace(BOX[0], shape=leg) for leg in [*legs, legs[0]]]
    assert area_value(volumes) == "AREAS AS IN THE NOTICE: 64"
    assert area_value([volumes[0], volumes[-1]]) == shape_value(legs[0])


@given(st.data())
def test_a_change_of_everything_fits_its_slot(data: st.DataObject) -> None:
    """The longest of each: an area of eight corners with holes, levels of every reference, odd seconds, a reason."""
    corners = tuple((-360_200_000 - place, -1_365_500_000) for place in range(8))
    shape = slots.PolygonSlot(rings=(corners,) + (corners[:3],) * 64)
    levels = [
        kind(ft=ft) for kind in (slots.AmslSlot, slots.AglSlot, slots.W84Slot, slots.FlSlot) for ft in (-1_999, 199_999)
    ]
    volumes = tuple(
        slots.VolumeSlot(shape=shape, lower=low, upper=high, start=1_000, end=253_402_300_798_000)
        for low in levels
        for high in levels
    )
    of = slots.ChangeSlots(
        id="A" * 32, kind="REFUEL TRACK", volumes=volumes, due_regard=slots.DueRegard(stated=False, reason="HUM-ESCORT"), key=(),
        changed=codes.CHANGED_FIELDS,
    )  # fmt: skip
    made = sentences(some("NCH", data, of, code="N2"), "ar")
    assert "WITHOUT 64 HOLES" in made[0].text


def test_levels_of_several_references_are_all_said() -> None:
    def volume(lower, upper):
        return slots.VolumeSlot(shape=CIRCLE, lower=lower, upper=upper, start=0, end=1)

    volumes = [
        volume(slots.AmslSlot(ft=3_000), slots.FlSlot(ft=20_000)),
        volume(slots.SfcSlot(), slots.FlSlot(ft=24_000)),
        volume(slots.AglSlot(ft=500), slots.AmslSlot(ft=9_000)),
    ]
    assert lower_value(volumes) == "SFC / 3000 FT AMSL"
    assert upper_value(volumes) == "9000 FT AMSL / FL240"
    assert upper_value([*volumes, volume(slots.SfcSlot(), slots.UnlSlot())]) == "UNL"

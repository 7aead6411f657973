"""Own words beside a statement: refused here with the word to use, shown from a peer without what cannot be seen."""

import msgspec
import pytest
from harness import World

from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.matter_slots import FreeText, StopSlots
from skyparley.domain.messages.slots import CircleSlot

AREA = CircleSlot(centre=(360_200_000, 365_500_000), radius_m=9_260)


def stop(world: World, text: str) -> c.Say:
    """A stop request to B with own words."""
    slots = msgspec.to_builtins(StopSlots(area=AREA, at=world.now))
    return c.Say(peers=("B",), type="STP", slots=slots, free_text=FreeText(lang="en", text=text))


@pytest.mark.parametrize(
    ("text", "code", "use"),
    [
        ("the target is there", "FREE_TEXT_WORD", "aircraft or track"),
        ("stop\u202enow", "FREE_TEXT_CHARACTERS", "U+202E"),
        ("   ", "FREE_TEXT_EMPTY", "left out"),
    ],
)
def test_words_that_the_line_avoids_are_refused_with_the_word_to_use(text: str, code: str, use: str) -> None:
    world = World("A", "B")
    a, _ = world.nodes
    ruling = a.desk(stop(world, text))
    assert isinstance(ruling, Refusal)
    assert ruling.codes == (code,)
    assert use in ruling.reasons[0].text
    assert not a.state.matters


def test_plain_words_go_out_as_they_were_written() -> None:
    world = World("A", "B")
    a, _ = world.nodes
    outcome = a.desk(stop(world, "people on the ground, 36.0200N 036.5500E"))
    assert isinstance(outcome, c.Outcome)
    (matter,) = a.state.matters.values()
    assert matter.envelope.free_text == FreeText(lang="en", text="people on the ground, 36.0200N 036.5500E")


def test_a_peers_words_are_shown_without_what_cannot_be_seen() -> None:
    from skyparley.state.matter_views import _free_text

    said = FreeText(lang="ar", text="\x1b]0;x\x07\u2067abc")
    assert _free_text(said) == FreeText(lang="ar", text="\ufffd]0;x\ufffd\ufffdabc")
    assert _free_text(None) is None

"""The slow twin of proposals: every way tried step by step outward, each step judged by whole volumes.

Nothing is derived here: what is clear is what `judge` says is clear.  Levels are in flight levels, times in whole minutes.
"""

from collections.abc import Callable, Iterator, Sequence

from harness import Node, moved

from skyparley.base.times import MINUTE
from skyparley.domain.messages.slots import FlSlot, VolumeSlot
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.settling_cost import volume_cost
from skyparley.domain.settling_spans import BEYOND_MS
from skyparley.domain.volumes import volume_of
from skyparley.geometry.volumes import judge

Steps = Callable[[VolumeSlot], Iterator[VolumeSlot]]


def meets(node: Node, one: VolumeSlot, others: Sequence[VolumeSlot]) -> bool:
    separation = node.state.table.separation
    return any(judge(volume_of(one), volume_of(other), separation).conflict for other in others)


def obstacles(node: Node, notice: Notice, against: Notice) -> list[VolumeSlot]:
    """Volumes of the other side that the notice must keep clear of: the other notice, and all it does not meet now."""
    found = []
    for held in node.state.notices.values():
        if (held.party == node.party) == (notice.party == node.party) or not held.live:
            continue
        meets_now = any(meets(node, slot, held.current.volumes) for slot in notice.current.volumes)
        if held is against or not meets_now:
            found += held.current.volumes
    return found


def capped(slot: VolumeSlot) -> Iterator[VolumeSlot]:
    for top in range(slot.upper.ft // 500 * 500, slot.lower.ft + 1_999, -500):
        yield moved(slot, upper=FlSlot(ft=top))


def raised(slot: VolumeSlot) -> Iterator[VolumeSlot]:
    for bottom in range(-(-slot.lower.ft // 500) * 500, slot.upper.ft - 1_999, 500):
        yield moved(slot, lower=FlSlot(ft=bottom))


def below(slot: VolumeSlot) -> Iterator[VolumeSlot]:
    band = slot.upper.ft - slot.lower.ft
    for top in range(slot.upper.ft // 500 * 500, band - 1, -500):
        yield moved(slot, upper=FlSlot(ft=top), lower=FlSlot(ft=top - band))


def above(slot: VolumeSlot) -> Iterator[VolumeSlot]:
    band = slot.upper.ft - slot.lower.ft
    for bottom in range(-(-slot.lower.ft // 500) * 500, 200_001 - band, 500):
        yield moved(slot, lower=FlSlot(ft=bottom), upper=FlSlot(ft=bottom + band))


def starts_later(slot: VolumeSlot) -> Iterator[VolumeSlot]:
    for start in range(-(-slot.start // MINUTE) * MINUTE, slot.end, MINUTE):
        yield moved(slot, start=start)


def ends_earlier(now: int) -> Steps:
    def steps(slot: VolumeSlot) -> Iterator[VolumeSlot]:
        for end in range(slot.end // MINUTE * MINUTE, max(slot.start, now), -MINUTE):
            yield moved(slot, end=end)

    return steps


def each(node: Node, volumes: Sequence[VolumeSlot], near: Sequence[VolumeSlot], ways: Sequence[Steps]) -> tuple | None:
    """Each volume that meets something takes the first step that meets nothing; of several ways the cheapest."""
    changed = []
    for slot in volumes:
        if not meets(node, slot, near):
            changed.append(slot)
            continue
        firsts = [next((new for new in way(slot) if not meets(node, new, near)), None) for way in ways]
        clear = [new for new in firsts if new is not None]
        if not clear:
            return None
        changed.append(min(clear, key=lambda new: volume_cost(volume_of(slot), volume_of(new)).total))
    return tuple(changed)


def shifted(
    node: Node, volumes: Sequence[VolumeSlot], near: Sequence[VolumeSlot], steps: Sequence[int]
) -> tuple | None:
    for minutes in steps:
        new = tuple(
            moved(slot, start=slot.start + minutes * MINUTE, end=slot.end + minutes * MINUTE) for slot in volumes
        )
        if not any(meets(node, slot, near) for slot in new):
            return new
    return None


def every_way(node: Node, conflict: Conflict, notice: Notice, now: int) -> set[tuple]:
    """What the fast one should find for one notice, before the gate that all terms pass."""
    own = node.state.notices[(node.party, conflict.own_id)]
    other = node.state.notices[(conflict.other_party, conflict.other_id)]
    against = other if notice is own else own
    volumes, near = notice.current.volumes, obstacles(node, notice, against)
    levels, times = (capped, raised, below, above), (starts_later, ends_earlier(now))
    singles = [(way,) for way in (*levels, *times)]
    made = [each(node, volumes, near, ways) for ways in (*singles, levels, times)]
    reach = (against.current.end - notice.current.start + 600_000 + BEYOND_MS) // MINUTE
    back = (notice.current.end - against.current.start + 600_000 + BEYOND_MS) // MINUTE
    back = min(back, (notice.current.start - now - 1) // MINUTE)
    made.append(shifted(node, volumes, near, range(reach + 1)))
    made.append(shifted(node, volumes, near, range(0, -back - 1, -1)))
    return {way for way in made if way is not None and way != volumes}

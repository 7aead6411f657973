"""Whatever is asked of a DSS in whatever order, it answers as the slow model does and stands as the slow model stands."""

from __future__ import annotations

from typing import Any, Final

from dss_model import Model, No, Put, Subscribed, find
from dss_support import MINUTE_US, T0_US, Book
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from how_many import examples
from skyparley.utm import commands as c
from skyparley.utm import queries
from skyparley.utm.answers import NO_OVN
from skyparley.utm.records import OPEN, Availability, Extent, State
from skyparley.utm.rulings import Rules

KEEP_US: Final = 60 * MINUTE_US
USS: Final = ("alpha", "bravo", "charlie")
NOBODY: Final = "nobody ever got this version"

managers = st.sampled_from(USS)
intent_names = st.sampled_from(["i1", "i2", "i3", "i4", "i5"])
constraint_names = st.sampled_from(["c1", "c2"])
subscription_names = st.sampled_from(["s1", "s2", "s3"])
attachments = st.sampled_from(["", "given", "new", "new", "same", "same"])
states: st.SearchStrategy[State] = st.sampled_from(["Accepted", "Accepted", "Activated", "Nonconforming", "Contingent"])
cells = st.sets(st.sampled_from([1, 2, 3]), min_size=1).map(lambda found: tuple(sorted(found)))
heights_mm = st.tuples(st.sampled_from([0, 50, 100]), st.sampled_from([0, 50, 100])).map(sorted)
starts_min = st.sampled_from([-200, -30, -6, -5, -3, 0, 0, 0, 30, 60])
spans_min = st.sampled_from([0, 30, 60, 120, 240, 600, 1440])
holds = st.sampled_from(["right"] * 6 + ["none", "wrong"])


class Draw:
    """What a rule asks for, from what Hypothesis gives and what stands."""

    def __init__(self, data: st.DataObject, model: Model) -> None:
        self.model = model
        self.of: Any = data.draw

    def extent(self, *, open_us: bool = False) -> Extent:
        """One that has not ended.  `open_us`: with a start or an end, or both, that is not given."""
        start_us = self.model.now_us + self.of(starts_min) * MINUTE_US
        end_us = max(start_us + self.of(spans_min) * MINUTE_US, self.model.now_us)
        if open_us:
            start_us = self.of(st.sampled_from([start_us, -OPEN]))
            end_us = self.of(st.sampled_from([end_us, OPEN]))
        lower_mm, upper_mm = self.of(heights_mm)
        return Extent(self.of(cells), lower_mm, upper_mm, start_us, end_us)

    def put(self, there: Any) -> tuple[str, str | None]:
        """Who puts something that may be there, and the version it holds: mostly as it should be."""
        if there is None:
            return self.of(managers), self.of(st.sampled_from([None, None, None, None, NOBODY]))
        return self._by(there), {"right": self._held(there), "none": None, "wrong": NOBODY}[self.of(holds)]

    def delete(self, there: Any) -> tuple[str, str]:
        if there is None:
            return self.of(managers), NOBODY
        return self._by(there), self._held(there) if self.of(holds) == "right" else NOBODY

    def _by(self, there: Any) -> str:
        manager: str = self.of(st.sampled_from([there.manager] * 4 + [*USS]))
        return manager

    def _held(self, there: Any) -> str:
        held: str = there.version if isinstance(there.version, str) else there.ovn
        return held

    def one_of(self, among: list[Any]) -> str:
        """The name of one that is there, at times of none."""
        name: str = self.of(st.sampled_from([one.id for one in among] * 4 + ["nothing"]))
        return name

    def key(self) -> frozenset[str]:
        """Mostly all that could be asked for; at times one is left out, or all."""
        intents = frozenset(one.ovn for one in self.model.intents)
        constraints = frozenset(one.ovn for one in self.model.constraints)
        match self.of(st.sampled_from(["all", "all", "all", "but one", "intents", "intents", "constraints", "none"])):
            case "none":
                return frozenset({NOBODY})
            case "intents":
                return intents
            case "constraints":
                return constraints
            case "but one" if intents | constraints:
                return (intents | constraints) - {self.of(st.sampled_from(sorted(intents | constraints)))}
            case _:
                return intents | constraints

    def subscription(self, manager: str) -> str:
        """One that an intent could be attached to, or a name that is not there."""
        own = [one.id for one in self.model.subs if one.manager == manager]
        name: str = self.of(st.sampled_from(own * 3 + [one.id for one in self.model.subs] + ["s1"]))
        return name


class DssMachine(RuleBasedStateMachine):
    """One DSS and its model."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(Rules(keep_us=KEEP_US))
        self.model = Model(keep_us=KEEP_US, now_us=T0_US)

    # --- operational intents --------------------------------------------------------------------------------------

    @rule(data=st.data(), name=intent_names, state=states, attach=attachments)
    def put_intent(self, data: st.DataObject, name: str, state: State, attach: str) -> None:
        draw = Draw(data, self.model)
        manager, ovn = draw.put(find(self.model.intents, name))
        self._put_intent(draw, name, state, attach, manager, ovn)

    @rule(data=st.data(), name=intent_names, state=states, attach=attachments, by=managers)
    def put_intent_as_its_manager(self, data: st.DataObject, name: str, state: State, attach: str, by: str) -> None:
        """So that much stands, and what is refused is refused for what stands."""
        there = find(self.model.intents, name)
        manager, ovn = (by, None) if there is None else (there.manager, there.ovn)
        self._put_intent(Draw(data, self.model), name, state, attach, manager, ovn)

    @rule(data=st.data(), name=intent_names, attach=attachments, by=managers)
    def activate(self, data: st.DataObject, name: str, attach: str, by: str) -> None:
        self.put_intent_as_its_manager(data, name, "Activated", attach, by)

    def _put_intent(self, draw: Draw, name: str, state: State, attach: str, manager: str, ovn: str | None) -> None:
        there = find(self.model.intents, name)
        subscription = draw.subscription(manager) if attach == "given" else ""
        if attach == "same" and there is not None:
            subscription = there.subscription
        new = (
            c.NewSubscription(f"https://{manager}.example/new", draw.of(st.sampled_from([True, True, False])))
            if attach == "new"
            else None
        )
        ask = c.PutIntent(
            manager=manager,
            id=name,
            ovn=ovn,
            state=state,
            extent=draw.extent(),
            base_url=f"https://{manager}.example",
            key=draw.key(),
            subscription=subscription,
            new_subscription=new,
        )
        answer = self.book.run(ask)
        self.same_put(answer, self.model.put_intent(ask, answer))

    @precondition(lambda self: self.model.intents)
    @rule(data=st.data())
    def delete_intent(self, data: st.DataObject) -> None:
        draw = Draw(data, self.model)
        name = draw.one_of(self.model.intents)
        manager, ovn = draw.delete(find(self.model.intents, name))
        ask = c.DeleteIntent(manager=manager, id=name, ovn=ovn)
        self.same_put(self.book.run(ask), self.model.delete_intent(ask))

    # --- constraints ----------------------------------------------------------------------------------------------

    @rule(data=st.data(), name=constraint_names)
    def put_constraint(self, data: st.DataObject, name: str) -> None:
        draw = Draw(data, self.model)
        manager, ovn = draw.put(find(self.model.constraints, name))
        url = f"https://{manager}.example"
        ask = c.PutConstraint(manager=manager, id=name, ovn=ovn, extent=draw.extent(), base_url=url)
        answer = self.book.run(ask)
        self.same_put(answer, self.model.put_constraint(ask, answer))

    @precondition(lambda self: self.model.constraints)
    @rule(data=st.data())
    def delete_constraint(self, data: st.DataObject) -> None:
        draw = Draw(data, self.model)
        name = draw.one_of(self.model.constraints)
        manager, ovn = draw.delete(find(self.model.constraints, name))
        ask = c.DeleteConstraint(manager=manager, id=name, ovn=ovn)
        self.same_put(self.book.run(ask), self.model.delete_constraint(ask))

    # --- subscriptions --------------------------------------------------------------------------------------------

    @rule(data=st.data(), name=subscription_names, kind=st.sampled_from(["i", "i", "c", "ic"]), known=st.booleans())
    def put_subscription(self, data: st.DataObject, name: str, kind: str, known: bool) -> None:
        draw = Draw(data, self.model)
        if known and self.model.subs:  # an implicit one has a name that was drawn by lot
            name = draw.of(st.sampled_from([one.id for one in self.model.subs]))
        manager, version = draw.put(find(self.model.subs, name))
        ask = c.PutSubscription(
            manager=manager,
            id=name,
            version=version,
            extent=draw.extent(open_us=True),
            base_url=f"https://{manager}.example",
            for_intents="i" in kind,
            for_constraints="c" in kind,
        )
        answer = self.book.run(ask)
        expected = self.model.put_subscription(ask, answer)
        if isinstance(expected, No):
            self.same_refusal(answer, expected)
            return
        assert isinstance(answer, c.SubscriptionChanged), (answer, expected)
        seen = Subscribed(
            answer.index,
            answer.subscription.extent,
            answer.dependents,
            frozenset(one.id for one in answer.intents),
            frozenset(one.id for one in answer.constraints),
        )
        assert seen == expected

    @precondition(lambda self: self.model.subs)
    @rule(data=st.data())
    def delete_subscription(self, data: st.DataObject) -> None:
        draw = Draw(data, self.model)
        name = draw.one_of(self.model.subs)
        manager, version = draw.delete(find(self.model.subs, name))
        ask = c.DeleteSubscription(manager=manager, id=name, version=version)
        answer, expected = self.book.run(ask), self.model.delete_subscription(ask)
        if expected is None:
            assert isinstance(answer, c.SubscriptionChanged), answer
        else:
            self.same_refusal(answer, expected)

    # --- availability, time ---------------------------------------------------------------------------------------

    @rule(uss=managers, availability=st.sampled_from(["Unknown", "Normal", "Down", "Down"]), right=holds)
    def set_availability(self, uss: str, availability: Availability, right: str) -> None:
        version = self.model.standings.get(uss, ("", ""))[1] if right == "right" else NOBODY
        ask = c.SetAvailability(manager="judge", uss=uss, old_version=version, availability=availability)
        answer = self.book.run(ask)
        expected = self.model.set_availability(ask, answer)
        if expected is not None:
            self.same_refusal(answer, expected)

    @rule(minutes=st.sampled_from([1, 5, 5, 30, 30, 60, 121]), sweep=st.booleans())
    def time_passes(self, minutes: int, sweep: bool) -> None:
        self.model.now_us += minutes * MINUTE_US
        self.book.now_us = self.model.now_us
        if sweep:
            assert self.book.sweep() == c.Swept(self.model.sweep())

    # --- questions ------------------------------------------------------------------------------------------------

    @rule(data=st.data(), manager=managers)
    def query(self, data: st.DataObject, manager: str) -> None:
        area = Draw(data, self.model).extent(open_us=True)
        past_us = data.draw(st.sampled_from([0, 0, 45, 300])) * MINUTE_US
        end_us = area.end_us if area.end_us == OPEN else max(area.start_us, area.end_us - past_us)
        area = Extent(area.cells, area.lower_mm, area.upper_mm, area.start_us, end_us)
        state, now_us = self.book.state, self.book.now_us
        intents = queries.intents_in(state, manager, area, now_us).operational_intent_references
        constraints = queries.constraints_in(state, manager, area, now_us).constraint_references
        subs = queries.subscriptions_in(state, manager, area, now_us).subscriptions
        assert {one.id for one in intents} == self.model.intents_in(area)
        assert {one.id for one in constraints} == self.model.constraints_in(area)
        assert {one.id for one in subs} == self.model.subs_in(manager, area)
        for found, among in ((intents, self.model.intents), (constraints, self.model.constraints)):
            for one in found:
                kept = find(among, one.id)
                assert one.ovn == (kept.ovn if kept.manager == manager else NO_OVN)
        for sub in subs:
            assert sub.notification_index == find(self.model.subs, sub.id).index
            assert sub.dependent_operational_intents == self.model.dependents(sub.id)

    # --- what is the same -----------------------------------------------------------------------------------------

    def same_refusal(self, answer: c.Answer, expected: No) -> None:
        assert isinstance(answer, c.Refused), (answer, expected)
        assert answer.status == expected.status, (answer, expected)
        assert {one.id for one in answer.missing_intents} == expected.intents
        assert {one.id for one in answer.missing_constraints} == expected.constraints

    def same_put(self, answer: c.Answer, expected: No | Put) -> None:
        if isinstance(expected, No):
            self.same_refusal(answer, expected)
            return
        assert isinstance(answer, c.IntentChanged | c.ConstraintChanged), (answer, expected)
        assert answer.created is expected.created
        assert len(answer.notify) == len(expected.told)
        assert {(one.subscription, one.base_url, one.index) for one in answer.notify} == expected.told

    @invariant()
    def all_stands_as_in_the_model(self) -> None:
        state = self.book.state
        intents = {one.id: (one.manager, one.state, one.ovn, one.version, one.extent) for one in state.intents.values()}
        assert intents == {
            one.id: (one.manager, one.state, one.ovn, one.version, one.extent) for one in self.model.intents
        }
        assert {one.id: one.subscription for one in state.intents.values()} == {
            one.id: one.subscription for one in self.model.intents
        }
        constraints = {one.id: (one.manager, one.ovn, one.version, one.extent) for one in state.constraints.values()}
        assert constraints == {
            one.id: (one.manager, one.ovn, one.version, one.extent) for one in self.model.constraints
        }
        for sub in self.model.subs:
            kept = state.subscriptions[sub.id]
            sub.version = sub.version or kept.version  # of an implicit one nobody was told
            assert (kept.manager, kept.extent, kept.version) == (sub.manager, sub.extent, sub.version)
            assert (kept.for_intents, kept.for_constraints) == (sub.for_intents, sub.for_constraints)
            assert (kept.implicit, state.notified[sub.id]) == (sub.implicit, sub.index)
            assert sorted(state.dependents.get(sub.id, ())) == self.model.dependents(sub.id)
        assert len(state.subscriptions) == len(self.model.subs)
        assert {uss: (one.availability, one.version) for uss, one in state.standings.items()} == self.model.standings


DssMachine.TestCase.settings = settings(max_examples=examples(150), stateful_step_count=50, deadline=None)
TestDssModel = DssMachine.TestCase

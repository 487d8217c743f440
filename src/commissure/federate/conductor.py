"""The coordinator of a study: who is there, what each is asked, when a step ends; pure, so that any wire can carry it.

Rounds overlap: while sites send the masked words of one round they send the keys of the next, and with the shares that
take the masks away they send the secret shares of the next. A round then costs two exchanges, and a site that comes in
the middle joins the next one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from commissure.errors import BadInput, CommissureError, NotPermitted
from commissure.federate.aggregator import Aggregator
from commissure.federate.analyses import build
from commissure.federate.analysis import Array, State, flatten, is_done, unflatten
from commissure.federate.letters import Letter, open_letter
from commissure.federate.plan import Plan, check_approval
from commissure.federate.terms import Terms
from commissure.federate.wire import pack, pack_arrays

__all__ = ["Conductor", "Tasks"]


@dataclass(slots=True)
class Tasks:
    """What one site is asked in one beat."""

    head: dict[str, Any]
    blobs: dict[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As it travels."""
        return pack({**self.head, "blobs": list(self.blobs)}, list(self.blobs.values()))


class Conductor:
    """A study under way.

    Parameters
    ----------
    plan : Plan
    state : mapping or None
        Where the analysis stands, from a save; None to begin.
    index : int
        How many rounds are done.
    session : str
        Begins with the plan's id and a slash; another one after each start of the coordinator.
    combine : callable or None
        Makes one answer of all in a study without masks, shape (site, value) to (value,).
    """

    def __init__(
        self,
        plan: Plan,
        *,
        state: State | None = None,
        index: int = 0,
        session: str,
        combine: Callable[[Array], Array] | None = None,
    ) -> None:
        self.plan, self.session = plan, session
        self.analysis = build(plan)
        self.state: State = self.analysis.first() if state is None else state
        self.index, self.beat, self.round = index, 0, 0
        self.members: set[str] = set()
        self.refused: dict[str, str] = {}
        self.waiting: set[str] = set()
        self.said: list[str] = []
        self._tasks: dict[str, Tasks] = {}
        self._now: Aggregator | None = None
        self._next: Aggregator | None = None
        self._begun = False
        self._combine = combine
        self._plain: dict[str, Array] = {}

    @property
    def done(self) -> bool:
        """Whether the analysis has its result."""
        return is_done(self.state)

    def join(self, site: str, approval: Letter) -> None:
        """Let a site in that has approved the plan; one that was there before begins anew.

        Raises
        ------
        NotPermitted
            If it is not of the study, has not approved this very plan, or has refused.
        """
        if approval.sender != site:
            raise NotPermitted("An approval must come from the site itself.")
        check_approval(self.plan, approval)
        self.lose(site)
        self.refused.pop(site, None)
        self.members.add(site)
        if set(self.plan.sites) <= self.members | set(self.refused):
            self._begun = True
        self.advance()

    def begin(self) -> None:
        """Begin with the sites that are here, though others are not yet."""
        self._begun = True
        self.advance()

    def lose(self, site: str) -> None:
        """Go on without a site; it may join again."""
        if site in self.members:
            self.members.discard(site)
            self.waiting.discard(site)
            self._tasks.pop(site, None)
            self.advance()

    def refuse(self, site: str, reason: str) -> None:
        """Go on without a site that cannot or will not answer, and remember why."""
        self.refused[site] = reason
        self.lose(site)

    def tasks(self, site: str, beat: int) -> Tasks | None:
        """What ``site`` is to do, if it has not heard of this beat yet."""
        return self._tasks.get(site) if beat < self.beat and site in self.waiting else None

    def receive(self, site: str, beat: int, letters: Iterable[Letter]) -> None:
        """Take a site's answer to a beat; an answer to one that is past changes nothing.

        Raises
        ------
        NotPermitted, BadInput, Conflict
            If a letter is forged, replayed, or not what was asked.
        """
        if beat != self.beat or site not in self.waiting:
            return
        for letter in letters:
            if letter.sender != site:
                raise NotPermitted("A letter must come from the site that sends it.")
            self._take(letter)
        self.waiting.discard(site)
        self.advance()

    def _take(self, letter: Letter) -> None:
        if letter.step == "plain":
            body = open_letter(
                letter, session=self.session, round=self.round, step="plain", keys=self.plan.keys
            )
            values = np.frombuffer(body, np.float64)
            if values.size != self._length() or not np.isfinite(values).all():
                raise BadInput(
                    f"{letter.sender!r} sent {values.size} numbers; {self._length()} finite ones were asked."
                )
            self._plain[letter.sender] = values
            return
        for aggregator in (self._now, self._next):
            if aggregator is not None and aggregator.terms.round == letter.round:
                aggregator.receive(letter)
                return
        raise NotPermitted(f"A letter of {letter.sender!r} belongs to no round under way.")

    def advance(self) -> None:
        """Go on to the next beat if all have answered and enough are there."""
        while self._begun and not self.waiting and not self.done and len(self.members) >= self.plan.minimum:
            try:
                self._turn()
            except CommissureError as error:
                self.said.append(f"Round {self.round} failed and is taken again: {error}")
                self._now = self._next = None
                self._begin()
            if not self._tasks:
                return

    def give_up(self) -> None:
        """End a beat at its deadline: the sites that have not answered are lost."""
        for site in sorted(self.waiting):
            self.said.append(f"{site} did not answer in time.")
            self.lose(site)

    def _turn(self) -> None:
        if not self.plan.secure:
            self._plain_turn()
        elif self._now is None and self._next is None:
            self._begin()
        elif self._now is None and self._next is not None and self._next.step == "keys":
            self._next.close()
            self._ask_shares(self._next, {})
        elif self._now is None and self._next is not None:
            self._next.close()
            self._ask_masked()
        elif self._now is not None and self._now.step == "masked":
            self._close_masked(self._now)
        elif self._now is not None:
            self._close_unmask(self._now)

    def _begin(self) -> None:
        self._next = self._aggregator()
        self._ask({site: Tasks({"keys": self._next.terms.round}) for site in self.members})

    def _aggregator(self) -> Aggregator:
        self.round += 1
        return Aggregator(Terms(self.session, self.round, self.plan.minimum), keys=self.plan.keys)

    def _ask(self, tasks: dict[str, Tasks]) -> None:
        self.beat += 1
        for task in tasks.values():
            task.head.update(session=self.session, beat=self.beat)
        self._tasks = {site: task for site, task in tasks.items() if site in self.members}
        self.waiting = set(self._tasks)

    def _ask_shares(self, aggregator: Aggregator, tasks: dict[str, Tasks]) -> None:
        letters = aggregator.key_letters()
        # where these letters belong is said by the task; without it they take a third of the bytes
        senders = [letter.sender for letter in letters]
        roster = pack({"from": senders}, [letter.signature + letter.body for letter in letters])
        for letter in letters:
            task = tasks.setdefault(letter.sender, Tasks({}))
            task.head["share"] = aggregator.terms.round
            task.blobs["roster"] = roster
        self._ask(tasks)

    def _ask_masked(self) -> None:
        now, self._next = self._next, self._aggregator()
        if now is None:
            return
        self._now = now
        code = self.analysis.code(self.state, sites=len(self.plan.sites))
        words = code.encode(np.zeros(self._length()))
        now.expect(words=words.size, bits=code.bits)
        state = pack_arrays(dict(self.state))
        tasks = {site: Tasks({"keys": self._next.terms.round}) for site in self.members}
        for site in set(now.previous()) & self.members:
            boxes = now.boxes_for(site)
            tasks[site].head["mask"] = {"round": now.terms.round, "index": self.index}
            tasks[site].blobs.update(state=state, boxes=pack({"from": list(boxes)}, list(boxes.values())))
        self._ask(tasks)

    def _close_masked(self, now: Aggregator) -> None:
        now.close()
        following = self._next
        survivors = {"round": now.terms.round, "survivors": list(now.survivors)}
        tasks = {site: Tasks({"unmask": survivors}) for site in now.survivors}
        if following is not None and len(following.heard()) >= self.plan.minimum:
            following.close()
            self._ask_shares(following, tasks)
        else:
            self._next = None
            self._ask(tasks)

    def _close_unmask(self, now: Aggregator) -> None:
        now.close()
        shapes, code = (
            self.analysis.shapes(self.state),
            self.analysis.code(self.state, sites=len(self.plan.sites)),
        )
        total = code.decode(now.total())
        self._now = None
        self._settle(unflatten(total, shapes))
        following = self._next
        if self.done or following is None or len(following.heard()) < self.plan.minimum:
            self._next = None
            if not self.done:
                self._begin()
            return
        following.close()
        self._ask_masked()

    def _plain_turn(self) -> None:
        if self._plain:
            rows = np.stack([self._plain[site] for site in sorted(self._plain)])
            self._plain = {}
            total = rows.sum(axis=0) if self._combine is None else self._combine(rows)
            self._settle(unflatten(total, self.analysis.shapes(self.state)))
            if self.done:
                return
        self.round += 1
        task = {"plain": {"round": self.round, "index": self.index}}
        state = pack_arrays(dict(self.state))
        self._ask({site: Tasks(dict(task), {"state": state}) for site in self.members})

    def _settle(self, sums: dict[str, Array]) -> None:
        self.state = self.analysis.step(self.state, sums)
        self.index += 1

    def _length(self) -> int:
        shapes = self.analysis.shapes(self.state)
        return flatten({name: np.zeros(shape) for name, shape in shapes.items()}, shapes).size

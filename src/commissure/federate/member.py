"""A site in a study: takes a bundle of tasks, gives a bundle of letters; decides for itself what it will not do.

A bundle from the coordinator may hold, in one message, the last step of one round and the first of the next, so that a
round costs two exchanges.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from commissure.errors import BadInput, NotPermitted
from commissure.federate.analyses import build
from commissure.federate.analysis import State, Table, flatten
from commissure.federate.contributor import Contributor
from commissure.federate.letters import Identity, Letter
from commissure.federate.plan import Plan
from commissure.federate.terms import Terms
from commissure.federate.wire import pack, pack_arrays, unpack, unpack_arrays

__all__ = ["Member"]


class Member:
    """One site's side of a study, over all its rounds.

    Parameters
    ----------
    identity : Identity
    plan : Plan
        As the site's steward has approved it.
    table : mapping of str to array
        The site's rows; columns that the plan does not name are not looked at.
    entropy : callable
        Gives so many random bytes; of a cryptographic source.
    memory : bytes
        What :attr:`memory` was when the site was last here; empty at first.
    secrets : bytes
        What :attr:`secrets` was, where each bundle meets another process; empty otherwise.
    """

    def __init__(
        self,
        identity: Identity,
        plan: Plan,
        *,
        table: Table,
        entropy: Callable[[int], bytes],
        memory: bytes = b"",
        secrets: bytes = b"",
    ) -> None:
        self.identity, self.plan = identity, plan
        self._analysis = build(plan, checked=False)
        self._table = {column.name: table[column.name] for column in plan.columns if column.name in table}
        self._entropy = entropy
        self._rounds: dict[tuple[str, int], Contributor] = {}
        self._answers, self._index = 0, -1
        self._before: State = {}
        self._after: State = {}
        if memory:
            self._remember(memory)
        for kept in unpack(secrets)[1] if secrets else ():
            made = Contributor.from_bytes(kept, identity=identity, keys=plan.keys, entropy=entropy)
            self._rounds[made.terms.session, made.terms.round] = made

    @property
    def memory(self) -> bytes:
        """What the site keeps for itself between rounds and over restarts."""
        head = {"answers": self._answers, "index": self._index}
        return pack(head, [pack_arrays(_plain(self._before)), pack_arrays(_plain(self._after))])

    @property
    def secrets(self) -> bytes:
        """The rounds under way, with their keys: for an engine that starts a process a message; never sent."""
        return pack({}, [made.to_bytes() for made in self._rounds.values()])

    def _remember(self, data: bytes) -> None:
        head, (before, after) = unpack(data)
        self._answers, self._index = int(head["answers"]), int(head["index"])
        self._before, self._after = unpack_arrays(before), unpack_arrays(after)

    def do(self, tasks: Mapping[str, Any], blobs: Mapping[str, bytes]) -> list[Letter]:
        """The letters that a bundle of tasks asks for.

        Parameters
        ----------
        tasks : mapping
            ``session`` and, of these, some: ``keys`` (a round), ``share`` (a round), ``mask`` (a round and the index of
            the state), ``unmask`` (a round and its survivors), ``plain`` (an index, in a study without masks).
        blobs : mapping of str to bytes
            ``roster``, ``boxes`` and ``state``, where the tasks need them.

        Raises
        ------
        NotPermitted
            If a task is not what the approved plan, or the protocol, allows.
        BadInput
            If this site's table does not fit the analysis.
        """
        session = str(tasks.get("session", ""))
        if session.partition("/")[0] != self.plan.id:
            raise NotPermitted("The coordinator asks about another study.")
        letters = []
        if "mask" in tasks:
            letters.append(self._mask(session, tasks["mask"], blobs))
        if "unmask" in tasks:
            letters.append(
                self._contributor(session, tasks["unmask"]["round"]).unmask(tasks["unmask"]["survivors"])
            )
        if "plain" in tasks:
            letters.append(self._plain(session, tasks["plain"], blobs["state"]))
        if "keys" in tasks:
            letters.append(self._enter(session, int(tasks["keys"])).advertise())
        if "share" in tasks:
            round, roster = int(tasks["share"]), unpack(blobs["roster"])
            keys = [
                Letter(session, round, "keys", sender, part[64:], part[:64])
                for sender, part in zip(roster[0]["from"], roster[1], strict=True)
            ]
            letters.append(self._contributor(session, round).share(keys))
        return letters

    def _enter(self, session: str, round: int) -> Contributor:
        known = self._rounds.get((session, round))
        if known is not None:
            return known
        terms = Terms(session, round, self.plan.minimum)
        made = Contributor(self.identity, terms, keys=self.plan.keys, entropy=self._entropy)
        while len(self._rounds) > 2:
            self._rounds.pop(next(iter(self._rounds)))
        self._rounds[session, round] = made
        return made

    def _contributor(self, session: str, round: object) -> Contributor:
        found = self._rounds.get((session, int(str(round))))
        if found is None:
            raise NotPermitted("This site takes no part in that round.")
        return found

    def _mask(self, session: str, task: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Letter:
        if not self.plan.secure:
            raise NotPermitted(
                "The plan of this study is without masks; the coordinator asks for masked words."
            )
        state = unpack_arrays(blobs["state"])
        names, boxes = unpack(blobs["boxes"])
        values = self._answer(int(task["index"]), state)
        code = self._analysis.code(state, sites=len(self.plan.sites))
        words = code.encode(values, draw=self._entropy(32))
        return self._contributor(session, task["round"]).mask(
            words, dict(zip(names["from"], boxes, strict=True))
        )

    def _plain(self, session: str, task: Mapping[str, Any], state: bytes) -> Letter:
        if self.plan.secure:
            raise NotPermitted(
                "The plan of this study promises masks; the coordinator asks for plain numbers."
            )
        values = self._answer(int(task["index"]), unpack_arrays(state))
        if not np.isfinite(values).all():
            raise BadInput(
                f"{int((~np.isfinite(values)).sum())} of this site's numbers are missing or infinite."
            )
        body = values.astype(np.float64).tobytes()
        return self.identity.write(body, session=session, round=int(task["round"]), step="plain")

    def _answer(self, index: int, state: State) -> Any:
        if self._answers >= self.plan.rounds:
            raise NotPermitted(f"This site has answered {self._answers} times, as often as the plan allows.")
        if index < self._index:
            raise NotPermitted("The coordinator asks about a state that is past.")
        before = self._before if index == self._index else self._after
        noise = np.frombuffer(self._entropy(16), np.uint32).astype(np.float64)
        answer, after = self._analysis.answer(state, {**self._table, "noise.seed": noise}, before)
        self._answers, self._index, self._before, self._after = self._answers + 1, index, before, after
        return flatten(answer, self._analysis.shapes(state))


def _plain(state: State) -> dict[str, Any]:
    return {name: np.asarray(value) for name, value in state.items()}

"""The coordinator under Flower: a ServerApp that leads the study of a folder over the nodes of a SuperLink.

The conductor is the one that leads over HTTPS; only the way of its letters differs. A node that Flower no longer lists,
whose answer is an error, or that stays silent over the deadline is lost; it joins again when it answers again.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commissure.errors import CommissureError, Fault
from commissure.extras import need
from commissure.federate.wire import as_json, pack, pack_arrays, unpack
from commissure.store import files
from commissure.workflows.run_study import RunningStudy, open_study

__all__ = ["Lead", "make_server_app"]

_RECORD, _TICK_S, _AGAIN_S = "commissure", 0.25, 10.0


def make_server_app() -> Any:
    """The ServerApp that an app's ``serverapp`` names; its configuration says ``study``, ``gather-s``, ``deadline-s``."""
    serverapp, app = (
        need("flwr.serverapp", purpose="A Flower study"),
        need("flwr.app", purpose="A Flower study"),
    )
    made = serverapp.ServerApp()

    def lead(grid: Any, context: Any) -> None:
        said = context.run_config
        folder = Path(str(said["study"]))
        study = open_study(folder, say=lambda text: print(text, flush=True))  # noqa: T201
        Lead(
            study, _Grid(grid, app), gather_s=float(said["gather-s"]), deadline_s=float(said["deadline-s"])
        ).run()
        files.replace(folder / "result.json", as_json(study.result).encode())

    made.main()(lead)
    return made


class _Grid:
    """Flower's grid, as far as a study needs it: bytes to nodes, and bytes back."""

    def __init__(self, grid: Any, app: Any) -> None:
        self._grid, self._app = grid, app

    def nodes(self) -> set[int]:
        return {int(node) for node in self._grid.get_node_ids()}

    def send(self, node: int, body: bytes, *, kind: str) -> str:
        content = self._app.RecordDict({_RECORD: self._app.ConfigRecord({"body": body})})
        message = self._app.Message(content, dst_node_id=node, message_type=kind)
        return str(next(iter(self._grid.push_messages([message]))))

    def pull(self, sent: list[str]) -> dict[str, bytes | None]:
        """The answers that are there, by the message they answer; None for one that went wrong."""
        return {
            str(message.metadata.reply_to_message_id): None
            if message.has_error()
            else bytes(message.content[_RECORD]["body"])
            for message in self._grid.pull_messages(sent)
        }


class Lead:
    """A study over nodes, until each that is left has the result.

    Parameters
    ----------
    study : RunningStudy
    grid : object
        ``nodes``, ``send`` and ``pull``.
    gather_s, deadline_s : float
        How long to wait for all sites at first, and for an answer.
    clock, sleep : callable
        Of a monotonic clock, in seconds.
    """

    def __init__(
        self,
        study: RunningStudy,
        grid: Any,
        *,
        gather_s: float,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.study, self._grid, self._clock, self._sleep = study, grid, clock, sleep
        self._gather_s, self._deadline_s = gather_s, deadline_s
        self.sites: dict[int, str] = {}
        self._sent: dict[str, tuple[int, float]] = {}
        self._asked: dict[int, float] = {}
        self._heard: dict[int, int] = {}

    def run(self) -> None:
        """Lead it.

        Raises
        ------
        Fault
            If fewer sites than the plan's minimum come within ten times the time to gather.
        """
        started, begun = self._clock(), False
        while not self.study.conductor.done:
            now = self._clock()
            if not begun and now - started > self._gather_s:
                begun = True
                self.study.begin()
            if self.study.conductor.beat == 0 and now - started > 10 * self._gather_s:
                raise Fault(
                    f"{len(self.study.conductor.members)} sites have joined; the plan asks for {self.study.plan.minimum}."
                )
            self._turn(now)
            self._sleep(_TICK_S)
        self._tell_result()

    def _turn(self, now: float) -> None:
        nodes = self._grid.nodes()
        for node in [node for node in self.sites if node not in nodes]:
            self._lose(node)
        self._take_answers(now)
        members = self.study.conductor.members
        busy = {node for node, _ in self._sent.values()}
        for node in sorted(nodes - busy):
            site = self.sites.get(node)
            if site not in members:
                self._invite(node, now)
            elif (tasks := self.study.tasks(site, self._heard[node])) is not None:
                self._heard[node] = int(tasks.head["beat"])
                self._send(node, tasks.to_bytes(), kind="train", now=now)

    def _invite(self, node: int, now: float) -> None:
        if now - self._asked.get(node, -_AGAIN_S) < _AGAIN_S:
            return
        self._asked[node] = now
        self._send(node, pack({"join": json.loads(self.study.plan.to_json())}), kind="query", now=now)

    def _send(self, node: int, body: bytes, *, kind: str, now: float) -> None:
        self._sent[self._grid.send(node, body, kind=kind)] = (node, now)

    def _take_answers(self, now: float) -> None:
        found = self._grid.pull(list(self._sent)) if self._sent else {}
        for sent, body in found.items():
            node, _ = self._sent.pop(sent)
            if body is None:
                self._lose(node)
            else:
                self._take(node, body)
        late = [sent for sent, (_, at) in self._sent.items() if now - at > self._deadline_s]
        for sent in late:
            self._lose(self._sent.pop(sent)[0])

    def _take(self, node: int, body: bytes) -> None:
        try:
            head, blobs = unpack(body)
            if "joins" in head:
                self.sites[node], self._heard[node] = str(head["joins"]), 0
                self.study.join(self.sites[node], blobs[0])
            elif node in self.sites:
                self.study.receive(self.sites[node], body)
        except CommissureError as error:
            self.sites.pop(node, None)
            print(f"node {node} is out: {error}", flush=True)  # noqa: T201

    def _lose(self, node: int) -> None:
        site = self.sites.pop(node, None)
        if site is not None:
            self.study.lose(site)

    def _tell_result(self) -> None:
        body = pack({"done": True}, [pack_arrays(self.study.result)])
        self._sent.clear()
        for node in self.sites:
            self._send(node, body, kind="query", now=self._clock())
        ends = self._clock() + self._deadline_s
        while self._sent and self._clock() < ends:
            for sent in self._grid.pull(list(self._sent)):
                self._sent.pop(sent)
            self._sleep(_TICK_S)

"""Run a study: the coordinator's conductor, with its state in a folder so that ``kill -9`` costs one round at most."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from commissure.errors import CommissureError, NotFound
from commissure.federate.analysis import Array, State
from commissure.federate.conductor import Conductor, Tasks
from commissure.federate.letters import Letter
from commissure.federate.plan import Plan
from commissure.federate.robust import combiner
from commissure.federate.wire import pack, pack_arrays, unpack, unpack_arrays
from commissure.store import files

__all__ = ["RunningStudy", "open_study", "study_status"]


class RunningStudy:
    """A study that a coordinator leads.

    Parameters
    ----------
    conductor : Conductor
    save : callable
        Keeps bytes where they survive.
    say : callable
        Is told what happens, one line each.
    """

    def __init__(
        self, conductor: Conductor, *, save: Callable[[bytes], None], say: Callable[[str], None]
    ) -> None:
        self.conductor, self._save, self._say = conductor, save, say
        self._saved = conductor.index
        self._told = 0

    @property
    def plan(self) -> Plan:
        """The plan that sites have approved."""
        return self.conductor.plan

    @property
    def result(self) -> dict[str, Array]:
        """What the study has found."""
        return dict(self.conductor.analysis.result(self.conductor.state))

    def join(self, site: str, letter: bytes) -> None:
        """Let a site in; see :meth:`Conductor.join`."""
        self.conductor.join(site, Letter.from_bytes(letter))
        self._say(f"{site} joined ({len(self.conductor.members)} of {len(self.plan.sites)})")
        self._keep()

    def lose(self, site: str) -> None:
        """Go on without a site whose line is dead."""
        if site in self.conductor.members:
            self._say(f"{site} is lost ({len(self.conductor.members) - 1} of {len(self.plan.sites)})")
            self.conductor.lose(site)
            self._keep()

    def receive(self, site: str, data: bytes) -> int:
        """Take a site's answer; the beat that it has heard of.

        Raises
        ------
        BadInput, NotPermitted, Conflict
            If the answer is not what was asked; the site is out of the study until it joins again.
        """
        head, blobs = unpack(data)
        beat = int(head.get("beat", 0))
        if "refused" in head:
            self._say(f"{site} refuses: {head['refused']}")
            self.conductor.refuse(site, str(head["refused"]))
            return beat
        try:
            self.conductor.receive(site, beat, [Letter.from_bytes(blob) for blob in blobs])
        except CommissureError as error:
            self._say(f"{site} is out: {error}")
            self.conductor.refuse(site, str(error))
            raise
        self._keep()
        return beat

    def tasks(self, site: str, beat: int) -> Tasks | None:
        """What a site is to do next, if it has not heard of it."""
        return self.conductor.tasks(site, beat)

    def begin(self) -> None:
        """Begin with the sites that are here."""
        self.conductor.begin()

    def give_up(self) -> None:
        """End the beat at its deadline."""
        self.conductor.give_up()
        self._keep()

    def _keep(self) -> None:
        for line in self.conductor.said[self._told :]:
            self._say(line)
        self._told = len(self.conductor.said)
        if self.conductor.index != self._saved:
            self._saved = self.conductor.index
            self._save(pack({"index": self._saved}, [pack_arrays(dict(self.conductor.state))]))


def open_study(folder: Path, *, say: Callable[[str], None] = lambda _: None) -> RunningStudy:
    """The study in a folder, as far as it has come.

    Parameters
    ----------
    folder : Path
        Holds ``plan.json``; ``state`` and ``starts`` come to lie beside it.
    say : callable
        Is told what happens.

    Raises
    ------
    NotFound
        If the folder holds no plan.
    """
    try:
        plan = Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(
            "This folder holds no plan.json; make one with `commissure federate study new`."
        ) from error
    starts = int((folder / "starts").read_text()) + 1 if (folder / "starts").exists() else 1
    files.replace(folder / "starts", str(starts).encode())
    state: State | None = None
    index = 0
    if (folder / "state").exists():
        head, (arrays,) = unpack((folder / "state").read_bytes())
        state, index = unpack_arrays(arrays), int(head["index"])
        say(f"goes on after round {index}")
    session = f"{plan.id}/{starts}"
    conductor = Conductor(plan, state=state, index=index, session=session, combine=combiner(plan.parameters))
    return RunningStudy(conductor, save=lambda data: files.replace(folder / "state", data), say=say)


def study_status(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Where a study stands, from its folder alone: rounds done, starts, and seconds since the last sign of life.

    Raises
    ------
    NotFound
        If the folder holds no plan.
    """
    if not (folder / "plan.json").exists():
        raise NotFound("This folder holds no plan.json; name the folder of a study.")
    state, starts = folder / "state", folder / "starts"
    last = max(path.stat().st_mtime for path in (folder / "plan.json", state, starts) if path.exists())
    return {
        "rounds": int(unpack(state.read_bytes())[0]["index"]) if state.exists() else 0,
        "starts": int(starts.read_text()) if starts.exists() else 0,
        "seconds_since": round(max(now.timestamp() - last, 0.0), 1),
        "done": (folder / "result.json").exists(),
    }

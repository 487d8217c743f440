"""Join a study: a site's light agent. It opens connections, never takes one, and holds what it must over restarts."""

import csv
import http.client
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from commissure.errors import BadInput, CommissureError, Conflict, Fault, NotFound, NotPermitted, Unreadable
from commissure.federate.analysis import Array, Table
from commissure.federate.certificates import Credentials, check_certificate, identity_of
from commissure.federate.letters import Identity, Letter
from commissure.federate.member import Member
from commissure.federate.plan import Plan, approve, check_table
from commissure.federate.wire import pack, unpack, unpack_arrays
from commissure.store import files

__all__ = ["SiteFolder", "join_study", "read_columns"]

_MISSING = {"", "na", "n/a", "nan", "?", "null", "none"}
_RETRY_S, _SILENCE_S, _ANSWER_S = 0.3, 4.0, 60.0


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """Where a site keeps its key, certificate and approvals; nothing in it ever leaves but what is signed.

    Parameters
    ----------
    path : Path
        Holds ``key.pem``, ``certificate.pem``, ``authority.pem``; approvals and memories come to lie beside them.
    proxy : str
        ``http://host:port`` of the proxy through which the site's connections go out; empty for none.
    """

    path: Path
    proxy: str = ""

    @property
    def credentials(self) -> Credentials:
        """Key and certificate.

        Raises
        ------
        NotFound
            If they are not there.
        """
        try:
            return Credentials(
                (self.path / "key.pem").read_bytes(), (self.path / "certificate.pem").read_bytes()
            )
        except FileNotFoundError as error:
            raise NotFound("This folder holds no key.pem and certificate.pem of a site.") from error

    @property
    def identity(self) -> Identity:
        """Who the site is."""
        return identity_of(self.credentials)

    def approve(self, plan: Plan) -> Letter:
        """Keep and give the steward's approval of this very plan."""
        letter = approve(plan, self.identity)
        (self.path / "approvals").mkdir(exist_ok=True)
        files.replace(self.path / "approvals" / plan.digest, letter.to_bytes())
        return letter

    def approval(self, plan: Plan) -> Letter:
        """The steward's approval of this very plan.

        Raises
        ------
        NotPermitted
            If there is none.
        """
        try:
            return Letter.from_bytes((self.path / "approvals" / plan.digest).read_bytes())
        except FileNotFoundError as error:
            raise NotPermitted(
                f"No steward has approved the plan {plan.digest[:12]} here: see `commissure federate study show`, then "
                "`study approve`."
            ) from error

    def memory_of(self, plan: Plan) -> Path:
        """Where the site keeps what it must remember of a study: how often it answered, and its own part of a model."""
        return self.path / f"memory-{plan.digest[:16]}"

    def context(self) -> ssl.SSLContext:
        """TLS that shows the site's certificate and takes only the network's own authority."""
        context = ssl.create_default_context(cafile=str(self.path / "authority.pem"))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.path / "certificate.pem", self.path / "key.pem")
        return context


def read_columns(path: Path, names: list[str]) -> dict[str, Array]:
    """The named columns of a CSV or TSV file, as numbers, missing ones as NaN; the others are not kept.

    Raises
    ------
    Unreadable
        If a cell of such a column is no number; the message tells the column, never the value.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        rows = list(csv.DictReader(file, delimiter=delimiter))
    out: dict[str, Array] = {}
    for name in names:
        if rows and name in rows[0]:
            out[name] = np.array([_number(row[name], name) for row in rows], np.float64)
    return out


def _number(text: str | None, name: str) -> float:
    if text is None or text.strip().lower() in _MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        raise Unreadable(
            f"Column {name!r} holds something that is no number; code its values as the plan says."
        ) from error


def join_study(
    url: str,
    site: SiteFolder,
    *,
    table: Callable[[Plan], Table],
    now: datetime,
    entropy: Callable[[int], bytes],
    patience_s: float = 60.0,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Array]:
    """Take part in the study that a coordinator leads, until its result is there.

    Parameters
    ----------
    url : str
        ``https://host:port`` of the coordinator.
    site : SiteFolder
    table : callable
        Gives the site's rows for the approved plan.
    now : datetime
        By which the certificate must be valid.
    entropy : callable
        Gives so many random bytes; of a cryptographic source.
    patience_s : float
        How long to go on trying when the coordinator is away.
    say : callable
        Is told what happens.

    Returns
    -------
    dict of str to array
        The study's result.

    Raises
    ------
    NotPermitted
        If the certificate has expired, the plan is not approved, or the coordinator asks what the plan does not allow.
    BadInput
        If the site's table does not fit the plan.
    Fault
        If the coordinator stays away.
    """
    check_certificate(site.credentials.certificate, now=now)
    agent = _Agent(url, site, patience_s=patience_s, say=say)
    plan = Plan.from_json(agent.patiently(lambda line: _ask(line, "GET", "/plan")).decode())
    approval, rows = site.approval(plan), table(plan)
    wrong = check_table(plan, rows, units={})
    if wrong:
        raise BadInput(f"This site's table does not fit the plan: {wrong[0].message} {wrong[0].remedy}")
    kept = site.memory_of(plan)
    memory = kept.read_bytes() if kept.exists() else b""
    member = Member(site.identity, plan, table=rows, entropy=entropy, memory=memory)
    while True:
        found = agent.patiently(lambda line: agent.take_part(line, member, approval, kept))
        if found:
            return unpack_arrays(found)


class _Agent:
    """One connection for tasks, and one beside it that tells both ends that the other lives."""

    def __init__(self, url: str, site: SiteFolder, *, patience_s: float, say: Callable[[str], None]) -> None:
        where = urlsplit(url)
        if where.scheme != "https" or not where.hostname:
            raise BadInput(f"A coordinator's address looks like https://host:port; got {url!r}.")
        self.host, self.port, self.context = where.hostname, where.port or 443, site.context()
        through = urlsplit(site.proxy)
        if site.proxy and (through.scheme != "http" or not through.hostname):
            raise BadInput(f"A proxy's address looks like http://host:port; got {site.proxy!r}.")
        self.through = (through.hostname or "", through.port or 3128)
        self.patience_s, self.say = patience_s, say

    def connect(self, timeout_s: float) -> http.client.HTTPSConnection:
        host, port = self.through if self.through[0] else (self.host, self.port)
        line = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=self.context)
        if self.through[0]:
            # the proxy carries what it cannot read: TLS is between the site and the coordinator
            line.set_tunnel(self.host, self.port)
        return line

    def patiently(self, act: Callable[[http.client.HTTPSConnection], bytes]) -> bytes:
        """Do it over a new connection, again and again while the coordinator is away."""
        ends = time.monotonic() + self.patience_s
        while True:
            with closing(self.connect(_ANSWER_S)) as line:
                try:
                    return act(line)
                except ssl.SSLCertVerificationError as error:
                    raise NotPermitted(
                        f"The coordinator's certificate is not valid: {error.verify_message}."
                    ) from error
                except (OSError, http.client.HTTPException) as error:
                    if isinstance(error, ssl.SSLError) and "alert" in str(error).lower():
                        raise NotPermitted(
                            "The coordinator does not take this certificate: it is expired, or of another network."
                        ) from error
                    if time.monotonic() > ends:
                        raise Fault(
                            f"For {self.patience_s:g} s the coordinator was away, or took no line: "
                            "it does so with a certificate that is expired or of another network."
                        ) from error
            time.sleep(_RETRY_S)

    def take_part(
        self, line: http.client.HTTPSConnection, member: Member, approval: Letter, kept: Path
    ) -> bytes:
        pulse = threading.Thread(target=self._feel_pulse, args=(line,), daemon=True)
        _ask(line, "GET", "/plan")
        pulse.start()
        _ask(line, "POST", "/join", approval.to_bytes())
        self.say("joined")
        body = pack({"beat": 0})
        while True:
            answer = _ask(line, "POST", "/next", body)
            head, blobs = unpack(answer)
            if "done" in head:
                return blobs[0]
            if "again" in head:
                raise ConnectionResetError("The coordinator has lost this site.")
            if "blobs" not in head:
                body = pack({"beat": int(head["beat"])})
                continue
            body = self._answered(line, member, head, dict(zip(head["blobs"], blobs, strict=True)), kept)

    def _answered(
        self, line: http.client.HTTPSConnection, member: Member, head: dict[str, object], blobs: dict[str, bytes], kept: Path
    ) -> bytes:  # fmt: skip
        before = member.memory if "mask" in head or "plain" in head else b""
        try:
            letters = member.do(head, blobs)
        except CommissureError as error:
            _ask(line, "POST", "/next", pack({"beat": head["beat"], "refused": str(error)}))
            raise
        if before and member.memory != before:
            files.replace(kept, member.memory, private=True)
        return pack({"beat": head["beat"]}, [letter.to_bytes() for letter in letters])

    def _feel_pulse(self, line: http.client.HTTPSConnection) -> None:
        """Read the coordinator's pulse; when it stops, break the connection that waits for it."""
        with suppress(OSError, http.client.HTTPException), closing(self.connect(_SILENCE_S)) as own:
            own.request("GET", "/alive")
            answer = own.getresponse()
            while answer.read1(64):
                continue
        if line.sock is not None:
            with suppress(OSError):
                line.sock.shutdown(2)


def _ask(line: http.client.HTTPSConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    line.request(method, path, body=body)
    answer = line.getresponse()
    data = answer.read()
    if answer.status < 400:
        return data
    said = data.decode("utf-8", "replace")[:300]
    raise {403: NotPermitted, 404: NotFound, 409: Conflict, 422: BadInput}.get(answer.status, Fault)(said)

"""A site under Flower: a ClientApp that gives the letters of an approved plan, one bundle a message.

Flower starts a process a message, so what a round needs between two messages lies in the context of the SuperNode,
and what a study needs between two starts in the site's own folder. The node's configuration names both:
``--node-config 'site="/srv/keys/north" table="/srv/rows.csv"'``.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commissure.errors import BadInput, CommissureError
from commissure.extras import need
from commissure.federate.certificates import check_certificate
from commissure.federate.member import Member
from commissure.federate.plan import Plan, check_table
from commissure.federate.wire import as_json, pack, unpack, unpack_arrays
from commissure.store import files
from commissure.workflows.join_study import SiteFolder, read_columns

__all__ = ["answer", "make_client_app"]

_RECORD = "commissure"


def make_client_app() -> Any:
    """The ClientApp that an app's ``clientapp`` names."""
    clientapp, app = (
        need("flwr.clientapp", purpose="A Flower site"),
        need("flwr.app", purpose="A Flower site"),
    )
    made = clientapp.ClientApp()

    def reply(message: Any, context: Any) -> Any:
        said = message.content[_RECORD]
        kept = context.state.get(_RECORD, {})
        body, state = answer(bytes(said["body"]), node=context.node_config, state=dict(kept))
        context.state[_RECORD] = app.ConfigRecord(state)
        return app.Message(app.RecordDict({_RECORD: app.ConfigRecord({"body": body})}), reply_to=message)

    made.query()(reply)
    made.train()(reply)
    return made


def answer(body: bytes, *, node: Any, state: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """What a site answers to a message, and what its node keeps until the next.

    Parameters
    ----------
    body : bytes
        The coordinator's: a plan to join, a bundle of tasks, or the result.
    node : mapping
        The node's configuration: ``site`` and ``table``, two paths.
    state : dict
        What the node has kept of this run.
    """
    head, blobs = unpack(body)
    try:
        site, table = SiteFolder(Path(str(node["site"]))), Path(str(node["table"]))
        if "join" in head:
            return _joined(Plan.from_json(json.dumps(head["join"])), site, table)
        plan = Plan.from_json(str(state["plan"]))
        site.approval(plan)
        if "done" in head:
            result = as_json(unpack_arrays(blobs[0]))
            files.replace(site.path / f"result-{plan.digest[:16]}.json", result.encode())
            return pack({"kept": True}), state
        return _done(head, blobs, site=site, plan=plan, table=table, state=state)
    except KeyError as error:
        what = f"This node has no {error.args[0]!r}: start it with --node-config 'site=… table=…'."
        return pack({"beat": head.get("beat", 0), "refused": what}), state
    except CommissureError as error:
        return pack({"beat": head.get("beat", 0), "refused": str(error)}), state


def _joined(plan: Plan, site: SiteFolder, table: Path) -> tuple[bytes, dict[str, Any]]:
    check_certificate(site.credentials.certificate, now=datetime.now(UTC))
    approval = site.approval(plan)
    wrong = check_table(plan, read_columns(table, [column.name for column in plan.columns]), units={})
    if wrong:
        raise BadInput(f"This site's table does not fit the plan: {wrong[0].message} {wrong[0].remedy}")
    return pack({"joins": approval.sender}, [approval.to_bytes()]), {"plan": plan.to_json(), "secrets": b""}


def _done(
    head: dict[str, Any], blobs: list[bytes], *, site: SiteFolder, plan: Plan, table: Path, state: dict[str, Any]
) -> tuple[bytes, dict[str, Any]]:  # fmt: skip
    kept = site.memory_of(plan)
    memory = kept.read_bytes() if kept.exists() else b""
    rows = read_columns(table, [column.name for column in plan.columns])
    member = Member(
        site.identity, plan, table=rows, entropy=os.urandom, memory=memory, secrets=bytes(state["secrets"])
    )
    letters = member.do(head, dict(zip(head["blobs"], blobs, strict=True)))
    if member.memory != memory:
        files.replace(kept, member.memory, private=True)
    body = pack({"beat": head["beat"]}, [letter.to_bytes() for letter in letters])
    return body, {**state, "secrets": member.secrets}

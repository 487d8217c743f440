"""The four faces keep step: each operation has a Python call, a command, a route and a client method, and says what it is."""

import importlib
import inspect
from typing import Any, NamedTuple

import pytest
import typer

import commissure as cm
from commissure.faces.cli import COMMANDS
from commissure.faces.client import RemoteHub
from commissure.faces.http.app import create_app
from commissure.hub import Hub, open_hub
from commissure.settings import Settings


class Operation(NamedTuple):
    """One thing a hub does, and what it is called on each face.

    ``only_*`` and ``not_*`` name parameters that one face alone has or lacks, with the reason beside them in the table.
    """

    name: str
    workflow: str
    command: str
    route: str
    only_command: frozenset[str] = frozenset()
    only_route: frozenset[str] = frozenset()
    not_command: frozenset[str] = frozenset()


_OPERATIONS = (
    Operation(
        "share", "commissure.workflows.share:share", "share", "share", only_route=frozenset({"upload"})
    ),
    # a command's words know the query syntax (species:mouse), so it needs no facets
    Operation(
        "search", "commissure.workflows.search:search", "search", "search", not_command=frozenset({"facet"})
    ),
    Operation(
        "search_everywhere",
        "commissure.workflows.search_everywhere:search_everywhere",
        "discover everywhere",
        "search_everywhere",
    ),
    Operation("peers", "commissure.workflows.peers:peers", "discover peers list", "peers"),
    Operation("add_peer", "commissure.workflows.peers:add_peer", "discover peers add", "add_peer"),
    Operation(
        "remove_peer", "commissure.workflows.peers:remove_peer", "discover peers remove", "remove_peer"
    ),
    Operation("similar", "commissure.workflows.similar:similar", "discover similar", "similar"),
    # the API and the client give every letter in the answer; a command prints one
    Operation(
        "partners",
        "commissure.workflows.partners:partners",
        "discover partners",
        "partners",
        frozenset({"letter"}),
    ),
    Operation("datasets", "commissure.workflows.browse:datasets", "list", "datasets"),
    # a command may list the files as well; the API has a route of its own for them
    Operation(
        "show",
        "commissure.workflows.browse:show",
        "show",
        "show",
        frozenset({"files"}),
        frozenset({"format"}),
    ),
    Operation("get", "commissure.workflows.get:get", "get", "download", only_route=frozenset({"path"})),
    Operation("grant", "commissure.workflows.access:grant", "grant", "grant"),
    Operation("revoke", "commissure.workflows.access:revoke", "revoke", "revoke"),
    # a command asks before it does what cannot be undone
    Operation(
        "withdraw", "commissure.workflows.withdraw:withdraw", "withdraw", "withdraw", frozenset({"yes"})
    ),
    Operation(
        "set_budget", "commissure.workflows.private_release:set_budget", "protect dp budget", "set_budget"
    ),
    # a command shows the ledger and draws it at once
    Operation(
        "privacy",
        "commissure.workflows.private_release:budget_state",
        "protect dp ledger",
        "privacy",
        frozenset({"picture"}),
    ),
    Operation(
        "privacy_picture",
        "commissure.workflows.private_release:budget_state",
        "protect dp ledger",
        "privacy_picture",
        frozenset({"picture"}),
    ),
    Operation(
        "private_release",
        "commissure.workflows.private_release:private_release",
        "protect dp release",
        "private_release",
    ),
    Operation("audit", "commissure.workflows.audit:verify", "audit verify", "audit"),
    Operation("job", "commissure.jobs.port:Executor", "jobs", "job"),
)
OPERATIONS = pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.name)
_FACES_ALONE = {"hub", "json", "progress", "now", "self", "viewer"}
_ONE_OF_MANY = {
    "author": "authors",
    "keyword": "keywords",
    "column": "columns",
    "category": "categories",
    "point": "points",
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    folder = tmp_path_factory.mktemp("surface") / "hub"
    return open_hub(folder, settings=Settings(hub=str(folder), jobs="inline"))


def _parameters(function: object) -> set[str]:
    return set(inspect.signature(function).parameters) - _FACES_ALONE  # type: ignore[arg-type]


def _spread(operation: Operation) -> set[str]:
    """What the Python call takes, with the options that it passes on by their names."""
    from commissure.workflows.private_ask import Ask
    from commissure.workflows.share import ShareOptions

    options = {
        "share": set(ShareOptions.__dataclass_fields__) - {"files"},
        "private_release": set(Ask.__dataclass_fields__),
    }
    python = _parameters(getattr(cm, operation.name))
    return (python - {"options"}) | options[operation.name] if "options" in python else python


def _command(path: str) -> object:
    first, *below = path.split()
    row = next(row for row in COMMANDS if row.name == first)
    module, _, attribute = row.target.partition(":")
    found = getattr(importlib.import_module(f"commissure.faces.cli.{module}"), attribute)
    for name in below[:-1]:
        found = next(group.typer_instance for group in found.registered_groups if group.name == name)
    if isinstance(found, typer.Typer):
        return next(
            c.callback for c in found.registered_commands if (c.name or c.callback.__name__) == below[-1]
        )
    return found


@OPERATIONS
def test_each_operation_is_on_every_face(operation: Operation, hub: Hub) -> None:
    module, _, attribute = operation.workflow.partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))
    assert callable(getattr(cm, operation.name))
    assert callable(getattr(RemoteHub, operation.name))
    assert callable(_command(operation.command))
    routes = {
        r["operationId"] for methods in create_app(hub).openapi()["paths"].values() for r in methods.values()
    }
    assert operation.route in routes


@OPERATIONS
def test_python_and_client_take_the_same(operation: Operation) -> None:
    assert _parameters(getattr(cm, operation.name)) == _parameters(getattr(RemoteHub, operation.name))


@OPERATIONS
def test_the_command_takes_what_python_takes(operation: Operation) -> None:
    command = {_ONE_OF_MANY.get(name, name) for name in _parameters(_command(operation.command))}
    assert command - operation.only_command == _spread(operation) - operation.not_command


@OPERATIONS
def test_the_route_takes_what_python_takes(operation: Operation, hub: Hub) -> None:
    document = create_app(hub).openapi()
    route = next(
        r
        for methods in document["paths"].values()
        for r in methods.values()
        if r["operationId"] == operation.route
    )
    takes = {item["name"] for item in route.get("parameters", ())}
    body = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    takes |= set(
        document["components"]["schemas"]
        .get(body.get("$ref", "").rpartition("/")[2], {})
        .get("properties", {})
    )
    if {"dataset", "version"} <= takes:
        takes = (takes - {"dataset", "version"}) | {"reference"}
    python = _parameters(getattr(cm, operation.name)) if "options" in takes else _spread(operation)
    # bytes go to whoever asks over the wire; where they are written is the client's own matter
    python -= {"into"}
    assert takes - operation.only_route == python


def test_every_public_name_loads_and_is_documented() -> None:
    for name in cm.__all__:
        assert inspect.getdoc(getattr(cm, name)), name
    for name, method in inspect.getmembers(RemoteHub, inspect.isfunction):
        assert name.startswith("_") or inspect.getdoc(method), name


def _leaves(name: str, command: Any) -> dict[str, Any]:
    """The commands below a command or a group of groups, by their whole names."""
    if not hasattr(command, "commands"):
        return {name: command}
    return {
        k: v
        for short, below in command.commands.items()
        for k, v in _leaves(f"{name} {short}", below).items()
    }


def test_every_command_and_option_is_documented() -> None:
    bare = []
    for row in COMMANDS:
        if not row.exists:
            continue
        for name, command in _leaves(row.name, row.load()).items():
            if not command.help:
                bare.append(name)
            bare += [f"{name} --{p.name}" for p in command.params if not getattr(p, "help", "")]
    assert not bare


def test_every_command_can_answer_in_json() -> None:
    lacking = []
    for row in COMMANDS:
        if not row.exists or row.name == "serve":
            continue
        for name, command in _leaves(row.name, row.load()).items():
            if not any("--json" in getattr(p, "opts", ()) for p in command.params):
                lacking.append(name)
    assert not lacking


def test_every_route_is_documented(hub: Hub) -> None:
    for path, methods in create_app(hub).openapi()["paths"].items():
        for route in methods.values():
            assert route.get("description"), path

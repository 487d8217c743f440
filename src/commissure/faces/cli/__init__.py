"""The command line: ``commissure``; every command's module is imported when it is called, not before."""

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer

from commissure.faces.cli.lazy import Row, group_of
from commissure.faces.problems import kind_of, message_of, problem_of

__all__ = ["COMMANDS", "main"]

_DAILY, _CARE, _ROOMS = "Every day", "Looking after a hub", "Rooms"

COMMANDS = (
    Row("share", "share:share", "Turn a raw folder into a findable release.", _DAILY),
    Row("search", "search:search", "Find datasets by what they hold, in plain words.", _DAILY),
    Row("get", "get:get", "Fetch a release as a plain BIDS or NWB folder.", _DAILY),
    Row("list", "catalogue:datasets", "List the datasets of a hub.", _DAILY),
    Row("show", "catalogue:show", "Show one release: what, who, quality, files.", _DAILY),
    Row("serve", "serve:serve", "Open the portal and the API in a browser.", _DAILY),
    Row("hub", "hub:app", "Make a hub, and say what is in it.", _CARE),
    Row("grant", "access:grant", "Let a person use a dataset for a purpose.", _CARE),
    Row("revoke", "access:revoke", "End a Grant.", _CARE),
    Row("withdraw", "access:withdraw", "Take back a subject, a release or a dataset, and all made from it.", _CARE),
    Row("audit", "audit:app", "Prove that the ledger was not edited.", _CARE),
    Row("work", "work:work", "Run the jobs that wait in a hub.", _CARE),
    Row("jobs", "work:jobs", "Say how a job stands.", _CARE),
    Row("standardize", "standardize:app", "Raw files into valid BIDS or NWB.", _ROOMS),
    Row("annotate", "annotate:app", "Artifacts, bad channels, spikes, cells, behaviour.", _ROOMS),
    Row("protect", "protect:app", "De-identify, deface, synthesize, measure the risk.", _ROOMS),
    Row("translate", "translate:app", "Method text to tags, names to terms.", _ROOMS),
    Row("terms", "terms:app", "The lexicon: ontologies a hub knows.", _ROOMS),
    Row("archives", "archives:app", "Ask other archives: OpenNeuro, DANDI, Zenodo …", _ROOMS),
    Row("discover", "discover:app", "Similar data, partners, several hubs.", _ROOMS),
    Row("harmonize", "harmonize:app", "Remove site effects, pool cohorts.", _ROOMS),
    Row("federate", "federate:app", "Compute over sites whose data never moves.", _ROOMS),
    Row("collaborate", "collaborate:app", "Run code beside the data, together.", _ROOMS),
    Row("certify", "certify:app", "FAIR assessment and machine-readable metadata.", _ROOMS),
    Row("govern", "govern:app", "Consent, bias audit, explanation.", _ROOMS),
    Row("stream", "stream:app", "Live activity against the indexed library.", _ROOMS),
)  # fmt: skip

_app = typer.Typer(
    cls=group_of(COMMANDS),
    help="Joins labs: standardize, protect, find, pool and release neuroscience data.",
    epilog="Start with: commissure share RAW_FOLDER --hub ./hub",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_INTERRUPTED = (
    "Stopped. Nothing half-written is visible; run the same command again and it goes on from here."
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"commissure {version('commissure')}")
        raise typer.Exit


@_app.callback()
def _root(
    shown: Annotated[
        bool, typer.Option("--version", help="Say the version.", is_eager=True, callback=_say_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    _ = shown, debug  # both act before any command: one in its callback, the other in main


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script's entry point.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``commissure``; by default those of the process.

    Returns
    -------
    int
        0 done · 1 a fault of ours · 2 wrong use · 3 nothing could be released · 4 not permitted · 5 not found ·
        6 an optional part is missing · 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        outcome: Any = typer.main.get_command(_app).main(
            args=words, prog_name="commissure", standalone_mode=False
        )
    except KeyboardInterrupt:
        outcome = 130
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes an exit code
        if "--debug" in words:
            traceback.print_exc()
        return _wrong_use(error, as_json) if hasattr(error, "format_message") else _failed(error, as_json)
    if outcome == 130:
        sys.stderr.write(_INTERRUPTED + "\n")
    return outcome if isinstance(outcome, int) else 0


def _wrong_use(error: Any, as_json: bool) -> int:
    from typer import rich_utils

    from commissure.errors import BadInput

    if as_json and error.format_message():
        return _failed(BadInput(error.format_message()), as_json)
    rich_utils.rich_format_error(error)
    return int(error.exit_code)


def _failed(error: Exception, as_json: bool) -> int:
    import json

    if as_json:
        sys.stdout.write(json.dumps({"error": problem_of(error)}, ensure_ascii=False) + "\n")
    else:
        typer.secho(f"commissure: {message_of(error)}", fg="red", err=True)
    return kind_of(error).exit_code

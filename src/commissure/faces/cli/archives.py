"""``commissure archives``: ask other archives; ``commissure translate record``: one's record as another's."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.json import JSON

from commissure.errors import BadInput
from commissure.faces.cli.show import findings_list, line, show, table
from commissure.faces.cli.words import AsJson
from commissure.store.archives.registry import CONNECTORS
from commissure.workflows.excerpt import Stretch, file_mat
from commissure.workflows.search_archives import ArchivesReply, Patience, search_archives
from commissure.workflows.translate_record import translate_record

__all__ = ["app", "mat", "record"]

app = typer.Typer(help="Ask other archives.", no_args_is_help=True)
_PLAIN = Patience()


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    archive: Annotated[list[str] | None, typer.Option(help="Only this archive; as often as wanted.")] = None,
    modality: Annotated[str, typer.Option(help="eeg, ieeg, meg, mri, func, ecephys …")] = "",
    species: Annotated[str, typer.Option(help="A Latin name: Homo sapiens, Mus musculus …")] = "",
    limit: Annotated[int, typer.Option(help="The most records of each archive.")] = 20,
    at: Annotated[
        list[str] | None, typer.Option(help="archive=ADDRESS, where it is not at its public one.")
    ] = None,
    token: Annotated[list[str] | None, typer.Option(help="archive=TOKEN, where one is wanted.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one answer.")] = _PLAIN.timeout_s,
    json: AsJson = False,
) -> None:
    """Ask OpenNeuro, DANDI, NEMAR, Neurobagel, EBRAINS, NeuroVault, Alyx, Zenodo and GIN at once."""
    reply = search_archives(
        {"words": " ".join(words), "modality": modality, "species": species}, archives=archive or (), limit=limit,
        addresses=_pairs(at), tokens=_pairs(token), patience=Patience(timeout_s=timeout),
    )  # fmt: skip
    show(reply.to_dict(), as_json=json, draw=lambda console: _draw(reply, console))


@app.command("list")
def known(json: AsJson = False) -> None:
    """Say which archives can be asked, and where they are."""
    rows = {name: connector.base for name, connector in CONNECTORS.items()}
    show(rows, as_json=json, draw=lambda console: console.print(table(("Archive", "Address"), rows.items())))


def mat(
    file: Annotated[Path, typer.Argument(help="A table (.tsv, .csv) or a recording in any format we read.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The .mat (or .set) file to write.")],
    tool: Annotated[str, typer.Option(help="eeglab, fieldtrip, brainstorm; plain if absent.")] = "",
    start_s: Annotated[float, typer.Option(help="From when, in seconds.")] = 0.0,
    stop_s: Annotated[float | None, typer.Option(help="Until when; to the end if absent.")] = None,
    json: AsJson = False,
) -> None:
    """Write a table, or a stretch of a recording, as a .mat file; identifiers stay behind."""
    data = file_mat(file, stretch=Stretch(start_s, stop_s), tool=tool)
    out.write_bytes(data)
    show({"bytes": len(data)}, as_json=json, draw=line(f"✓ {len(data)} bytes written."))


def record(
    file: Annotated[Path, typer.Argument(help="JSON: one record as the archive's API gave it.")],
    *,
    source: Annotated[str, typer.Option("--from", help="The archive that wrote it.")],
    target: Annotated[str, typer.Option("--to", help="The archive that shall read it.")],
    json: AsJson = False,
) -> None:
    """Write one archive's record as another would, and say what is lost."""
    made = translate_record(file, source=source, target=target)
    told = made.to_dict()
    found = findings_list(told["findings"])
    show(told, as_json=json, draw=lambda console: console.print(JSON.from_data(told["record"]), found))


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [item.partition("=") for item in given or ()]
    if any(not (name and sign and value) for name, sign, value in pairs):
        raise BadInput("Write it as archive=VALUE (openneuro=https://openneuro.org/crn).")
    return {name: value for name, _, value in pairs}


def _draw(reply: ArchivesReply, console: Console) -> None:
    rows = [
        (r["source"], r.get("id", ""), r.get("title", ""), r.get("n_subjects", "")) for r in reply.records
    ]
    console.print(table(("Archive", "Id", "Title", "Subjects"), rows))
    states = [(one.archive, one.state, one.found, one.message) for one in reply.status]
    console.print(table(("Archive", "State", "Found", "Why"), states))

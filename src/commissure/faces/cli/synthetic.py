"""``commissure protect synthesize``: synthetic tables, series and brains, attacked as they are made."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commissure.faces.cli.show import facts, findings_list, show
from commissure.faces.cli.words import AsJson, HubAt, command, opened
from commissure.protect.synthetic.training import Training
from commissure.workflows.private_release import Account
from commissure.workflows.synthesize import synthesize as synthesize_workflow
from commissure.workflows.synthesize_volumes import SynthesisOptions

__all__ = ["synthesize"]

_GENERATORS = "Tables: forest, copula, bootstrap. Images: diffusion, gan, components, volume-bootstrap."

Source = Annotated[
    Path,
    typer.Argument(help="A .tsv or .csv table, an .npz of scans, EEG or spikes, or a folder of T1w images."),
]
Public = Annotated[
    Path | None, typer.Option(help="Images: a folder of public brains, learned first for privacy.")
]
Dataset = Annotated[
    str, typer.Option(help="Images: the dataset on the hub whose privacy budget is charged for epsilon.")
]


@command
def synthesize(
    source: Source,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the result.")],
    subjects: Annotated[int, typer.Option(help="How many; 0 for as many as there are.")] = 0,
    generator: Annotated[str, typer.Option(help=_GENERATORS)] = "",
    attack: Annotated[bool, typer.Option(help="Judge and attack what was made.")] = True,
    seed: Annotated[int, typer.Option(help="Decides what is drawn.")] = 0,
    size: Annotated[int, typer.Option(help="Images: voxels a side, 16, 32 or 64.")] = 32,
    steps: Annotated[int, typer.Option(help="Images: steps of training.")] = 1000,
    width: Annotated[
        int, typer.Option(help="Images: a sixteenth of the width of the nets, a multiple of 8.")
    ] = 16,
    device: Annotated[str, typer.Option(help="Images: cpu, cuda, cuda:1 …")] = "cpu",
    checkpoints: Annotated[Path | None, typer.Option(help="Images: training goes on from here.")] = None,
    shadows: Annotated[int, typer.Option(help="Images and signals: shadow models of the attack.")] = 0,
    epsilon: Annotated[float, typer.Option(help="Images: formal privacy of diffusion; 0 for none.")] = 0.0,
    delta: Annotated[float, typer.Option(help="Images: the chance beyond epsilon.")] = 1e-5,
    public: Public = None,
    dataset: Dataset = "",
    hub: HubAt = None,
    json: AsJson = False,
) -> None:
    """Make synthetic subjects that are like those of a file or folder, and attack them."""
    training = Training(steps=steps, width=width, device=device, checkpoints=checkpoints, seed=seed, progress=_told)  # fmt: skip
    options = SynthesisOptions(
        size=size,
        shadows=shadows,
        attacked=_attacked,
        training=training,
        epsilon=epsilon,
        delta=delta,
        public=public,
        account=Account(opened(hub), dataset, datetime.now(UTC)) if dataset else None,
    )
    made = synthesize_workflow(source, out, subjects=subjects, generator=generator, attack=attack, seed=seed, options=options)  # fmt: skip
    rows = [finding.to_dict() for finding in made.findings]
    value: dict[str, Any] = {
        "files": [str(f) for f in made.files],
        "figures": dict(made.figures),
        "findings": rows,
    }
    pairs = [
        ("written", made.files[0].name),
        *((key, f"{number:.3f}") for key, number in made.figures.items()),
    ]
    show(
        value,
        as_json=json,
        draw=lambda console: console.print(facts(pairs, title="Synthetic"), findings_list(rows)),
    )


def _attacked(what: str, step: int, steps: int) -> None:
    """Say on the error stream how the attack stands."""
    typer.echo(f"{what}: {step} of {steps}", err=True)


def _told(what: str, step: int, steps: int, loss: float) -> None:
    """Say on the error stream how training stands."""
    typer.echo(f"{what}: step {step} of {steps}, loss {loss:.3g}", err=True)

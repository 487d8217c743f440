"""The loop that trains a net: on any device, with progress, checkpoints, and going on exactly where it stopped.

A checkpoint holds nets, optimizers, random state and the step, and a mark of what is trained on what: another cohort or
other settings never go on from it.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from commissure.errors import BadInput
from commissure.extras import need

__all__ = ["Progress", "Training", "mark_of", "pick", "run_training", "tensor", "torch_module"]

#: called with what is trained, the step, of how many, and the loss
Progress = Callable[[str, int, int, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How nets are trained.

    Parameters
    ----------
    steps : int
        Steps of the net in the latent space.
    batch : int
        Subjects a step.
    width : int
        A sixteenth of a layer's width. A multiple of 8.
    learning_rate : float
        Of Adam at its height; it rises at first and falls along half a cosine.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` ….
    checkpoints : Path or None
        A folder; training goes on from what lies there.
    every : int
        Steps between checkpoints and reports.
    progress : callable or None
        Told of each report.
    seed : int
        Decides where weights start and what is drawn.
    """

    steps: int = 1000
    batch: int = 64
    width: int = 16
    learning_rate: float = 1e-3
    device: str = "cpu"
    checkpoints: Path | None = None
    every: int = 100
    progress: Progress | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = (self.steps, self.batch, self.width, self.every)
        if min(numbers) < 1 or self.width % 8 or not 0 < self.learning_rate < 1:
            raise BadInput(f"Steps, batch and every are 1 at least, width a multiple of 8, and the learning rate between 0 and 1; got {self!r}.")  # fmt: skip

    def tiny(self) -> "Training":
        """The same with nets and steps so few that they only show that all works."""
        return replace(self, steps=20, batch=8, width=8)


def torch_module() -> Any:
    """PyTorch, or the pip line that brings it."""
    return need("torch", purpose="Training a generator of volumes")


def tensor(values: Any, training: Training) -> Any:
    """``values`` as 32-bit floats on the device."""
    torch = torch_module()
    return torch.as_tensor(np.ascontiguousarray(values, dtype=np.float32), device=training.device)


def pick(count: int, training: Training, *, generator: Any) -> Any:
    """Whom a step is trained on."""
    torch = torch_module()
    return torch.randint(count, (training.batch,), generator=generator).to(training.device)


def mark_of(training: Training, *parts: Any) -> str:
    """What tells one training from another: settings that matter, and a hash of the data."""
    said = hashlib.sha256(repr((training.batch, training.width, training.learning_rate, training.seed)).encode())  # fmt: skip
    for part in parts:
        said.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())  # fmt: skip
    return said.hexdigest()


def run_training(
    name: str, step: Callable[[Any], float], *, keep: Mapping[str, Any], steps: int, training: Training, mark: str
) -> None:  # fmt: skip
    """Call ``step`` with a seeded generator until ``steps`` are done, from the last checkpoint on.

    Parameters
    ----------
    name : str
        What is trained; names the checkpoint.
    step : callable
        Does one step with a ``torch.Generator`` and gives the loss.
    keep : mapping
        Nets and optimizers whose state is kept.
    steps : int
        How many.
    training : Training
        Device, checkpoints and progress.
    mark : str
        From :func:`mark_of`.

    Raises
    ------
    BadInput
        If the checkpoint is of other data or settings, or a loss is not finite.
    """
    torch = torch_module()
    generator = torch.Generator().manual_seed(training.seed)
    mark = f"{mark} {steps}"
    path = None if training.checkpoints is None else Path(training.checkpoints) / f"{name}.pt"
    optimizers = [each for each in keep.values() if hasattr(each, "param_groups")]
    heights = [group["lr"] for each in optimizers for group in each.param_groups]
    at = _resume(path, keep, generator, mark, training.device) if path is not None else 0
    while at < steps:
        groups = [group for each in optimizers for group in each.param_groups]
        for group, height in zip(groups, heights, strict=True):
            group["lr"] = height * _pace(at / steps)
        loss = step(generator)
        at += 1
        if not np.isfinite(loss):
            raise BadInput(f"The loss of the {name} is not finite at step {at}; lower the learning rate of {training.learning_rate:g}.")  # fmt: skip
        if at % training.every == 0 or at == steps:
            if path is not None:
                _save(path, keep, generator, {"mark": mark, "step": at})
            if training.progress is not None:
                training.progress(name, at, steps, float(loss))


def _pace(done: float) -> float:
    """The share of the learning rate: up over the first twentieth, then down along half a cosine."""
    return min(1.0, 0.1 + 18 * done) * (0.52 + 0.48 * math.cos(math.pi * done))


def _save(path: Path, keep: Mapping[str, Any], generator: Any, facts: dict[str, Any]) -> None:
    torch = torch_module()
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {key: each.state_dict() for key, each in keep.items()}
    fresh = path.with_suffix(".partial")
    torch.save({**facts, "state": state, "random": generator.get_state(), "global": torch.get_rng_state()}, fresh)  # fmt: skip
    fresh.replace(path)


def _resume(path: Path, keep: Mapping[str, Any], generator: Any, mark: str, device: str) -> int:
    torch = torch_module()
    if not path.is_file():
        return 0
    held = torch.load(path, map_location=device, weights_only=True)
    if held["mark"] != mark:
        raise BadInput("The checkpoint is of another cohort or other settings; give another folder for checkpoints.")  # fmt: skip
    for key, each in keep.items():
        each.load_state_dict(held["state"][key])
    generator.set_state(held["random"].cpu())
    torch.set_rng_state(held["global"].cpu())
    return int(held["step"])

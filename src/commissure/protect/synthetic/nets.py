"""Small nets for whitened latents: layers that add to what came before them, and say 0 until they are trained.

References
----------
He et al. 2016 (residual layers), doi:10.1109/CVPR.2016.90; Ba, Kiros & Hinton 2016 (layer normalization), arXiv:1607.06450.
"""

from typing import Any

from commissure.protect.synthetic.training import torch_module

__all__ = ["layered"]

_BLOCKS = 3


def layered(numbers_in: int, numbers_out: int, *, width: int) -> Any:
    """A net from ``numbers_in`` to ``numbers_out`` numbers that gives 0 at first.

    Examples
    --------
    >>> import torch
    >>> layered(3, 2, width=8)(torch.ones(1, 3)).tolist()
    [[0.0, 0.0]]
    """
    torch = torch_module()
    nn = torch.nn

    class Adding(nn.Module):  # type: ignore[misc, name-defined]
        """A layer that adds to what it gets."""

        def __init__(self) -> None:
            super().__init__()
            self.part = nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            )

        def forward(self, rows: Any) -> Any:
            return rows + self.part(rows)

    last = nn.Linear(width, numbers_out)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(numbers_in, width), *(Adding() for _ in range(_BLOCKS)), nn.SiLU(), last)

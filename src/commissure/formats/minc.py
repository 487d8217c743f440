"""MINC 1 (NetCDF) and MINC 2 (HDF5) volumes.

Reference: Vincent et al. 2016, doi:10.3389/fninf.2016.00035.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commissure.extras import need
from commissure.formats.image_native import Beside
from commissure.formats.listing import Entry, Listing
from commissure.formats.volumes import VolumeReader
from commissure.model import Identifier, Source, Subject

__all__ = ["read_minc", "reader"]

_NETCDF, _HDF5 = (b"CDF\x01", b"CDF\x02"), b"\x89HDF\r\n\x1a\n"
#: MINC's attributes that identify, by ``variable:attribute``
_CATEGORIES = {
    "patient:full_name": "name", "patient:other_names": "name", "patient:identification": "id",
    "patient:other_ids": "id", "patient:birthdate": "birth_date", "patient:address": "address",
    "patient:comments": "comment", "patient:insurance_id": "id", "patient:age": "age",
    "study:start_time": "date", "study:institution": "institution", "study:department": "institution",
    "study:station_id": "host", "study:referring_physician": "operator", "study:attending_physician": "operator",
    "study:radiologist": "operator", "study:operator": "operator", "study:study_id": "id", "study:comments": "comment",
    "study:procedure": "comment", "study:admitting_diagnosis": "comment", "acquisition:start_time": "date",
    "acquisition:comments": "comment", "acquisition:serial_no": "serial", ":history": "comment", ":ident": "host",
}  # fmt: skip
_TIMES = {
    "RepetitionTime": "acquisition:repetition_time",
    "EchoTime": "acquisition:echo_time",
    "InversionTime": "acquisition:inversion_time",
}


def find_minc(listing: Listing) -> Iterator[Source]:
    """One Source a file, of either kind."""
    for entry in listing.files:
        if _is_minc(entry, listing):
            yield Source("minc", (entry.path,), "bids")


def read_minc(path: Path, name: str) -> tuple[Any, Beside]:
    """A MINC volume, time last, and what its attributes tell.

    Parameters
    ----------
    path : Path
        A file of NetCDF or HDF5.
    name : str
        Its path below the raw folder.
    """
    nibabel = need("nibabel", purpose="Reading MINC images")
    with path.open("rb") as stream:
        packed = stream.read(8) == _HDF5
    native = (nibabel.Minc2Image if packed else nibabel.Minc1Image).from_filename(path)
    said = dict(_hdf5_attributes(path) if packed else _netcdf_attributes(path))
    return _time_last(native), _beside(name, said)


def _time_last(native: Any) -> Any:
    if len(native.shape) != 4:
        return native
    nibabel = need("nibabel", purpose="Reading MINC images")
    voxels = np.asarray(native.dataobj, dtype="float32")
    shown = nibabel.Nifti1Image(np.moveaxis(voxels, 0, -1), native.affine)
    zooms = native.header.get_zooms()
    shown.header.set_zooms((*zooms[1:], zooms[0]))
    return shown


def _is_minc(entry: Entry, listing: Listing) -> bool:
    head = listing.head(entry.path)
    if head.startswith(_NETCDF):
        return b"xspace" in head
    return head.startswith(_HDF5) and entry.suffix in {".mnc", ".mnc2"}


def _netcdf_attributes(path: Path) -> Iterator[tuple[str, Any]]:
    netcdf = need("nibabel.externals.netcdf", purpose="Reading MINC images")
    with netcdf.netcdf_file(str(path), "r", mmap=False) as file:
        for name in ("history", "ident"):
            if hasattr(file, name):
                yield f":{name}", getattr(file, name)
        for variable in ("patient", "study", "acquisition"):
            if variable in file.variables:
                for name, value in file.variables[variable]._attributes.items():
                    yield f"{variable}:{name}", value


def _hdf5_attributes(path: Path) -> Iterator[tuple[str, Any]]:
    h5py = need("h5py", purpose="Reading MINC 2 images")
    with h5py.File(path, "r") as file:
        top = file["minc-2.0"]
        for name in ("history", "ident"):
            if name in top.attrs:
                yield f":{name}", top.attrs[name]
        for variable in ("patient", "study", "acquisition"):
            if variable in top.get("info", {}):
                for name, value in top["info"][variable].attrs.items():
                    yield f"{variable}:{name}", value


def _beside(path: str, said: Mapping[str, Any]) -> Beside:
    identifiers = []
    for key, category in _CATEGORIES.items():
        if text := _text(said.get(key)):
            identifiers += [Identifier(category, line.strip()) for line in text.splitlines() if line.strip()]
    fields: dict[str, Any] = {}
    for name, key in _TIMES.items():
        value = np.atleast_1d(said[key]).ravel()[0] if key in said else None
        if isinstance(value, int | float | np.floating | np.integer) and float(value) > 0:
            fields[name] = float(value)
    for name, key in (
        ("Manufacturer", "study:manufacturer"),
        ("ManufacturersModelName", "study:device_model"),
    ):
        if text := _text(said.get(key)):
            fields[name] = text
    names = tuple(
        text
        for key in ("acquisition:protocol", "acquisition:scanning_sequence")
        if (text := _text(said.get(key)))
    )
    sex = _text(said.get("patient:sex")).upper()[:1]
    label = _text(said.get("patient:identification")) or _text(said.get("patient:full_name"))
    return Beside(
        path,
        names,
        fields,
        identifiers=tuple(dict.fromkeys(identifiers)),
        subject=Subject(label, sex=sex if sex in {"F", "M", "O"} else "U"),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes | np.bytes_):
        return bytes(value).decode("utf-8", "replace").strip("\x00 _\n")
    return str(value).strip("\x00 _\n") if isinstance(value, str) else ""


reader = VolumeReader("minc", find_minc, read_minc)

"""MATLAB files: what is written comes back as it was, in Python and in the programs of others."""

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pymatreader
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.errors import BadInput, Unreadable
from commissure.formats.mat import read_mat, write_mat
from commissure.formats.mat_tools import write_for
from commissure.model import About, Annotation, Channel, Identifier, Recording, Session, Subject, Units


def back(values: dict[str, Any]) -> dict[str, Any]:
    buffer = io.BytesIO()
    write_mat(buffer, values)
    return read_mat(buffer)


def same(a: Any, b: Any) -> bool:
    """Equal, of the same types, and NaN equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and (
            all(same(x, y) for x, y in zip(a.ravel(), b.ravel(), strict=True)) if a.dtype == object
            else np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))  # fmt: skip
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b or (a != a and b != b))


EVERYTHING = {
    "truth": True, "number": 7, "wide": 2**80, "real": 0.1, "nan": float("nan"), "complex": 1 + 2j, "text": "Fz",
    "empty_text": "", "emoji": "brain 🧠 שלום", "trailing": "a  ", "none": None, "bytes": b"\x00\xff", "empty_list": [],
    "empty_dict": {}, "ints": [1, 2, 3], "truths": [True, False], "reals": (0.5, -1.0), "names": ["Fz", "C z"],
    "mixed": [1, "a", None, [2.5]], "nested": {"a": {"b": [{"c": 1}, {"c": 2}]}}, "ragged": [{"a": 1}, {"b": 2}],
    "when": datetime(2026, 3, 1, 12, 30, 0, 5, tzinfo=UTC), "day": date(2026, 3, 1),
    "odd names": {"sub-01": 1, "1st": 2, "a b": 3, "a_b": 4, "_x": 5},
    "row": np.arange(4, dtype=np.int16), "matrix": np.arange(6.0).reshape(2, 3), "single": np.float32([[1.5]]),
    "logical": np.array([[True], [False]]), "none_of_many": np.zeros((0, 3), np.uint8), "cube": np.zeros((2, 3, 4), ">i4").astype("i4"),
    "objects": np.array(["a", None, 3.5], dtype=object), "words": np.array(["ab", "c"]),
    "times": np.array(["2026-03-01T00:00:00", "2026-03-02T00:00:01"], dtype="datetime64[s]"), "zero_d": np.array(5.0),
    "scalar": np.float32(1.25), "tuple_of_one": ("x",), "one": ["x"], "a" * 70: 1,
}  # fmt: skip


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_value_comes_back_as_it_was(name: str) -> None:
    value = {name: EVERYTHING[name]}
    assert same(back(value), value), back(value)


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text("ab 1-_é", max_size=5), inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abc-_ 1", min_size=1, max_size=6), _VALUES, max_size=3))
def test_any_value_comes_back_as_it_was(values: dict[str, Any]) -> None:
    assert same(back(values), values)


def recording() -> Recording:
    rng = np.random.default_rng(1)
    channels = (
        Channel("Fz", "EEG", gain=1e-7, position_mm=(1.0, 2.0, 3.0)),
        Channel("Cz", "EEG", gain=1e-7, bad=True),
    )
    about = About("eeg", Subject("01", species="Homo sapiens", sex="F", age_years=71.0), Session("a"), {"task": "rest"},
                  start=datetime(2026, 1, 1, tzinfo=UTC), sidecar={"PowerLineFrequency": 50},
                  identifiers=(Identifier("name", "Erika Mustermann"),))  # fmt: skip
    return Recording(
        rng.integers(-1000, 1000, (500, 2)).astype(np.int16), 250.0, channels, about,
        (Annotation("blink", 0.4, 0.2, ("Fz",), details={"count": 2}), Annotation("note")), ((250, 1.5),), "CapTrak",
    )  # fmt: skip


def test_a_recording_with_its_annotations_comes_back_without_identifiers(tmp_path: Path) -> None:
    made = recording()
    write_mat(tmp_path / "r.mat", {"recording": made})
    assert b"Mustermann" not in (tmp_path / "r.mat").read_bytes()
    assert b"Mustermann" not in repr(scipy.io.loadmat(tmp_path / "r.mat")).encode()
    got = read_mat(tmp_path / "r.mat")["recording"]
    assert isinstance(got, Recording)
    assert same(got.signal, made.signal)
    assert got.annotations == made.annotations
    assert (got.channels, got.rate_hz, got.gaps, got.space) == (made.channels, 250.0, made.gaps, "CapTrak")
    assert (got.about.subject, got.about.start) == (made.about.subject, made.about.start)
    assert got.about.identifiers == ()


def test_units_and_tables_come_back(tmp_path: Path) -> None:
    import pandas as pd

    units = Units(
        (3, 7),
        (np.array([0.1, 0.5]), np.array([])),
        About("ecephys", Subject("m1")),
        {"quality": ["good", "mua"]},
    )
    got = back({"units": units})["units"]
    assert got.ids == units.ids
    assert all(same(a, b) for a, b in zip(got.times_s, units.times_s, strict=True))
    frame = pd.DataFrame(
        {"participant_id": ["sub-01", "sub-02"], "age": [71.0, np.nan], "patient": [True, False], "n": [1, 2]}
    )
    table = {
        name: frame[name].to_numpy(object if frame[name].dtype.kind not in "biuf" else None) for name in frame
    }
    assert pd.DataFrame(back({"t": table})["t"]).convert_dtypes().equals(frame.convert_dtypes())


def test_others_read_it(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    write_mat(path, {"s": {"rate": 5.0, "names": ["a", "b"]}, "ok": True, "chan": [{"n": "Fz"}, {"n": "Cz"}]})
    scipys = scipy.io.loadmat(path, simplify_cells=True)
    assert scipys["s"]["rate"] == 5.0
    assert [c["n"] for c in scipys["chan"]] == ["Fz", "Cz"]
    assert {n: kind for n, _, kind in scipy.io.whosmat(path)} == {
        "s": "struct",
        "ok": "logical",
        "chan": "struct",
        "commissure_types": "char",
    }
    assert pymatreader.read_mat(str(path))["s"]["names"] == ["a", "b"]


def test_the_same_values_give_the_same_bytes(tmp_path: Path) -> None:
    write_mat(tmp_path / "a.mat", {"r": recording()})
    write_mat(tmp_path / "b.mat", {"r": recording()})
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()


def test_a_file_from_elsewhere_is_read_by_the_plain_rules(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    struct = np.array([(1.0, "a"), (2.0, "b")], dtype=[("x", object), ("y", object)])
    scipy.io.savemat(
        path,
        {
            "n": 5.0,
            "v": np.arange(3.0),
            "s": struct,
            "ok": np.array([[True]]),
            "c": np.array(["q", 2.0], object),
        },
    )
    got = read_mat(path)
    assert (got["n"], got["ok"], got["c"]) == (5.0, True, ["q", 2.0])
    assert got["v"].shape == (3,)
    assert got["s"] == [{"x": 1.0, "y": "a"}, {"x": 2.0, "y": "b"}]


def test_what_matlab_changed_is_read_as_it_now_is() -> None:
    buffer, other = io.BytesIO(), io.BytesIO()
    write_mat(buffer, {"n": 7, "v": np.arange(3), "t": "old"})
    found = {k: v for k, v in scipy.io.loadmat(buffer).items() if not k.startswith("__")}
    found |= {"n": "seven", "v": np.ones((2, 2)), "t": "new"}
    scipy.io.savemat(other, found)
    got = read_mat(other)
    assert (got["n"], got["t"]) == ("seven", "new")
    assert got["v"].shape == (2, 2)


def test_v73_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["x"] = np.arange(6.0).reshape(3, 2)
        file["x"].attrs["MATLAB_class"] = np.bytes_("double")
        file["ok"] = np.array([[1]], np.uint8)
        file["ok"].attrs["MATLAB_class"] = np.bytes_("logical")
        file["name"] = np.array([[ord(c)] for c in "Cz"], np.uint16)
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        group = file.create_group("s")
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        group["rate"] = np.array([[250.0]])
        group["rate"].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    got = read_mat(path)
    assert got["x"].shape == (2, 3)
    assert (got["name"], got["s"]["rate"], got["ok"]) == ("Cz", 250.0, True)


@pytest.mark.parametrize(
    "data", [b"", b"MATLAB 5.0", b"\x00" * 300, b"<html>", b"MATLAB 7.3 MAT-file".ljust(600)]
)
def test_what_is_no_matlab_file_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.mat"
    path.write_bytes(data)
    with pytest.raises(Unreadable):
        read_mat(path)


def test_what_matlab_has_no_word_for_is_refused() -> None:
    inside: list[Any] = []
    inside.append(inside)
    for value in (object(), {1: 2}, inside, np.float16([1]), {"a": {3, 4}}):
        with pytest.raises(BadInput):
            write_mat(io.BytesIO(), {"x": value})
    with pytest.raises(BadInput, match="commissure_types"):
        write_mat(io.BytesIO(), {"commissure_types": 1})


def test_a_cell_keeps_its_shape() -> None:
    cells = np.array([["a", 1], [None, 2.5]], dtype=object)
    assert same(back({"c": cells})["c"], cells)


@pytest.mark.parametrize("start", [0, 50])
def test_eeglab_reads_our_structure(tmp_path: Path, start: int) -> None:
    import mne

    made = recording()
    write_for("eeglab", made, to=tmp_path / "r.set", start=start)
    raw = mne.io.read_raw_eeglab(tmp_path / "r.set", montage_units="mm", verbose="error")
    assert raw.ch_names == ["Fz", "Cz"]
    assert np.allclose(raw.get_data().T, made.si(start), atol=1e-11)
    assert np.allclose(raw.info["chs"][0]["loc"][:3], [0.001, 0.002, 0.003])
    assert [(a["onset"], a["description"]) for a in raw.annotations] == [
        (pytest.approx(0.4 - start / 250), "blink")
    ]


def test_fieldtrip_reads_our_structure(tmp_path: Path) -> None:
    import mne

    made = recording()
    write_for("fieldtrip", made, to=tmp_path / "r.mat")
    info = mne.create_info(["Fz", "Cz"], 250.0, "eeg")
    raw = mne.io.read_raw_fieldtrip(tmp_path / "r.mat", info, data_name="data")
    assert np.allclose(raw.get_data().T, made.si())
    data = pymatreader.read_mat(str(tmp_path / "r.mat"))["data"]
    assert data["cfg"]["event"]["sample"] == 101
    assert data["elec"]["label"] == "Fz"


def test_brainstorm_structure_has_what_brainstorm_asks(tmp_path: Path) -> None:
    made = recording()
    write_for("brainstorm", made, to=tmp_path / "r.mat", start=25)
    got = scipy.io.loadmat(tmp_path / "r.mat", simplify_cells=True)
    assert np.allclose(got["F"].T, made.si(25))
    assert list(got["ChannelFlag"]) == [1, -1]
    assert np.allclose(got["Events"]["times"].ravel(), [0.3, 0.5])
    assert np.allclose(got["Channel"][0]["Loc"], [0.002, -0.001, 0.003])
    with pytest.raises(BadInput, match="spm"):
        write_for("spm", made, to=io.BytesIO())
    with pytest.raises(BadInput, match="500 samples"):
        write_for("eeglab", made, to=io.BytesIO(), start=500)

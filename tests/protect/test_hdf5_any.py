"""HDF5 of no schema and MATLAB 7.3: every place where a text or a name can stand, and numbers that stay bit by bit."""

import json
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.model import About, Identifier, Subject
from commissure.protect.files.hdf5 import texts_of
from commissure.protect.files.hdf5_any import is_nwb, rewrite_any_hdf5, rewrite_matlab_hdf5
from commissure.protect.files.hdf5_types import is_hdf5, read_letters, texts_of_pickle, written_letters
from commissure.protect.files.matlab_hdf5 import matlab_hdf5_texts
from commissure.protect.files.nwb import rewrite_nwb
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.images import head
from commissure.testing.matlab_hdf5 import write_matlab_hdf5

h5py = pytest.importorskip("h5py")
KNOWN = (Identifier("name", "Quilter^Zephyrine"), Identifier("operator", "Fenwick Abernathy"))
LFP = np.random.default_rng(0).normal(size=(1000, 8))


@pytest.fixture
def cleaner(hub: Pseudonyms) -> Cleaner:
    return Cleaner.of(About("ophys", Subject("S1"), identifiers=KNOWN), pseudonyms=hub, policy=Policy())


def cleaned(folder: Path, cleaner: Cleaner, write: Callable[[Any], None], **how: Any) -> Any:
    folder.mkdir(exist_ok=True)
    with h5py.File(folder / "raw.h5", "w", **how) as file:
        write(file)
    found = rewrite_any_hdf5(folder / "raw.h5", folder / "out.h5", cleaner=cleaner, where="raw.h5")
    assert found == ()
    assert b"quilter" not in (folder / "out.h5").read_bytes().lower().replace(b"\x00", b"")
    assert not any("quilter" in text.lower() for _, text in texts_of(folder / "out.h5"))
    return h5py.File(folder / "out.h5", "r")


def test_numbers_and_their_layout_stay_and_the_same_source_gives_the_same_bytes(cleaner: Cleaner, tmp_path: Path) -> None:  # fmt: skip
    def write(file: Any) -> None:
        file.create_dataset(
            "lfp", data=LFP, chunks=(100, 8), compression="gzip", shuffle=True, fletcher32=True, maxshape=(None, 8)
        )  # fmt: skip
        file.create_dataset("fast", data=np.arange(4000), chunks=(500,), compression="lzf")
        file.create_dataset("packed", data=np.arange(4000) % 7, chunks=(500,), scaleoffset=0)
        file["flags"], file["half"], file["wave"] = (
            np.array([True, False]),
            np.float16(0.5),
            np.array([1 + 2j]),
        )
        file["none"], file["by"] = h5py.Empty("f8"), "Zephyrine Quilter"

    first = cleaned(tmp_path / "a", cleaner, write)
    second = cleaned(tmp_path / "b", cleaner, write)
    lfp = first["lfp"]
    assert lfp[()].tobytes() == LFP.tobytes()
    assert (lfp.chunks, lfp.compression, lfp.shuffle, lfp.fletcher32, lfp.maxshape) == ((100, 8), "gzip", True, True, (None, 8))  # fmt: skip
    assert first["fast"].compression == "lzf" and first["packed"].scaleoffset is not None
    assert (first["packed"][()] == np.arange(4000) % 7).all()
    assert (first["flags"][()].tolist(), first["half"][()], first["wave"][0]) == ([True, False], 0.5, 1 + 2j)
    assert first["none"].shape is None
    assert (tmp_path / "a" / "out.h5").read_bytes() == (tmp_path / "b" / "out.h5").read_bytes()
    second.close()


def test_texts_of_every_type_are_cleaned(cleaner: Cleaner, tmp_path: Path) -> None:
    table = np.dtype([("remark", "S40"), ("rt_s", "f8"), ("codes", "S8", (2,))])

    def write(file: Any) -> None:
        file["trials"] = np.array([(b"Quilter late", 0.5, [b"go", b"stop"])], dtype=table)
        file.attrs.create("last", np.array((b"Quilter", 1.5, [b"a", b"b"]), dtype=table))
        file["fixed"] = np.array([[b"go", b"Quilter"], [b"x", b"y"]], dtype="S8")
        file["free"] = ["S 1", "Quilter sneezed", "call +41 79 123 45 67"]
        # netCDF's letters, and a text that numbers spell
        file["letters"] = np.array([[bytes([one]) for one in b"Quilter came"]], dtype="S1")
        file["spelt"] = np.frombuffer(b"seen by Quilter today", dtype=np.uint8)
        file["wide"] = np.frombuffer("Zephyrine Quilter".encode("utf-16-le"), dtype=np.uint16)
        file["samples"] = np.arange(200, dtype=np.uint8)
        file.attrs["latin"] = np.bytes_("Abernathy geht, für Broca".encode("latin-1"))
        file.attrs["kept"] = np.bytes_("µV für Broca".encode("latin-1"))
        file["empty"] = np.array([], dtype="S4")

    file = cleaned(tmp_path / "a", cleaner, write)
    assert file["trials"]["remark"][0] == b"[name] late" and file["trials"]["rt_s"][0] == 0.5
    assert file["trials"]["codes"][0].tolist() == [b"go", b"stop"]
    assert file.attrs["last"]["remark"] == b"[name]" and file.attrs["last"]["rt_s"] == 1.5
    assert file["fixed"][()].tolist() == [[b"go", b"[name]"], [b"x", b"y"]]
    assert file["free"].asstr()[()].tolist() == ["S 1", "[name] sneezed", "call [contact]"]
    assert b"".join(file["letters"][0]) == b"[name] came "
    assert bytes(file["spelt"][()]) == b"seen by [name] today"
    assert file["wide"][()].tobytes().decode("utf-16-le") == "[name]"
    assert (file["samples"][()] == np.arange(200)).all()
    assert b"Abernathy" not in file.attrs["latin"] and file.attrs["kept"] == "µV für Broca".encode("latin-1")


def test_columns_that_pandas_pickles_as_text_follow_and_are_only_parsed(
    cleaner: Cleaner, tmp_path: Path
) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    columns = pandas.MultiIndex.from_tuples(
        [("Quilter", "snout"), ("Quilter", "tail")], names=["scorer", "part"]
    )
    frame = pandas.DataFrame([[1.5, 2.5], [3.5, 4.5]], columns=columns, index=["img1.png", "by Quilter"])
    frame.to_hdf(tmp_path / "raw.h5", key="df", format="table")
    assert rewrite_any_hdf5(tmp_path / "raw.h5", tmp_path / "out.h5", cleaner=cleaner, where="x") == ()
    assert b"quilter" not in (tmp_path / "out.h5").read_bytes().lower()
    clean = pandas.read_hdf(tmp_path / "out.h5")
    assert clean.columns.tolist() == [("[name]", "snout"), ("[name]", "tail")]
    assert clean.index.tolist() == ["img1.png", "by [name]"] and clean.to_numpy().tolist() == [
        [1.5, 2.5],
        [3.5, 4.5],
    ]
    assert (
        texts_of_pickle(b"(lp0\nVa\np1\na.") == [(6, "a")]
        and texts_of_pickle(b"Quilter left.\nHe came.") is None
    )


def test_names_within_types_of_types(cleaner: Cleaner, tmp_path: Path) -> None:
    states = h5py.enum_dtype({"rest": 0, "Quilter": 1}, basetype="i1")
    inner = np.dtype([("Quilter_x", "f8"), ("state", states)])
    table = np.dtype([("remark", "S20"), ("Quilter_part", inner), ("pair", inner, (2,))])

    def write(file: Any) -> None:
        row = (b"by Quilter", (1.5, 1), [(2.5, 0), (3.5, 1)])
        file["mixed"] = np.array([row], dtype=table)
        file["plain"] = np.array([row[1:]], dtype=[("Quilter_part", inner), ("pair", inner, (2,))])
        file.attrs.create("row", np.array(row, dtype=table))
        file.create_dataset("lists", (1,), dtype=h5py.vlen_dtype(inner))[0] = np.array(
            [(4.5, 1)], dtype=inner
        )

    file = cleaned(tmp_path / "a", cleaner, write)
    for one in (file["mixed"][0], file.attrs["row"]):
        assert one["remark"] == b"by [name]" and one["name_part"].tolist() == (1.5, 1)
        assert one["pair"]["name_x"].tolist() == [2.5, 3.5] and one["pair"]["state"].tolist() == [0, 1]
    assert file["plain"][0]["name_part"].tolist() == (1.5, 1)
    assert file["lists"][0]["name_x"].tolist() == [4.5]
    assert set(h5py.check_enum_dtype(file["plain"].dtype["name_part"]["state"])) == {"rest", "name"}


@pytest.mark.octave
@pytest.mark.skipif(shutil.which("octave-cli") is None, reason="Octave is not installed (make system)")
def test_octaves_own_hdf5_is_cleaned_and_opens_again(cleaner: Cleaner, tmp_path: Path) -> None:
    def octave(code: str) -> str:
        return subprocess.run(["octave-cli", "--norc", "--eval", code], capture_output=True, text=True, check=False).stdout  # fmt: skip

    octave(
        f"x = magic(4); s.by = 'Zephyrine Quilter'; s.cell = {{'Fz', 'Quilter', 3}}; save('-hdf5', '{tmp_path / 'raw.mat'}', 'x', 's')"
    )
    assert rewrite_any_hdf5(tmp_path / "raw.mat", tmp_path / "out.mat", cleaner=cleaner, where="x") == ()
    told = octave(f"load('{tmp_path / 'out.mat'}'); printf('%d|%s|%s|%s|%d', trace(x), s.by, s.cell{{:}});")
    assert told == "34|[name]|Fz|[name]|3"


def test_names_follow_wherever_they_are_told(cleaner: Cleaner, tmp_path: Path) -> None:
    def write(file: Any) -> None:
        group = file.create_group("Quilter_run")
        group.attrs["colnames"] = ["Quilter_rt", "code"]
        rt = group.create_dataset("Quilter_rt", data=[1.0, 2.0])
        group["code"] = [1, 2]
        file["soft"], file["hard"], file["pointer"] = h5py.SoftLink("/Quilter_run/Quilter_rt"), rt, rt.ref
        file["region"] = rt.regionref[1:]
        file["lists"] = file.create_dataset("l", (1,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
        file["l"][0] = [rt.ref, group.ref]
        rt.make_scale("Quilter axis")
        group["code"].dims[0].attach_scale(rt)
        states = h5py.enum_dtype({"rest": 0, "Quilter": 1}, basetype="i1")
        file.create_dataset("state", data=[0, 1], dtype=states)
        file["table"] = np.array([(1, 2.0)], dtype=[("Quilter_v", "i4"), ("rt", "f8")])
        file["kind"] = np.dtype([("Quilter_w", "i4")])
        file["raw"] = h5py.ExternalLink("/lustre/quilter/raw.h5", "/Quilter_run/lfp")
        file["near"] = h5py.ExternalLink("Quilter_2.h5", "/lfp")

    file = cleaned(tmp_path / "a", cleaner, write, userblock_size=512)
    rt = file["soft"]
    assert rt == file["hard"] == file[file["pointer"][()]] and rt[()].tolist() == [1.0, 2.0]
    assert file[file["region"][()]][file["region"][()]].tolist() == [2.0]
    group = file["name_run"]
    assert [file[one] for one in file["lists"][0]] == [rt, group]
    assert list(group.attrs["colnames"]) == ["name_rt", "code"] and group["name_rt"] == rt
    assert file[group["code"].attrs["DIMENSION_LIST"][0][0]] == rt
    assert set(h5py.check_enum_dtype(file["state"].dtype)) == {"rest", "name"} and file["state"][1] == 1
    assert file["table"].dtype.names == ("name_v", "rt") and file["table"][0].tolist() == (1, 2.0)
    assert file["kind"].dtype.names == ("name_w",)
    assert file.get("raw", getlink=True).filename == "raw.h5" and file.userblock_size == 0
    assert file.get("near", getlink=True).filename == "name_2.h5"


def test_what_a_field_calls_somebodys_goes_numbers_too(cleaner: Cleaner, tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.attrs.update({"operator": "Q. P.", "birth_date": "1961-03-04", "mrn": 7311234, "rate_hz": 30000})
        file.attrs["name"] = "Broca's area"
        file["patient_id"], file["session_id"] = np.array([7311234, 99]), np.array([40001])
        file["rows"] = np.array([(7311234, 41234.5)], dtype=[("mrn", "i8"), ("amplitude_uv", "f8")])

        file.attrs["settings"] = (
            '{"operator": "Q. P.", "mrn": 7311234, "rate_hz": 30000.0, "by": ["Quilter"]}'
        )
        file.attrs["probe"] = '{"shank":  [1, 2]}'

    file = cleaned(tmp_path / "a", cleaner, write)
    assert json.loads(file.attrs["settings"]) == {
        "operator": "[operator]",
        "mrn": 0,
        "rate_hz": 30000.0,
        "by": ["[name]"],
    }
    assert file.attrs["probe"] == '{"shank":  [1, 2]}'
    assert (file.attrs["operator"], file.attrs["birth_date"], file.attrs["mrn"]) == ("[operator]", "[birth_date]", 0)  # fmt: skip
    assert (file.attrs["rate_hz"], file.attrs["name"]) == (30000, "Broca's area")
    assert file["patient_id"][()].tolist() == [0, 0]
    assert file["rows"][0].tolist() == (0, 41234.5)


@pytest.mark.parametrize("where", ["attribute", "list", "opaque", "text"])
def test_a_pickle_is_never_loaded_and_keeps_the_file_back(where: str, cleaner: Cleaner, tmp_path: Path) -> None:  # fmt: skip
    bomb = pickle.dumps({"who": "Zephyrine Quilter"})
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        if where == "list":
            file.create_dataset("o", (1,), dtype=h5py.vlen_dtype("u1"))[0] = np.frombuffer(bomb, dtype="u1")
        elif where == "attribute":
            file.attrs["o"] = np.void(bomb)
        elif where == "opaque":
            file["o"] = np.void(b"\x01\x02Quilter")
        else:
            file["o"] = np.bytes_(bomb)
    with pytest.raises(Unreadable, match="pickled or opaque"):
        rewrite_any_hdf5(tmp_path / "raw.h5", tmp_path / "out.h5", cleaner=cleaner, where="x")
    assert not (tmp_path / "out.h5").exists()


def test_a_head_in_hdf5_stays_back_and_a_broken_file_is_told(cleaner: Cleaner, tmp_path: Path) -> None:
    volume, _ = head()
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["scans/image"] = np.asarray(volume)
    (found,) = rewrite_any_hdf5(tmp_path / "raw.h5", tmp_path / "out.h5", cleaner=cleaner, where="x")
    assert "head" in found.message and not (tmp_path / "out.h5").exists()
    whole = (tmp_path / "raw.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="intact copy"):
        rewrite_any_hdf5(tmp_path / "cut.h5", tmp_path / "out.h5", cleaner=cleaner, where="x")
    assert not is_nwb(tmp_path / "cut.h5") and is_hdf5(whole)


def test_datasets_of_nwb_are_renamed_and_their_table_still_opens(cleaner: Cleaner, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "raw.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.8.0"
        table = file.create_group("intervals/trials")
        table.attrs["colnames"] = ["start_time", "Quilter_score"]
        table["start_time"], table["Quilter_score"] = [0.0, 1.0], [3.0, 4.0]
        file["acquisition/Quilter_lfp"] = LFP
        file["acquisition/raw"] = h5py.ExternalLink("/lustre/zq/lab/raw.nwb", "/acquisition/Quilter_lfp")
    assert is_nwb(tmp_path / "raw.nwb")
    rewrite_nwb(tmp_path / "raw.nwb", tmp_path / "out.nwb", cleaner=cleaner, label="s1")
    assert b"quilter" not in (tmp_path / "out.nwb").read_bytes().lower()
    with h5py.File(tmp_path / "out.nwb", "r") as file:
        assert list(file["intervals/trials"].attrs["colnames"]) == ["start_time", "name_score"]
        assert file["intervals/trials/name_score"][()].tolist() == [3.0, 4.0]
        assert (file["acquisition/name_lfp"][()] == LFP).all()
        link = file.get("acquisition/raw", getlink=True)
        assert (link.filename, link.path) == ("raw.nwb", "/acquisition/name_lfp")


EEG = {
    "EEG": {
        "subject": "MRN-7311234", "filepath": "C:\\Users\\quilter\\eeg", "comments": "Zephyrine Quilter came late", "ref": "common", "srate": 512.0,
        "data": LFP, "event": {"type": ["S 1", "Target", "Quilter sneezed"], "latency": [1.0, 2.0, 3.0]}, "notes": "", "mrn": 7311234.0,
        "by_Quilter": 1.0,
    },
    "title": "Purkinje cells and Golgi cells of lobule V",
}  # fmt: skip


def test_matlab_73_is_cleaned_and_read_by_others(cleaner: Cleaner, tmp_path: Path) -> None:
    read = pytest.importorskip("pymatreader").read_mat
    raw, out = tmp_path / "raw.mat", tmp_path / "out.mat"
    write_matlab_hdf5(raw, EEG)
    assert ("comments", "Zephyrine Quilter came late") in list(matlab_hdf5_texts(raw))
    assert ("type", "Quilter sneezed") in list(matlab_hdf5_texts(raw))
    assert rewrite_matlab_hdf5(raw, out, cleaner=cleaner, where="x", label="s1") == ()
    data = out.read_bytes()
    assert data.startswith(b"MATLAB 7.3 MAT-file, cleaned") and data[124:128] == b"\x00\x02IM" and b"2020" not in data[:512]  # fmt: skip
    assert b"quilter" not in data.lower().replace(b"\x00", b"")
    told = read(out)
    eeg = told["EEG"]
    assert (eeg["subject"], eeg["filepath"].strip(), eeg["comments"].strip(), eeg["ref"]) == (
        "s1",
        "",
        "",
        "common",
    )
    assert list(eeg["event"]["type"]) == ["S 1", "Target", "[name] sneezed"] and eeg["event"]["latency"] == [
        1.0,
        2.0,
        3.0,
    ]
    assert eeg["data"].tobytes() == LFP.tobytes() and (eeg["srate"], eeg["mrn"]) == (512.0, 0.0)
    assert eeg["by_name"] == 1.0 and told["title"] == EEG["title"]
    with h5py.File(out, "r") as file:
        fields = ["".join(letter.decode() for letter in one) for one in file["EEG"].attrs["MATLAB_fields"]]
        assert fields == [*(name for name in EEG["EEG"] if name != "by_Quilter"), "by_name"]
        assert file["EEG/subject"].dtype == np.uint16 and file["EEG/subject"].attrs["MATLAB_class"] == b"char"


@pytest.mark.octave
@pytest.mark.skipif(shutil.which("octave-cli") is None, reason="Octave is not installed (make system)")
def test_octave_opens_a_clean_matlab_73_file(cleaner: Cleaner, tmp_path: Path) -> None:
    write_matlab_hdf5(tmp_path / "raw.mat", {"lfp": LFP, "operator": "Fenwick Abernathy"})
    rewrite_matlab_hdf5(tmp_path / "raw.mat", tmp_path / "out.mat", cleaner=cleaner, where="x", label="s1")
    code = (
        f"load('{tmp_path / 'out.mat'}'); printf('%.12f %d %d', sum(lfp(:)), max(size(lfp)), min(size(lfp)));"
    )
    done = subprocess.run(["octave-cli", "--norc", "--eval", code], capture_output=True, text=True, check=True)  # fmt: skip
    total, longer, shorter = done.stdout.split()
    assert float(total) == pytest.approx(LFP.sum(), abs=1e-9) and (longer, shorter) == ("1000", "8")


def test_matlab_objects_stay_back(cleaner: Cleaner, tmp_path: Path) -> None:
    write_matlab_hdf5(tmp_path / "raw.mat", {"x": 1.0, "#subsystem#": {"MCOS": 1.0}})
    with pytest.raises(Unreadable, match="convertStringsToChars"):
        rewrite_matlab_hdf5(
            tmp_path / "raw.mat", tmp_path / "out.mat", cleaner=cleaner, where="x", label="s1"
        )


def test_rows_of_letters_keep_their_shape(tmp_path: Path) -> None:
    rows = np.array([[ord(one) for one in line] for line in ("Quilter", "Target ")], dtype=np.uint16).T
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["c"] = rows
        assert read_letters(file["c"], known=True) == "Quilter\nTarget "
        assert read_letters(file["c"], known=False) is None
    made = written_letters(rows, "[name]\nTarget")
    assert made.shape == rows.shape and "".join(map(chr, made[:, 0])) == "[name] "

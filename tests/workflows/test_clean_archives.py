"""Archives are cleaned as their files are, packed anew, or kept back whole with the reason; nothing is written elsewhere."""

import bz2
import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from commissure.errors import Unreadable
from commissure.protect.files.archives import kind_of_archive, pack, unpack
from commissure.testing.images import head
from commissure.workflows.clean_archives import open_archives
from commissure.workflows.clean_folder import clean_folder
from commissure.workflows.scan_folder import scan_folder

SAMPLES = np.arange(40.0)


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, SAMPLES)
    return stream.getvalue()


FILES = {"Okonkwo_run1/notes.txt": b"Okonkwo came late, call +41 79 123 45 67\nBroca's area\n", "x/fit.py": b"RATE_HZ = 512.0  # by Jane Okonkwo\n",
         "x/spikes.npy": npy()}  # fmt: skip


def zipped(path: Path, files: dict[str, bytes] = FILES, *, comment: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2020, 3, 4, 10, 11, 12))
            info.comment, info.extra = b"Okonkwo", b"\xfe\xca\x04\x00Jane"
            archive.writestr(info, data)
    return path


def tarred(path: Path, files: dict[str, bytes] = FILES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.uname, member.mtime = len(data), 1007, "okonkwo", 1583316672
            archive.addfile(member, io.BytesIO(data))
    return path


def test_members_are_cleaned_and_packed_without_what_archives_tell(tmp_path: Path) -> None:
    zipped(tmp_path / "raw" / "Jane_Okonkwo.zip", comment=b"by Jane Okonkwo")
    tarred(tmp_path / "raw" / "sub" / "backup.tar.gz")
    (tmp_path / "raw" / "scores.csv.gz").write_bytes(gzip.compress(b"full_name,iq\nJane Okonkwo,104\n"))
    (tmp_path / "raw" / "log.txt.bz2").write_bytes(bz2.compress(b"Okonkwo came\n"))
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (4, 0), report.findings
    out = {
        path.relative_to(tmp_path / "out").as_posix(): path
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert {"sub/backup.tar.gz", "scores.csv.gz", "log.txt.bz2"} < set(out)
    (name,) = set(out) - {"sub/backup.tar.gz", "scores.csv.gz", "log.txt.bz2"}
    assert name.endswith(".zip") and "konkwo" not in name
    with zipfile.ZipFile(out[name]) as archive:
        assert archive.comment == b"" and archive.testzip() is None
        infos = archive.infolist()
        assert all((one.comment, one.extra, one.date_time[:3]) == (b"", b"", (1980, 1, 1)) for one in infos)
        told = {one.filename.rpartition("/")[2]: archive.read(one) for one in infos}
        assert not any("konkwo" in one.filename for one in infos)
    assert told["notes.txt"] == b"[name] came late, call [contact]\nBroca's area\n"
    assert told["fit.py"] == b"RATE_HZ = 512.0  # by [name]\n" and told["spikes.npy"] == npy()
    with tarfile.open(out["sub/backup.tar.gz"]) as packed:
        assert {(one.uid, one.uname, one.mtime) for one in packed} == {(0, "", 0)}
        assert {one.name.rpartition("/")[2] for one in packed} == set(told)
    assert out["sub/backup.tar.gz"].read_bytes()[3:8] == bytes(5)  # neither a name nor a time
    assert gzip.decompress(out["scores.csv.gz"].read_bytes()).split() == [b"iq", b"104"]
    assert bz2.decompress(out["log.txt.bz2"].read_bytes()) == b"[name] came\n"


def test_an_archive_with_one_file_that_stays_back_stays_back_whole(tmp_path: Path) -> None:
    zipped(
        tmp_path / "raw" / "a" / "s.zip",
        {**FILES, "x/who.pkl": b"\x80\x04.", "inner.zip": b"PK\x05\x06" + bytes(18)},
    )
    (tmp_path / "raw" / "a" / "plain.txt").write_text("TR 2 s\n")
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (1, 1)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["plain.txt"]
    told = {(one.check, one.where): one.message for one in report.findings}
    assert "*.pkl" in told["protect.unknown_kind", "a/s.zip/x/who.pkl"]
    assert "of its 5 files 2" in told["protect.archive", "a/s.zip"]
    assert not list(tmp_path.rglob("packed*"))
    remedies = {one.where: one.remedy for one in report.findings}
    assert ".csv" in remedies["a/s.zip/x/who.pkl"] and "Unpack" in remedies["a/s.zip/inner.zip"]


def test_a_head_in_an_archive_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nibabel = pytest.importorskip("nibabel")
    monkeypatch.setitem(sys.modules, "deepbet", None)
    volume, affine = head()
    path = tmp_path / "t1.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.round(volume).astype(np.int16), affine), path)
    zipped(tmp_path / "raw" / "anna.zip", {"anna/t1.nii.gz": path.read_bytes()})
    assert "anna.zip/anna/t1.nii.gz" in {
        one.where for one in scan_folder(tmp_path / "raw") if one.check == "protect.exposed.face"
    }
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (0, 1) and "protect.face" in {
        one.check for one in report.findings
    }


def test_scan_looks_into_archives_scripts_and_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    zipped(tmp_path / "raw" / "s.zip")
    (tmp_path / "raw" / "fit.R").write_text("x <- '/home/okonkwo/a'\n")
    with h5py.File(tmp_path / "raw" / "a.h5", "w", userblock_size=512) as file:
        file["rows"] = np.array([(b"call +41 79 123 45 67", 1.0)], dtype=[("said", "S40"), ("rt", "f8")])
    with zipfile.ZipFile(tmp_path / "raw" / "bad.zip", "w") as archive:
        archive.writestr("../evil.txt", "x")
    told = {(one.check, one.where) for one in scan_folder(tmp_path / "raw")}
    assert {("protect.exposed.contact", "s.zip/Okonkwo_run1/notes.txt"), ("protect.exposed.path", "fit.R"), ("protect.exposed.contact", "a.h5"),
            ("protect.unscanned", "bad.zip")} <= told  # fmt: skip


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", bytes(130 << 20))


def locked(path: Path) -> None:
    data = bytearray(zipped(path).read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)


def linked(path: Path) -> None:
    info = zipfile.ZipInfo("shadow")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")


def tar_link(path: Path) -> None:
    member = tarfile.TarInfo("shadow")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(path, "w") as archive:
        archive.addfile(member)


@pytest.mark.parametrize(
    ("name", "write", "why"),
    [
        ("slip.zip", lambda path: zipped(path, {"../evil.txt": b"x"}), "leads out"),
        ("root.zip", lambda path: zipped(path, {"/etc/evil.txt": b"x"}), "leads out"),
        ("drive.zip", lambda path: zipped(path, {"C:\\evil.txt": b"x"}), "leads out"),
        ("slip.tar.gz", lambda path: tarred(path, {"a/../../evil.txt": b"x"}), "leads out"),
        ("twins.zip", lambda path: zipped(path, {"A.txt": b"x", "a.txt": b"y"}), "of one name"),
        ("bomb.zip", bomb, "far more"),
        ("locked.zip", locked, "password"),
        ("linked.zip", linked, "link"),
        ("linked.tar", tar_link, "link"),
        ("empty.zip", lambda path: zipped(path, {}), "no files"),
        ("cut.zip", lambda path: path.write_bytes(zipped(path).read_bytes()[:99]), "damaged"),
        ("cut.csv.gz", lambda path: path.write_bytes(gzip.compress(npy())[:40]), "damaged"),
    ],
)  # fmt: skip
def test_what_is_not_safe_to_unpack_stays_back_with_the_reason(name: str, write: object, why: str, tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / name)  # type: ignore[operator]
    with pytest.raises(Unreadable, match=why):
        unpack(tmp_path / "raw" / name, tmp_path / "within" / "deep" / "er")
    assert not list(tmp_path.rglob("*evil*")) and not (tmp_path / "within/deep/er").exists()
    report = clean_folder(tmp_path / "raw", tmp_path / "out")
    assert (report.written, report.kept_back) == (0, 1)
    (found,) = (one for one in report.findings if one.check == "protect.archive")
    assert why in found.message and found.where == name


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    unpack(zipped(tmp_path / "a.zip"), tmp_path / "in")
    for name in ("x.zip", "x.tar.gz", "x.tar.xz", "x.tar"):
        pack(tmp_path / "in", tmp_path / "1" / name, kind=kind_of_archive(name))
        pack(tmp_path / "in", tmp_path / "2" / name, kind=kind_of_archive(name))
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
        assert unpack(tmp_path / "1" / name, tmp_path / f"again-{name}") == len(FILES)


def test_a_folder_without_archives_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    opened = open_archives(tmp_path, ("a.txt",), scratch=tmp_path / "s")
    assert (opened.root, opened.files, opened.close(tmp_path)) == (tmp_path, ("a.txt",), 0)
    assert not (tmp_path / "s").exists() and not opened.holds("a.txt")

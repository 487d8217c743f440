"""A public tree is judged without knowing whom it is about; a clean one stays quiet."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commissure.faces.cli import main
from commissure.model import Severity
from commissure.protect.quasi import anonymity, check_participants, diversity, generalize, quasi_columns
from commissure.protect.survey import check_exposure
from commissure.testing import signals
from commissure.testing.ctf_bytes import write_ctf
from commissure.testing.head_meshes import mesh_head
from commissure.testing.neurophysiology import make_plexon
from commissure.testing.rig_bytes import write_abf1, write_intan, write_spikeglx


def test_what_a_public_tree_tells_is_told_by_category_only(tmp_path: Path) -> None:
    (tmp_path / "sub-01").mkdir()
    (tmp_path / "sub-01" / "a_bold.json").write_text(
        '{"InstitutionName": "Odile", "AcquisitionTime": "10:00:01", "Extra": "mail m.giroudel@example.org", '
        '"SoftwareVersions": "syngo MR E11", "ConsistencyInfo": "N4_VE11C_LATEST_20160120", "RepetitionTime": 2.0}'
    )
    (tmp_path / "participants.tsv").write_text("participant_id\tage\tname\nsub-01\t31\tMathilde\n")
    (tmp_path / "clean.json").write_text('{"Manufacturer": "SIEMENS", "TaskName": "rest", "EchoTime": 0.03}')
    findings = check_exposure(tmp_path)
    assert [(finding.where, finding.check.removeprefix("protect.exposed.")) for finding in findings] == [
        ("participants.tsv", "name"),
        ("participants.tsv", "protect.k_anonymity"),
        ("sub-01/a_bold.json", "contact"),
        ("sub-01/a_bold.json", "date"),
        ("sub-01/a_bold.json", "institution"),
    ]
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert "Odile" not in repr(findings)


def test_what_recordings_of_a_rig_and_arrays_tell_is_told(tmp_path: Path) -> None:
    for name in ("neo", "pyabf"):
        pytest.importorskip(name)
    person = {"name": "Zephyrine Quilter", "operator": "Fenwick Abernathy", "id": "MRN-77042"}
    truth = replace(signals.planted(rng=np.random.default_rng(0)), identifiers=person)
    write_ctf(tmp_path, truth, name="x.ds")
    write_intan(tmp_path / "a.rhd", said={"note2": "Quilter late"})
    write_intan(tmp_path / "b.rhs", said={"note3": "Quilter late"})
    write_abf1(
        tmp_path / "c.abf", said={"comment": "Quilter late", "protocol": "C:\\Users\\quilter\\steps.pro"}
    )
    write_spikeglx(
        tmp_path, said={"notes": "Quilter late", "host": "rig7.local", "file": "D:/quilter/run.bin"}, name="d"
    )
    make_plexon(tmp_path / "e.plx", samples=2000, comment=b"run by Fenwick Abernathy")
    np.save(tmp_path / "mesh.npy", mesh_head()[0])
    np.save(tmp_path / "tuning.npy", np.random.default_rng(0).normal(size=(900, 3)))
    told: dict[str, set[str]] = {}
    for finding in check_exposure(tmp_path):
        told.setdefault(Path(finding.where).name, set()).add(finding.check.rpartition(".")[2])
    assert {"name", "operator"} <= told["x.res4"]
    assert all("comment" in told[name] for name in ("a.rhd", "b.rhs", "c.abf", "e.plx"))
    assert {"comment", "host", "path"} <= told["d_g0_t0.nidq.meta"]
    assert told["mesh.npy"] == {"face"}
    assert "tuning.npy" not in told


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_named_dicom_series_is_exposed(shared: Path) -> None:
    told = {
        finding.check.rpartition(".")[2]
        for finding in check_exposure(shared / "data" / "dcm_siemens_b13_phi")
    }
    assert {"name", "id", "birth_date", "institution", "address", "serial", "host", "date"} <= told


def table(rng: np.random.Generator, count: int) -> list[dict[str, str]]:
    return [
        {
            "participant_id": f"sub-{i}",
            "age": str(rng.integers(20, 60)),
            "sex": str(rng.choice(["F", "M"])),
            "diagnosis": str(rng.choice(["control", "patient"])),
        }
        for i in range(count)
    ]


def test_generalization_reaches_the_k_it_promises() -> None:
    for seed in range(10):
        rows = table(np.random.default_rng(seed), 120)
        columns = quasi_columns(list(rows[0]))
        assert columns == ("age", "sex")
        plan = generalize(rows, columns=columns, k=5)
        assert anonymity(rows, columns=columns) < 5 <= plan.k
        assert anonymity(plan.rows, columns=columns) == plan.k
        assert [row["diagnosis"] for row in plan.rows] == [row["diagnosis"] for row in rows]


def clustered(rng: np.random.Generator) -> list[dict[str, str]]:
    """Ages in bands of five years that each have one diagnosis, planted so that k is reached before l is."""
    return [
        {
            "participant_id": f"sub-{band}-{i}",
            "age": str(20 + 5 * band + int(rng.integers(0, 5))),
            "sex": "F",
            "diagnosis": ("patient", "control")[band % 2],
        }
        for band in range(8)
        for i in range(10)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_generalization_reaches_the_l_that_k_alone_does_not(seed: int) -> None:
    rows = clustered(np.random.default_rng(seed))
    columns = quasi_columns(list(rows[0]))
    by_k = generalize(rows, columns=columns, k=5)
    assert by_k.steps == {"age": "bands of 5 years"}
    assert diversity(by_k.rows, columns=columns, sensitive="diagnosis") == 1
    plan = generalize(rows, columns=columns, k=5, sensitive=("diagnosis",))
    assert plan.steps == {"age": "bands of 10 years"}
    assert plan.l_values == diversity(plan.rows, columns=columns, sensitive="diagnosis") == 2
    assert plan.k == anonymity(plan.rows, columns=columns) == 20
    assert plan.cost > by_k.cost
    checks = [finding.check for finding in check_participants(rows)]
    assert checks == ["protect.k_anonymity", "protect.l_diversity"]
    assert len({finding.remedy for finding in check_participants(rows)}) == 1
    assert check_participants(plan.rows) == ()


@pytest.mark.parametrize("seed", range(5))
def test_no_cheaper_step_reaches_both(seed: int) -> None:
    """Every other choice of bands is tried by hand: those that cost less fall short."""
    rows, columns = table(np.random.default_rng(seed), 60), ("age", "sex")
    plan = generalize(rows, columns=columns, k=4, sensitive=("diagnosis",))
    assert plan.k >= 4
    assert plan.l_values >= 2
    ages = len({row["age"] for row in rows})
    for width in (1, 5, 10, 20, 0):
        for sex in (False, True):
            tried = [
                {
                    **row,
                    "age": str(int(row["age"]) // width) if width else "*",
                    "sex": "*" if sex else row["sex"],
                }
                for row in rows
            ]
            cost = (1 - len({row["age"] for row in tried}) / ages if width else 1.0) + sex
            if cost < plan.cost - 1e-9:
                shown = diversity(tried, columns=columns, sensitive="diagnosis")
                assert anonymity(tried, columns=columns) < 4 or shown < 2


def test_an_l_that_no_generalization_reaches_is_said() -> None:
    rows = table(np.random.default_rng(0), 60)
    plan = generalize(rows, columns=("age", "sex"), k=4, sensitive=("diagnosis",), l_values=3)
    assert (plan.k >= 4, plan.l_values) == (True, 2)
    assert generalize(rows, columns=("age", "sex"), k=4).l_values == 0


def test_the_finding_tells_the_cheapest_way_out() -> None:
    findings = check_participants(table(np.random.default_rng(0), 120))
    assert findings[0].check == "protect.k_anonymity"
    assert findings[0].remedy.startswith("Generalize (age: bands of")
    assert check_participants([{"participant_id": "sub-1"}]) == ()
    assert check_participants([]) == ()


def test_a_class_that_shares_its_diagnosis_is_told() -> None:
    rows = [{"age": "30", "sex": "F", "diagnosis": "patient"}] * 5 + [
        {"age": "40", "sex": "M", "diagnosis": d} for d in "abcde"
    ]
    assert diversity(rows, columns=("age", "sex"), sensitive="diagnosis") == 1
    assert [finding.check for finding in check_participants(rows)] == ["protect.l_diversity"]


def test_what_cannot_be_looked_into_is_said(tmp_path: Path) -> None:
    (tmp_path / "sub-01_eeg.eeg").write_bytes(bytes(64))
    (tmp_path / "people.csv").write_text('code,full_name\r1,"Quilter, Zephyrine"\r')
    (tmp_path / "empty.mnc").write_bytes(b"")
    for name in ("a.mnc", "b.mnc", "IM0001"):
        (tmp_path / name).write_bytes(b"Zephyrine Quilter")
    found = {(finding.check, finding.message.partition(" could")[0]) for finding in check_exposure(tmp_path)}
    assert ("protect.unread_kind", "2 files *.mnc") in found
    assert ("protect.unread_kind", "1 file without extension") in found
    assert ("protect.exposed.name", "1 text of the category 'name' may tell who somebody is.") in found
    assert len(found) == 3


def test_an_analyze_header_is_looked_into(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.AnalyzeImage(np.ones((4, 5, 6), dtype=np.int16), None)
    image.header["patient_id"] = b"MRN774193"
    image.to_filename(tmp_path / "t2.img")
    assert {finding.check for finding in check_exposure(tmp_path)} == {"protect.exposed.id"}


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    folder.mkdir(parents=True)
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_scan_tells_k_and_l_and_what_would_mend_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = clustered(np.random.default_rng(0))
    findings = check_exposure(written(tmp_path / "open", rows).parent)
    known = [
        finding for finding in findings if finding.check in {"protect.k_anonymity", "protect.l_diversity"}
    ]
    assert [finding.where for finding in known] == ["open/participants.tsv"] * 2
    reached = anonymity(rows, columns=("age", "sex"))
    assert (
        f"(k = {reached}); 5 are wanted" in known[0].message and "(l = 1, 2 are wanted)" in known[1].message
    )
    assert {finding.remedy for finding in known} == {
        "Generalize (age: bands of 10 years) to reach 20 and 2 values of diagnosis in every class."
    }
    mended = [
        dict(row) for row in generalize(rows, columns=("age", "sex"), k=5, sensitive=("diagnosis",)).rows
    ]
    assert check_exposure(written(tmp_path / "mended" / "a", mended).parent) == ()
    assert main(["protect", "scan", str(tmp_path / "mended"), "--k", "21"]) == 0
    assert "(k = 20); 21 are wanted" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "mended" / "a" / "participants.tsv").write_text("")
    assert check_exposure(tmp_path / "mended") == ()


def test_many_columns_are_searched_in_time_and_codes_are_not_put_into_bands() -> None:
    rng, count = np.random.default_rng(0), 600
    rows = [
        {"age": str(rng.integers(18, 90)), "sex": str(rng.choice(["F", "M"])), "height": f"{rng.normal(170, 10):.0f}",
         "weight": f"{rng.normal(70, 10):.0f}", "education": str(rng.integers(8, 22)), "site": str(rng.integers(12)),
         "race": str(rng.integers(5)), "bmi": f"{rng.normal(24, 3):.1f}", "diagnosis": str(rng.choice(["a", "b"]))}
        for _ in range(count)
    ]  # fmt: skip
    columns = quasi_columns(list(rows[0]))
    begun = time.process_time()
    plan = generalize(rows, columns=columns, k=5, sensitive=("diagnosis",))
    assert time.process_time() - begun < 20
    assert anonymity(plan.rows, columns=columns) == plan.k >= 5 and plan.l_values == 2
    assert {plan.steps.get(name, "hidden") for name in ("site", "race", "sex")} == {"hidden"}
    assert plan.cost < len(columns)

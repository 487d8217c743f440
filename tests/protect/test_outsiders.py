"""What somebody plants who has not read the rules: announced numbers, odd spellings and scripts, and places off the beaten track."""

import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from commissure.model import About, Identifier, Subject, Tree
from commissure.protect.files.fif import rewrite_fif
from commissure.protect.files.nwb import rewrite_nwb
from commissure.protect.files.sidecar import clean_sidecar
from commissure.protect.files.tables import clean_json, clean_table
from commissure.protect.files.tiff import rewrite_tiff
from commissure.protect.files.tree import brainvision_text, rewrite_tree
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates, shift_text
from commissure.protect.text.file_names import clean_part, names_of_folders
from commissure.protect.text.known import Known
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.testing.planting.measure import measure_outsiders
from commissure.testing.planting.outsiders import SCIENCE


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner.of(About("eeg", Subject("S7")), pseudonyms=Pseudonyms(bytes(range(32))), policy=Policy())


@pytest.mark.parametrize(
    ("note", "value"),
    [
        ("hospital number 7G/9145357", "9145357"),
        ("Fallnummer 6664294", "6664294"),
        ("sample barcode 9004829137", "9004829137"),
        ("NI number QQ 37 89 17 C", "37 89 17"),
        ("numéro de sécurité sociale 2 47 67 51 863 222", "67 51 863"),
        ("codice fiscale CPNMLN41D12H421G", "CPNMLN41D12H421G"),
        ("acc. no. R37666294", "R37666294"),
        ("insurance: B328485523", "B328485523"),
        ("licence plate 863-KWT-11", "863-KWT-11"),
        ("Kennzeichen FF-G-784", "FF-G-784"),
        ("reimburse to FR76 6641 2077 1448 2791 3056 873", "6641 2077"),
        ("paid by card 4135391780942465", "4135391780942465"),
        ("post code KW30 7FL", "KW30 7FL"),
        ("PLZ 82996", "82996"),
        ("GPS: 47.1991 N, 15.5543 E", "47.1991"),
        ("login: mtreaby", "mtreaby"),
        ("user pfarford", "pfarford"),
        ("twitter @lcarczyk", "lcarczyk"),
        ("password hunter2x", "hunter2x"),
        ("PC name desktop-154.dunworth.org", "dunworth"),
        ("recorded on ralfield-laptop", "ralfield"),
        ("server [fe80:0:0:911:1ff:fe23:4567:890a]", "fe80"),
        ("eth0 001a.2b3c.4d5e", "001a"),
        ("see https://garsby.com/results", "garsby"),
        ("see http://intranet.kssg.ch/pat?id=lanopoulos", "lanopoulos"),
        ("call 13556664972 after 6pm", "13556664972"),
        ("reachable at 62 1529-4300", "1529-4300"),
        ("email jane.public [at] uni-basel.ch", "jane.public"),
        ("Seriennummer 51252-928", "51252"),
        ("221B Baker Street, London", "Baker"),
        ("Cambridge, MA 02139", "02139"),
        ("YOB 1958", "1958"),
        ("born in November 1958", "1958"),
        ("she is 94", "94"),
        ("ninety-three year old woman", "ninety"),
        ("PI: Σουμέλα Ζευγίτης came", "Ζευγίτης"),
        ("太一 佐藤 was tired today", "佐藤"),
        ("RA: 涼平 中村", "中村"),
        ("患者:佐藤太一", "佐藤太一"),
        ("sai quilterra fell asleep in run 2", "quilterra"),
        ("operator=zhang weixin", "zhang"),
        ("ref. QUILTERRA, Tina", "QUILTERRA"),
        ("her son Tobias Ehrenfried drove", "Ehrenfried"),
        ("F. Winsen checked the caps", "Winsen"),
        ("s3://jquilter-bucket/x", "jquilter"),
        ("transferred from Kantonsspital Aarau", "Kantonsspital"),
        ("came from 138.115.161.139.", "138.115"),
        ("phone 617-555-0148.", "0148"),
        ("on the 19.03.14.", "19.03.14"),
        ("data collected by Wincroft and checked", "Wincroft"),
    ],
)
def test_what_a_word_or_its_own_shape_tells_goes(cleaner: Cleaner, note: str, value: str) -> None:
    assert value not in cleaner.note(note)


@pytest.mark.parametrize(
    "text",
    [
        *SCIENCE,
        "user interface, login screen",
        "contacts 1-2 3-4 5-6",
        "contact 12 34 5",
        "plate 96 wells",
        "policy gradient 1000",
        "account for 1000 Hz",
        "host cell-1, PC1-PC2",
        "serial 3D-EPI, serial recall 12",
        "lat. 1.50, 2.33 mm",
        "server 2.0-beta",
        "EEG cap 1000, C3 4NP",
        "card 2 of 52",
        "4111111111111112",
        "the left temporal pole was noisy, C. elegans",
        "TR 1958 ms, 94 trials, he is 94 cm tall",
        "苹果",
        "5 µV at β = 0.3, Δf",
        "https://doi.org/10.1038/x1, https://www.fil.ion.ucl.ac.uk/spm",
        "MATLAB R2019b, SPM12 release 7771",
    ],
)
def test_science_that_looks_like_it_stays(cleaner: Cleaner, text: str) -> None:
    assert cleaner.note(text) == text


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("March 4th 1961", "February 2nd 1961"),
        ("4. März 1961", "2. Februar 1961"),
        ("4 de marzo de 1961", "2 de febrero de 1961"),
        ("24 mai 1942", "24 avril 1942"),
        ("25DEC2022", "25NOV2022"),
        ("Mar 4, '61", "Feb 2, '61"),
        ("2013年5月27日", "2013年4月27日"),
        ("Fri May 14 09:13:22 2021", "Fri Apr 14 09:13:22 2021"),
        ("2021:05:14", "2021:04:14"),
    ],
)
def test_dates_in_words_are_shifted_and_spelled_as_they_were(text: str, earlier: str) -> None:
    (found,) = find_dates(text)
    assert shift_text(text, offset_days=(found.day - find_dates(earlier)[0].day).days) == earlier


def test_a_span_of_version_numbers_is_no_date() -> None:
    assert find_dates("release 2021 May edition, mars 12, decimal 4.52021") == ()
    assert [found.day for found in find_dates("4 Mar 1961")] == [date(1961, 3, 4)]


def test_names_of_folders_are_looked_for_in_names_of_files(cleaner: Cleaner) -> None:
    named = names_of_folders(("Roscombe/roscombe_mat_run1.txt",), cleaner)
    assert [one.value for one in named] == ["Roscombe"]
    known = replace(cleaner, known=cleaner.known.extended(named))
    assert "roscombe" not in clean_part("roscombe_oddball_run1.txt", known)
    assert clean_part("roscombe_oddball_run1.txt", known).endswith("_oddball_run1.txt")


def test_labels_beyond_ascii_are_replaced_whole(tmp_path: Path, cleaner: Cleaner) -> None:
    folder = tmp_path / "raw" / "sub-Aşhoğlu"
    folder.mkdir(parents=True)
    (folder / "sub-Aşhoğlu_task-rest_events.tsv").write_text("onset\tduration\n1\t0\n")
    tree = Tree(
        "bids",
        tmp_path / "raw",
        ("sub-Aşhoğlu/sub-Aşhoğlu_task-rest_events.tsv",),
        About("eeg", Subject("S7")),
    )
    (path,) = rewrite_tree(tree, cleaner=cleaner, scratch=tmp_path / "out").files
    assert "ğlu" not in path
    assert path.endswith("_task-rest_events.tsv")


def test_brainvision_files_follow_when_a_name_leaves_theirs(cleaner: Cleaner) -> None:
    known = replace(cleaner, known=Known([Identifier("name", "Quilterra")]))
    text = brainvision_text(
        "[Common Infos]\nDataFile=Quilterra.eeg\n",
        cleaner=known,
        relabel=lambda name: clean_part(name, known),
    )
    assert text == f"[Common Infos]\nDataFile={clean_part('Quilterra.eeg', known)}\n"
    assert "Quilterra" not in text


def test_a_brainvision_comment_is_read_to_its_end(cleaner: Cleaner) -> None:
    line = "Mk8=Comment,her father, Ark Quilterra, waited,100,1,0\n"
    assert brainvision_text(line, cleaner=cleaner, relabel=str) == "Mk8=Comment,comment,100,1,0\n"
    code = "Mk2=Comment,eyes closed,80,1,0\n"
    assert brainvision_text(code, cleaner=cleaner, relabel=str) == code


def test_a_json_object_by_persons_keeps_every_table(cleaner: Cleaner) -> None:
    told = {"Adele Quilterra": {"rt_ms": 433.17}, "Dr. Stanabyova": {"rt_ms": 2.5}}
    clean = json.loads(clean_json(json.dumps(told), name="x.json", cleaner=cleaner, relabel=str))
    assert list(clean.values()) == [{"rt_ms": 433.17}, {"rt_ms": 2.5}]
    assert not any("Quilterra" in key or "Stanabyova" in key for key in clean)


def test_credits_keep_people_and_links_but_not_paths(cleaner: Cleaner) -> None:
    told = {
        "Authors": ["Ngozi Okafor"],
        "DatasetLinks": ["https://quilterralab.org/data"],
        "SourceDatasets": [{"URL": "/media/dquilter/usb"}],
    }
    text = clean_json(json.dumps(told), name="dataset_description.json", cleaner=cleaner, relabel=str)
    assert "Ngozi Okafor" in text
    assert "quilterralab.org" in text
    assert "dquilter" not in text


def test_tables_with_semicolons_and_columns_in_other_languages(cleaner: Cleaner) -> None:
    text = "Vorname;Nachname;Geburtsdatum;Strasse;PLZ;Wert\nAda;Quilterra;4. März 1961;Seeweg 3;8299;7,311\n"
    assert clean_table(text, cleaner=cleaner, relabel=str, mark=",") == "Wert\n7,311\n"
    people = "participant,trial\nC. Simpson,1\nfrederick garescu,2\n"
    assert clean_table(people, cleaner=cleaner, relabel=str, mark=",") == "trial\n1\n2\n"
    codes = "participant,trial\nP01,1\nP02,2\n"
    assert clean_table(codes, cleaner=cleaner, relabel=str, mark=",") == codes


def test_fif_loses_its_device_and_keeps_its_marks(tmp_path: Path, cleaner: Cleaner) -> None:
    mne = pytest.importorskip("mne")
    raw = mne.io.RawArray(np.zeros((1, 512)), mne.create_info(["Cz"], 256.0, "eeg"), verbose="error")
    raw.info["device_info"] = {"type": "TRIUX", "model": "Neo", "serial": "NM-48213", "site": "Northmoor"}
    raw.info["helium_info"] = {
        "he_level_raw": 1.0,
        "helium_level": 2.0,
        "orig_file_guid": "9b1d-4421",
        "meas_date": None,
    }
    raw.set_annotations(
        mne.Annotations([0.1, 0.5, 1.0], 0.1, ["BAD_muscle", "login: mtreaby", "blink: left"])
    )
    raw.save(tmp_path / "in_raw.fif", verbose="error")
    rewrite_fif(tmp_path / "in_raw.fif", tmp_path / "out_raw.fif", cleaner=cleaner)
    data = (tmp_path / "out_raw.fif").read_bytes()
    assert not any(word in data for word in (b"NM-48213", b"Northmoor", b"9b1d-4421", b"mtreaby"))
    again = mne.io.read_raw_fif(tmp_path / "out_raw.fif", verbose="error")
    assert [mark.strip() for mark in again.annotations.description] == [
        "BAD_muscle",
        "comment",
        "blink: left",
    ]
    assert again.annotations.description[2] == "blink: left"
    assert again.info["device_info"]["type"] == "TRIUX"


def test_nwb_groups_that_bear_a_name_are_renamed_and_references_follow(
    tmp_path: Path, cleaner: Cleaner
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "in.nwb", "w") as file:
        group = file.create_group("acquisition/eye_Quilterra")
        group["data"] = np.arange(3)
        file["general/of"] = group.ref
        file["general/link"] = h5py.SoftLink("/acquisition/eye_Quilterra")
    known = replace(cleaner, known=Known([Identifier("name", "Quilterra")]))
    rewrite_nwb(tmp_path / "in.nwb", tmp_path / "out.nwb", cleaner=known, label="a1")
    assert b"Quilterra" not in (tmp_path / "out.nwb").read_bytes()
    with h5py.File(tmp_path / "out.nwb") as file:
        assert list(file["acquisition"]) == ["eye_name"]
        assert list(file[file["general/of"][()]]["data"]) == [0, 1, 2]
        assert list(file["general/link"]["data"]) == [0, 1, 2]


def test_nwb_groups_that_become_the_same_stay_apart_and_soft_links_find_them(
    tmp_path: Path, cleaner: Cleaner
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "in.nwb", "w") as file:
        for number, name in enumerate(("eye_Croftwell", "eye_Quilterra", "eye_name_3")):
            file[f"acquisition/{name}/data"] = np.full(3, number)
            file[f"general/link{number}"] = h5py.SoftLink(f"/acquisition/{name}/data")
        file["general/nowhere"] = h5py.SoftLink("/acquisition/gone")
    known = replace(cleaner, known=Known([Identifier("name", "Quilterra"), Identifier("name", "Croftwell")]))
    rewrite_nwb(tmp_path / "in.nwb", tmp_path / "out.nwb", cleaner=known, label="a1")
    with h5py.File(tmp_path / "out.nwb") as file:
        assert len(file["acquisition"]) == 3
        assert [int(file[f"general/link{number}"][0]) for number in range(3)] == [0, 1, 2]
        assert file["general"].get("nowhere") is None


def test_a_description_in_a_fixed_place_loses_none_of_its_end(tmp_path: Path, cleaner: Cleaner) -> None:
    tifffile = pytest.importorskip("tifffile")
    text = "login: mtreaby\nscanFrameRate = 30.02"
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((4, 4), dtype=np.uint8), description=text, metadata=None)
    rewrite_tiff(tmp_path / "in.tif", tmp_path / "out.tif", cleaner=cleaner)
    with tifffile.TiffFile(tmp_path / "out.tif") as clean:
        described = clean.pages[0].description
    assert "mtreaby" not in described
    assert described.endswith("scanFrameRate = 30.02")


def test_a_text_called_bvec_is_cleaned(tmp_path: Path, cleaner: Cleaner) -> None:
    root = tmp_path / "raw"
    root.mkdir()
    (root / "a.bvec").write_text("0 1\n0 0\n1 0\n")
    (root / "b.bvec").write_text("tested by Dr. Quilterra\n")
    out = rewrite_tree(
        Tree("bids", root, ("a.bvec", "b.bvec"), About("eeg", Subject("S7"))),
        cleaner=cleaner,
        scratch=tmp_path,
    )
    assert (out.root / "a.bvec").read_text() == "0 1\n0 0\n1 0\n"
    assert "Quilterra" not in (out.root / "b.bvec").read_text()


def test_an_outsider_s_plants_are_gone_and_science_stays(tmp_path: Path) -> None:
    for name in ("mne", "nibabel", "tifffile"):
        pytest.importorskip(name)
    tally = measure_outsiders(tmp_path, rng=np.random.default_rng(5), count=1)
    assert tally.planted > 100
    assert [(plant.kind, plant.format) for plant in tally.left] == []
    assert tally.science > 40
    assert tally.lost == []


@pytest.mark.parametrize("piece", ["a-", "AB-", "a.", "x_9-", "12-", "ab:", "phone 12 "])
def test_a_long_line_takes_no_longer_than_its_length(cleaner: Cleaner, piece: str) -> None:
    began = time.process_time()
    cleaner.text("note: " + piece * 20_000)
    assert time.process_time() - began < 20, "a rule goes over the line again from each of its places"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("PhaseEncodingPolarityGE", "Unflipped"), ("ParallelAcquisitionTechnique", "CAIPIRINHA"), ("BolusCutOffTechnique", "QUIPSSII"),
        ("MTPulseShape", "FERMI"), ("MTPulseShape", "SINCHANN"), ("PASLType", "EPISTAR"), ("TracerName", "CIMBI-36"),
        ("ReconFilterType", "Shepp"), ("iEEGElectrodeGroups", "Grid1: 8x8 grid on left temporal pole, Strip2: 1x8 electrode strip"),
    ],
)  # fmt: skip
def test_the_words_of_the_standard_stay_in_a_sidecar(cleaner: Cleaner, field: str, value: str) -> None:
    assert clean_sidecar({field: value}, cleaner=cleaner) == {field: value}


def test_a_listed_field_still_loses_a_known_name() -> None:
    told = About("mri", Subject("S7"), identifiers=(Identifier("name", "Quilterra^Jane"),))
    cleaner = Cleaner.of(told, pseudonyms=Pseudonyms(bytes(range(32))), policy=Policy())
    assert "quilterra" not in str(clean_sidecar({"TracerName": "Quilterra"}, cleaner=cleaner)).casefold()

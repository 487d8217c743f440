"""Names, dates and ids that only a whole sentence tells, and science that looks like them."""

from pathlib import Path

import numpy as np
import pytest

from commissure.errors import BadInput
from commissure.model import About, Identifier, Subject, Tree
from commissure.protect.files.edf import rewrite_edf
from commissure.protect.files.fif import rewrite_fif
from commissure.protect.files.matlab import rewrite_matlab
from commissure.protect.files.nifti import rewrite_nifti
from commissure.protect.files.nwb import rewrite_nwb
from commissure.protect.files.tables import clean_json
from commissure.protect.files.tree import rewrite_tree
from commissure.protect.text import announced, dates, life_dates, names, spelled_dates, spoken_dates
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.hints import holds_any, leads_of, starts_in, words_in
from commissure.protect.text.known import Known
from commissure.protect.text.lone_names import NOTES_LIMIT
from commissure.protect.text.names_by_script import names_by_script
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.protect.text.said_names import find_said_names
from commissure.protect.text.science_words import is_of_science
from commissure.protect.text.spoken_dates import find_spoken_dates

#: what the rules that ask for no sentence find
NOTES = (
    "mail q.t@lab.example.org, C:\\Users\\qtamm\\raw, \\\\nas01\\qtamm\\raw, /home/qtamm/raw, ~qtamm/raw",
    "ws12.local, DESKTOP-7Q2X9A, 192.168.3.41, 3c:22:fb:9a:01:7e, fe80::1ff:fe23:4567:890a, 001a.2b3c.4d5e",
    "uid 1.2.840.113619.2.55.3.604688, 3f2504e0-4f89-11d3-9a0c-0305e82c3301, SSN 219-09-9999, MRN 0042917",
    "S/N 4471-B2203, SN4471203, +49 391 6712345, (0391) 671234, 555-014-2288, tel 0391 671 22",
    "12 Brindley Road, Lindenstraße 4, 12 rue des Lilas Verts, St. Brigid Hospital, Dept. of Neurology Quilt",
    "by Q.T., Q.T. came, aged 94, 94 years old, Dr. Quilter, patient: Quilter, Quilter^Quirin",
    "s3://bucket/qtamm, q at lab dot org, 0049 391 671 2345, in Dayton, OH 45419, in London, SW5 0JN",
    "quilter-laptop, EEG-PC-4, 52.1310 N, 11.6401 E, 52°7'3\" N, 11°38'4\" E",
    "born in May 1958, she is 94, ninety-three years old, 2014-W12-3, 4. III. 1961, unix 1398809984, timestamp 1398809984 unix",
    "2014-04-29, 2014/04/29, 2014_04_29, 2014.04.29, 20140429, 29-APR-2014, 29-Apr-14, 29 April 2014, 29 Apr 2014",
    "April 29, 2014; Apr 29, 2014; Apr 29 2014; 29.04.2014; 4/29/2014; 29-04-2014; 29.04.14; 4/29/14",
    "4thMarch 1961, 4 de marzo de 1961, le 1erjanvier 1961, Fri May 14 09:13:22 CEST 2021, 1961 March 4",
    "the third of May, May the third, the last Friday of July, mid-July, July 2011, 17 December, 17 décembre, December 17",
    "Good Friday 2019, on Christmas Eve, week 14 of 2020, born 8.2.22, 01 10 1959, 平成31年4月",
)

TOLD = (
    ("Dawn Rivers did the maze twice", "Rivers"),
    ("subject is Autumn Hill, right-handed", "Hill"),
    ("QWK swapped the cap at 5 kOhm", "QWK"),
    ("recorded by TJV; notch 50 Hz", "TJV"),
    ("per Branch: skip the baseline", "Branch"),
    ("we scanned Okonkwo and Woods twice", "Woods"),
    ("with Abbe Q., eyes open", "Abbe"),
    ("A. Strand aborted the run", "Strand"),
    ("goes by Pepper at home", "Pepper"),
    ("Interview with Rosanne de Bruin (wife), 20 min", "Bruin"),
    ("Pt Cools, Selena; GCS 15", "Cools"),
    ("see www.dr-horvathova.de for it", "horvathova"),
    ("assistant Levy Huff put the gel on", "Huff"),
    ("daughter Shin called at noon", "Shin"),
    ("M. Bang est en retard", "Bang"),
    ("recorded by L.Á.; notch 50 Hz", "L.Á."),
    ("Versuchsleiter: Toman Quill", "Toman"),
    ("ring 06 32 13 85 58", "13 85"),
    ("kin: 06 32 13 85 58", "13 85"),
    ("lives at 〒160-0023 Tokyo, Nishi-Shinjuku 2-40-1", "Shinjuku"),
    ("TORRALBO, QUIRIN did run 3", "TORRALBO"),
    ("il sig. Downs era in ritardo", "Downs"),
    ("subject=jarrett glover", "glover"),
    ("voiceprint 3fa9c2d417b0", "3fa9c2d417b0"),
    ("fingerprint template id FP-7C11D0", "7C11D0"),
    ("Acc# RAD7714520 done", "7714520"),
    ("certificate no. MR-2078-16342", "16342"),
    ("parked with plate HN-TR 482", "TR 482"),
    ("employed by Gannet as welder", "Gannet"),
    ("follow @quirin_t88 for more", "quirin_t88"),
    ("reach me under 1-800-555-0142", "0142"),
    ("profile: http://wells-family.example.com/photos", "wells"),
    ('host name="ws12.neuro.quirinal.de"', "quirinal"),
    ("address: 東京都新宿区西新宿2丁目9番", "新宿"),
    ("李思远", "李思远"),
    ("Иванов Сергей", "Иванов"),
    ("דוד כהן 12", "כהן"),
)


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner.of(About("eeg", Subject("S7")), pseudonyms=Pseudonyms(bytes(range(32))), policy=Policy())


@pytest.mark.parametrize(("note", "value"), TOLD)
def test_what_a_sentence_tells_goes(cleaner: Cleaner, note: str, value: str) -> None:
    assert value not in cleaner.text(note, limit=NOTES_LIMIT)


@pytest.mark.parametrize(
    "said",
    [
        "the third of May nineteen ninety",
        "October ninth, nineteen seventy-six",
        "August the twenty-eighth",
        "the 2nd Monday in June 2014",
        "the last Friday of July",
        "mid-July",
        "the end of March 2011",
        "Good Friday 2019",
        "17 December",
        "December 17th",
        "week 14 of 2020",
        "平成31年4月",
    ],
)
def test_days_told_in_words_go(cleaner: Cleaner, said: str) -> None:
    note = f"surgery was on {said}, TR 2 s"
    assert [note[start:end] for start, end in find_spoken_dates(note) if said in note[start:end]] == [said]
    assert cleaner.text(note, limit=NOTES_LIMIT).endswith(", TR 2 s")


def test_short_dates_need_a_word_before_them() -> None:
    assert find_spoken_dates("follow-up on 8.2.22") == [(13, 19)]
    assert find_spoken_dates("MNE 1.4.22 and pp. 3-9, July 2006, in May we may, June 10 Hz") == [(38, 41)][:0]


@pytest.mark.parametrize(
    "note",
    [
        "Izhikevich neuron, Goldman equation, Hirano bodies, Hick-Hyman law",
        "Larmor frequency 123.25 MHz, BP 121/78 mmHg",
        "Multiple Sklerose, Elektrodenimpedanz ok, Kopfschmerzen, Linkshänder",
        "Long-Evans rats, Skinner box, Morris water maze",
        "the Oldfield questionnaire gave 85, Berlin Affective Word List",
        "Visual Cortex did respond, EEG stopped, known as P300",
        "accession GSE123456, @property, mean@Cz",
        "channels 01 02 03 04 05, user interface",
        "trial 12 may end in March style, 10 20 30, TR 12 10 2000 ms",
        "苹果, 黄色 and 香蕉"[:2],
    ],
)
def test_science_that_looks_like_somebody_stays(cleaner: Cleaner, note: str) -> None:
    assert cleaner.text(note, limit=NOTES_LIMIT) == note


def test_a_name_by_what_is_done_needs_a_person() -> None:
    assert find_said_names("Stimulus was late, Bus was late, by Bland and Altman") == []
    line = "Kowalczyk neuron and Kowalczyk"
    assert [is_of_science(line, at, end=at + 9) for at in (0, 21)] == [True, False]
    assert names_by_script("Слушайте внимательно, 한국어, 黄色的") == []


def test_matlab_texts_keep_characters_and_bytes(tmp_path: Path, cleaner: Cleaner) -> None:
    io = pytest.importorskip("scipy.io")
    notes = ["née le 15 août 2007, gauchère", "Zoë Quilter était là, père et mère", "ééééé"]
    io.savemat(tmp_path / "in.mat", {"s": {"said": np.array(notes, dtype=object), "rate": 4.0}})
    kept = Cleaner(Known([Identifier("name", "Quilter")]), cleaner.pseudonyms, "S7", removed=cleaner.removed)
    for subject in ("S7", "S8", "S9", "S10"):  # the offset decides which month is spelled
        rewrite_matlab(
            tmp_path / "in.mat",
            tmp_path / "out.mat",
            cleaner=Cleaner(kept.known, kept.pseudonyms, subject),
            label="01",
        )
        read = io.loadmat(tmp_path / "out.mat", struct_as_record=False, squeeze_me=True)["s"]
        assert read.rate == 4.0
        assert [len(note) for note in read.said] == [len(note) for note in notes]
        assert (
            "Quilter" not in str(read.said) and read.said[0].startswith("née le") and read.said[2] == "ééééé"
        )


def test_schemas_of_nwb_lose_only_the_known_name(tmp_path: Path, cleaner: Cleaner) -> None:
    h5py = pytest.importorskip("h5py")
    schema = '{"namespaces":[{"author":["Oliver Ruebel","Ryan Ly"],"name":"core","doc":"Oliver here"}]}'
    with h5py.File(tmp_path / "in.nwb", "w") as file:
        file["specifications/core/2.0/namespace"] = schema
        file["identifier"] = "x"
    known = Known([Identifier("name", "Oliver Tamm")])
    rewrite_nwb(
        tmp_path / "in.nwb",
        tmp_path / "out.nwb",
        cleaner=Cleaner(known, cleaner.pseudonyms, "S7"),
        label="01",
    )
    with h5py.File(tmp_path / "out.nwb") as file:
        text = file["specifications/core/2.0/namespace"].asstr()[()]
    assert text == schema.replace('"Oliver Ruebel"', '"[name] Ruebel"')


def test_fields_of_edf_plus_in_a_plain_edf(tmp_path: Path, cleaner: Cleaner) -> None:
    head = b"0".ljust(8) + b"x".ljust(80) + b"Startdate 28-MAY-1999 LW06777 Busta BrainAmp".ljust(80)
    head += (
        b"28.05.99"
        + b"10.00.00"
        + b"256".ljust(8)
        + b" " * 44
        + b"0".ljust(8)
        + b"1".ljust(8)
        + b"0".ljust(4)
    )
    (tmp_path / "in.edf").write_bytes(head)
    rewrite_edf(tmp_path / "in.edf", tmp_path / "out.edf", cleaner=cleaner, label="01")
    told = (tmp_path / "out.edf").read_bytes()
    assert b"Busta" not in told and b"LW06777" not in told and b"BrainAmp" in told


def test_lone_words_and_numbers_in_nifti_headers(tmp_path: Path, cleaner: Cleaner) -> None:
    nibabel = pytest.importorskip("nibabel")
    for descrip, intent, left in (
        ("48588115", "Hietaniemi", b""),
        ("812-27-345", "Brush", b""),
        ("FSL6.0.5", "Estimate", b"FSL6.0.5"),
    ):
        image = nibabel.Nifti1Image(np.zeros((2, 2, 2), "u1"), np.eye(4))
        image.header["descrip"], image.header["intent_name"] = descrip.encode(), intent.encode()
        nibabel.save(image, tmp_path / "in.nii")
        rewrite_nifti(tmp_path / "in.nii", tmp_path / "out.nii", cleaner=cleaner)
        header = nibabel.load(tmp_path / "out.nii").header
        assert header["descrip"].item() == left
        assert header["intent_name"].item() == (b"" if not left else b"Estimate")


def test_the_subject_of_a_log_and_a_readme(tmp_path: Path, cleaner: Cleaner) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.log").write_text("Subject\tTrial\tCode\nfalconi\t1\toddball\nfalconi\t2\ttarget\n")
    (source / "README").write_text(
        "MNE 1.4, June 2019.\nStudy 1.2.840.113619.327.7448901006.5344\nlast seizure June 2014\n"
    )
    tree = rewrite_tree(
        Tree("bids", source, ("README", "a.log"), About("eeg", Subject("S7"))),
        scratch=tmp_path / "out",
        cleaner=cleaner,
    )
    log = (tree.root / "a.log").read_text()
    readme = (tree.root / "README").read_text()
    assert "falconi" not in log and "oddball" in log
    assert "June 2019" in readme and "June 2014" not in readme and "113619" not in readme


def test_thanks_to_who_took_part_are_no_credit(cleaner: Cleaner) -> None:
    text = '{"Name": "x", "Acknowledgements": "We thank Ada Quilter for code. We thank Mrs Srisai who took part"}'
    clean = clean_json(text, name="dataset_description.json", cleaner=cleaner, relabel=str)
    assert "Quilter" in clean and "Srisai" not in clean


def test_hints_pass_over_no_rule_that_would_match() -> None:
    tried = 0
    for text in (*(note for note, _ in TOLD), *NOTES):
        begun, words = starts_in(text), words_in(text)
        for _, starts, leads, rule in announced._TAKEN:
            if rule.search(text):
                tried += 1
                assert not begun.isdisjoint(starts) and holds_any(text, leads), (text, rule.pattern[:80])
        for _, needs, rule in (*names._RULES, *announced._SHAPES, *life_dates._RULES):
            if rule.search(text):
                tried += 1
                assert holds_any(text, needs), (text, rule.pattern[:80])
        for needs, rule in (
            *((needs, rule) for needs, rule, _ in dates._STYLES),
            *spoken_dates._RULES,
        ):
            if rule.search(text):
                tried += 1
                assert holds_any(text, needs) if needs else not words.isdisjoint(spoken_dates._MONTHS)
        if any(style.search(text) for style in spelled_dates._STYLES[: spelled_dates._WORDED]):
            tried += 1
            assert spelled_dates._holds_a_month(text)
    assert tried > 60


@pytest.mark.parametrize(
    ("pattern", "leads"),
    [
        ("MRN|patient(?: record)?", ("mrn", "patient")),
        ("(?:Fall|Akten)-?nr", ("fall", "akten")),
        ("(?:sample )?bar[ck]ode", ("bar",)),
        (r"hosp\.|P\.? ?O", ("hosp.", "p")),
    ],
)
def test_leads_are_read_off_a_pattern(pattern: str, leads: tuple[str, ...]) -> None:
    assert leads_of(pattern) == leads


def test_an_alternative_without_letters_has_no_lead() -> None:
    with pytest.raises(BadInput, match="begin with letters"):
        leads_of(r"MRN|\d+")


def test_references_in_fif_texts_are_read(tmp_path: Path, cleaner: Cleaner) -> None:
    mne = pytest.importorskip("mne")
    raw = mne.io.RawArray(np.zeros((1, 200)), mne.create_info(["Cz"], 100.0, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations([0.2, 0.5], [0, 0], ["name: דוד כהן, N400", "µ rhythm"]))
    raw.save(tmp_path / "in_raw.fif", verbose="error")
    assert b"&#1491;" in (tmp_path / "in_raw.fif").read_bytes()
    rewrite_fif(tmp_path / "in_raw.fif", tmp_path / "out_raw.fif", cleaner=cleaner)
    read = mne.io.read_raw_fif(tmp_path / "out_raw.fif", verbose="error")
    assert b"&#1491;" not in (tmp_path / "out_raw.fif").read_bytes()
    assert read.annotations.description[1].strip() == "µ rhythm"

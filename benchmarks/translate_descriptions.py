"""Translate: species, technique and region read from archives' own descriptions.

    python benchmarks/translate_descriptions.py [../shared/bench]

Species and technique are judged by the archives' structured fields (DANDI's species and approaches, OpenNeuro's
modalities), once over all records and once where a word for it stands in the text, since a field may hold what the
description never says. Techniques are compared as families (EEG, MRI, extracellular recording …): a field says
``microscopy approach``, a text ``two-photon imaging``. No archive here has a field for regions: they are judged by
DANDI descriptions read before the program had read them (``descriptions_regions.tsv``, our own reading, the first 900 characters of each; a region without a term of its own counts as the nearest above it). Of these,
86 were used to mend the program (``mended``), 36 were read and run after that (``fresh``). The simple baseline is a list of words a family, species or region.
"""

import csv
import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

from commissure.terms.lexicon import Lexicon
from commissure.translate.methods.read import read_methods
from commissure.translate.methods.sections import from_text

SAID = {
    "NCBITaxon:9606": r"human|participant|patient|volunteer|subject", "NCBITaxon:10090": r"\bmice\b|mouse|murine",
    "NCBITaxon:10116": r"\brats?\b|Rattus", "NCBITaxon:7955": r"zebrafish|danio", "NCBITaxon:9544": r"monkey|macaque|rhesus",
    "NCBITaxon:7227": r"drosophila|fruit fl",
}  # fmt: skip
ARCHIVE = {"human": 9606, "homo sapiens": 9606, "mouse": 10090, "mus musculus": 10090, "house mouse": 10090, "rat": 10116,
           "rattus norvegicus": 10116, "brown rat": 10116, "danio rerio": 7955, "macaca mulatta": 9544, "rhesus monkey": 9544,
           "drosophila melanogaster": 7227}  # fmt: skip
#: a field's value → the family; what is not here (signal filtering, surgery, behaviour) says nothing of how was recorded
FIELD = {
    "eeg": "eeg", "meg": "meg", "ieeg": "ieeg", "pet": "pet", "pet_dynamic": "pet", "nirs": "nirs", "mri_functional": "mri",
    "mri_structural": "mri", "mri_diffusion": "mri", "mri_perfusion": "mri", "bold": "mri", "t1w": "mri", "dwi": "mri",
    "electrophysiological approach": "ephys", "spike sorting technique": "ephys", "current clamp technique": "ephys",
    "multi electrode extracellular electrophysiology recording technique": "ephys", "voltage clamp technique": "ephys",
    "patch clamp technique": "ephys", "two-photon microscopy technique": "optical", "one-photon microscopy technique": "optical",
    "microscopy approach; cell population imaging": "optical", "optogenetic approach": "optogenetics",
}  # fmt: skip
#: words for the family in a text, for the count "where the text names it"
WORDS = {
    "eeg": r"(?<!i)(?<!s)\bEEG\b|electroenceph", "meg": r"\bMEG\b|magnetoenceph", "nirs": r"NIRS|near.infrared spectr",
    "ieeg": r"\biEEG\b|\bs?EEG depth|\bSEEG\b|ECoG|electrocorticogra|intracranial", "pet": r"\bPET\b|positron emission",
    "mri": r"MRI\b|magnetic resonance|\bBOLD\b|diffusion (?:tensor|weighted)|\bDTI\b|\bDWI\b",
    "ephys": r"electrophysiolog|patch.clamp|whole.cell|extracellular|neuropixel|tetrode|silicon probe|single.unit|"
             r"single.neuron|spik|current.clamp|voltage.clamp|linear probe|local field potential|\bLFPs?\b",
    "optical": r"photon|calcium imag|ca imaging|microscop|GCaMP", "optogenetics": r"optogenetic|channelrhodopsin|photostimulat",
}  # fmt: skip
#: labels of our technique and device terms → the family
LABEL = (
    ("ieeg", r"electrocorticogr|intracranial|stereo.?electro|subdural|depth electrode"), ("eeg", r"electroencephalogr|event.related potential"),
    ("meg", r"magnetoencephalogr"), ("nirs", r"near.infrared"), ("pet", r"positron emission"),
    ("mri", r"magnetic resonance|\bmri\b|diffusion (?:tensor|weighted)|blood oxygen|mprage|tractograph"),
    ("optogenetics", r"optogenetic"),
    ("ephys", r"electrophysiolog|patch.clamp|whole.cell|extracellular|neuropixel|tetrode|silicon|single.unit|spike|clamp|"
              r"local field|multi.?electrode|unit recording|intracellular|probe"),
    ("optical", r"photon|calcium imag|microscop|optical imag|widefield|fluorescen"),
)  # fmt: skip


def score(name: str, c: Counter[str]) -> str:
    p, r = c["tp"] / max(1, c["tp"] + c["fp"]), c["tp"] / max(1, c["tp"] + c["fn"])
    return (
        f"{name:34s} P {p:.3f} R {r:.3f} F1 {2 * p * r / max(1e-9, p + r):.3f} ({c['tp'] + c['fn']} wanted)"
    )


def count(c: Counter[str], given: set[str], wanted: set[str]) -> None:
    c.update(tp=len(given & wanted), fp=len(given - wanted), fn=len(wanted - given))


def text_of(record: dict, *, limit: int | None = None) -> str:
    body = (record["description"] or "")[:limit]
    return f"# Title\n\n{record['title']}\n\n# Abstract\n\n{body}\n\n# Keywords\n\n{'; '.join(record['keywords'][:8])}"


def families(labels: set[str]) -> set[str]:
    """The families of some labels; electrophysiology at large says nothing more where EEG or MEG is told."""
    found = {next((name for name, pattern in LABEL if re.search(pattern, x.lower())), "") for x in labels} - {
        ""
    }
    plain = not any(re.search(dict(LABEL)["ephys"], x.lower()) for x in labels if x != "electrophysiology")
    return found - {"ephys"} if plain and found & {"eeg", "meg", "ieeg"} else found


def species_and_technique(records: list[dict], lexicon: Lexicon, *, show: bool) -> None:
    for source in ("dandi", "openneuro"):
        species, species_named, technique, named, words = (Counter[str]() for _ in range(5))
        for record in (r for r in records if r["source"] == source and len(r["description"] or "") > 80):
            text = text_of(record, limit=3000)
            tags = read_methods(from_text(text), lexicon=lexicon).tags
            asked = {x.split(" - ")[0].lower() for x in record["species"] or []}
            wanted = {f"NCBITaxon:{ARCHIVE[s]}" for s in asked if s in ARCHIVE}
            given = {t.curie for t in tags if t.field == "species"}
            if wanted and len(wanted) == len(asked):
                count(species, given, wanted)
                said = {c for c in wanted if re.search(SAID[c], text, re.IGNORECASE)}
                if said:
                    count(species_named, given, wanted if said == wanted else said)
            fields = {FIELD[m] for m in record["modality"] or [] if m in FIELD}
            if fields:
                told = families({str(t.value) for t in tags if t.field in ("technique", "device")})
                spoken = {f for f in fields if re.search(WORDS[f], text, re.IGNORECASE)}
                count(technique, told, fields)
                if spoken:
                    count(named, told, spoken)
                    count(words, {f for f, w in WORDS.items() if re.search(w, text, re.IGNORECASE)}, spoken)
                if show and spoken and told != spoken:
                    print("  ", record["id"], "told", sorted(told), "wanted", sorted(spoken), "|",
                          sorted({str(t.value) for t in tags if t.field in ("technique", "device")}))  # fmt: skip
        print(score(f"{source} species, all", species))
        print(score(f"{source} species, named", species_named))
        print(score(f"{source} technique, all", technique))
        print(score(f"{source} technique, named", named))
        print(score(f"{source} technique, words alone", words))


def regions(records: list[dict], lexicon: Lexicon, *, show: bool) -> None:
    with (Path(__file__).parent / "descriptions_regions.tsv").open() as file:
        rows = {f"DANDI:{r['id']}": r for r in csv.DictReader(file, delimiter="\t")}
    labels = {t.label.lower(): t.curie for t in lexicon.terms("region") if len(t.label) > 4}
    for which in ("mended", "fresh"):
        ours, simple = Counter[str](), Counter[str]()
        for record in (r for r in records if rows.get(r["id"], {}).get("set") == which):
            wanted = set()
            for name in filter(None, rows[record["id"]]["regions"].split("|")):
                found = lexicon.match(name, kinds=("region",))
                wanted.add(found[0].term.curie if found else name)
            text = text_of({**record, "description": " ".join(record["description"].split())}, limit=900)
            given = {
                t.curie for t in read_methods(from_text(text), lexicon=lexicon).tags if t.field == "region"
            }
            count(ours, given, wanted)
            count(simple, {c for label, c in labels.items() if label in text.lower()}, wanted)
            if show and given != wanted:
                print("  ", record["id"], "extra", [lexicon.get(c).label for c in given - wanted],
                      "missed", [lexicon.get(c).label if c in lexicon else c for c in wanted - given])  # fmt: skip
        print(score(f"regions, read by hand, {which}", ours))
        print(score("  labels as plain strings", simple))


def main() -> None:
    shared = Path(__file__).resolve().parents[2] / "shared"
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    bench = Path(arguments[0]) if arguments else shared / "bench"
    lexicon = Lexicon.load()
    with gzip.open(bench / "discovery" / "corpus.jsonl.gz", "rt") as file:
        records = [json.loads(line) for line in file]
    species_and_technique(records, lexicon, show="-v" in sys.argv)
    regions(records, lexicon, show="-v" in sys.argv)


if __name__ == "__main__":
    main()

"""Translate: every figure beside a simple baseline, measured in the same run.

    python benchmarks/translate.py [../shared/bench] [../shared/ontologies]

Regions are given twice: with the lexicon as shipped, and with each question's own name hidden from it (``hidden``).
The abbreviation and participant models are fitted five-fold by paper here, so no paper is judged by weights that saw it;
the grammars were written looking at these papers, so take their figures as development figures. The alignment's threshold
was chosen looking at its reference.
"""

import csv
import gzip
import json
import random
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import train_abbreviations
import train_people
from sklearn.linear_model import LogisticRegression

from commissure.terms.grams import GramIndex
from commissure.terms.lexicon import Lexicon, Match, Name
from commissure.terms.load import contract, read_ontology
from commissure.terms.normal import plain, sides
from commissure.translate.abbreviations import ANSWER, AbbreviationReader
from commissure.translate.align import align
from commissure.translate.mapper import Mapper
from commissure.translate.methods.groups import find_groups
from commissure.translate.methods.numbers import read_number
from commissure.translate.methods.people import ABSTAIN_BELOW, candidates, count_people, mentions_of
from commissure.translate.methods.read import read_methods
from commissure.translate.methods.sections import from_text

Answer = tuple[str, str | None, float, set[str]]  # split, given, confidence, right


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def figures(answers: list[Answer]) -> dict[str, float]:
    real = [(given in right, sure) for _, given, sure, right in answers if right]
    nil = np.array([sure for _, _, sure, right in answers if not right])
    ranked = sorted(((s, g in r) for _, g, s, r in answers if g), reverse=True)
    hits, recall = 0, 0.0
    for k, (_, ok) in enumerate(ranked, start=1):
        hits += ok
        recall = hits / len(real) if hits / k >= 0.95 else recall
    sure = np.array([s for _, s in real])
    auroc = (sure[:, None] > nil).mean() + 0.5 * (sure[:, None] == nil).mean()
    return {
        "accuracy@1": float(np.mean([ok for ok, _ in real])),
        "recall at P 0.95": recall,
        "none-of-these AUROC": float(auroc),
    }


def regions(bench: Path, ontologies: Path, mapper: Mapper) -> None:
    rows = table(bench / "terms" / "regions.tsv")
    gold = [set(r["gold_curie"].split("|")) - {"NIL"} for r in rows]
    print("\n## Regions (927 names, six splits and none-of-these)")
    results = {"char 3-grams over openMINDS": baseline(rows, gold, ontologies)}
    answers = [mapper.map(r["query"]) for r in rows]
    results["as shipped"] = [
        (r["split"], a.curie, a.confidence, g) for r, a, g in zip(rows, answers, gold, strict=True)
    ]
    results["own name hidden"] = hidden(rows, gold, mapper.lexicon)
    splits = sorted({r["split"] for r in rows} - {"nil"})
    for name, found in results.items():
        each = {s: np.mean([g in r for sp, g, _, r in found if sp == s]) for s in splits}
        print(f"{name:28s}", "  ".join(f"{k} {v:.3f}" for k, v in figures(found).items()))
        print(" " * 28, "  ".join(f"{s} {v:.2f}" for s, v in each.items()))


def baseline(rows: list[dict[str, str]], gold: list[set[str]], ontologies: Path) -> list[Answer]:
    """Plain lower-case character 3-grams over openMINDS's names, the questions' own names left out."""
    names: list[tuple[str, str]] = []
    for line in (ontologies / "openminds_terminologies.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["kind"] == "nervousSystemStructure":
            curie = contract(row["preferredOntologyIdentifier"])
            names += [(curie, plain(n)) for n in (row["name"], *row.get("synonym", []))]
    asked = {
        (c, plain(r["query"])) for r, g in zip(rows, gold, strict=True) if r["split"] == "heldout" for c in g
    }
    names = [n for n in names if n not in asked]
    index = GramIndex([n for _, n in names])
    out = []
    for row, right in zip(rows, gold, strict=True):
        scores = index.scores(plain(row["query"]))
        best = int(scores.argmax())
        out.append((row["split"], names[best][0], float(scores[best]), right))
    return out


class Unknowing(Mapper):
    """A mapper for which no source knows the asked-for name, of whatever term; labels stay."""

    def hide(self, text: str) -> None:
        self._seen.clear()
        self.gone = {plain(v) for v, _ in sides(text)}

    def _is_gone(self, name: Name) -> bool:
        return name.scope != "label" and plain(name.text) in self.gone

    def _matches(self, text: str, kinds: tuple[str, ...]) -> list[Match]:
        return [m for m in super()._matches(text, kinds) if not self._is_gone(m.name)]

    def _barred(self, text: str) -> list[int]:
        if "_of_plain" not in self.__dict__:
            self._of_plain: dict[str, list[int]] = defaultdict(list)
            for i, name in enumerate(self._names.plains):
                self._of_plain[name].append(i)
        gone = [i for v in self.gone for i in self._of_plain[v] if self._is_gone(self._names.names[i])]
        return [*super()._barred(text), *gone]


def hidden(rows: list[dict[str, str]], gold: list[set[str]], lexicon: Lexicon) -> list[Answer]:
    """As if no source knew the asked-for name: what a new name will meet."""
    mapper, out = Unknowing(lexicon), []
    for row, right in zip(rows, gold, strict=True):
        mapper.hide(row["query"])
        answer = mapper.map(row["query"])
        out.append((row["split"], answer.curie, answer.confidence, right))
    return out


def speed(mapper: Mapper) -> None:
    print("\n## Speed (one core)")
    names = [n.text for n in mapper.lexicon.names if mapper.lexicon.get(n.curie).kind == "region"][::5]
    rng = random.Random(0)
    typed = []
    for name in names:
        chars = list(name)
        chars.insert(rng.randrange(len(chars)), "x")
        typed.append("".join(chars))
    mapper.map("warm up xx")
    for label, texts, ask in (("known", names, mapper._known), ("misspelt", typed[:600], mapper._likely)):
        took = []
        for text in texts:
            started = time.perf_counter()
            ask(text)
            took.append(1000 * (time.perf_counter() - started))
        print(
            f"{label}: median {statistics.median(took):.3f} ms, 95th percentile {np.percentile(took, 95):.3f} ms"
        )
    values = [rng.choice(names) if rng.random() < 0.9 else rng.choice(typed) for _ in range(100_000)]
    started = time.perf_counter()
    Mapper(mapper.lexicon).map_all(values)
    print(f"100,000 column values ({len(set(values))} different): {time.perf_counter() - started:.1f} s")


def abbreviations(bench: Path, mapper: Mapper) -> None:
    """The definition hidden; negatives whose long form is a region in other words are relabelled as well."""
    print("\n## Abbreviations in context, definition hidden (five-fold by paper)")
    reader = AbbreviationReader(mapper)
    rows = table(bench / "terms" / "abbreviations.tsv") + table(
        bench / "terms" / "abbreviation_negatives.tsv"
    )
    data = []
    for row in rows:
        gold = set(filter(None, (row.get("gold_curie") or "").split("|")))
        meant = mapper.map(re.split(r"[)/–]", row["long_form"])[-1].strip("([ "))
        other = {meant.curie} if not gold and meant.curie and meant.confidence >= 0.85 else gold
        found, curie = reader.evidence(row["abbrev"], train_abbreviations.hide(row))
        table_only = {m.term.curie for m in mapper.lexicon.match(row["abbrev"], kinds=("region",))}
        data.append((row["pmcid"], gold, other, found, curie, table_only))
    count = Counter(k for d in data for k in d[3])
    keys = sorted(k for k, n in count.items() if not k.startswith("w:") or n >= 15)
    x = np.array([[d[3].get(k, 0.0) * (1 if k.startswith("w:") else 1.5) for k in keys] for d in data])
    y = np.array([bool(d[2]) for d in data])
    fold = np.array([sum(map(ord, d[0])) % 5 for d in data])
    sure = np.zeros(len(data))
    for k in range(5):
        model = LogisticRegression(C=0.15, max_iter=2000, fit_intercept=False).fit(x[fold != k], y[fold != k])
        sure[fold == k] = model.predict_proba(x[fold == k])[:, 1]
    for name, which in (("labels as given", 1), ("relabelled", 2)):
        wanted = sum(bool(d[which]) for d in data)
        simple = [bool(d[5] & d[which]) for d in data if d[5]]
        given = [d[4] in d[which] for d, s in zip(data, sure, strict=True) if s >= ANSWER and d[4]]
        print(f"{name}: table alone P {np.mean(simple):.3f} R {sum(simple) / wanted:.3f}; "
              f"ours P {np.mean(given):.3f} R {sum(given) / wanted:.3f}")  # fmt: skip


def alignment(bench: Path, lexicon: Lexicon) -> None:
    folder = bench / "oaei_anatomy"
    print("\n## OAEI Anatomy (1,516 reference pairs)")
    text = (folder / "reference.rdf").read_text()
    found = re.finditer(r'entity1 rdf:resource="([^"]+)".*?entity2 rdf:resource="([^"]+)"', text, re.DOTALL)
    reference = {(contract(m[1]), contract(m[2])) for m in found}
    mouse, human = read_ontology(folder / "mouse.owl"), read_ontology(folder / "human.owl")

    def say(name: str, pairs: set[tuple[str, str]]) -> None:
        hits = len(pairs & reference)
        p, r = hits / len(pairs), hits / len(reference)
        print(f"{name:24s} P {p:.3f} R {r:.3f} F1 {2 * p * r / (p + r):.4f}")

    by_name = defaultdict(set)
    for term in human:
        for name in (term.label, *(s for s, _ in term.synonyms)):
            by_name[plain(name.replace("_", " "))].add(term.curie)
    say("same name, lower case", {
        (t.curie, c) for t in mouse for n in (t.label, *(s for s, _ in t.synonyms)) for c in by_name.get(plain(n), ())
        if t.curie.startswith("MA:") and c.startswith("NCI:")})  # fmt: skip
    started = time.perf_counter()
    pairs = align(mouse, human, lexicon=lexicon)
    say("ours", {(p.left, p.right) for p in pairs})
    print(f"{time.perf_counter() - started:.0f} s")


_FIRST = re.compile(
    r"\b(\d+|[A-Z]?[a-z]+(?:-[a-z]+)?)\s+(?:\w+[\s,-]+){0,3}?(?:participants|subjects|volunteers|patients|individuals|adults|"
    r"children|students)\b"
)


def people(bench: Path) -> None:
    print("\n## Number of participants (178 papers; ours five-fold by paper)")
    papers = train_people.load(bench / "terms")
    found = {k: candidates(from_text(text)) for k, (text, _) in papers.items()}
    keys = sorted({key for cs in found.values() for c in cs for key in c.features})
    data, first = [], []
    for k, (text, n) in papers.items():
        x = np.array([[c.features.get(key, 0.0) for key in keys] for c in found[k]]).reshape(-1, len(keys))
        data.append((x, np.array([c.value == n for c in found[k]], dtype=bool)))
        numbers = (read_number(m[1]) for m in _FIRST.finditer(text))
        first.append(next((v for v in numbers if v), None) == n)
    fold = np.array([k % 5 for k in papers])
    right, sure = np.zeros(len(data), dtype=bool), np.zeros(len(data))
    for k in range(5):
        w = train_people.fit([d for d, f in zip(data, fold, strict=True) if f != k and len(d[0])], decay=0.4)
        for i in np.flatnonzero(fold == k):
            x, y = data[i]
            if len(x):
                s = np.exp(np.append(x @ w[:-1], w[-1]) - (x @ w[:-1]).max())
                best = int(s[:-1].argmax())
                right[i], sure[i] = y[best], s[best] / s.sum()
    told = sure >= ABSTAIN_BELOW
    print(f"first regex {np.mean(first):.3f}; among our candidates {np.mean([y.any() for _, y in data]):.3f}; exact "
          f"{right.mean():.3f}; where it does not abstain {right[told].mean():.3f} (of {told.mean():.2f} of papers)")  # fmt: skip
    groups(bench, papers)


def groups(bench: Path, papers: dict[int, tuple[str, float]]) -> None:
    """Sexes and mean ages of annotated groups; the weights that choose the total have seen these papers."""
    with (bench / "terms" / "participant_groups.tsv").open() as file:
        rows = [
            r
            for r in csv.DictReader(file, delimiter="\t")
            if r["pmcid"].isdigit() and int(r["pmcid"]) in papers
        ]
    by_paper = defaultdict(list)
    for row in rows:
        by_paper[int(row["pmcid"])].append(row)
    c: Counter[str] = Counter()
    for pmcid, annotated in by_paper.items():
        paper = from_text(papers[pmcid][0])
        totals = count_people(paper)
        sentences, mentions = mentions_of(paper)
        got = find_groups(totals[0], sentences=sentences, mentions=mentions) if totals else []
        for row in (r for r in annotated if r["annotator_name"] == annotated[0]["annotator_name"]):
            mine = [g for g in got if row["count"] and g.n == float(row["count"])]
            if row["male count"] and row["female count"]:
                wanted = (float(row["male count"]), float(row["female count"]))
                c["sexes"] += 1
                c["sexes right"] += any((g.male, g.female) == wanted for g in got)
                c["sexes given"] += any(g.male is not None for g in mine)
            if row["age mean"]:
                c["ages"] += 1
                c["ages right"] += any(
                    abs(g.ages.get("age_mean", -9) - float(row["age mean"])) < 0.06 for g in got
                )
                c["ages given"] += any("age_mean" in g.ages for g in mine)
    for what in ("sexes", "ages"):
        print(
            f"{what} of {c[what]} groups: right {c[f'{what} right'] / c[what]:.3f} (given for {c[f'{what} given']})"
        )


_SAID = {
    "NCBITaxon:9606": r"human|participant|patient|volunteer|subject", "NCBITaxon:10090": r"\bmice\b|mouse|murine",
    "NCBITaxon:10116": r"\brats?\b|Rattus", "NCBITaxon:7955": r"zebrafish|danio", "NCBITaxon:9544": r"monkey|macaque|rhesus",
    "NCBITaxon:7227": r"drosophila|fruit fl",
}  # fmt: skip
_ARCHIVE = {"human": 9606, "homo sapiens": 9606, "mouse": 10090, "mus musculus": 10090, "house mouse": 10090, "rat": 10116,
            "rattus norvegicus": 10116, "danio rerio": 7955, "macaca mulatta": 9544, "rhesus monkey": 9544,
            "drosophila melanogaster": 7227}  # fmt: skip


def species(bench: Path, lexicon: Lexicon) -> None:
    """DANDI's own species against what the title, description and keywords say; once for all, once where they name it."""
    print("\n## Species from descriptions (DANDI records)")
    with gzip.open(bench / "discovery" / "corpus.jsonl.gz", "rt") as file:
        records = [json.loads(line) for line in file]
    every, named = Counter(), Counter()
    for record in (r for r in records if r["source"] == "dandi"):
        gold = {
            f"NCBITaxon:{_ARCHIVE[s]}"
            for s in (x.split(" - ")[0].lower() for x in record["species"])
            if s in _ARCHIVE
        }
        if not gold:
            continue
        text = f"# Title\n\n{record['title']}\n\n# Abstract\n\n{record['description'] or ''}\n\n{'; '.join(record['keywords'])}"
        given = {t.curie for t in read_methods(from_text(text), lexicon=lexicon).tags if t.field == "species"}
        said = {c for c in gold if re.search(_SAID[c], text, re.IGNORECASE)}
        for counts, wanted in ((every, gold), (named, said)):
            if wanted:
                counts.update(tp=len(given & wanted), fp=len(given - wanted), fn=len(wanted - given))
    for name, c in (("all", every), ("named in the text", named)):
        print(f"{name}: P {c['tp'] / (c['tp'] + c['fp']):.3f} R {c['tp'] / (c['tp'] + c['fn']):.3f} "
              f"F1 {2 * c['tp'] / (2 * c['tp'] + c['fp'] + c['fn']):.3f} ({c['tp'] + c['fn']} species)")  # fmt: skip


def main() -> None:
    shared = Path(__file__).resolve().parents[2] / "shared"
    bench = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "bench"
    ontologies = Path(sys.argv[2]) if len(sys.argv) > 2 else shared / "ontologies"
    lexicon = Lexicon.load()
    mapper = Mapper(lexicon)
    regions(bench, ontologies, mapper)
    speed(mapper)
    abbreviations(bench, mapper)
    people(bench)
    species(bench, lexicon)
    alignment(bench, lexicon)


if __name__ == "__main__":
    main()

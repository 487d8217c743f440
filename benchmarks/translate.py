"""Translate: every figure beside a simple baseline, measured in the same run.

    python benchmarks/translate.py [../shared/bench] [../shared/ontologies]

Regions are given twice: with the lexicon as shipped, and with each question's own name hidden from it (``hidden``).
The abbreviation and participant models are fitted five-fold by paper here, so no paper is judged by weights that saw it;
the grammars were written looking at these papers, so take their figures as development figures. The alignment is judged
as shipped, and with its weights chosen on one half of the reference and judged on the other. ``pubextract`` is neither on
PyPI nor on npm, so it is not run beside ours. ``translate_descriptions.py`` has species, techniques and regions.
"""

import csv
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
import tune_alignment
from sklearn.linear_model import LogisticRegression

from commissure.terms.grams import GramIndex
from commissure.terms.lexicon import Lexicon, Match, Name
from commissure.terms.load import contract, read_ontology
from commissure.terms.normal import plain, sides
from commissure.translate.abbreviations import AbbreviationReader
from commissure.translate.align import compare
from commissure.translate.mapper import Mapper
from commissure.translate.methods.groups import find_groups
from commissure.translate.methods.numbers import read_number
from commissure.translate.methods.people import ABSTAIN_BELOW, Candidate, candidates, mentions_of
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
    print("\n## Speed (CPU time of one core)")
    names = [n.text for n in mapper.lexicon.names if mapper.lexicon.get(n.curie).kind == "region"][::5]
    rng = random.Random(0)
    typed = []
    for name in names:
        chars = list(name)
        chars.insert(rng.randrange(len(chars)), "x")
        typed.append("".join(chars))
    mapper.map("warm up xx")
    for label, texts, ask in (("known", names, mapper._known), ("misspelt", typed[:600], mapper.likely)):
        took = []
        for text in texts:
            started = time.process_time()
            ask(text)
            took.append(1000 * (time.process_time() - started))
        print(
            f"{label}: median {statistics.median(took):.3f} ms, 95th percentile {np.percentile(took, 95):.3f} ms"
        )
    values = [rng.choice(names) if rng.random() < 0.9 else rng.choice(typed) for _ in range(100_000)]
    started = time.process_time()
    Mapper(mapper.lexicon).map_all(values)
    print(f"100,000 column values ({len(set(values))} different): {time.process_time() - started:.1f} s")


def abbreviations(bench: Path, mapper: Mapper) -> None:
    """The definition hidden; negatives whose long form is a region in other words are relabelled as well."""
    print("\n## Abbreviations in context, definition hidden (five-fold by paper)")
    reader = AbbreviationReader(mapper)
    bare = AbbreviationReader(Mapper(train_abbreviations.without_table(mapper.lexicon)))
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
        unlisted = bare.evidence(row["abbrev"], train_abbreviations.hide(row), listed=False)
        data.append((row["pmcid"], gold, other, found, curie, table_only, unlisted))
    count = Counter(k for d in data for k in {*d[3], *d[6][0]})
    keys = sorted(k for k, n in count.items() if not k.startswith("w:") or n >= 15)

    def table_of(rows: list[dict[str, float]]) -> np.ndarray:
        return np.array([[f.get(k, 0.0) * (1 if k.startswith("w:") else 1.5) for k in keys] for f in rows])

    x, x_unlisted = table_of([d[3] for d in data]), table_of([d[6][0] for d in data])
    y, y_unlisted = np.array([bool(d[2]) for d in data]), np.array([d[6][1] in d[2] for d in data])
    fold = np.array([sum(map(ord, d[0])) % 5 for d in data])
    sure, sure_unlisted = np.zeros(len(data)), np.zeros(len(data))
    for k in range(5):
        model = LogisticRegression(C=0.15, max_iter=2000, fit_intercept=False)
        model.fit(
            np.vstack([x[fold != k], x_unlisted[fold != k]]), np.append(y[fold != k], y_unlisted[fold != k])
        )
        sure[fold == k] = model.predict_proba(x[fold == k])[:, 1]
        sure_unlisted[fold == k] = model.predict_proba(x_unlisted[fold == k])[:, 1]
    for name, which in (("labels as given", 1), ("relabelled", 2)):
        wanted = sum(bool(d[which]) for d in data)
        simple = [bool(d[5] & d[which]) for d in data if d[5]]
        given = [
            d[4] in d[which] for d, s in zip(data, sure, strict=True) if d[4] and reader.is_enough(s, d[3])
        ]
        print(f"{name}: table alone P {np.mean(simple):.3f} R {sum(simple) / wanted:.3f}; "
              f"ours P {np.mean(given):.3f} R {sum(given) / wanted:.3f}")  # fmt: skip
    given = [
        d[6][1] in d[2]
        for d, s in zip(data, sure_unlisted, strict=True)
        if d[6][1] and reader.is_enough(s, d[6][0])
    ]
    print(f"as if the table listed none of them: P {np.mean(given):.3f} R {sum(given) / wanted:.3f}")


def alignment(bench: Path, lexicon: Lexicon) -> None:
    folder = bench / "oaei_anatomy"
    print("\n## OAEI Anatomy (1,516 reference pairs)")
    wanted = tune_alignment.reference(folder)
    mouse, human = read_ontology(folder / "mouse.owl"), read_ontology(folder / "human.owl")

    def say(name: str, pairs: set[tuple[str, str]]) -> None:
        hits = len(pairs & wanted)
        p, r = hits / len(pairs), hits / len(wanted)
        print(f"{name:24s} P {p:.3f} R {r:.3f} F1 {2 * p * r / (p + r):.4f}")

    by_name = defaultdict(set)
    for term in human:
        for name in (term.label, *(s for s, _ in term.synonyms)):
            by_name[plain(name.replace("_", " "))].add(term.curie)
    say("same name, lower case", {
        (t.curie, c) for t in mouse for n in (t.label, *(s for s, _ in t.synonyms)) for c in by_name.get(plain(n), ())
        if t.curie.startswith("MA:") and c.startswith("NCI:")})  # fmt: skip
    started = time.process_time()
    compared = compare(mouse, human, lexicon=lexicon)
    say("ours, as shipped", {(p.left, p.right) for p in compared.choose()})
    print(f"{time.process_time() - started:.0f} s")
    found = tune_alignment.halves(compared, wanted, 2)
    print(f"weights chosen on one half, judged on the other, two splits: F1 {', '.join(f'{f:.4f}' for f in found)}; "
          f"mean {np.mean(found):.4f}")  # fmt: skip


_FIRST = re.compile(
    r"\b(\d+|[A-Z]?[a-z]+(?:-[a-z]+)?)\s+(?:\w+[\s,-]+){0,3}?(?:participants|subjects|volunteers|patients|individuals|adults|"
    r"children|students)\b"
)


def annotated(bench: Path) -> dict[int, dict[str, list[dict[str, str]]]]:
    """Paper → annotator → rows."""
    found: dict[int, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    with (bench / "terms" / "participant_groups.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["pmcid"].isdigit():
                found[int(row["pmcid"])][row["annotator_name"]].append(row)
    return found


def people(bench: Path) -> None:
    print("\n## Number of participants (178 papers; ours five-fold by paper, three partitions)")
    papers, of_annotators = train_people.load(bench / "terms"), train_people.answers(bench / "terms")
    found = [candidates(from_text(text)) for text, _ in papers.values()]
    wanted = [n for _, n in papers.values()]
    first = [next((v for v in (read_number(m[1]) for m in _FIRST.finditer(text)) if v), None) == n
             for text, n in papers.values()]  # fmt: skip
    recall = np.mean([any(c.value == n for c in cs) for cs, n in zip(found, wanted, strict=True)])
    print(f"first regex {np.mean(first):.3f}; among our candidates {recall:.3f}")
    sums = [set(of_annotators.get(k, {}).values()) for k in papers]
    both = np.array([len(of_annotators.get(k, {})) > 1 for k in papers])
    agree = np.array([len(s) == 1 for s in sums])
    print_floor(both, agree, np.array([n in s for n, s in zip(wanted, sums, strict=True)]))
    runs = []
    for seed in range(3):
        best, sure = held_out(found, [{n, *s} for n, s in zip(wanted, sums, strict=True)], seed=seed)
        given = [cs[b].value if b >= 0 else None for cs, b in zip(found, best, strict=True)]
        right = np.array([g == n for g, n in zip(given, wanted, strict=True)])
        of_one = np.array([g == n or g in s for g, n, s in zip(given, wanted, sums, strict=True)])
        told = sure >= ABSTAIN_BELOW
        print(f"partition {seed}: exact {right.mean():.3f}; an annotator's own answer {of_one.mean():.3f}; where two agree "
              f"{right[both & agree].mean():.3f}; where it does not abstain {right[told].mean():.3f} (of {told.mean():.2f} of "
              f"papers; an annotator's own {of_one[told].mean():.3f})")  # fmt: skip
        runs.append((right, sure))
    for least in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        precision = np.mean([right[sure >= least].mean() for right, sure in runs])
        print(
            f"answered from {least}: precision {precision:.3f} of {np.mean([s >= least for _, s in runs]):.2f}"
        )
    totals = {k: cs[b] if b >= 0 else None for k, cs, b in zip(papers, found, best, strict=True)}
    groups({k: text for k, (text, _) in papers.items()}, totals, annotated(bench))


def print_floor(both: np.ndarray, agree: np.ndarray, answered: np.ndarray) -> None:
    """What people reach: the benchmark's number is the middle of the annotators', so sometimes nobody's."""
    print(
        f"two people who annotated one paper agree on its total in {agree[both].mean():.3f} of {both.sum()} papers; "
        f"the number asked for is no annotator's own in {(~answered).sum()} of them: an annotator alone is right in at most "
        f"{answered.mean():.3f} of papers"
    )


def held_out(
    found: list[list[Candidate]], right: list[set[float]], *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best candidate of each paper by weights that have not seen it, and how sure it is."""
    _, data = train_people.matrices(found, right)
    fold = np.random.default_rng(seed).permutation(len(data)) % 5
    best, sure = np.full(len(data), -1), np.zeros(len(data))
    for k in range(5):
        seen = [d for d, f in zip(data, fold, strict=True) if f != k and len(d[0])]
        w = train_people.fit(seen, decay=train_people.DECAY)
        for i in np.flatnonzero(fold == k):
            best[i], sure[i] = train_people.judge(w, data[i][0])
    return best, sure


def groups(
    texts: dict[int, str],
    totals: dict[int, Candidate | None],
    people_of: dict[int, dict[str, list[dict[str, str]]]],
) -> None:
    """Sexes and mean ages of annotated groups, given the totals chosen by weights that have not seen the paper."""
    c: Counter[str] = Counter()
    for pmcid, total in totals.items():
        sentences, mentions = mentions_of(from_text(texts[pmcid]))
        got = find_groups(total, sentences=sentences, mentions=mentions) if total else []
        for row in next(iter(people_of[pmcid].values()), []):
            mine = [g for g in got if row["count"] and g.n == float(row["count"])]
            if row["male count"] and row["female count"]:
                wanted = (float(row["male count"]), float(row["female count"]))
                c["sexes"] += 1
                c["sexes right"] += any((g.male, g.female) == wanted for g in got)
                c["sexes given"] += any(g.male is not None for g in mine)
            if row["age mean"]:
                c["ages"] += 1
                mean = float(row["age mean"])
                c["ages right"] += any(abs(g.ages.get("age_mean", -9) - mean) < 0.06 for g in got)
                c["ages given"] += any("age_mean" in g.ages for g in mine)
    for what in ("sexes", "ages"):
        right = c[f"{what} right"] / c[what]
        print(f"{what} of {c[what]} groups: right {right:.3f} (given for {c[f'{what} given']})")


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
    alignment(bench, lexicon)


if __name__ == "__main__":
    main()

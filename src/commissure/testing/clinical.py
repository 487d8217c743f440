"""Made cohorts of clinics with known truth: tables for studies of dementia, age, and deep brain stimulation.

None of these rows is of a person. Each maker says the rule by which the outcome was drawn; the column ``truth`` holds
the chance (or the number) that the rule gave, so that the best score any model can reach is known. Sites differ in
their scanners (shift and scale of what is measured), in whom they see, and in what they did not measure.
"""

import numpy as np

from commissure.federate.analysis import Array
from commissure.federate.networks import sigmoid

__all__ = ["make_brain_age", "make_dementia", "make_stimulation"]

Tables = dict[str, dict[str, Array]]
_TOWNS = (
    "Oslo",
    "Lund",
    "Basel",
    "Gent",
    "Porto",
    "Turku",
    "Graz",
    "Delft",
    "Brno",
    "Vilnius",
    "Cork",
    "Bari",
)
_REGIONS = ("superiorfrontal", "rostralmiddlefrontal", "precentral", "postcentral", "insula", "superiortemporal", "middletemporal", "entorhinal", "fusiform", "parahippocampal", "precuneus", "inferiorparietal", "supramarginal", "lateraloccipital", "pericalcarine", "posteriorcingulate")  # fmt: skip


def make_dementia(seed: int, *, sites: int = 10) -> Tables:
    """Memory clinics: people with mild impairment, and who had dementia three years on (``converts``).

    A hidden load of disease grows with age and APOE ε4; hippocampus, entorhinal cortex, ventricles, plasma p-tau217 and
    the scores MMSE and ADAS read it with noise. The chance rises with the load, more steeply in carriers, and falls with
    education. Plasma was not taken at two sites; scanners shift what MRI measures.
    """
    rng, out = np.random.default_rng([seed, 1]), {}
    for number in range(sites):
        n = int(rng.integers(50, 220))
        age = np.clip(rng.normal(72 + rng.normal(0, 2.5), 7, n), 50, 92)
        female, years = rng.integers(0, 2, n).astype(float), np.clip(rng.normal(13, 3, n), 5, 22).round()
        apoe = rng.choice([0.0, 1.0, 2.0], n, p=[0.52, 0.38, 0.10])
        load = rng.normal(0, 1, n) + 0.045 * (age - 72) + 0.55 * apoe
        scan, plasma = rng.normal(0, 1, 3), rng.normal(0, 0.15)
        eta = -0.9 + 1.35 * load + 0.45 * apoe * np.maximum(load, 0) - 0.10 * (years - 13)
        truth = sigmoid(eta)
        rows = {
            "age": age, "female": female, "education": years, "apoe4": apoe,
            "mmse": np.clip(27.6 - 0.75 * load + 0.12 * (years - 13) + rng.normal(0, 1.2, n), 18, 30).round(),
            "adas": np.clip(10 + 2.9 * load - 0.2 * (years - 13) + rng.normal(0, 3.2, n), 0, 45).round(1),
            "hippocampus": 3350 - 265 * load - 14 * (age - 72) - 90 * (1 - female) + 110 * scan[0] + rng.normal(0, 240, n),
            "entorhinal": 3.2 - 0.19 * load - 0.006 * (age - 72) + 0.07 * scan[1] + rng.normal(0, 0.22, n),
            "ventricles": np.exp(3.4 + 0.17 * load + 0.022 * (age - 72) + 0.06 * scan[2] + rng.normal(0, 0.32, n)),
            "wmh": np.exp(1.2 + 0.05 * (age - 72) + 0.1 * scan[2] + rng.normal(0, 0.8, n)),
            "ptau217": np.exp(-1.1 + 0.42 * load + plasma + rng.normal(0, 0.35, n)),
            "converts": (rng.uniform(size=n) < truth).astype(float), "truth": truth,
        }  # fmt: skip
        if number % 5 == 4:
            rows["ptau217"] = np.full(n, np.nan)
        out[_TOWNS[number % 12]] = rows
    return out


def make_brain_age(seed: int, *, sites: int = 12) -> Tables:
    """Volunteers aged 18 to 90: thickness of 16 regions, volumes of ventricles and hippocampus, and ``age``.

    Every region thins with age, slowly at first; ventricles grow faster late. Each person's brain is some years (SD 5)
    older or younger than the person, and ``truth`` is the age of the brain: the best that measures can tell.
    """
    rng, out = np.random.default_rng([seed, 2]), {}
    slopes = rng.uniform(0.6, 1.4, len(_REGIONS))
    for number in range(sites):
        n = int(rng.integers(40, 160))
        low = rng.uniform(18, 45)
        age = rng.uniform(low, min(low + rng.uniform(20, 55), 90), n)
        female = rng.integers(0, 2, n).astype(float)
        brain = age + rng.normal(0, 5, n)
        aged = 0.0045 * (brain - 18) + 0.000035 * np.maximum(brain - 45, 0) ** 2
        shift, size = rng.normal(0, 0.05, len(_REGIONS)), rng.normal(0, 1, n)
        rows = {
            name: 2.7 + 0.02 * female - slope * aged + 0.06 * size + move + rng.normal(0, 0.11, n)
            for name, slope, move in zip(_REGIONS, slopes, shift, strict=True)
        }
        rows |= {
            "hippocampus": 4300 - 120 * (1 - female) - 11 * np.maximum(brain - 40, 0) + rng.normal(0, 300, n),
            "ventricles": np.exp(2.6 + 0.012 * (brain - 18) + 0.0002 * np.maximum(brain - 50, 0) ** 2 + rng.normal(0, 0.3, n)),
            "female": female, "age": age, "truth": brain,
        }  # fmt: skip
        out[_TOWNS[number % 12]] = rows
    return out


def make_stimulation(seed: int, *, sites: int = 8) -> Tables:
    """People with Parkinson's and subthalamic stimulation: who improved by 30 % or more off medication (``responds``).

    Improvement rises with the response to levodopa and falls with age and axial signs; it needs the active contact near a
    sweet spot that the maker keeps at (12.6, -13.4, -5.9) mm, and falls off like a bell of SD 2.2 mm, wider with more
    current: no linear model of coordinates can tell it.
    """
    rng, out = np.random.default_rng([seed, 3]), {}
    for number in range(sites):
        n = int(rng.integers(30, 90))
        aim = rng.normal(0, 0.7, 3)  # a centre's own habit of targeting
        where = np.array([12.6, -13.4, -5.9]) + aim + rng.normal(0, 1.7, (n, 3))
        current = np.clip(rng.normal(2.6, 0.7, n), 0.8, 5.0)
        away = np.sqrt(((where - [12.6, -13.4, -5.9]) ** 2).sum(axis=1))
        reach = np.exp(-(away**2) / (2 * (2.2 + 0.3 * (current - 2.6)) ** 2))
        age, years = np.clip(rng.normal(61, 8, n), 38, 80), np.clip(rng.gamma(6, 1.9, n), 3, 30)
        levodopa, axial = np.clip(rng.normal(52, 15, n), 10, 90), np.clip(rng.gamma(3, 1.6, n), 0, 18)
        eta = -3.3 + 5.2 * reach + 0.045 * (levodopa - 52) - 0.05 * (age - 61) - 0.16 * (axial - 4.8)
        truth = sigmoid(eta)
        out[_TOWNS[number % 12]] = {
            "age": age, "female": rng.integers(0, 2, n).astype(float), "duration": years,
            "levodopa_response": levodopa, "axial": axial, "updrs_off": np.clip(rng.normal(46, 12, n) + axial, 10, 100),
            "contact_x": where[:, 0], "contact_y": where[:, 1], "contact_z": where[:, 2], "current_ma": current,
            "responds": (rng.uniform(size=n) < truth).astype(float), "truth": truth,
        }  # fmt: skip
    return out

"""ComBat against planted effects, its own algebra, and the inputs on which other programs fail."""

import numpy as np
import pytest
from numpy.typing import NDArray

from commissure.errors import BadInput
from commissure.harmonize.combat import ComBat
from commissure.harmonize.covbat import CovBat
from commissure.harmonize.design import plan_design
from commissure.harmonize.longitudinal import LongitudinalComBat
from commissure.harmonize.moments import SiteMoments

VARIANTS = (
    ComBat(),
    ComBat(shrinkage="integrated"),
    ComBat(shrinkage="none"),
    ComBat(reference="s0"),
    CovBat(),
)


class Planted:
    """Three hundred subjects of six sites: shifts, scales, an age slope; ``clean`` is what they are without sites."""

    def __init__(self, seed: int, *, features: int = 40, rows: int = 300, sites: int = 6) -> None:
        rng = np.random.default_rng(seed)
        self.numbers = rng.permutation(np.arange(rows) % sites)
        self.sites = np.array([f"s{number}" for number in self.numbers])
        self.age = rng.uniform(20, 80, rows) + 3 * self.numbers
        self.sex = rng.choice(["F", "M"], rows)
        noise = rng.normal(size=(rows, features))
        told = np.outer(self.age - 50, rng.normal(0, 0.03, features)) + np.outer(
            self.sex == "F", rng.normal(size=features)
        )
        self.level = rng.normal(100, 10, features)
        self.shift = rng.normal(size=(sites, features))
        self.scale = rng.uniform(0.5, 2.0, size=(sites, 1)) * rng.uniform(0.9, 1.1, size=(sites, features))
        self.clean = self.level + told + noise
        self.X = self.level + told + self.shift[self.numbers] + self.scale[self.numbers] * noise
        self.covariates = {"age": self.age, "sex": self.sex}

    def fitted(self, model: ComBat) -> NDArray[np.float64]:
        return model.fit_transform(self.X, sites=self.sites, covariates=self.covariates)


def _spread_of_levels(p: Planted, values: NDArray[np.float64]) -> float:
    residual = values - p.clean.mean(axis=0)
    return float(np.std([residual[p.numbers == n].mean(axis=0) for n in range(6)], axis=0).mean())


@pytest.mark.parametrize("model", VARIANTS, ids=lambda m: f"{type(m).__name__}-{m.shrinkage}-{m.reference}")
def test_planted_shifts_and_scales_go_and_slopes_stay(model: ComBat) -> None:
    for seed in range(12):
        p = Planted(seed)
        out = p.fitted(model)
        assert _spread_of_levels(p, out) < 0.35 * _spread_of_levels(p, p.X)
        ratios = np.array([out[p.numbers == n].std(axis=0) / out.std(axis=0) for n in range(6)])
        assert ratios.mean(axis=1).max() / ratios.mean(axis=1).min() < 1.25
        slopes = [np.polyfit(p.age, v, 1)[0] for v in (out.T[:8], p.clean.T[:8]) for v in v]
        assert np.corrcoef(slopes[:8], slopes[8:])[0, 1] > 0.9


def test_mean_only_leaves_variances() -> None:
    p = Planted(0)
    out = p.fitted(ComBat(mean_only=True))
    for n in range(6):
        own = p.numbers == n
        assert np.allclose(out[own].std(axis=0), p.X[own].std(axis=0))
    assert _spread_of_levels(p, out) < 0.35 * _spread_of_levels(p, p.X)


def test_a_reference_stays_as_it_is() -> None:
    p = Planted(1)
    out = p.fitted(ComBat(reference="s2"))
    assert np.array_equal(out[p.sites == "s2"], p.X[p.sites == "s2"])
    assert not np.allclose(out[p.sites == "s1"], p.X[p.sites == "s1"])


def test_shrinking_beats_not_shrinking_where_sites_are_small() -> None:
    wins = 0
    for seed in range(10):
        p = Planted(seed, rows=42, features=200)
        truth = p.shift - p.shift.mean(axis=0)
        errors = []
        for kind in ("parametric", "none"):
            model = ComBat(shrinkage=kind).fit(p.X, sites=p.sites)
            found = model.shift_ * model.spread_
            errors.append(np.abs(found - found.mean(axis=0) - truth).mean())
        wins += errors[0] < errors[1]
    assert wins == 10


@pytest.mark.parametrize("shrinkage", ["parametric", "integrated", "none"])
def test_one_missing_cell_changes_its_feature_alone(shrinkage: str) -> None:
    p = Planted(2)
    whole = ComBat(shrinkage="none").fit_transform(p.X, sites=p.sites, covariates=p.covariates)
    p.X[7, 3] = np.nan
    out = p.fitted(ComBat(shrinkage=shrinkage))
    assert np.isnan(out).sum() == 1
    assert np.isnan(out[7, 3])
    if shrinkage == "none":
        others = [f for f in range(40) if f != 3]
        assert np.allclose(out[:, others], whole[:, others], rtol=0, atol=1e-9)
        rows = np.arange(300) != 7
        covariates = {"age": p.age[rows], "sex": p.sex[rows]}
        without = ComBat(shrinkage="none").fit_transform(
            p.X[rows], sites=p.sites[rows], covariates=covariates
        )
        assert np.allclose(out[rows, 3], without[:, 3], rtol=0, atol=1e-9)


@pytest.mark.parametrize("shrinkage", ["parametric", "integrated", "none"])
def test_a_site_with_one_subject_and_one_feature_are_finite(shrinkage: str) -> None:
    p = Planted(3)
    p.sites[0] = "alone"
    assert np.isfinite(p.fitted(ComBat(shrinkage=shrinkage))).all()
    one = ComBat(shrinkage=shrinkage).fit_transform(p.X[:, :1], sites=p.sites)
    assert np.isfinite(one).all()
    levels = [one[p.sites == f"s{n}"].mean() for n in range(6)]
    assert np.ptp(levels) < 0.05


def test_a_constant_feature_and_a_feature_missing_at_a_site_do_no_harm() -> None:
    p = Planted(4)
    p.X[:, 0] = 7.0
    p.X[p.sites == "s1", 1] = np.nan
    out = p.fitted(ComBat())
    assert np.allclose(out[:, 0], 7.0)
    assert np.isfinite(out[p.sites != "s1"]).all()


def test_an_unseen_site_is_named_and_can_be_learned() -> None:
    p = Planted(5)
    old, new = p.sites != "s5", p.sites == "s5"

    def some(rows: NDArray[np.bool_]) -> dict[str, NDArray[np.generic]]:
        return {name: values[rows] for name, values in p.covariates.items()}

    model = ComBat().fit(p.X[old], sites=p.sites[old], covariates=some(old))
    with pytest.raises(BadInput, match="learn_site"):
        model.transform(p.X[new], sites=p.sites[new], covariates=some(new))
    sample = new & (np.cumsum(new) <= 25)
    rest = new & ~sample
    model.learn_site(p.X[sample], site="s5", covariates=some(sample))
    before = np.abs((p.X - p.clean)[rest].mean(axis=0)).mean()
    out = model.transform(p.X[rest], sites=p.sites[rest], covariates=some(rest))
    reference = model.transform(p.X[old], sites=p.sites[old], covariates=some(old)).mean(axis=0) - p.clean[
        old
    ].mean(axis=0)
    assert np.abs((out - p.clean[rest]).mean(axis=0) - reference).mean() < 0.4 * before


def test_a_covariate_confounded_with_site_is_named() -> None:
    p = Planted(6)
    with pytest.raises(BadInput, match="'scanner_age' is confounded with site"):
        ComBat().fit(p.X, sites=p.sites, covariates={"age": p.age, "scanner_age": p.numbers * 1.5})
    with pytest.raises(BadInput, match="'scanner_age' is confounded"):
        ComBat(smooth=("scanner_age",), functions=5).fit(
            p.X, sites=p.sites, covariates={"scanner_age": p.numbers * 1.5}
        )
    with pytest.raises(BadInput, match="'months' is confounded"):
        ComBat().fit(p.X, sites=p.sites, covariates={"age": p.age, "months": 12 * p.age + p.numbers})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sites": np.zeros(4)}, "one value a row"),
        ({"covariates": {"age": np.full(300, np.nan)}}, "missing in 300 rows"),
        ({"covariates": {"sex": np.array(["F", None] * 150, dtype=object)}}, "'sex' is missing in 150 rows"),
        ({"sites": np.array(["a", None, "b"] * 100, dtype=object)}, "site is missing in 100 rows"),
    ],
)
def test_wrong_input_is_said(change: dict[str, object], message: str) -> None:
    p = Planted(7)
    with pytest.raises(BadInput, match=message):
        ComBat().fit(p.X, **{"sites": p.sites, **change})
    with pytest.raises(BadInput, match="shrinkage must be one of"):
        ComBat(shrinkage="much").fit(p.X, sites=p.sites)
    with pytest.raises(BadInput, match="not among the sites"):
        ComBat(reference="elsewhere").fit(p.X, sites=p.sites)


@pytest.mark.parametrize("smooth", [(), ("age",)])
@pytest.mark.parametrize("missing", [False, True])
def test_sums_over_sites_give_the_pooled_fit(smooth: tuple[str, ...], missing: bool) -> None:
    p = Planted(8)
    if missing:
        p.X[::17, 5] = np.nan
    pooled = ComBat(smooth=smooth).fit(p.X, sites=p.sites, covariates=p.covariates)
    parts = {}
    for name in pooled.sites_:
        own = p.sites == name
        columns = pooled.design_.columns({"age": p.age[own], "sex": p.sex[own]}, rows=int(own.sum()))
        parts[name] = SiteMoments.of(p.X[own], columns)
    joined = SiteMoments.join(list(parts.values()))
    together = ComBat(smooth=smooth).fit_moments(joined, names=pooled.sites_, design=pooled.design_)
    assert np.abs(together.shift_ - pooled.shift_).max() <= 1e-10
    sums = parts["s0"].sums()
    for name in pooled.sites_[1:]:
        sums = sums + parts[name].sums()
    alone = ComBat(smooth=smooth).fit_sums(sums, own=parts["s3"], names=["s3"], design=pooled.design_)
    own = p.sites == "s3"
    some = {"sites": p.sites[own], "covariates": {"age": p.age[own], "sex": p.sex[own]}}
    want, got = pooled.transform(p.X[own], **some), alone.transform(p.X[own], **some)
    assert np.nanmax(np.abs(want - got)) <= 1e-10
    with pytest.raises(BadInput, match="same features"):
        SiteMoments.join([parts["s0"], SiteMoments.of(p.X[:9, :3], np.empty((9, 0)))])


def test_numbers_stay_exact_beside_a_large_mean() -> None:
    p = Planted(9)
    near, far = (ComBat().fit_transform(p.X + offset, sites=p.sites) - offset for offset in (0.0, 1e6))
    assert np.allclose(near, far, rtol=0, atol=1e-6)


def test_covbat_equals_correlations() -> None:
    rng = np.random.default_rng(0)
    n = 400
    sites = np.repeat(["a", "b"], n)
    X = rng.normal(size=(2 * n, 6))
    X[:n] += 1.5 * rng.normal(size=(n, 1))
    apart = [np.corrcoef(values.T)[np.triu_indices(6, 1)].mean() for values in (X[:n], X[n:])]
    combat, covbat = (model.fit_transform(X, sites=sites) for model in (ComBat(), CovBat(variance=1.0)))
    gaps = [
        abs(np.subtract(*(np.corrcoef(v.T)[np.triu_indices(6, 1)].mean() for v in (out[:n], out[n:]))))
        for out in (combat, covbat)
    ]
    assert apart[0] - apart[1] > 0.5
    assert gaps[0] > 0.5
    assert gaps[1] < 0.1


@pytest.mark.parametrize("smooth", [(), ("age",)])
def test_a_planned_design_needs_no_rows_and_fits_as_well(smooth: tuple[str, ...]) -> None:
    p = Planted(10)
    design = plan_design(numbers={"age": (20, 100)}, categories={"sex": ("F", "M")}, smooth=smooth)
    names = [f"s{n}" for n in range(6)]
    parts = []
    for name in names:
        own = p.sites == name
        columns = design.columns({"age": p.age[own], "sex": p.sex[own]}, rows=int(own.sum()))
        parts.append(SiteMoments.of(p.X[own], columns))
    model = ComBat(smooth=smooth).fit_moments(SiteMoments.join(parts), names=names, design=design)
    out = model.transform(p.X, sites=p.sites, covariates=p.covariates)
    pooled = p.fitted(ComBat(smooth=smooth))
    assert np.abs(out - pooled).max() < (0.2 if smooth else 1e-9)
    with pytest.raises(BadInput, match="'Unknown'"):
        design.columns({"age": p.age[:1], "sex": np.array(["Unknown"])}, rows=1)
    for wrong in ({"numbers": {"age": (80, 20)}}, {"numbers": {}, "smooth": ("age",)}):
        with pytest.raises(BadInput):
            plan_design(**wrong)


@pytest.mark.parametrize("model", [CovBat(), LongitudinalComBat()], ids=["covbat", "longitudinal"])
def test_what_needs_rows_refuses_moments(model: ComBat) -> None:
    p = Planted(11)
    moments = SiteMoments.of(p.X, np.empty((300, 0)))
    with pytest.raises(BadInput, match="needs rows"):
        model.fit_moments(moments, names=["s0"], design=plan_design(numbers={}))


def test_covbat_keeps_missing_cells_and_a_reference() -> None:
    p = Planted(12)
    p.X[3, 4] = np.nan
    out = p.fitted(CovBat(reference="s1"))
    assert np.isnan(out).sum() == 1
    assert np.allclose(out[p.sites == "s1"], p.X[p.sites == "s1"], equal_nan=True)
    model = CovBat().fit(p.X[p.sites != "s5"], sites=p.sites[p.sites != "s5"])
    model.learn_site(p.X[p.sites == "s5"], site="s5")
    with pytest.raises(BadInput, match="use ComBat for it"):
        model.transform(p.X, sites=p.sites)

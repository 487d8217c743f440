"""The columns that studies out of the box read: each column's unit, and what is plausible.

Ranges are wide: they are to catch another unit or coding at a site, not a rare person. Powers, line lengths, amplitudes and
variability are natural logarithms of measures in microvolts.
"""

from collections.abc import Mapping

from commissure.federate.plan import Column

__all__ = ["COLUMNS"]

_THICKNESS = (
    "superiorfrontal", "rostralmiddlefrontal", "precentral", "postcentral", "insula", "superiortemporal", "middletemporal",
    "entorhinal", "fusiform", "parahippocampal", "precuneus", "inferiorparietal", "supramarginal", "lateraloccipital",
    "pericalcarine", "posteriorcingulate",
)  # fmt: skip
_LOGARITHMS = (
    "delta_power", "theta_power", "alpha_power", "beta_power", "gamma_power", "theta_top", "line_length", "line_length_top",
    "amplitude", "variability", *(f"mu_{n}" for n in range(1, 9)), *(f"beta_{n}" for n in range(1, 9)),
)  # fmt: skip
_SHARES = ("rhythm", "synchrony", "suppression", "slow_share", "periodic")
_EITHER = ("female", "shockable", "converts", "responds", "seizure", "preictal", "poor", "right")

#: every column of :data:`commissure.federate.clinical.STUDIES`, by its name
COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("age", "a", 0.0, 120.0),
        Column("education", "a", 0.0, 40.0),
        Column("apoe4", "", 0.0, 2.0),
        Column("mmse", "", 0.0, 30.0),
        Column("adas", "", 0.0, 85.0),
        Column("hippocampus", "mm3", 500.0, 12000.0),
        Column("ventricles", "mL", 2.0, 400.0),
        Column("wmh", "mL", 0.0, 300.0),
        Column("ptau217", "pg/mL", 0.0, 20.0),
        Column("duration", "a", 0.0, 60.0),
        Column("levodopa_response", "%", -50.0, 100.0),
        Column("axial", "", 0.0, 40.0),
        Column("updrs_off", "", 0.0, 132.0),
        Column("contact_x", "mm", -40.0, 40.0),
        Column("contact_y", "mm", -40.0, 40.0),
        Column("contact_z", "mm", -40.0, 40.0),
        Column("current_ma", "mA", 0.1, 15.0),
        Column("rosc_min", "min", 0.0, 180.0),
        *(Column(name, "mm", 0.5, 6.0) for name in _THICKNESS),
        *(Column(name, "", -8.0, 14.0) for name in _LOGARITHMS),
        *(Column(name, "", -1.0, 1.05) for name in _SHARES),
        *(Column(name, "", 0.0, 1.0) for name in _EITHER),
    )
}

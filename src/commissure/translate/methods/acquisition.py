"""What was measured with, and how: field strength, timing, voxels, sampling, electrodes, filters, drugs.

One row of the table a field: the pattern finds a number with its unit, the unit is turned into SI (BIDS's own).

>>> [(t.field, t.value) for t in find_acquisition("EPI: TR = 2,000 ms, TE 30 ms, flip angle 90°, 3 x 3 x 3.5 mm voxels at 3T")]
[('repetition_time_s', 2.0), ('echo_time_s', 0.03), ('flip_angle_deg', 90.0), ('voxel_mm', '3 × 3 × 3.5'), ('field_strength_T', 3.0)]
"""

import re
from collections.abc import Callable

from commissure.translate.methods.tag import Tag

__all__ = ["find_acquisition"]

_N = r"(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.·]\d+)?)"
_IS = (
    r"[\s\u2009\u00a0]*(?:\([A-Z]{1,4}\))?[\s\u2009\u00a0]*(?:=|:|of|was|were|is|,|≈|~|at)?[\s\u2009\u00a0]*"
)
_X = r"[\s\u2009\u00a0]*(?:mm)?[\s\u2009\u00a0]*[x×X∗*][\s\u2009\u00a0]*"
_TIME = r"[\s\u2009\u00a0]*(?P<unit>ms|msec|milliseconds?|s\b|secs?\b|seconds?)"
_FREQUENCY = (
    r"[\s\u2009\u00a0]*(?P<unit>kHz|Hz|khz|hz|kilohertz|hertz|kS/s|samples?/s(?:ec)?|samples per second)"
)
_PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("repetition_time_s", "time", rf"\b(?:TR|repetition time|time of repetition|volume TR){_IS}(?:/\s*TE{_IS})?{_N}{_TIME}?"),
    ("echo_time_s", "time", rf"\b(?:TE|echo time|time to echo){_IS}{_N}{_TIME}?"),
    ("inversion_time_s", "time", rf"\b(?:TI|inversion time){_IS}{_N}{_TIME}"),
    ("flip_angle_deg", "plain", rf"\b(?:flip angle|FA|flip-angle){_IS}{_N}[\s\u2009]*(?:°|º|˚|degrees?|deg\b|∘)"),
    ("flip_angle_deg", "plain", rf"{_N}[\s\u2009]*(?:°|º|˚|degrees?)[\s-]*flip angle"),
    ("field_strength_T", "tesla", rf"(?<![\d.]){_N}[\s\u2009\u00a0-]*(?:T\b(?!\d)|[Tt]esla\b)"),
    ("slices", "whole", rf"\b{_N}[\s\u2009]*(?:\w+[\s-]){{0,3}}?slices\b"),
    ("slice_thickness_mm", "plain", rf"\bslice[- ]?thickness{_IS}{_N}[\s\u2009]*mm"),
    ("field_of_view_mm", "view", rf"\b(?:FOV|FoV|field of view|field-of-view){_IS}{_N}(?:{_X}\d+(?:\.\d+)?)?[\s\u2009]*(?P<unit>mm|cm)"),
    ("multiband_factor", "plain", rf"\bmulti-?band(?: acceleration)?(?: factor)?{_IS}{_N}\b"),
    ("b_value_s_mm2", "plain", rf"\bb(?:-| )?(?:value)?{_IS}{_N}[\s\u2009]*s(?:ec)?\s*/\s*mm"),
    ("sampling_rate_hz", "frequency", rf"\b(?:sampl(?:ed|ing)(?:[ -](?:rate|frequency))?|digiti[sz]ed|acquired|recorded)\b[^.;()]{{0,40}}?\b{_N}{_FREQUENCY}"),
    ("sampling_rate_hz", "frequency", rf"{_N}{_FREQUENCY}[\s-]*(?:sampling|sample rate)"),
    ("electrodes", "whole", rf"\b{_N}[\s-]*(?:(?:active|passive|scalp|EEG|Ag/?-?AgCl|sintered|ring|gel-based|channel|sensor|intracranial|depth|surface|actively shielded)[\s-]+){{0,4}}(?:electrodes|sensors|channels?\b)"),
    ("high_pass_hz", "frequency", rf"\bhigh-?pass(?:ed| filter(?:ed|ing)?)?\b[^.;]{{0,40}}?{_N}{_FREQUENCY}"),
    ("low_pass_hz", "frequency", rf"\blow-?pass(?:ed| filter(?:ed|ing)?)?\b[^.;]{{0,40}}?{_N}{_FREQUENCY}"),
    ("smoothing_fwhm_mm", "plain", rf"{_N}[\s-]*mm[\s-]*(?:isotropic )?(?:full[- ]width|FWHM|Gaussian)"),
    ("smoothing_fwhm_mm", "plain", rf"\b(?:FWHM|full[- ]width(?: at)? half[- ]max(?:imum)?)\)?{_IS}{_N}[\s\u2009]*mm"),
    ("stimulation_frequency_hz", "frequency", rf"\bstimulat(?:ed|ion)\b[^.;]{{0,50}}?{_N}{_FREQUENCY}"),
    ("stimulation_intensity_mA", "plain", rf"{_N}[\s\u2009]*mA\b"),
    ("wavelength_nm", "plain", rf"{_N}[\s\u2009-]*nm\b"),
    ("echo_time_s", "time", rf"\bTR\s*/\s*TE\b{_IS}\d[\d,.]*[\s\u2009]*(?:ms)?\s*/\s*{_N}{_TIME}?"),
)  # fmt: skip
_COMPILED = tuple(
    (field, kind, re.compile(pattern, re.IGNORECASE if kind != "tesla" else 0))
    for field, kind, pattern in _PATTERNS
)
_VOXEL = re.compile(
    rf"(?P<a>\d+(?:\.\d+)?){_X}(?P<b>\d+(?:\.\d+)?){_X}(?P<c>\d+(?:\.\d+)?)[\s\u2009\u00a0]*(?:mm|millimet)|"
    r"(?P<iso>\d+(?:\.\d+)?)[\s\u2009\u00a0-]*mm(?:3|³)?[\s-]*(?:isotropic|cubic|isovoxel)|isotropic[^.;]{0,25}?(?P<iso2>\d+(?:\.\d+)?)[\s\u2009]*mm",
    re.IGNORECASE,
)
_ANALYSIS = re.compile(
    r"resampl|normali[sz]|interpolat|resliced|regrid|template|smooth|kernel|search ?light|cluster|sphere",
    re.IGNORECASE,
)
_DRUG = re.compile(
    r"\b(?P<drug>ketamine|propofol|isoflurane|sevoflurane|urethane|pentobarbital|dexmedetomidine|medetomidine|xylazine|midazolam|"
    r"lorazepam|diazepam|methylphenidate|amphetamine|modafinil|levodopa|L-?DOPA|haloperidol|risperidone|clozapine|olanzapine|"
    r"citalopram|escitalopram|fluoxetine|sertraline|psilocybin|LSD|MDMA|oxytocin|vasopressin|naloxone|naltrexone|morphine|"
    r"fentanyl|remifentanil|cocaine|nicotine|caffeine|ethanol|THC|cannabidiol|atropine|scopolamine|donepezil|muscimol|"
    r"clozapine[- ]N[- ]oxide|CNO|saline|placebo|lithium|valproate|carbamazepine|baclofen|tetrodotoxin|TTX|bicuculline|"
    r"yohimbine|propranolol|clonidine|dopamine|sulpiride|bromocriptine|pramipexole|memantine|gabapentin|lidocaine|bupivacaine)\b"
    r"(?:[^.;]{0,30}?(?P<dose>\d+(?:\.\d+)?)\s*(?P<unit>mg/kg|µg/kg|μg/kg|ug/kg|mg/ml|mg|µg|μg|IU|ml|%))?",
    re.IGNORECASE,
)


_FIELDS_MADE = (
    0.5,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    4.7,
    7.0,
    9.4,
    10.5,
    11.7,
    14.1,
    17.2,
)  # tesla, as magnets are made


def _seconds(value: float, unit: str) -> float:
    if unit:
        return value / 1000 if unit.startswith("m") else value
    return value / 1000 if value > 20 else value  # no unit: nobody repeats in 21 s or echoes at 20 s


_CONVERT: dict[str, Callable[[float, str], float]] = {
    "time": _seconds,
    "frequency": lambda value, unit: value * 1000 if unit.lower().startswith("k") else value,
    "tesla": lambda value, _: value if value in _FIELDS_MADE else -1.0,
    "view": lambda value, unit: value * 10 if unit.lower() == "cm" else value,
    "whole": lambda value, _: value if value == int(value) else -1.0,
    "plain": lambda value, _: value,
}
_LIMITS = {
    "repetition_time_s": (0.002, 30), "echo_time_s": (0.0005, 0.5), "inversion_time_s": (0.01, 5), "slices": (3, 500),
    "flip_angle_deg": (1, 180), "electrodes": (1, 4096), "sampling_rate_hz": (1, 200_000), "slice_thickness_mm": (0.05, 20),
    "field_of_view_mm": (5, 600), "multiband_factor": (2, 12), "high_pass_hz": (0.0001, 5000), "low_pass_hz": (0.005, 50_000),
    "wavelength_nm": (200, 2500), "field_strength_T": (0.1, 30), "smoothing_fwhm_mm": (0.5, 30),
}  # fmt: skip


def find_acquisition(text: str, *, offset: int = 0) -> list[Tag]:
    """The measurement's parameters in a text, in order of appearance; offsets start at ``offset``."""
    found: dict[tuple[str, int], Tag] = {}
    for field, kind, pattern in _COMPILED:
        for match in pattern.finditer(text):
            value = float(match["n"].replace(",", "").replace("·", "."))
            value = _CONVERT[kind](value, match.groupdict().get("unit") or "")
            low, high = _LIMITS.get(field, (0, 1e9))
            if low <= value <= high:
                found.setdefault((field, match.start("n")), _tag(field, round(value, 6), match, offset))
    for match in _VOXEL.finditer(text):
        if not _ANALYSIS.search(text[max(0, match.start() - 60) : match.start()]):
            sizes = (
                [match["a"], match["b"], match["c"]] if match["a"] else [match["iso"] or match["iso2"]] * 3
            )
            if all(0.02 <= float(size) <= 12 for size in sizes):
                found.setdefault(
                    ("voxel_mm", match.start()), _tag("voxel_mm", " × ".join(sizes), match, offset)
                )
    for match in _DRUG.finditer(text):
        dose = f" {match['dose']} {match['unit']}" if match["dose"] else ""
        found.setdefault(("drug", match.start()), _tag("drug", match["drug"].lower() + dose, match, offset))
    return sorted(found.values(), key=lambda t: (t.start, t.field))


def _tag(field: str, value: str | float, match: re.Match[str], offset: int) -> Tag:
    """A tag over the match without the blanks at its ends."""
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    text = match[0].strip()
    return Tag(field, value, offset + start, offset + start + len(text), text)

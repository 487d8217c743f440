"""Capitalized words that what stands beside them tells for science: *Izhikevich neuron*, *123 MHz*, *Berlin Affective Word List*.

An eponym that no list has is known by the noun that it qualifies, a city by the instrument that bears its name, a unit by the
number before it, and a German noun by its last part.

>>> line = "Izhikevich neuron at 12.5 MHz, Elektrodenimpedanz, Kowalczyk came"
>>> [is_of_science(line, line.index(word), end=line.index(word) + len(word)) for word in ("Izhikevich", "MHz", "Kowalczyk")]
[True, True, False]
>>> is_of_science(line, line.index("Elekt"), end=line.index(", Kow"))
True
"""

import re

__all__ = ["is_of_science"]

#: nouns that follow an eponym and hardly ever the surname of somebody a note tells of
_NOUN = re.compile(
    r"(?:['’]s?)?(?: (?:\d{1,4}|power|type|mass|phase|sleep|visual|quantum|random|linear|cell|complex|monkey|mouse|rat|human))?"
    r"(?: |-)(?:equations?|constants?|potentials?|models?|neurons?|cells?|bod(?:y|ies)|rats?|mice|laws?|filters?|windows?|reflex|syndromes?|pals(?:y|ies)|paralysis|paresis|"
    r"atlas(?:es)?|parcellations?|transforms?|transformation|distribution|entropy|coefficients?|corrections?|criteri(?:on|a)|theorem|lemma|nucle(?:us|i)|gyr(?:us|i)|"
    r"fissures?|sulc(?:us|i)|tracts?|spaces?|nodes?|corpuscles?|endings?|discs?|circuits?|staining|(?:water )?maze|box(?:es)?|chamber|chart|questionnaires?|trust|foundation|grant|fellowship|funding|exponents?|complexity|encephalitis|encephalopathy|ataxia|aphasia|dementia|"
    r"chorea|dystrophy|epilepsy|anomaly|malformation|wavelets?|matri(?:x|ces)|statistics?|estimators?|kernels?|priors?|processes|chains?|fractions?|ratios?|distance|divergence|norm|metric|"
    r"causality|synapses?|fib(?:er|re)s?|spindles?|rhythms?|illusion|patch(?:es)?|conditioning|stain|solution|buffer|medium|array|probe|coil|electrodes?|amplifiers?|headstage|"
    r"microscope|objective|tetrodes?|parcels?|regions?|network|algorithm|method|regularization|polynomials?|splines?|interpolation|oscillator|frequency|plot|diagram|bands?|"
    r"layer|organ|plexus|ganglion|canal|aqueduct|foram(?:en|ina)|angle|triangle|line|zone|commissure|decussation|capsule|column|bundle|loop|stage|grade|gradient|classification|triad|"
    r"sign|phenomenon|manoeuvre|maneuver|reaction|dyes?|antibod(?:y|ies)|inhibitors?|agonist|antagonist|toxin|vector|cre|strain)(?![^\W_])",
    re.I,
)  # fmt: skip
_TITLE = re.compile(
    r"(?:[ -](?:of|for|and|the|in|[A-Z][a-z]+)){0,5}[ -](?:Lists?|Scales?|Inventory|Inventories|Battery|Questionnaires?|Ind(?:ex|ices)|Atlas|Checklist|Examination|"
    r"Assessment|Interview|Schedule|Matrices|Figures?|Test|Tests|Task|Criteria|Classification|Score|Survey|Database|Dataset|Toolbox)(?![^\W_])"
)
_LISTED = """
aachen amsterdam baltimore barcelona berkeley berlin bern bonn bordeaux bristol chicago cologne copenhagen denver dublin edinburgh florida frankfurt
freiburg geneva  ghent graz groningen hamburg heidelberg helsinki houston kyoto lausanne leiden leipzig leuven liege lille lisbon lund maastricht
madrid maryland melbourne memphis  milan minnesota munich münster nijmegen oslo padova paris perth philadelphia prague queensland rome rotterdam
salzburg seattle stockholm sydney tokyo toronto  trier tübingen uppsala utrecht vienna warwick zurich zürich
"""
#: where instruments were made; by themselves they tell where somebody lives
_CITIES = frozenset(_LISTED.split())
_UNITS = frozenset(
    {
        "mhz",
        "ghz",
        "thz",
        "ohm",
        "mohm",
        "kohm",
        "gohm",
        "hz",
        "mbit",
        "gbit",
        "mib",
        "gib",
        "kib",
        "pixels",
        "mmhg",
        "dba",
        "dbspl",
    }
)
_NUMBER = re.compile(r"[\d.,)]\s?$")
#: the last part of German compounds that are no surname's
_GERMAN = re.compile(
    r"(?:.{5,}(?:ung|ungen|heit|heiten|keit|keiten|schaft|ismus)|.*(?:sklerose|epilepsie|migräne|therapie|medikation|schmerz(?:en)?|krankheit(?:en)?|syndrome?|elektroden?|"
    r"patient(?:en|in|innen)?|proband(?:en|in|innen)?|untersucher(?:in)?|frequenz(?:en)?|aktivität(?:en)?|potenziale?|medikament(?:e|en)?|versuchsleiter(?:in)?|schwindel|"
    r"linkshänder(?:in)?|rechtshänder(?:in)?)|.{2,}(?:impedanz(?:en)?|frequenz(?:en)?|schmerz(?:en)?|rhythmus|händer(?:in)?|störungen|aufgaben?|versuche?|"
    r"anfall|anfälle|kanal|kanäle|lappen|hirn|nerv(?:en)?|reize?|zeit(?:en)?|druck|schlaf|schwindel|infarkte?|krankheit(?:en)?|syndrome?|elektroden?|kappe|haube|geräte?|spulen?|"
    r"tasten?|antwort(?:en)?|durchg[aä]nge?|sklerose|epilepsie|migräne|demenz|therapie|medikation|dosis|kohärenz|amplituden?|latenz(?:en)?|poten[tz]iale?|aktivität(?:en)?|tät|"
    r"nummer|untersucher(?:in)?|leiter(?:in)?|proband(?:en|in|innen)?|patient(?:en|in|innen)?|filter|signale?|spannung(?:en)?|rate|raten|fenster|grenze|artefakte?|ableitung|bericht|befund))",
    re.I,
)  # fmt: skip


def is_of_science(line: str, start: int, *, end: int) -> bool:
    """Whether the word between ``start`` and ``end`` qualifies a noun of science, is a unit behind a number, or a German noun."""
    word = line[start:end]
    if _NOUN.match(line, end) is not None:
        return True
    if word.casefold() in _CITIES:
        return _TITLE.match(line, end) is not None
    if word.casefold() in _UNITS:
        return _NUMBER.search(line, max(0, start - 3), start) is not None
    return _GERMAN.fullmatch(word) is not None

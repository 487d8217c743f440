"""Web addresses: those of the field's archives, standards and makers are science; those of a person, a clinic or an intranet are not.

An address stays if its site is one of the field's, or if site and path are made of everyday words only.

>>> [text[start:end] for text in ["see https://doi.org/10.1038/x1", "at https://garsby.com/r"] for start, end in find_web(text)]
['https://garsby.com/r']
"""

import re

from commissure.protect.text.hints import holds_any
from commissure.protect.text.lone_names import is_known_word

__all__ = ["find_web", "is_of_a_person"]

_URL = re.compile(
    r"(?<![\w@])(?:(?:https?|ftp|sftp|ssh)://|www\.)(?P<site>[^\s/:\"'<>|?#,;)\]}]+)(?P<path>[^\s\"'<>|;)\]}]*)",
    re.I,
)
_PEOPLE = re.compile(
    r"^(?:dr|prof|praxis)[.-].|(?:facebook|instagram|twitter|x|linkedin|tiktok|xing|vk|weibo|t|wa|snapchat|youtube|reddit)\.(?:com|me|be)$",
    re.I,
)
_FIELD = re.compile(
    r"(?:^|\.)(?:doi\.org|handle\.net|github\.(?:com|io)|gitlab\.(?:com|io)|bitbucket\.org|zenodo\.org|openneuro\.org|dandiarchive\.org|osf\.io|figshare\.com|"
    r"g-node\.org|nih\.gov|w3\.org|wikipedia\.org|wikidata\.org|wikimedia\.org|cognitiveatlas\.org|bids\.neuroimaging\.io|bids-standard\.org|hedtags\.org|"
    r"nwb\.org|schema\.org|creativecommons\.org|opendatacommons\.org|opensource\.org|spdx\.org|ror\.org|orcid\.org|scicrunch\.org|obolibrary\.org|ebi\.ac\.uk|"
    r"bioportal\.bioontology\.org|interlex\.org|brain-map\.org|humanconnectome\.org|ukbiobank\.ac\.uk|neurovault\.org|neurosynth\.org|nitrc\.org|mne\.tools|"
    r"ox\.ac\.uk|mcgill\.ca|ucl\.ac\.uk|mgh\.harvard\.edu|fieldtriptoolbox\.org|sccn\.ucsd\.edu|fil\.ion\.ucl\.ac\.uk|afni\.nimh\.nih\.gov|"
    r"python\.org|pypi\.org|readthedocs\.(?:io|org)|mathworks\.com|r-project\.org|docker\.(?:io|com)|anaconda\.org|nipreps\.org|nipy\.org|fmriprep\.org|"
    r"psychopy\.org|psychtoolbox\.org|pstnet\.com|neurobs\.com|sr-research\.com|tobii\.com|brainproducts\.com|biosemi\.com|neuralynx\.com|plexon\.com|"
    r"intantech\.com|open-ephys\.org|blackrockneurotech\.com|siemens(?:-healthineers)?\.com|philips\.com|gehealthcare\.com|megin\.com|ctf\.com|nirx\.de|"
    r"addgene\.org|jax\.org|informatics\.jax\.org|biorxiv\.org|medrxiv\.org|arxiv\.org|nature\.com|sciencedirect\.com|springer\.com|wiley\.com|elifesciences\.org|"
    r"frontiersin\.org|plos\.org|dicomstandard\.org|nema\.org|loc\.gov|iana\.org|re3data\.org|datacite\.org|purl\.org|identifiers\.org|crcns\.org|"
    r"stackoverflow\.com|stackexchange\.com|nist\.gov|cdc\.gov|who\.int|archive\.org|jstor\.org|siam\.org|ieee\.org|psu\.edu|science\.org|cell\.com|jneurosci\.org|"
    r"pnas\.org|mitpressjournals\.org|mit\.edu|oup\.com|tandfonline\.com|sagepub\.com|karger\.com|bmj\.com|thelancet\.com|nejm\.org|google\.com|kaggle\.com|"
    r"physionet\.org|donders\.ru\.nl|ebrains\.eu|g-node\.org|datalad\.org|figshare\.org|dryad\.org|datadryad\.org|mendeley\.com|dataverse\.org|synapse\.org|"
    r"internationalbrainlab\.org|alleninstitute\.org|janelia\.org|fcon_1000\.projects\.nitrc\.org)$",
    re.I,
)  # fmt: skip
_SHORTEST = 4
#: words that announce somebody's own page
_OWN = re.compile(
    r"(?:profile|home ?page|blog|\bCV|family|photos?|album|personal (?:web)?(?:page|site))\W{0,3}$", re.I
)
_BEFORE = 24


def find_web(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of the web addresses in ``text`` that may lead to somebody."""
    if not holds_any(text, ("://", "www.")):
        return []
    return [match.span() for match in _URL.finditer(text) if _leads_to_somebody(match)]


def is_of_a_person(address: str) -> bool:
    """Whether a web address leads to somebody's own page, or carries a question that may name somebody.

    >>> is_of_a_person("https://lab.example.org/project"), is_of_a_person("http://clinic.example.org/p?id=quilter")
    (False, True)
    """
    match = _URL.match(address)
    return (
        match is None
        or re.search(r"[~?=@]", address) is not None
        or _PEOPLE.search(match.group("site")) is not None
    )


def _leads_to_somebody(match: re.Match[str]) -> bool:
    site, path = match.group("site"), match.group("path")
    if "~" in path or "user=" in path or _PEOPLE.search(site) or "@" in site:
        return True
    if _OWN.search(match.string, max(0, match.start() - _BEFORE), match.start()):
        return True
    if _FIELD.search(site):
        return False
    pieces = re.findall(r"[^\W\d_]+", f"{site} {path}")
    return any(len(piece) >= _SHORTEST and not is_known_word(piece) for piece in pieces)

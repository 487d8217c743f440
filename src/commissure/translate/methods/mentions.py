"""Mentions of how many people or animals: direct numbers, sexes, exclusions, each with its place.

The grammar reads one sentence at a time. What stands in round brackets is read apart from what stands outside, so
that ``27 (12 women) adults`` is 27 adults, of whom 12 women.
"""

import re
from dataclasses import dataclass

from commissure.translate.methods.numbers import Number, find_numbers, read_number
from commissure.translate.methods.sections import Sentence

__all__ = ["Mention", "find_mentions"]

_PERSON = (
    r"participants?|subjects?|volunteers?|patients?|controls?|individuals?|adults?|children|adolescents?|students?|"
    r"people|persons?|men|women|males?|females?|boys?|girls?|twins?|infants?|newborns?|neonates?|right-handers?|"
    r"left-handers?|listeners?|speakers?|readers?|musicians?|non-?musicians?|athletes?|users?|non-?users?|smokers?|"
    r"non-?smokers?|drinkers?|survivors?|veterans?|soldiers?|siblings?|relatives?|couples?|mothers?|fathers?|parents?|"
    r"respondents?|observers?|undergraduates?|offenders?|gamers?|dancers?|learners?|bilinguals?|monolinguals?|probands?|"
    r"HCs?|NCs?|HVs?|elders?|seniors?|teenagers?|youths?|pairs|dyads?|cases|outpatients?|inpatients?|schizophrenics|alcoholics|diabetics|"
    r"mice|rats|monkeys|macaques|animals|marmosets|mouse|rat|monkey|datasets?|data sets|gamblers?|drivers?|experts?|"
    r"novices?|practitioners?|meditators?|sleepers?|addicts?|abusers?|carriers?|workers?|nurses?|(?!TRs|ROIs|ANOVAs|TEs|ICs|SNPs|VOIs|BAs|EPIs|ERPs|BOLDs|DICOMs|PCs|CIs|RTs|ISIs|SDs|IVs|DVs|RSNs|ICNs)[A-Z]{2,5}s"
)
_MALE = re.compile(r"\b(males?|men|man|boys?|♂)\b|(?<=\d)\s?[Mm]\b|\bM\b", re.IGNORECASE)
_PATIENT = re.compile(
    r"patient|diagnos|disorder|disease|syndrome|schizophren|depress|autis|epilep|stroke|dementia|addict|dependen|"
    r"impairment|injury|\bSZ\b|\bMDD\b|\bADHD\b|\bASD\b|\bAD\b|\bPD\b|\bMS\b|\bOCD\b|\bPTSD\b|\bBD\b|survivor|offender|abuse",
    re.IGNORECASE,
)
_HEALTHY = re.compile(
    r"healthy|control|\bHCs?\b|\bNCs?\b|typically|volunteer|neurotypical|unaffected|non-?clinical",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(
    r"exclu(?:ded|sion|ding)|remov(?:ed|al)|discard|withdr[ae]w|dropp?(?:ed)?[ -]?out|drop-?outs?|did not (?:complete|finish|meet|pass|show)|"
    r"were lost|was lost|not (?:be )?(?:included|analy[sz]ed|considered|usable)|failed|eliminat|omitted|ineligible|"
    r"unable to|could not|incomplete|declined|refused|rejected|discontinued|not available|due to (?:excessive|technical|head)|"
    r"had to be|because of (?:excessive|technical|head|poor|movement)|missing",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\bfinal(?:ly)?\b|remain(?:ing|ed)|resulting in|result(?:ed)? in|leaving|left\s+(?:us\s+with\s+)?(?:a\s+)?|thus|therefore|"
    r"(?:were|was) (?:included|analy[sz]ed|retained|used) in|"
    r"included in (?:the|this|our|all)|data (?:from|of) (?:the )?(?:\w+ )?|final sample|analy[sz](?:ed|es|is)|complet(?:ed|e)\b|reported here|eligible",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\btotal\b|\baltogether\b|\ball\b|\boverall\b|sample (?:size )?(?:of|consisted|comprised|included)|\bentire\b|whole sample",
    re.IGNORECASE,
)
_TOOK_PART = re.compile(
    r"particip|took part|recruit|enrol|consist|compris|were scanned|underwent|volunteer|included|investigat|studied|tested|"
    r"examined|examine|scanned|we (?:studied|used)|performed|complet|assess|evaluat|measured|imaging|fMRI",
    re.IGNORECASE,
)
_KEPT_BEFORE = re.compile(
    r"\b(?:remaining|leaving|left with|final(?:ly)?|result(?:ing|ed) in|yielding|reduc\w+ (?:the )?(?:sample|group)\w* to|"
    r"(?:analys[ie]s|data) (?:from|of|on|included)|included (?:data from )?)\W+(?:\w+\W+){0,4}?$",
    re.IGNORECASE,
)
_KEPT_AFTER = re.compile(
    r"\s*(?:[\w'’-]+\s+){0,4}?(?:remained|(?:were|was) (?:finally )?(?:included|retained|used|entered|analy[sz]ed|available)\b|"
    r"(?:data )?(?:sets? )?(?:were|was) (?:therefore |thus )?(?:included|used|analy[sz]ed)|completed (?:the|all|both))",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"previous(?:ly)? (?:study|studies|report|work|publish|research)|et al|reported by|earlier stud|prior stud|meta-analy|literature",
    re.IGNORECASE,
)
_NOT_PEOPLE = re.compile(
    r"\b(trials?|blocks?|runs?|sessions?|stimuli|words?|pictures?|images?|faces?|items?|voxels?|volumes?|slices?|years?|"
    r"months?|weeks?|days?|hours?|minutes?|min|seconds?|ms|mm|cm|Hz|channels?|electrodes?|regions?|ROIs?|studies|papers|"
    r"articles|experiments|conditions?|groups|tasks|scales?|points?|times?|scores?|networks?|components?|foci|clusters?|"
    r"coordinates|scans|kg|degrees?|percent|euros?|dollars?|sites|cent(?:er|re)s|genes?|SNPs?|factors?|pairs of)\b",
    re.IGNORECASE,
)
_DIRECT = re.compile(
    rf"^(?P<between>(?:[\s,\u2010-\u2015-]+[^\s,;:.()\[\]\u2010-\u2015-]+){{0,10}}?)[\s,\u2010-\u2015-]+(?P<noun>{_PERSON})\b"
    rf"(?:[ -](?P<next>{_PERSON})\b)?(?:[ -](?P<last>{_PERSON})\b)?(?!['’])"
)
_BARE_VERB = re.compile(
    r"^\s*(?:(?:[a-z]+-handed|healthy|native|young|older|adult|male|female)[\s,]+){0,3}(?:of (?:them|these|whom)\s+)?(?:were|was|had|completed|participated|took part|underwent|remained|met|agreed)\b"
)
_CLAUSE_BREAK = re.compile(r"\b(?:of the|were|was|is|are)\b")
_ANY_PERSON = re.compile(rf"\b(?:{_PERSON})\b")
_YEAR = re.compile(
    r"\b(?:in|since|from|to|and|between|until|during|of|January|February|March|April|May|June|July|August|September|October|"
    r"November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\.?,?\s*(?:\d{1,2},?\s*)?$"
)
_EQUALS = re.compile(r"\b[Nn]s?\s*(?:=|equals|\u2009=)\s*$")
_OF = re.compile(
    r"\b(?:sample(?: size)?|group|total|cohort|number|set|data(?:set)?s?|final|sample included|sample comprised)\s+(?:\w+\s+)?(?:of|was|from|included|comprised|for)\s*$",
    re.IGNORECASE,
)
_SEX_NEXT = re.compile(
    r"\s*(?:(?:healthy|right-handed|adult|young|old|older)[\s,]+)*(male|female|men|women|boys|girls)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:experiments?|exp\.?|study|studies|session|day|phase|group|visit|step|stage|type|level|table|fig\.?|figure|"
    r"chapter|section|grade|version|run|block|subjects|participants|task|dataset|sample|wave|site|cohort|model|no\.?|#)"
    r"\s*$",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"\s*(?:(?:took part|participated|were (?:included|tested|scanned))\s+)?(?:in|for)\s+(?:the\s+)?"
    r"(?:(?:first|second|third|fourth|other|main|present|behaviou?ral|fMRI|MEG|EEG|control|pilot)\s*(?:experiment|study|sample|group|"
    r"dataset|cohort|one)?|experiment\s+\w+|study\s+\w+|exp\.?\s*\w+)\s*(?=[,.;()]|$|and\b)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_CLAUSE = re.compile(
    r";|,\s+(?:and|but|while|whereas|with|leaving|resulting)\b|\bwhile\b|\bwhereas\b|\bbut\b|\bleaving\b|\bresulting in\b|\bthus\b|\byielding\b"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A number of people (or animals) in a sentence.

    ``group`` is ``"patients"``, ``"healthy"`` or empty; ``sex`` is ``"male"``, ``"female"`` or empty, by the noun;
    ``kept`` is true where the number is said to be what remains or was analysed; ``adjective`` is the sex said right after the number (``28 female users``); ``excluded``, ``final``, ``total`` and
    ``earlier`` tell what the words around say; ``inside`` is true within brackets.
    """

    value: int
    start: int
    end: int
    noun: str
    group: str
    sex: str
    excluded: bool
    final: bool
    total: bool
    took_part: bool
    earlier: bool
    inside: bool
    role: str
    heading: str
    sentence: int
    adjective: str = ""
    kept: bool = False


def find_mentions(sentence: Sentence, *, index: int = 0) -> list[Mention]:
    """The mentions in one sentence; ``index`` is the sentence's number, kept in each."""
    text = sentence.text
    masked = _BRACKETS.sub(lambda m: " " * len(m[0]), text)
    out = _read(masked, sentence, index, offset=0, inside=False)
    for bracket in _BRACKETS.finditer(text):
        out += _read(bracket[0][1:-1], sentence, index, offset=bracket.start() + 1, inside=True)
    return out


def _read(text: str, sentence: Sentence, index: int, *, offset: int, inside: bool) -> list[Mention]:
    out = []
    for number in find_numbers(text):
        counted = _noun(text, number, inside=inside)
        if counted is None or number.value > 200_000:
            continue
        noun, ends = counted
        first, last = _clause(text, number)
        clause = text[first:last]
        around = sentence.text if inside else clause
        described = (
            text[number.end : number.end + 110] if not inside else sentence.text[max(0, offset - 90) : offset]
        )
        if not inside:
            described = text[number.end : ends] + re.split(r"[,;]|\band\b", described)[0]
        sex = _sex(noun)
        out.append(
            Mention(
                number.value,
                sentence.start + offset + number.start,
                sentence.start + offset + number.end,
                noun,
                _group(described),
                sex,
                bool(_EXCLUDED.search(clause)),
                bool(_FINAL.search(clause)),
                bool(_TOTAL.search(text[max(0, number.start - 40) : number.end])),
                bool(_TOOK_PART.search(around)),
                bool(_EARLIER.search(sentence.text)),
                inside,
                sentence.role,
                sentence.heading,
                index,
                _adjective(text[number.end : number.end + 30]),
                bool(
                    _KEPT_BEFORE.search(text[max(0, number.start - 60) : number.start])
                    or _KEPT_AFTER.match(text[number.end :])
                ),
            )  # fmt: skip
        )
    return out


def _noun(text: str, number: Number, *, inside: bool) -> tuple[str, int] | None:
    """What is counted and where its name ends: a person noun, ``"n"`` for N = …, ``"they"`` for a bare number; or None."""
    after, before = text[number.end :], text[: number.start]
    if 1950 <= number.value <= 2035 and (_YEAR.search(before) or after.startswith(",")):
        return None
    if number.text.isdigit() and _NUMBERED.search(before) and not _OF.search(before):
        return None
    if re.match(r"\s*[±:]|\s?(?:%|°)|\s*\.\d", after) or (
        re.search(r"[=<>±]\s*$", before) and not _EQUALS.search(before)
    ):
        sex = _labelled_sex(before)
        return (sex, number.end) if sex else None
    if _EQUALS.search(before):
        return "n", number.end
    direct = _DIRECT.match(after)
    if direct and not _NOT_PEOPLE.search(direct["between"]) and not _CLAUSE_BREAK.search(direct["between"]):
        return direct["last"] or direct["next"] or direct["noun"], number.end + direct.end()
    if direct and re.fullmatch(r"\s*of the(?:se)?(?:\s+\w+)?\s*", direct["between"] + " "):
        return "some", number.end + direct.end()
    short = re.match(r"\s?(M|F|m|f|♂|♀)\b", after)
    if short:
        return ("male" if short[1] in "Mm♂" else "female"), number.end
    if inside and (sex := _labelled_sex(before)):
        return sex, number.end
    if (_OF.search(before) and not _NOT_PEOPLE.match(after.lstrip())) or _BARE_VERB.match(after):
        return "they", number.end
    if _ELLIPSIS.match(after) and _ANY_PERSON.search(before):
        return "they", number.end
    if (
        re.match(r"\s+with(?:out)?\b", after)
        and re.search(r"(?:,|\band|:)\s*$", before)
        and _ANY_PERSON.search(before)
    ):
        return "they", number.end
    return None


def _labelled_sex(before: str) -> str | None:
    match = re.search(r"\b(males?|females?|men|women|boys|girls|M|F)\s*(?:[:=]|\s)\s*$", before)
    if not match:
        return None
    return (
        "male"
        if _MALE.search(match[1]) and match[1].lower() not in ("f", "females", "women", "female")
        else "female"
    )


def _clause(text: str, number: Number) -> tuple[int, int]:
    cuts = [m.start() for m in _CLAUSE.finditer(text)]
    first = max((c for c in cuts if c <= number.start), default=0)
    last = min((c for c in cuts if c > number.end), default=len(text))
    return first, last


def _sex(noun: str) -> str:
    lowered = noun.lower()
    if lowered in ("male", "males", "men", "boy", "boys"):
        return "male"
    return "female" if lowered in ("female", "females", "women", "girl", "girls") else ""


def _adjective(after: str) -> str:
    match = _SEX_NEXT.match(after)
    return ("male" if match[1].lower() in ("male", "men", "boys") else "female") if match else ""


def _group(described: str) -> str:
    if _HEALTHY.search(described):
        return "healthy"
    return "patients" if _PATIENT.search(described) else ""


def value_of(text: str) -> int | None:
    """The value of a number as written."""
    return read_number(text)

"""Mentions of how many people or animals: direct numbers, sexes, exclusions, each with its place.

The grammar reads one sentence at a time. What stands in round brackets is read apart from what stands outside, so
that ``27 (12 women) adults`` is 27 adults, of whom 12 women.
"""

import re
from dataclasses import dataclass

from commissure.translate.methods.numbers import Number, find_numbers, read_number
from commissure.translate.methods.patterns import spaced
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
_EXCLUDED = spaced(
    r"exclu(?:ded|sion|ding)|remov(?:ed|al)|discard|withdr[ae]w|dropp?(?:ed)?[ -]?out|drop-?outs?|did not (?:complete|start|finish|meet|pass|show)|"
    r"were lost|was lost|not (?:be )?(?:included|analy[sz]ed|considered|usable)|failed|eliminat|omitted|ineligible|"
    r"unable to|could not|incomplete|declined|refused|rejected|discontinued|not available|due to (?:excessive|technical|head)|"
    r"had to be (?:\w+ )?(?:excl|disc|remo|rej|elim|omit|drop)|because of (?:excessive|technical|head|poor|movement)|missing",
)
_FINAL = spaced(
    r"\bfinal(?:ly)?\b|remain(?:ing|ed)|resulting in|result(?:ed)? in|leaving|left\s+(?:us\s+with\s+)?(?:a\s+)?|thus|therefore|"
    r"(?:were|was) (?:included|analy[sz]ed|retained|used) in|"
    r"included in (?:the|this|our|all)|data (?:from|of) (?:the )?(?:\w+ )?|final sample|analy[sz](?:ed|es|is)|complet(?:ed|e)\b|reported here|eligible",
)
_TOTAL = spaced(
    r"\btotal\b|\baltogether\b|\ball\b|\boverall\b|sample (?:size )?(?:of|consisted|comprised|included)|\bentire\b|whole sample",
)
_TOOK_PART = spaced(
    r"particip|took part|recruit|enrol|consist|compris|were scanned|underwent|volunteer|included|investigat|studied|tested|"
    r"examined|examine|scanned|we (?:studied|used)|performed|complet|assess|evaluat|measured|imaging|fMRI",
)
_KEPT_BEFORE = spaced(
    r"\b(?:remaining|leaving|left (?:us )?with|final(?:ly)?|result(?:ing|ed) in|yielding|reduc\w+ (?:the )?(?:sample|group)\w* to|"
    r"(?:analys[ie]s|data) (?:from|of|on|included)|included (?:data from )?|available (?:for|from)|"
    r"(?:sample|cohort) (?:was|is) (?:thus|therefore)|"
    r"result(?:ing|ed) in an? (?:final|total|overall) sample(?: size)?|"
    r"final (?:sample|cohort|group|study|data ?set|analys[ie]s)(?:\W+\w+){0,5})\W+(?:\w+\W+){0,4}?$",
)
_KEPT_AFTER = spaced(
    r"\s*(?:[\w'’-]+\s+){0,4}?(?:remained|(?:were|was) (?:finally )?(?:included|retained|used|entered|analy[sz]ed|available)\b|"
    r"(?:data )?(?:sets? )?(?:were|was) (?:therefore |thus )?(?:included|used|analy[sz]ed)|completed (?:the|all|both))|"
    r"\s*(?:\w+\s+){0,2}?remaining\b",
)
_LOST_AFTER = spaced(
    r"[^;]*?\b(?:were|was|being|had to be|could not be|not be|were not|was not)\s+(?:\w+\s+){0,3}?"
    r"(?:exclu|discard|remov|reject|eliminat|omit|dropp|lost|includ(?:ed)? (?:in|due)|withdr)",
)
_EARLIER = spaced(
    r"previous(?:ly)?\b[^.;]{0,40}?\b(?:study|studies|report|work|publish|research)|et al|reported by|earlier stud|prior stud|meta-analy|literature",
)
_PLANNED = spaced(  # a sample size that was wished for
    r"\bpower (?:analys|calculat|of)|G\*?\s?Power|effect size|a priori|\brequired to|(?:we|study) aimed|\bminimum of \w+ (?:participants|subjects)|\bpilot",
)
_LARGER = spaced(r"\b(?:from|of|in) (?:a|the|our) larger\b|\b(?:screening|pool of(?: \w+)?)\s*$")
_SCREENED = spaced(
    r"[^.;,]{0,40}?\b(?:were|was) (?:\w+ )?(?:screened|contacted|approached|assessed for eligibility)\b"
)
_DONE = spaced(r"\b(?:recruited|took part|participated|enrol+ed|were (?:included|scanned))\b")
_NOT_PEOPLE = spaced(
    r"\b(trials?|blocks?|runs?|sessions?|stimuli|words?|pictures?|images?|faces?|items?|voxels?|volumes?|slices?|years?|"
    r"months?|weeks?|days?|hours?|minutes?|min|s|secs?|seconds?|ms|mm|cm|Hz|channels?|electrodes?|regions?|ROIs?|studies|papers|"
    r"articles|experiments|conditions?|groups|tasks|scales?|points?|times?|scores?|networks?|components?|foci|clusters?|"
    r"coordinates|scans|kg|degrees?|percent|euros?|dollars?|sites|cent(?:er|re)s|genes?|SNPs?|factors?|pairs of|"
    r"videos?|levels|scenarios?|sentences?|ANOVAs?|buttons?|robots?|objects?|categories|dimensions?|targets?|"
    # words that begin another clause or say how often, not how many
    r"which|during|while|that|by|on|at|per|until|after|before|when|where|for|if|because|than|each|every|their|they|we|"
    r"was|were|is|are|had|has|have|be|been|within|between|across|relative to|compared|comparing)\b",
)
_ONE = re.compile(  # a noun in the singular counts nobody: ``two within-subject factors``, ``12 individual trials``
    r"(?:participant|subject|volunteer|patient|control|individual|adult|adolescent|student|person|man|woman|boy|girl|twin|"
    r"infant|newborn|neonate|listener|speaker|reader|user|drinker|survivor|veteran|sibling|relative|mother|father|parent|"
    r"respondent|observer|learner|offender|elder|senior|teenager|youth|driver|expert|novice|practitioner|carrier|worker|"
    r"nurse|dataset|data set|mouse|rat|monkey)"
)
_DIRECT = re.compile(
    rf"^(?P<between>(?:[\s,\u2010-\u2015-]+[^\s,;:.()\[\]\u2010-\u2015-]+){{0,10}}?)[\s,\u2010-\u2015-]+(?P<noun>{_PERSON})\b"
    rf"(?:[\s-]+(?P<next>{_PERSON})\b)?(?:[\s-]+(?P<last>{_PERSON})\b)?(?!['’])"
)
_FURTHER = re.compile(rf"(?:[\s-]+(?!and\b|with\b|aged\b)[^\s,;:.()\d]+){{0,4}}?[\s-]+({_PERSON})\b")
_BARE_VERB = spaced(
    r"^\s*(?:(?:[a-z]+-handed|healthy|native|young|older|adult|male|female)[\s,]+){0,3}(?:of (?:them|these|whom)\s+)?(?:were|was|had|did not|withdrew|dropped out|declined|failed|completed|participated|took part|underwent|remained|met|agreed)\b",
    ignore_case=False,
)
_CLAUSE_BREAK = spaced(r"\b(?:of the|were|was|is|are)\b", ignore_case=False)
_ANY_PERSON = re.compile(rf"\b(?:{_PERSON})\b")
_YEAR = re.compile(
    r"\b(?:in|since|from|to|and|between|until|during|of|January|February|March|April|May|June|July|August|September|October|"
    r"November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\.?,?\s*(?:\d{1,2},?\s*)?$"
)
_EQUALS = re.compile(r"\b[Nn]s?\s*(?:=|equals|\u2009=)\s*$")
_OF = spaced(
    r"\b(?:sample(?: size)?|group|total|cohort|number|set|data(?:set)?s?|final|sample included|sample comprised)\s+(?:\w+\s+)?(?:of|was|from|included|comprised|for)\s*$",
)
_SEX_NEXT = spaced(
    r"\s*(?:(?:healthy|right-handed|adult|young|old|older)[\s,]+)*(male|female|men|women|boys|girls)\b",
)
_NUMBERED = spaced(
    r"\b(?:experiments?|exp\.?|study|studies|session|days?|nights?|weeks?|months?|phase|group|visit|step|stage|type|levels?|"
    r"tables?|fig\.?|figures?|chapter|section|grade|version|run|block|trial|subjects|participants|task|dataset|sample|wave|"
    r"site|cohort|model|no\.?|#)(?:\s*\d+\s*(?:and|to|or|&))*\s*$",
)
_EACH = spaced(r"\bgroups? (?:of|with)\s+$")
_ELLIPSIS = spaced(
    r"\s*(?:(?:took part|participated|were (?:included|tested|scanned))\s+)?(?:in|for|from)\s+(?:the\s+)?"
    r"(?:(?:first|second|third|fourth|other|main|present|behaviou?ral|fMRI|MEG|EEG|control|pilot)\s*(?:experiment|study|sample|group|"
    r"dataset|cohort|one)?|(?:[\w-]+\s+){1,3}?(?:group|sample|cohort|condition|arm)|experiment\s+\w+|study\s+\w+|exp\.?\s*\w+)\s*(?=[,.;()]|$|and\b)",
)
_SHARED = (
    re.compile(  # ``nineteen right-handed (12 women) and fifteen left-handed``: the noun, if any, comes later
        r"\s*(?:[^\W\d_][\w\u2010-\u2015'-]*\s+){1,3}(?:,?\s*(?:and|vs\.?|versus)|,)\s*"
    )
)
_AGED = spaced(
    r"\baged?s?\W+(?:of\W+|range\W+|from\W+|between\W+)*(?:\d+\s*(?:and|to|[\u2010-\u2015-])\s*)?$|"
    r"\b(?:between|from)\W+(?:the ages of\W+)?\d+\s*(?:years?\s*)?(?:and|to|[\u2010-\u2015-])\s*$",
)
_NEAR = 240  # how many characters around a number are read for what it counts
_BRACKETS = re.compile(r"\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]")
_CLAUSE = spaced(
    r";|,?\s*\bof (?:whom|which|these|them)\b|\bthere (?:were|was|remained)\b|,\s+(?:and|but|so|while|whereas|with|leaving|resulting)\b|\bwhile\b|\bwhereas\b|\bbut\b|\bleaving\b|\bresulting in\b|\bthus\b|\byielding\b",
    ignore_case=False,
)
_AFTER_THAT = spaced(
    r"^\W*(?:after|following|due to|because of|owing to|given|excluding|having|to reach)\b[^,]*,"
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
        within = _BRACKETS.sub(lambda m: " " * len(m[0]), bracket[0][1:-1])
        out += _read(within, sentence, index, offset=bracket.start() + 1, inside=True)
    return out


def _read(text: str, sentence: Sentence, index: int, *, offset: int, inside: bool) -> list[Mention]:
    out = []
    elsewhere, cuts = _is_elsewhere(sentence.text), _cuts(text)
    numbers = [n for n in find_numbers(text) if n.value <= 200_000]
    nouns = [_noun(text, number, inside=inside) for number in numbers]
    for index_of, number in enumerate(numbers):
        counted = nouns[index_of]
        if counted is None and nouns[index_of + 1 : index_of + 2] not in ([], [None]):
            between = text[number.end : numbers[index_of + 1].start]
            if _SHARED.fullmatch(between) and not _NOT_PEOPLE.search(between) and number.value > 1:
                counted = "they", number.end
        if counted is None:
            continue
        noun, ends = counted
        first, last = _clause(text, number, cuts)
        clause = text[first:last]
        around = sentence.text if inside else clause
        kept, lost = _fate(text, number, first=first, last=last)
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
                lost,
                bool(_FINAL.search(clause)),
                bool(_TOTAL.search(text[max(0, number.start - 40) : number.end])),
                bool(_TOOK_PART.search(around)),
                elsewhere or _is_larger(text, number),
                inside,
                sentence.role,
                sentence.heading,
                index,
                _adjective(text[number.end : number.end + 30]),
                kept,
            )  # fmt: skip
        )
    return out


def _fate(text: str, number: Number, *, first: int, last: int) -> tuple[bool, bool]:
    """Whether a number is what remained or was analysed, and whether it is of those who were left out."""
    before, after = text[max(0, number.start - 80) : number.start], text[number.end : last]
    lost = bool(_EXCLUDED.search(text[first:last]))
    if lost and _LOST_AFTER.match(after[:_NEAR]):
        return False, True
    kept = bool(_KEPT_BEFORE.search(before) or _KEPT_AFTER.match(text[number.end : number.end + _NEAR]))
    return kept, lost


def _is_elsewhere(sentence: str) -> bool:
    """Whether a sentence tells of other studies, or of a sample size that was only planned."""
    return bool(_EARLIER.search(sentence) or (_PLANNED.search(sentence) and not _DONE.search(sentence)))


def _is_larger(text: str, number: Number) -> bool:
    """Whether a number is of those who were screened, or of the larger project that the sample is part of."""
    return bool(
        _LARGER.search(text[max(0, number.start - _NEAR) : number.start])
        or _SCREENED.match(text[number.end :])
    )


def _noun(text: str, number: Number, *, inside: bool) -> tuple[str, int] | None:
    """What is counted and where its name ends: a person noun, ``"n"`` for N = …, ``"they"`` for a bare number; or None."""
    after, before = text[number.end : number.end + _NEAR], text[max(0, number.start - _NEAR) : number.start]
    if 1950 <= number.value <= 2035 and (_YEAR.search(before) or after.startswith(",")):
        return None
    if _AGED.search(before):
        return None
    if number.text.isdigit() and _NUMBERED.search(before) and not _OF.search(before):
        return None
    if re.match(r"\s*[±:×<>]|\s?(?:%|°)|\s*\.\d|[\s-]?T\b", after) or (
        re.search(r"[=<>±×]\s*$", before) and not _EQUALS.search(before)
    ):
        sex = _labelled_sex(before) if not re.match(r"\s*[×<>]", after) else None
        return (sex, number.end) if sex else None
    if _EQUALS.search(before):
        return "n", number.end
    direct = _DIRECT.match(after)
    if _EACH.search(before) and re.match(r"[^.;,]{0,40}\beach\b", after):
        return "some", number.end
    if direct and not _NOT_PEOPLE.search(direct["between"]) and not _CLAUSE_BREAK.search(direct["between"]):
        noun = direct["last"] or direct["next"] or direct["noun"]
        adjective = noun in ("male", "female") or (number.value > 1 and _ONE.fullmatch(noun))
        if adjective and (further := _FURTHER.match(after, direct.end())):
            noun = further[1]
        if number.value == 1 or not _ONE.fullmatch(noun):
            return noun, number.end + direct.end()
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
        re.match(r"\s+(?:with(?:out)?|because|due to|owing to)\b", after)
        and re.search(r"(?:,|\band|:)\s*$", before)
        and _ANY_PERSON.search(before)
    ):
        return "they", number.end
    return None


def _labelled_sex(before: str) -> str | None:
    match = re.search(r"\b(males?|females?|men|women|boys|girls|M|F)\s*(?:[:=]|\s)\s*$", before)
    if not match or (match[1] in "MF" and not re.search(r"[MF(\[,/;]\W*$|^\W*$", before[: match.start()])):
        return None
    return (
        "male"
        if _MALE.search(match[1]) and match[1].lower() not in ("f", "females", "women", "female")
        else "female"
    )


def _cuts(text: str) -> list[int]:
    """Where the clauses of a sentence begin."""
    cuts = [m.start() for m in _CLAUSE.finditer(text)]
    that = _AFTER_THAT.match(text)
    return [*cuts, that.end()] if that else cuts


def _clause(text: str, number: Number, cuts: list[int]) -> tuple[int, int]:
    first = max((c for c in cuts if c <= number.start), default=0)
    last = min((c for c in cuts if c > number.end), default=len(text))
    return max(first, number.start - 2 * _NEAR), min(last, number.end + 2 * _NEAR)


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

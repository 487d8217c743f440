"""Names told by what people do: *Will Power did the task*, *OJB swapped the cap*, *per Branch: skip it*, *Leach and Birn came*.

A name that is an everyday word, or two capitals, is one only where it does what people alone do, or stands where they alone stand.

>>> texts = ["Will Power did the task", "OJB swapped the cap", "per Branch: skip it", "we tested Birn and Leach"]
>>> [text[start:end] for text in texts for start, end in find_said_names(text)]
['Will Power', 'OJB', 'Branch', 'Birn', 'Leach']
>>> [find_said_names(text) for text in ("Visual Cortex did respond", "EEG started, per Block: 3", "by Bland and Altman")]
[[], [], []]
"""

import re

from commissure.protect.text.first_names import FIRST_NAMES
from commissure.protect.text.hints import holds_any, leads_of
from commissure.protect.text.lone_names import EPONYMS, is_known_word

__all__ = ["find_said_names"]

#: given names that are everyday words too; names only before another word and somebody's deed
_WORDS = """
amber april art august autumn basil bill blue buck buddy candy cash charity chase chuck clay cliff colt crystal daisy dale dawn dean destiny
dick dolly don drew duke earl eve faith fern flora forest frank gene ginger glen grace grant guy harmony haven hazel heath heaven holly hope
hunter iris ivy jack jade jasper jay jet jewel joy june kay lance lane lily mark mason max may melody mercy merry miles misty norm olive
pat patience pearl penny pepper piper poppy precious prince ray red reed rich robin rocky rose ruby rusty sage sandy scarlet scout serenity
skip sky solomon star stone storm summer sunny tanner terry tiger tuck violet virgil victor wade ward will willow winter woody wren angel
"""
_GIVEN = frozenset(_WORDS.split()) | FIRST_NAMES
_CAP = r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽĆĐĎĘĚĞĢİĪĶĻĽŃŅŇŐŌŒŘŞȘŢȚŤŪŮŰŸŹĀĂĄĒĖĮŲẤ-Ỹ][a-zß-öø-žấ-ỹ]+(?:['’-][^\W\d_]+)*"
_IS = r"(?:was|is|were|are|got|became|seemed|looked)(?: (?:very|quite|too|so|rather|a bit|a little|really|not))?"
_PARTICLE = r"(?:te|ten|ter|van|van der|van den|de|der|von|di|da|la|le|el|al|del|della|dos|du)"
#: what people do, and neither electrodes nor programs
_DID = (
    r"(?:reported|complained|phoned|telephoned|arrived|fell asleep|fell|yawned|coughed|sneezed|signed|agreed|disagreed|refused|declined|wanted|wants|forgot|woke|"
    r"cried|laughed|smiled|drove|lives|lived|works|worked|visited|mentioned|noticed|thinks|thought|believes|knows|speaks|spoke|prefers|preferred|likes|liked|"
    r"suggested|recommended|insisted|withdrew|fainted|vomited|felt|feels|slept|said|says|told|asked|wore|wears|took part|takes part|took over|came (?:in|late|back|early|to|with|by|for)|"
    r"left (?:early|late|at|the room|the lab|before|after|us)|did (?:the|not|a|an|all|both|his|her|it|well|run|session)|didn['’]t|couldn['’]t|wouldn['’]t|"
    r"had (?:a|an|to|no|not|trouble|slept|been|taken|coffee|breakfast|lunch)|has (?:a|an|to|no|not|never|been|two|three|children|tattoos?)|asked (?:to|for|if)|"
    rf"called|went|moved (?:a lot|his|her|twice|during)|{_IS} (?:late|tired|anxious|nervous|asleep|awake|sleepy|sick|ill|absent|drowsy|unwell|restless|happy|angry|upset|"
    r"here|told|asked|born|scanned|tested|recruited|interviewed|reimbursed|informed|paid|excluded|hungry|pregnant|early|present|cooperative|confused|scared|bored|calm))"
)
#: what the one at the amplifier does
_HANDLED = (
    r"(?:swapped|checked|called|noted|replaced|repositioned|adjusted|applied|asked|told|saw|forgot|reviewed|cleaned|marked|remarked|re-?measured|helped|took|fixed|"
    r"re-?gelled|inspected|operated|supervised|assisted|scored|rated|tested|scanned|prepared|annotated|labell?ed|noticed|confirmed|decided|suggested|"
    r"aborted|stopped|interrupted|cancelled|canceled|paused|put|placed|mounted|removed|attached|connected|arrived|left early|was (?:late|sick|absent)|is (?:late|sick|absent)|wrote|entered|signed|did the)"
)
_PAIR_DID = re.compile(
    rf"(?<![^\W_])(?P<given>{_CAP}) (?P<family>{_CAP})(?= (?:and {_CAP} )?{_DID}(?![^\W_]))"
)
#: the subject is Hope Young; recorded by AKB
_PERSON_CALLED = re.compile(
    rf"(?<![^\W_])(?i:participant|subject|patient|proband(?:in)?|volunteer|name|student)(?: is| was|['’]s name is| called| named) (?P<given>{_CAP}) (?P<family>{_CAP})(?![^\W_])"
)
_BY_INITIALS = re.compile(
    r"(?<![^\W_])(?:collected|recorded|run|tested|scanned|acquired|checked|done|performed|measured|administered|scored|rated|prepared|operated|supervised|assisted|signed|seen|"
    r"reviewed|annotated|marked|entered|verified|approved|written|filled in|set up) by (?P<one>[A-Z]{2,3})(?![\w-])(?! (?:system|software|scanner|program|amplifier|method|tool)\b)"
)
_COUPLE_DID = re.compile(rf"(?<![^\W_])(?P<one>{_CAP}) (?:and|&|und|et) (?P<two>{_CAP})(?= {_DID}(?![^\W_]))")
_ONE_DID = re.compile(
    rf"(?<![^\W_])(?P<one>{_CAP})(?= (?:phoned|arrived late|fell asleep|yawned|coughed|sneezed|slept through|came late|"
    rf"{_IS} (?:late|tired|anxious|nervous|asleep|sleepy|sick|absent|drowsy))(?![^\W_]))"
)
_PERSON_IS = re.compile(
    rf"(?<![^\W_])(?i:participant|subject|patient|proband(?:in)?|volunteer|student|nurse|assistant|intern|colleague|daughter|son|mother|father|wife|husband|brother|sister|"
    rf"partner|friend|carer|neighbou?r|technician|tech|operator|experimenter) (?P<name>(?P<first>{_CAP})(?: (?:{_PARTICLE} )?{_CAP})?)(?= (?:{_DID}|{_HANDLED})(?![^\W_]))"
)
_WITH_TWO = re.compile(
    rf"(?<![^\W_])(?:tested|scanned|recorded|interviewed|recruited|called|met|asked|told|paid|invited|trained|helped|thank(?:ed)?|between|both) "
    rf"(?P<one>{_CAP}) (?:and|&|und|et|y) (?P<two>{_CAP})(?![^\W_])(?!['’]s? )"
)
_TO_ONE = re.compile(
    rf"(?<![^\W_])(?i:ask|tell|asked|told|thanks to|cc|talk(?:ed)? (?:to|with)|spoke (?:to|with)|met with|remind|email|e-mail|mail|call|ping|c/o|attn:?|"
    rf"says|said|signed:?|sent to|forwarded to|handed (?:over )?to|on behalf of|per(?= \w+[:,])) (?P<one>{_CAP})(?![\w-])"
)
_INITIALS = re.compile(
    rf"(?<![^\W_])(?<![.=/+*-])(?P<one>[A-ZÄÖÜÅØÉŠŽČ]{{2,3}}|[A-Z]\. ?[A-Z]\.)(?= (?:and [A-Z]{{2,3}} )?{_HANDLED}(?![^\W_]))"
)
_NOBODY = """
subject patient participant volunteer nobody everybody somebody someone everyone he she they we you it who the this that experimenter operator
technician tech staff security baby child mother father mom dad parent parents wife husband son daughter sister brother nurse doctor physician both
all none one experiment experimenters support admin pi ra block trial session run task condition group hemisphere channel electrode site scanner
cohort i his her their our my bus train taxi stimulus response trigger start lunch breakfast dinner delivery then also still really maybe probably
first second next last one two monday tuesday wednesday thursday friday saturday sunday
"""
_DOING = """
EEG MEG MRI ECG EKG EOG EMG TMS DBS LFP PC TTL LSL GUI BCI LED CPU GPU USB ICA PCA CT PET SEM GP ENT QC IT HR
"""
#: abbreviations at which something is done, or that do it
_DEVICES = frozenset(_DOING.split())
#: M. Bang est en retard
_MONSIEUR = re.compile(
    rf"(?<![^\W_])(?:M|MM|Mme|Mlle)\.? (?P<name>{_CAP})(?= (?:est|était|a|avait|ont|et|s['’]est|n['’]a|ne)(?![^\W_]))"
)
#: Rosanne de Bruin (wife)
_RELATED = re.compile(
    rf"(?<![^\W_])(?P<name>{_CAP}(?: (?:{_PARTICLE} )?{_CAP})?)(?= \((?:his |her |the )?(?:wife|husband|mother|father|son|daughter|sister|brother|partner|carer|aunt|uncle|friend|GP|neurologist)\b)"
)
#: Pt Cools, Selena
_PATIENT_LISTED = re.compile(
    rf"(?<![^\W_])(?:Pt|Pat|Patient|Participant|Proband(?:in)?)\.? (?P<name>{_CAP}, {_CAP})(?![^\W_])"
)
#: with Harriet G., eyes open
_GIVEN_INITIAL = re.compile(
    rf"(?<![^\W_])(?:(?i:with|by|for|from|and|asked|told|met|tested|scanned) )?(?P<name>(?P<given>{_CAP}) [A-Z]\.)(?=[,;:)]|\s|$)(?! ?[A-Z0-9]| et al)"
)
#: A. Strand aborted the run
_INITIAL_DID = re.compile(rf"(?<![^\W_])(?P<name>[A-Z]\. ?{_CAP})(?= (?:{_DID}|{_HANDLED})(?![^\W_]))")
#: LEGROS, MALAK
_CAPITALS = re.compile(
    r"(?:^|[:=\t])[ ]?(?P<name>(?P<family>[A-ZÀ-Þ]{4,}(?:-[A-ZÀ-Þ]{3,})?), (?P<given>[A-ZÀ-Þ]{3,}))(?!\w|, ?[A-Z])",
    re.M,
)
_ALIAS = re.compile(
    rf"(?<![^\W_])(?i:goes by|(?<!also )known as|nicknamed|nickname(?: is|:)?|alias|answers to|(?:wants|prefers|likes) to be called|Spitzname(?: ist|:)?|genannt|"
    rf"surnommée?|apodad[oa]|dett[oa]) [\"'“„«]?(?P<name>{_CAP})(?![\w-])"
)
_DEEDS = leads_of(_DID)
_ALL_DEEDS = (*_DEEDS, *leads_of(_HANDLED))
_ANDS = (" and ", " & ", " und ", " et ", " y ")
_CALLED = (" is ", " was ", " called ", " named ")
_ALIASES = (
    "goes by",
    "known as",
    "nick",
    "alias",
    "answers",
    "called",
    "spitzname",
    "genannt",
    "surnomm",
    "apodad",
    "dett",
)
_ADDRESSES = ("ask", "tell", "told", "thanks", "cc", "talk", "spoke", "met", "remind", "mail", "call", "ping", "c/o", "attn", "say", "said", "sign", "sent", "forward", "hand",
              "behalf", "per")  # fmt: skip
#: capitalized words that stand for anybody
_ANYBODY = frozenset(_NOBODY.split())


def find_said_names(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of the names in ``text`` that what they do, or what is done to them, tells for names."""
    if text.islower():
        return []
    found = _by_deeds(text) if holds_any(text, _ALL_DEEDS) else []
    if holds_any(text, _CALLED):
        found += [
            (match.start("given"), match.end("family"))
            for match in _PERSON_CALLED.finditer(text)
            if match.group("given").casefold() in _GIVEN or any(map(_is_unknown, match.group("given", "family")))
        ]  # fmt: skip
    if holds_any(text, _ANDS):
        for couple in (_COUPLE_DID, _WITH_TWO):
            for match in couple.finditer(text):
                if any(map(_is_unknown, match.group("one", "two"))):
                    found += [match.span("one"), match.span("two")]
    if "." in text:
        found += [match.span("name") for match in _MONSIEUR.finditer(text)]
        found += [
            match.span("name")
            for match in _GIVEN_INITIAL.finditer(text)
            if match.group("given").casefold() in _GIVEN or _is_unknown(match.group("given"))
        ]
    if " (" in text:
        found += [match.span("name") for match in _RELATED.finditer(text)]
    if ", " in text:
        found += [match.span("name") for match in _PATIENT_LISTED.finditer(text)]
        found += [
            match.span("name")
            for match in _CAPITALS.finditer(text)
            if match.group("given").casefold() in FIRST_NAMES
            or all(map(_is_unknown, match.group("given", "family")))
        ]
    return found + _by_words_beside(text)


def _by_deeds(text: str) -> list[tuple[int, int]]:
    """Names before what people do."""
    found = [match.span("one") for match in _INITIALS.finditer(text) if match.group("one") not in _DEVICES]
    if "." in text:
        found += [match.span("name") for match in _INITIAL_DID.finditer(text)]
    if not holds_any(text, _DEEDS):
        return found
    found += [
        match.span()
        for match in _PAIR_DID.finditer(text)
        if match.group("given").casefold() in _GIVEN and match.group("family").casefold() not in _ANYBODY
    ]
    found += [
        match.span("name")
        for match in _PERSON_IS.finditer(text)
        if match.group("first").casefold() not in _ANYBODY
    ]
    return found + [
        match.span("one")
        for match in _ONE_DID.finditer(text)
        if match.group("one").casefold() not in _ANYBODY
    ]


def _by_words_beside(text: str) -> list[tuple[int, int]]:
    """Names behind the word that addresses somebody."""
    found = []
    if holds_any(text, _ALIASES):
        found += [
            match.span("name")
            for match in _ALIAS.finditer(text)
            if match.group("name").casefold() not in EPONYMS
        ]
    if holds_any(text, _ADDRESSES):
        found += [match.span("one") for match in _TO_ONE.finditer(text) if _is_addressed(match)]
    if " by " in text:
        found += [
            match.span("one")
            for match in _BY_INITIALS.finditer(text)
            if match.group("one") not in _DEVICES and not is_known_word(match.group("one"))
        ]
    return found


def _is_unknown(word: str) -> bool:
    folded = word.casefold()
    return folded not in EPONYMS and not is_known_word(folded)


def _is_addressed(match: re.Match[str]) -> bool:
    """Whether somebody is spoken to: a capital inside a line of small letters, no word of the trade."""
    folded = match.group("one").casefold()
    return folded not in _ANYBODY and folded not in EPONYMS

"""Values that a word beside them tells for identifiers, in several languages: *hospital number 7G/4821*, *Kennzeichen LOS-BC 1454*.

A number, a code or a word says nothing by itself; what makes it an identifier is what it is called. So each rule has the
words that announce a category and the shape that its values have, and takes the value only.

>>> [(span[2], "login: jdoe"[span[0]:span[1]]) for span in find_announced("login: jdoe")]
[('operator', 'jdoe')]
>>> find_announced("user interface, plate 3, acc: 0.95, ZIP file")
[]
"""

import re

from commissure.protect.text.hints import count_digits, holds_any, leads_of, starts_in, starts_of
from commissure.protect.text.lone_names import is_known_word

__all__ = ["find_announced"]

_IS = r"(?:[^\S\n]*(?:[.:#=№-]|\bis\b|\bno\b\.?|\bnr\b\.?|\bn[°º]|\bnumber\b|\bnum\b|\bID\b|\bid\b|\bcode\b))*[^\S\n]*(?:(?<==)[\"'])?"
#: a code with three digits in it: letters, digits and what joins them
_CODE = r"(?=(?:[A-Za-z_./-]*\d){3})[A-Za-z0-9][\w/-]*(?:\.[\w/-]+)*"
#: the same of four digits or more, which may stand in groups
_NUMBER = r"(?=(?:[A-Za-z/-]*[ .-]?\d){4})(?:[A-Za-z]{1,4}[/-]?)?[\dA-Z]+(?:[/-]?[A-Za-z0-9]+)*(?:[ .-]\d+)*(?:[ -]?[A-Z]\b)?"
_PLATE = r"(?=[^\W_]*[ ·-]?[^\W_]*[ ·-]?[^\W_]*\d)[A-ZÄÖÜ0-9]{1,4}(?:[ ·-]{0,2}[A-ZÄÖÜ0-9]{1,5}){1,3}"
_HANDLE = r"@?[A-Za-z][^\W]*(?:[.-]\w+)*"
_DOMAIN = r"[^\W_][\w-]*(?:[.-][\w-]+)+"
_PHONE = r"\+?\(?\d{2,}\)?(?:[ ./()x-]{1,2}\(?\d{2,}\)?(?:\(0\)\d+)?)*"
_DEGREES = r"[-+]?\d{1,3}(?:\.\d{3,}|°)[^,;\w]{0,3}(?:\d{1,2}['′]\s*)?(?:[\d.]+[\"″]\s*)?[NSEWO]?"
_PLACE = rf"{_DEGREES}\s*[,;/ ]\s*(?:(?:lon|lng|long|longitude)\W*)?{_DEGREES}"

_RULES: tuple[tuple[str, str, str], ...] = (
    ("id", r"NHS|NI(?= number)|NINO|National Insurance|social security|sécurité sociale|sozialversicherung\w*|SSN|NIR|INSEE|personnummer|personnr|CPR|"
           r"fødselsnummer|PESEL|codice fiscale|Aadhaar|Aadhar|BSN|burgerservicenummer|CPF|DNI|NIE|NIF|CURP|henkilötunnus|hetu|AHV(?:-?Nr)?|AVS|SVNR|"
           r"rodné číslo|TC kimlik|CNP|EGN|OIB|national id|tax id|Steuer-?(?:ID|nummer)|ID card|identity card|passport|Reisepass|Personalausweis|"
           r"driv(?:er'?s|ing) licen[cs]e|身份证|身分證|주민등록번호|マイナンバー", _NUMBER),
    ("id", r"MRN|medical record|patient(?: record)?(?=[ .:#=-]*(?:id|no|nr|number|#))|hospital(?=[ .]*(?:id|no|nr|number))|hosp\.|"
           r"(?:Pat|Patienten?|Fall|Aufnahme|Akten|Kranken)[.-]*-?(?:nr|nummer|ID|zahl)|Pat\.?-?Nr|chart(?= ?#| no| number)|case(?= no| number| id| ?#)|"
           r"PID|UR number|IPP|NHC|n° de dossier|numéro de dossier|historia clínica|cartella(?: clinica)?|病历号|住院号|患者ID|カルテ番号", _NUMBER),
    ("id", r"accession|acc(?=\.? ?no|\.? ?#|[:.]\s)", r"(?!(?:GSE|GSM|GPL|[SED]R[APRSXZ]|NM_|NC_|ENS|DS)\d)(?-i:[A-Z]{0,4})-?(?:\d{2,4}[-/])?\d{5,}(?:[-./]\d+)*"),
    ("id", r"(?:finger|palm|voice|face|foot|retina|iris)[ -]?(?:print|scan|code|template|image|hash)s?|(?:face|speaker|voice|facial)[ -]?(?:embedding|recognition|model)|"
           r"biometric\w*|dental record|DNA profile|(?:Finger|Hand)abdruck|Stimmabdruck|empreinte(?: digitale)?|huella(?: dactilar)?|impronta",
     r"(?:(?:template|hash|scan|record|file|profile|code)\s)?(?:(?:id|no|nr|number|is)\b[.:#]?\s)?(?=(?:[A-Za-z_/-]*\d){3})[A-Za-z0-9][\w/+-]{4,}={0,2}"),
    ("institution", r"employed (?:by|at|with)|employer|Arbeitgeber|employeur|empleador|works (?:for|at)|working (?:for|at)|worked (?:for|at)|arbeitet (?:bei|für)|"
                    r"travaille (?:chez|pour)|trabaja (?:en|para)|lavora (?:per|presso)",
     r"(?-i:(?!\w+['’]s\b)(?:the )?[A-ZÀ-Þ][\w&.'’-]*(?: (?:of|and|&|in|de|du|der|am)(?= [A-ZÀ-Þ])| [A-ZÀ-Þ][\w&.'’-]*){0,5})"),
    ("id", r"ACC", r"[A-Z]?\d{6,}"),
    ("id", r"(?:med(?:ical)?\.? rec(?:ord)?|hospital|pat(?:ient)?|subject|participant|donor|client|lab(?:oratory)?|bio-?bank|sample|specimen|visit|encounter|admission|student|"
           r"employee|staff|badge|matriculation|claim|staff|ward|invoice|booking)(?=[ .-]*(?:id|no|nr|number|#|barcode|code))|(?:sample )?barcode|encounter|badge|UHID|"
           r"TFN|SIN|fnr|NINO|NI|claim|matriculation|no(?=[. ]+\d{2}\.\d{3}\.\d{3})", _NUMBER),
    ("id", r"password|passwd|Passwort|mot de passe|contraseña|api[ _-]?key|secret", r"(?=\S*\d)\S{6,}"),
    ("id", r"token", r"(?=\S*\d)(?=\S*[A-Z])[\w.-]{16,}"),
    ("id", r"plate(?: number| no\.?)?", r"(?=(?:[A-Z0-9 -]{0,9}[A-Z]){2})(?=(?:[A-Z0-9 -]{0,9}\d){2})[A-ZÄÖÜ0-9]{1,4}(?:[ ·-]{1,2}[A-ZÄÖÜ0-9]{1,5}){1,3}"),
    ("id", r"(?:certificate|certification|diploma|permit|approval of driving|GCP|insurance card)(?=[ .]*(?:id|no|nr|number|#))|licen[cs]e(?=[ .]*(?:no|nr|number|#))",
     r"(?=(?:[A-Za-z_./-]*\d){4})[A-Z0-9][\w/-]*(?:[./-][\w/-]+)*"),
    ("id", r"plate|vehicle|car|reg(?:istration)?|van|motorbike", r"[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{1,3}[ -]\d{4,6}"),
    ("id", r"pager|bleep|ext(?:ension)?\.?(?= ?\d{3,6} )|Durchwahl", r"\d{3,6}"),
    ("name", r"initials|Initialen|Kürzel", r"(?-i:[A-Z]{2,4})"),
    ("serial", r"sn|device[ _-]id|headset|IMEI|(?:implant )?lot|pacemaker|electrode batch", r"(?=(?:[A-Za-z/-]*\d){4})[A-Za-z0-9][\w/-]{4,}"),
    ("host", r"host ?name|(?:computer|PC|machine) name|on host", r"(?=[\w.-]*[\d-])[^\W_][\w.-]{3,}"),
    ("operator", r"slack|github|gitlab|discord|signal|mastodon|matrix", r"@[A-Za-z]\w{2,}"),
    ("address", r"P\.? ?O\.? ?Box|Postfach|BP|apartado", r"\d{2,6}(?!\d|\s?/\s?\d|\s?mm)"),
    ("id", r"insurance|Versicherten\w*|Versicherungs\w*|Krankenversich\w*|Krankenkasse\w*|policy|health plan|member(?=ship| id| no| number)|mutuelle|"
           r"KVNR|EHIC|Medicare|Medicaid|seguro|assicurazione|verzekering\w*", _NUMBER),
    ("id", r"(?:licen[cs]e|number|car|vehicle|registration|parking)[ -]plates?(?: number)?|plate number|license tag|(?:Kfz-)?Kennzeichen|plaque d'immatriculation|"
           r"immatriculation|matrícula|targa|kenteken|nummerplaat", _PLATE),
    ("id", r"VIN|chassis", r"[A-HJ-NPR-Z0-9]{17}"),
    ("id", r"(?:credit |debit )?card|Visa|Mastercard|Amex|Kreditkarte|carte bancaire", r"\d{4}(?:[ -]?\d{2,4}){2,4}"),
    ("id", r"IBAN|account|Konto(?:nummer)?|sort code", _NUMBER),
    ("serial", r"(?:\w+ )?serial|Serien-?(?:nummer|nr)|numéro de série|número de serie|numero di serie|serienummer|(?:device|amplifier|probe|headset)[ -]SN",
     _CODE),
    ("serial", r"serial(?: (?:number|no|nr)\.?)?(?= ?[:=])|SN(?=[:=])|S/N(?=[ :=])", r"(?=[A-Z0-9/-]*\d)[A-Z0-9][A-Z0-9/-]{4,}"),
    ("operator", r"login|log-in|user[ _-]?name|user[ _-]?id|userid|Benutzer(?:name)?|logged in as|skype|twitter|instagram|telegram|facebook|snapchat|tiktok|"
                 r"wechat|linkedin", _HANDLE),
    ("host", r"computer(?: name)?|host(?:name)?|PC(?: name)?|machine(?: name)?|workstation|laptop|server|Rechner|ordinateur", _DOMAIN),
    ("address", r"GPS(?: position| coordinates| location)?|lat(?:itude)?(?:[/, ]+(?:lon|lng|long|longitude))?|geo(?:location)?|location|lives at|home",
     _PLACE),
    ("address", r"post(?:al)? ?code|zip(?: ?code)?|PLZ|Postleitzahl|code postal|código postal|codice postale|PIN code|postnummer|postcode|PSČ|"
                r"kod pocztowy|郵便番号|邮编", r"(?=[A-Z -]*\d)(?=(?:[A-Z0-9][ -]?){4,9}(?![^\W_]))[A-Z0-9]{2,6}(?:[ -][A-Z0-9]{2,4})?"),
    ("address", r"picked up from|drop(?:ped)? (?:off )?at|resid(?:es|ing|ent) (?:at|in|of)|lives (?:at|in)|wohnhaft(?: in)?|domicili(?:é|ée|o)(?: à| en)?|"
                r"(?:home |street |postal )?address|Anschrift|Adresse|indirizzo|dirección",
     r"(?-i:(?=[^\n;]{0,40}\d)[A-ZÀ-Þ0-9][^\n;:|]{3,60})"),
    ("contact", r"tel(?:efon\w*|ephone|éphone|efono|éfono)?|phone|call(?:ed)?|mobile|fax|reach(?:able|ed)?(?: me| us| him| her| them)?(?: at| on| under| by phone)?|contact(?:ed)?|"
                r"Handy|portable|whatsapp|ring|dial|texted|móvil|cellulare|GSM", _PHONE),
    ("uid", r"uuid|guid", r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+){2,}"),
)  # fmt: skip
_TAKEN = [
    (category, starts_of(leads_of(words)), leads_of(words), re.compile(rf"(?<![^\W_])(?i:{words})(?![^\W_]){_IS}(?P<value>{value})(?![^\W_])" if category != "address" else
                                           rf"(?<![^\W_])(?i:{words})(?![^\W_]){_IS}(?P<value>{value})"))
    for category, words, value in _RULES
]  # fmt: skip
#: values of these hold a digit, so that a text without one need not be searched for them
_NUMBERED = frozenset({"id", "serial", "address", "contact"})
_SEPARATOR = re.compile(r"[:=@]\s*$|\b(?:as|is)\s+$")
_NAMED_HOST = re.compile(r"(?i:host ?name|name|on host)\W*$")
_PIECES = re.compile(r"[^\W\d_]+")
_PHONE_DIGITS = range(7, 16)
#: shorter pieces of a host are its kind (``pc``, ``lab``), or a version
_SHORTEST_NAME = 3
_USER = re.compile(
    r"(?<![^\W_])(?i:user(?:[ _-]?name)?|login|account)(?:\s+|\s?[:=]\s?)(?P<value>@?[a-z](?:\w{4,}|\w*(?:[.-]\w{2,})+))(?![^\W_])"
)
_USER_LEADS = ("user", "login", "account")
_SEPARATES = (":", "=")
#: roles, whose holder may be written in small letters
_ROLE = re.compile(
    r"(?<!\w)(?i:operator|experimenter|technician|examiner|rater|nurse|patient(?: name)?|(?:subject|participant|full|last|first)[ _]?name|investigator|author|scanned by|"
    r"(?:subject|participant|proband|tester)(?=\s?[:=]\s?[^\W\d_]+[ ,]{1,2}[^\W\d_]))"
    r"\s?[:=]\s?(?P<value>[a-zà-ž]{2,}(?:[ ,.]{1,2}[a-zà-ž]{2,}){0,2})(?![^\W_])"
)
#: shapes that need no word beside them, and what one of which they hold
_SHAPES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("address", ("〒",), re.compile(r"〒 ?\d{3}-?\d{4}[^\n;|<>\"]{0,60}")),
    ("address", ("丁目", "番", "号", "號", "室", "楼", "路", "弄", "巷"), re.compile(r"(?:〒 ?\d{3}-?\d{4}\s?)?[\u3040-\u30ff\u4e00-\u9fff]{2,}\d{1,5}(?:-\d{1,4})*(?:丁目|番地|番|号|號|室|楼|路|弄|巷)[\u3040-\u30ff\u4e00-\u9fff\d-]*")),
    ("host", (":",), re.compile(r"(?<![\w.:])(?=[\w:]*[0-9A-Fa-f]{3})(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}(?![\w:])")),
    ("host", (".",), re.compile(r"(?<![\w.])(?=[0-9a-f.]*[a-f])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?!\w|\.\d)", re.I)),
    ("path", ("://",), re.compile(r"(?<!\w)(?:s3|gs|smb|nfs|ssh|sftp|ftp|afp|dropbox)://[^\s\"'<>|;,]+", re.I)),
    ("contact", ("at]", "at)", "at>", "at}"), re.compile(r"(?<![^\W_])[\w.+-]{2,64}\s?(?:\[at\]|\(at\)|<at>|\{at\})\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]+)+", re.I)),
    ("contact", (" at ",), re.compile(r"(?<![^\W_])[\w+-]{1,64}(?:[._]\w{1,64}){0,4} at [\w-]{1,64}(?: dot \w{2,}){1,3}(?![^\W_])", re.I)),
    ("contact", ("00",), re.compile(r"(?<![\w./])00[1-9]\d{0,2}[ /-]?\(?\d{1,4}\)?(?:(?:[ /-]\d{2,4}){2,4}|[ /-]?\d{5,9})(?!\w|\.\d)")),
    ("contact", ("1-", "1.", "1 "), re.compile(r"(?<![\w.-])1[-. ]\d{3}[-. ]\d{3}[-. ]\d{4}(?!\w|[.-]\d)")),
    ("operator", ("@",), re.compile(r"(?<![\w@./=)\]-])@(?=\w*[_.]?\w*\d|\w+[_.]\w)[A-Za-z][\w.]{3,}(?<!\.)(?!\w)(?!\s?\()")),
    ("operator", ("@",), re.compile(r"(?:(?<=follow )|(?<=insta )|(?<=handle )|(?<=handle: )|(?<=IG )|(?<=IG: )|(?<=DM )|(?<=tag )|(?<=ping ))@[A-Za-z][\w.]{2,}")),
    ("address", (", ",), re.compile(r"(?<=, )(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]) \d{5}(?:-\d{4})?(?!\d)")),
    ("address", (", ",), re.compile(r"(?<=, )(?:[A-Z]{2}\d[A-Z\d]?|[A-Z]\d{2}) \d[ABD-HJLNP-UW-Z]{2}(?![^\W_])")),
    ("host", (":",), re.compile(r"(?<![\w.:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])")),
    ("host", ("-laptop", "-desktop", "-pc", "-mac", "-imac", "-work", "-ws", "-rig", "-server", "-note", "-think"), re.compile(r"(?<![^\W_])(?=[\w-]{0,64}[^\W\d_]{3})\w{1,64}-(?:laptop|desktop|pc|mac|macbook|imac|workstation|ws|rig|server|notebook|thinkpad)\d*(?![\w-])", re.I)),
    ("host", ("laptop-", "desktop-", "-pc-", "imac-", "macbook-", "workstation-"), re.compile(r"(?<![^\W_])(?:laptop|desktop|EEG-PC|MEG-PC|MRI-PC|imac|macbook|workstation)-[\w]+(?:[.-][\w-]+)*", re.I)),
    ("address", (".",), re.compile(r"(?<![\w.])\d{1,2}\.\d{3,}\s?°?\s?[NS][ ,;/]{1,2}\d{1,3}\.\d{3,}\s?°?\s?[EWO](?![^\W_])")),
    ("address", ("°",), re.compile(r"\d{1,3}°\s?\d{1,2}['′]\s?(?:[\d.]+[\"″]\s?)?[NS]\W{1,3}\d{1,3}°\s?\d{1,2}['′]\s?(?:[\d.]+[\"″]\s?)?[EWO]")),
)  # fmt: skip


def find_announced(text: str) -> list[tuple[int, int, str]]:
    """``(start, end, category)`` of each value in ``text`` that a word before it, or its own shape, tells for an identifier."""
    numbered = count_digits(text) > 0
    begun = starts_in(text)
    found = [
        (match.start("value"), match.end("value"), category)
        for category, starts, leads, rule in _TAKEN
        if not begun.isdisjoint(starts) and (numbered or category not in _NUMBERED) and holds_any(text, leads)
        for match in rule.finditer(text)
        if _is_meant(category, match, text)
    ]
    found += [
        (match.start("value"), match.end("value"), "operator")
        for match in (_USER.finditer(text) if holds_any(text, _USER_LEADS) else ())
        if not all(is_known_word(piece) for piece in re.findall(r"[^\W\d_]+", match.group("value")))
    ]
    found += [
        (match.start("value"), match.end("value"), "name")
        for match in (_ROLE.finditer(text) if holds_any(text, _SEPARATES) else ())
        if not all(is_known_word(word) for word in re.findall(r"[^\W\d_]+", match.group("value")))
    ]
    return found + [
        (match.start(), match.end(), category)
        for category, needs, shape in _SHAPES
        if holds_any(text, needs)
        for match in shape.finditer(text)
    ]


def _is_meant(category: str, match: re.Match[str], text: str) -> bool:
    value = match.group("value")
    before = text[match.start() : match.start("value")]
    if category == "operator":
        # uric40 is a login, and interface is none
        odd = value[-1].isdigit() and any(
            len(piece) > _SHORTEST_NAME and not is_known_word(piece) for piece in _PIECES.findall(value)
        )
        return odd or _SEPARATOR.search(before) is not None or value.startswith("@")
    if category == "host":
        return _NAMED_HOST.search(before) is not None or any(
            len(piece) > _SHORTEST_NAME and not is_known_word(piece)
            for piece in re.findall(r"[^\W\d_]+", value)
        )
    if category == "contact":
        return sum(char.isdigit() for char in value) in _PHONE_DIGITS
    return True

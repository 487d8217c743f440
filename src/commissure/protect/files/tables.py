"""BIDS tables and side files: columns that identify go, ages are topped, dates shifted, other texts cleaned."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping

from commissure.errors import Unreadable
from commissure.protect.files.sidecar import clean_sidecar
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.dates import find_dates, top_age
from commissure.protect.text.lone_names import NOTES_LIMIT
from commissure.protect.text.names import Span

__all__ = [
    "AGE",
    "THINGS",
    "clean_cell",
    "clean_json",
    "clean_table",
    "column_of_names",
    "identifying_column",
]

_COLUMNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(date_?of_?birth|birth_?(date|day)?|dob|born|geburts(datum|tag)|geboren|geboortedatum|date_?de_?naissance|fecha_?(de_?)?nac(imiento)?|"
                r"data_?(di|de)_?nasc(ita|imento)|(patient|subject|participant)_?(birth_?(date|day)?|dob))", re.I), "birth_date"),
    (re.compile(r"((first|last|middle|given|family|maiden|sur|full|patient|subject|participant)_?)?name|surname|initials|forename|"
                r"vorname|nachname|familienname|(pr[eé])?nom(_?de_?famille)?|nombres?|apellidos?|cognome|sobrenome|voornaam|achternaam|naam|imię|nazwisko", re.I), "name"),
    (re.compile(r"(e_?)?mail(_?address)?|(tele)?phone(_?number)?|(tele|mobil)?fon|telefon\w*|t[eé]l[eé]phone|tel[eé]fono|mobile|handy|fax|contact|courriel|correo", re.I), "contact"),
    (re.compile(r"(home_?|postal_?|street_?)?address|street|city|town|zip(_?code)?|post_?(al_?)?code|county|adress?e|anschrift|stra(ss|ß)e|plz|wohnort|"
                r"postleitzahl|code_?postal|ville|direcci[oó]n|c[oó]digo_?postal|ciudad|indirizzo|citt[aà]|woonplaats|straat|adres|gps|latitude|longitude", re.I), "address"),
    (re.compile(r"mrn|ssn|nhs_?(number|no)?|(patient|medical_?record|hospital|insurance|national|chart|original|source|old|real|passport|health_?plan|policy|"
                r"social_?security)_?(id|number|no|nr)|(patienten|fall|versicherten)_?(id|nummer|nr)|iban|pesel|cpf|dni|bsn|(licen[cs]e_?)?plate|accession(_?(no|number))?", re.I), "id"),
    (re.compile(r"operator|technician|experimenter|physician|nurse|examiner|rater_?name|interviewer|research_?assistant|untersucher(in)?|versuchsleiter(in)?", re.I), "operator"),
    (re.compile(r"institution(_?name)?|hospital|clinic", re.I), "institution"),
    (re.compile(r"(device_?)?serial(_?(number|no))?", re.I), "serial"),
    (re.compile(r"host_?name|computer(_?name)?|ip(_?address)?|mac_?address|user_?name|login", re.I), "host"),
    (re.compile(r"comments?|notes?|remarks?|free_?text", re.I), "comment"),
)  # fmt: skip
#: columns that may hold codes, or people's names
_PEOPLE = re.compile(
    r"participants?|subjects?|patients?|proband(in)?|sujet|sujeto|who|person|rater|tester|scorer|author|investigator|pi|ra",
    re.I,
)
_WHOLE_NAME = re.compile(
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s+)?(?:[^\W\d_]{2,}|[^\W\d_]\.)(?:[\s,^'-]+(?:[^\W\d_]{2,}|[^\W\d_]\.?))+",
    re.I,
)
_MARKS = (",", ";", "|")
#: headings of ages in years
AGE = re.compile(
    r"age(_?(at_?\w+|in_?years|years|yrs|y))?|(lebens)?alter|[aâ]ge|edad|età|leeftijd|idade|wiek", re.I
)
_PUBLIC = frozenset({"Authors", "HowToAcknowledge", "Acknowledgements", "Funding", "ReferencesAndLinks", "DatasetDOI",
                     "License", "GeneratedBy", "SourceDatasets", "EthicsApprovals", "DatasetLinks"})  # fmt: skip
#: not even a credit tells these
_NEVER_PUBLIC = frozenset({"path", "host", "serial", "id", "age", "birth_date"})
_TOOK_PART = re.compile(
    r".*\b(?:who|for) (?:took part|taking part|participat(?:ed|ing)|volunteer(?:ed|ing)|being (?:scanned|tested|a subject))\b",
    re.S,
)
_MISSING = "n/a"
#: columns of tables of channels, electrodes, optodes and regions, whose ``name`` is a thing's
THINGS = frozenset(
    {"type", "units", "x", "index", "impedance", "abbreviation", "mapping", "sampling_frequency"}
)
_ROWS_SHOWING_A_CODE = 3


def identifying_column(name: str) -> str | None:
    """The category a column of this name is removed as; None if it may stay.

    >>> identifying_column("date_of_birth"), identifying_column("trial_type")
    ('birth_date', None)
    """
    # dateOfBirth and Date-of-Birth are date_of_birth
    plain = re.sub(r"[\s.-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()))
    for pattern, category in _COLUMNS:
        if pattern.fullmatch(plain) or pattern.fullmatch(name.strip()):
            return category
    return None


def column_of_names(name: str, values: list[str]) -> str | None:
    """``name`` if a column of people holds given and family names rather than codes."""
    if _PEOPLE.fullmatch(name) is None:
        return None
    told = [value for value in values if value.strip() not in ("", _MISSING)]
    whole = sum(_WHOLE_NAME.fullmatch(value.strip()) is not None for value in told)
    return "name" if told and 2 * whole > len(told) else None


def clean_table(
    text: str,
    *,
    cleaner: Cleaner,
    relabel: Callable[[str], str],
    per_row: Callable[[str], Cleaner] | None = None,
    mark: str = "\t",
) -> str:
    """A TSV, or a table with another ``mark`` between its cells, without identifying columns.

    Parameters
    ----------
    text : str
        The whole table.
    cleaner : Cleaner
        The subject's, or the dataset's.
    relabel : callable
        From a text with old ``sub-`` and ``ses-`` labels to one with the new.
    per_row : callable or None
        From a ``participant_id`` to the Cleaner of that subject, whose offset its dates take.
    mark : str
        What stands between cells; tables with commas may quote theirs.
    """
    first = text.partition("\n")[0]
    if mark == "," and first.count(",") < max(first.count(other) for other in _MARKS):
        mark = max(_MARKS, key=first.count)  # semicolons, where the comma is the decimal point
    rows = _rows(text, mark)
    if not rows:
        return text
    header = [name.strip() for name in rows[0]]
    kept = []
    for index, name in enumerate(header):
        values = [row[index] for row in rows[1:] if len(row) > index]
        category = identifying_column(name) or column_of_names(name, values)
        if category is None or (name == "name" and THINGS & set(header)):
            kept.append(index)
        elif any(len(row) > index and row[index].strip() not in ("", _MISSING) for row in rows[1:]):
            cleaner.count(category)
    out = [[cleaner.tag(header[index]) if _bears_words(header[index]) else header[index] for index in kept]]
    notes = _notes(header, rows, cleaner)
    told: dict[tuple[int, str, str], str] = {}
    for row in rows[1:]:
        owner = row[0] if per_row is not None and row else ""
        whose = per_row(owner) if per_row is not None and owner else cleaner
        cells = []
        for index in kept:
            # long tables repeat few texts; each is judged, and counted, once
            key = (index, row[index] if index < len(row) else _MISSING, owner)
            if key not in told:
                told[key] = clean_cell(header[index], key[1], cleaner=whose, relabel=relabel, notes=notes)
            cells.append(told[key])
        out.append(cells)
    if mark == "\t":
        return "".join("\t".join(row) + "\n" for row in out)
    written = io.StringIO()
    csv.writer(written, delimiter=mark, lineterminator="\n").writerows(out)
    return written.getvalue()


def _bears_words(name: str) -> bool:
    """Whether a column's name may hold somebody's: it has capitals or spaces, as BIDS's own have not."""
    return not name.islower() or " " in name


def _rows(text: str, mark: str) -> list[list[str]]:
    # old Macintosh programs end a line by a bare carriage return
    lines = io.StringIO(text.lstrip("\ufeff"), newline=None)
    plain = mark == "\t"
    try:
        return list(
            csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE)
            if plain
            else csv.reader(lines, delimiter=mark)
        )
    except csv.Error as error:
        raise Unreadable(f"A table cannot be read ({error}); save it again as TSV.") from error


def _notes(header: list[str], rows: list[list[str]], cleaner: Cleaner) -> dict[str, str]:
    """Rare notes among the events' codes, by what they become."""
    if "onset" not in header:
        return {}
    found: dict[str, str] = {}
    for index, name in enumerate(header):
        if name in {"trial_type", "value", "description", "label", "event_type"}:
            texts = [row[index] for row in rows[1:] if len(row) > index]
            found.update(
                {old: new for old, new in zip(texts, cleaner.descriptions(texts), strict=True) if old != new}
            )
    return found


def clean_cell(
    name: str, value: str, *, cleaner: Cleaner, relabel: Callable[[str], str], notes: Mapping[str, str]
) -> str:
    """What becomes of a cell under the heading ``name``; ``notes`` says what some texts become.

    Numbers stay, but for ages over the policy's and days written as eight digits.
    """
    if value in notes:
        return notes[value]
    if _is_number(value):
        if AGE.fullmatch(name) and cleaner.is_person and float(value) >= cleaner.policy.top_age_years:
            cleaner.count("age")
            return f"{top_age(float(value), top=cleaner.policy.top_age_years):.0f}"
        whole_date = len(value) == 8 and "date" in name.lower() and find_dates(value)
        return cleaner.text(value) if whole_date else value
    moved = relabel(value)
    return moved if moved != value else cleaner.note(value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return value in ("", _MISSING)
    return True


def clean_json(text: str, *, name: str, cleaner: Cleaner, relabel: Callable[[str], str]) -> str:
    """A BIDS side file without identifying fields.

    ``dataset_description.json`` keeps its authors: they are credited, not studied. The descriptions of columns
    that a table loses go too.

    Raises
    ------
    Unreadable
        If the text is no JSON object or array.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise Unreadable("A JSON side file is damaged; repair it or take it out.") from error
    if isinstance(content, dict):
        public = {
            key: _in_public(content[key], cleaner)
            for key in content
            if name == "dataset_description.json" and key in _PUBLIC
        }
        columns = name.endswith(("participants.json", "sessions.json", "scans.json", "events.json"))
        rest = {
            key: value
            for key, value in content.items()
            if key not in public and not (columns and identifying_column(key))
        }
        clean = {**clean_sidecar(rest, cleaner=cleaner), **public}
        order = [key for key in content if key in clean]
        content = {key: clean[key] for key in (*order, *clean)}
    else:
        content = cleaner.value(content)
    return relabel(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _took_part(value: str, span: Span) -> bool:
    """Whether a name is thanked for being studied, which is no credit of a maker."""
    start = value.rfind(". ", 0, span.start) + 1
    return span.category == "name" and _TOOK_PART.match(value, start, value.find(". ", span.end) + 1 or len(value)) is not None  # fmt: skip


def _in_public(value: object, cleaner: Cleaner) -> object:
    """What a dataset says of its makers: authors, thanks and grants stay, paths, hosts, numbers of persons and patients go."""
    if isinstance(value, dict):
        return {key: _in_public(item, cleaner) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_public(item, cleaner) for item in value]
    if not isinstance(value, str):
        return value
    spans = [
        span
        for span in (
            cleaner.spans(value, limit=NOTES_LIMIT) if _TOOK_PART.search(value) else cleaner.shaped(value)
        )
        if (span.category in _NEVER_PUBLIC or "^" in value[span.start : span.end] or _took_part(value, span))
        and not value[span.start : span.end].startswith(("http", "www"))
    ]
    for span in reversed(spans):
        cleaner.count(span.category)
        value = f"{value[: span.start]}[{span.category}]{value[span.end :]}"
    return value

"""Made-up people with an identifier of each kind, from a seed; most of their names stand in no list.

>>> import numpy as np
>>> person = make_person(np.random.default_rng(7))
>>> len(person.values) >= 24
True
"""

import datetime
from dataclasses import dataclass, field

import numpy as np

__all__ = ["KINDS", "Person", "make_person"]

KINDS = (
    "patient name", "other name", "lone surname", "initials", "birth date", "study date", "acquisition time", "age over 89", "record number",
    "other id", "accession number", "device serial", "operator", "physician", "institution", "department", "address", "phone", "e-mail",
    "web, host, network", "user path", "uid", "comment", "national id", "face", "voice", "burned-in text",
)  # fmt: skip
_REAL = [
    "Abiodun",
    "Achterberg",
    "Adeyemi",
    "Aldana",
    "Andersson",
    "Arslanian",
    "Baptista",
    "Baranowski",
    "Bergqvist",
    "Bertolini",
    "Bielawski",
    "Bjornstad",
    "Bogdanov",
    "Brennan",
    "Cavallaro",
    "Chukwu",
    "Cisneros",
    "Dalgaard",
    "Delacroix",
    "Demirci",
    "Dimitrov",
    "Domingues",
    "Dubois",
    "Dvorak",
    "Eriksson",
    "Esposito",
    "Fagerberg",
    "Farrokhzad",
    "Fitzgerald",
    "Fonseca",
    "Fournier",
    "Gallagher",
    "Ganguly",
    "Georgiou",
    "Gonzaga",
    "Grabowski",
    "Gunnarsson",
    "Haraldsen",
    "Haverkamp",
    "Hernandez",
    "Hovhannisyan",
    "Iglesias",
    "Ilic",
    "Iwasaki",
    "Jankowski",
    "Jovanovic",
    "Kaczmarek",
    "Karlsson",
    "Kavanagh",
    "Khatri",
    "Kobayashi",
    "Kovacevic",
    "Krishnan",
    "Kuznetsov",
    "Lindqvist",
    "Lombardi",
    "Lukashenko",
    "Machado",
    "Mahlangu",
    "Marchetti",
    "Matsumoto",
    "Mbeki",
    "McAllister",
    "Mikkelsen",
    "Moreau",
    "Mukherjee",
    "Nakamura",
    "Ndlovu",
    "Nguyen",
    "Novakova",
    "Nwosu",
    "Obradovic",
    "Ogunleye",
    "Okafor",
    "Olofsson",
    "Papadakis",
    "Pellegrini",
    "Petrosyan",
    "Pietrangelo",
    "Quintero",
    "Radulescu",
    "Rasmussen",
    "Rautio",
    "Ribeiro",
    "Rodrigues",
    "Rousseau",
    "Saavedra",
    "Sandoval",
    "Schumacher",
    "Sepulveda",
    "Sokolov",
    "Stefanidis",
    "Subramanian",
    "Svensson",
    "Szymanski",
    "Takahashi",
    "Tsvetkov",
    "Umarov",
    "Vandenberghe",
    "Vasquez",
    "Venkatesh",
    "Villanueva",
    "Vukovic",
    "Wieczorek",
    "Winterbourne",
    "Yamaguchi",
    "Yildirim",
    "Zapata",
    "Zielinski",
]
_GIVEN = [
    "Abelone",
    "Adetokunbo",
    "Alasdair",
    "Amarachi",
    "Bartholomew",
    "Benedikta",
    "Branislav",
    "Calogero",
    "Chiamaka",
    "Cosmina",
    "Dagmara",
    "Domenica",
    "Eleftheria",
    "Emeka",
    "Feliciano",
    "Florentyna",
    "Gennadi",
    "Gudrun",
    "Hironori",
    "Hjalmar",
    "Ifeoma",
    "Ignacia",
    "Jadwiga",
    "Joaquim",
    "Kazimierz",
    "Kerensa",
    "Lachlan",
    "Leocadia",
    "Lucjan",
    "Maximiliana",
    "Miroslava",
    "Nnamdi",
    "Nikephoros",
    "Odalys",
    "Olubunmi",
    "Oriana",
    "Perpetua",
    "Quirin",
    "Radomila",
    "Rosalind",
    "Sigismund",
    "Svanhild",
    "Tadeusz",
    "Thandiwe",
    "Ulrika",
    "Valdemar",
    "Wilhelmina",
    "Xanthippe",
    "Yevgenia",
    "Zbigniew",
    "Zephyrine",
]
_BEGIN = ("Bran", "Cor", "Dra", "Fel", "Gor", "Hal", "Jes", "Kro", "Lun", "Mor", "Nav", "Osk", "Pel", "Quin", "Ros", "Sta", "Tor", "Vel",
          "Wes", "Zar", "Kol", "Ben", "Chi", "Oke", "Ste", "Har", "Lin", "Mat")  # fmt: skip
_MIDDLE = ("", "", "an", "el", "ing", "ov", "ar", "en", "ul", "ach", "ik", "und", "er", "os")
_END = ("ski", "sen", "ova", "dze", "ian", "berg", "ford", "ez", "ini", "escu", "wala", "kar", "moto", "nen", "shvili", "enko", "sson",
        "akis", "aux", "ley", "worth", "mann", "poulos", "ullah", "oğlu", "czyk", "vić", "quist")  # fmt: skip
_PLACES = (
    "Northmoor",
    "Eastvale",
    "Kirkhaven",
    "Larkspur",
    "Ashcombe",
    "Brindley",
    "Stonewick",
    "Fallowmere",
    "Tarnbrook",
    "Wolverdale",
)
_TITLES = ("Dr. ", "Prof. ", "Dr ")


@dataclass(frozen=True, slots=True)
class Person:
    """One subject and whoever stands around: kind to value; more values than one name have parts of their own.

    Parameters
    ----------
    values : mapping of str to str
        A value of every kind that is text.
    given, family : str
        The subject's.
    born, studied : date
        Of birth and of the study.
    age_years : int
        At the study.
    """

    values: dict[str, str]
    given: str
    family: str
    born: datetime.date
    studied: datetime.date
    age_years: int
    others: dict[str, str] = field(default_factory=dict)


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in (rng.integers(1, 10), *rng.integers(0, 10, count - 1)))


def _surname(rng: np.random.Generator) -> str:
    """Half of them real, of many countries; half made of syllables, so that no list can hold them."""
    if rng.random() < 0.5:
        return str(rng.choice(_REAL))
    return str(rng.choice(_BEGIN)) + str(rng.choice(_MIDDLE)) + str(rng.choice(_END))


def make_person(
    rng: np.random.Generator, *, studied: datetime.date | None = None, old: bool = False
) -> Person:
    """A person with an identifier of each kind.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides all.
    studied : date or None
        The day of the study, where the format's maker has a fixed one.
    old : bool
        Over 89 years.
    """
    family, relative, lone, operator, physician = (_surname(rng) for _ in range(5))
    given, other, tech = (str(rng.choice(_GIVEN)) for _ in range(3))
    day = studied or datetime.date(
        int(rng.integers(2008, 2024)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    )
    age = int(rng.integers(91, 99)) if old else int(rng.integers(19, 80))
    born = datetime.date(day.year - age, int(rng.integers(1, day.month + 1)), 1)
    place = str(rng.choice(_PLACES))
    user = (given[0] + family).lower().encode("ascii", "ignore").decode()
    values = {
        "patient name": f"{given} {family}",
        "other name": f"{other} {relative}",
        "lone surname": lone,
        "initials": f"{given[0]}.{family[0]}.",
        "birth date": born.isoformat(),
        "study date": day.isoformat(),
        "acquisition time": f"{rng.integers(8, 19):02d}:{rng.integers(0, 60):02d}:{rng.integers(0, 60):02d}.{_digits(rng, 4)}",
        "age over 89": str(age if age > 89 else int(rng.integers(91, 99))),
        "record number": f"MRN-{_digits(rng, 7)}",
        "other id": f"PX{_digits(rng, 6)}",
        "accession number": f"ACC{_digits(rng, 8)}",
        "device serial": f"SN{_digits(rng, 7)}",
        "operator": f"{tech} {operator}",
        "physician": f"{rng.choice(_TITLES)}{physician}",
        "institution": f"{place} {rng.choice(['Infirmary Hospital', 'University Hospital', 'Medical Center', 'Clinic'])}",
        "department": f"Department of Neurophysiology {place}",
        "address": f"{rng.integers(2, 250)} {rng.choice(_PLACES)} {rng.choice(['Lane', 'Street', 'Road', 'Avenue'])}",
        "phone": f"+{rng.integers(31, 50)} {_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 4)}",
        "e-mail": f"{user}{rng.integers(1, 99)}@{place.lower()}.org",
        "web, host, network": str(rng.choice([f"{place.lower()}-ws{_digits(rng, 2)}.local", f"192.168.{rng.integers(1, 250)}.{rng.integers(2, 250)}",
                                              f"https://{place.lower()}.example.org/p/{_digits(rng, 5)}"])),
        "user path": str(rng.choice([f"C:\\Users\\{user}\\data\\run1.dat", f"/home/{user}/study/run1"])),
        "uid": f"1.2.840.113619.2.{_digits(rng, 3)}.{_digits(rng, 9)}.{_digits(rng, 6)}.{_digits(rng, 5)}",
        "comment": f"The {rng.choice(['mother', 'wife', 'sister', 'neighbour'])} says that the fits began after a fall from a horse in {place}",
        "national id": f"{_digits(rng, 3)}-{_digits(rng, 2)}-{_digits(rng, 4)}",
    }  # fmt: skip
    return Person(
        values,
        given,
        family,
        born,
        day,
        age,
        {"relative": relative, "operator": operator, "physician": physician},
    )

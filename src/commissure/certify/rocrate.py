"""A release as a Research Object Crate: what it holds, and the Activities that made it.

One ``ro-crate-metadata.json`` after RO-Crate 1.3, with each Activity as a ``CreateAction`` (the Process Run Crate
profile 0.5), so that provenance is read by tools that know nothing of us. No clock, no random ids: the same release
gives the same crate.
"""

from collections.abc import Iterable

from commissure.certify.contexts import CRATE_CONTEXT
from commissure.certify.describe import record_of, split_name, texts
from commissure.certify.environment import ENVIRONMENT
from commissure.certify.jsonld import licence_url
from commissure.model import Activity, Asset, Release, Software

__all__ = ["ro_crate"]

_OF_ENVIRONMENT = (
    "The environment that made this release: Python, every package by version and hash, and programs."
)
_DESCRIPTOR = "ro-crate-metadata.json"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_VERBS = {
    "standardize": "Standardize: raw files became a community standard",
    "deidentify": "De-identify: what tells who somebody is was removed",
    "validate": "Validate: the field's own validators judged the files",
    "release": "Release: an immutable version was made",
}

#: where the programs live that our steps run
_HOMES = {
    "mne": "https://mne.tools", "mne-bids": "https://mne.tools/mne-bids", "pybv": "https://pybv.readthedocs.io",
    "edfio": "https://edfio.readthedocs.io", "eeglabio": "https://github.com/jackz314/eeglabio", "nibabel": "https://nipy.org/nibabel",
    "dcm2niix": "https://pypi.org/project/dcm2niix/", "pydicom": "https://pydicom.github.io", "pynwb": "https://pynwb.readthedocs.io",
    "hdmf": "https://hdmf.readthedocs.io", "h5py": "https://www.h5py.org", "neo": "https://neo.readthedocs.io",
    "spikeinterface": "https://spikeinterface.readthedocs.io", "deepbet": "https://github.com/wwu-mmll/deepbet",
    "snirf": "https://github.com/BUNPC/pysnirf2", "numpy": "https://numpy.org", "scipy": "https://scipy.org",
    "tifffile": "https://github.com/cgohlke/tifffile",
}  # fmt: skip

Entity = dict[str, object]


def ro_crate(release: Release, *, activities: Iterable[Activity] | None = None) -> dict[str, object]:
    """The crate of a release as a JSON-LD object.

    Parameters
    ----------
    release : Release
        Its assets become File entities with their SHA-256.
    activities : iterable of Activity or None
        Instead of ``release.activities``.

    Returns
    -------
    dict
        ``{"@context": …, "@graph": [...]}``, ready for ``json.dumps``.

    References
    ----------
    Soiland-Reyes et al. 2022, doi:10.3233/DS-210053; Leo et al. 2024, doi:10.1371/journal.pone.0309210.
    """
    done = tuple(release.activities if activities is None else activities)
    files = [
        _file(asset)
        for asset in release.assets
        if asset.path.rpartition("/")[2] != _DESCRIPTOR or "/" in asset.path
    ]
    by_hash: dict[str, list[str]] = {}
    for asset in release.assets:
        by_hash.setdefault(f"sha256:{asset.sha256}", []).append(asset.path)
    actions, things = _actions(done, by_hash)
    _require(things, release)
    record = record_of(None, release)
    authors = [_author(name) for name in texts(record, "authors")]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": _PROFILE},
        "name": str(record["title"]),
        "description": str(record.get("description") or record["title"]),
        "identifier": release.id,
        "version": release.version,
        "datePublished": release.created or None,
        "license": _licence(str(record.get("licence", ""))),
        "keywords": ", ".join(texts(record, "keywords")),
        "author": [{"@id": author["@id"]} for author in authors],
        "hasPart": [{"@id": one["@id"]} for one in files],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }
    graph = [
        _descriptor(),
        _present(root),
        _profile(),
        *_licence_entity(root, str(record.get("licence", ""))),
        *authors,
        *files,
        *actions,
        *things,
    ]
    return {"@context": CRATE_CONTEXT, "@graph": graph}


def _descriptor() -> Entity:
    return {
        "@id": _DESCRIPTOR,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.3"},
        "about": {"@id": "./"},
    }


def _profile() -> Entity:
    return {
        "@id": _PROFILE,
        "@type": ["CreativeWork", "Profile"],
        "name": "Process Run Crate",
        "version": _PROFILE.rpartition("/")[2],
    }


def _present(entity: Entity) -> Entity:
    return {key: value for key, value in entity.items() if value not in (None, "", [], {})}


def _licence(licence: str) -> object:
    address = licence_url(licence)
    return {"@id": address if address.startswith("http") else "#licence"}


def _licence_entity(root: Entity, stated: str) -> list[Entity]:
    """The licence as an entity; where none was given, one that says so."""
    licence = root["license"]
    address = str(licence["@id"]) if isinstance(licence, dict) else ""
    if address != "#licence":
        return [{"@id": address, "@type": "CreativeWork", "name": address.rstrip("/").rpartition("/")[2]}]
    words = stated or "None was given: ask the owner before any use."
    return [
        {"@id": "#licence", "@type": "CreativeWork", "name": stated or "No licence", "description": words}
    ]


def _author(name: str) -> Entity:
    family, given = split_name(name)
    identity = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-").lower()
    return _present(
        {
            "@id": f"#author-{identity}",
            "@type": "Person",
            "name": name,
            "familyName": family,
            "givenName": given,
        }
    )


def _file(asset: Asset) -> Entity:
    return _present({
        "@id": _reference(asset.path),
        "@type": "File",
        "name": asset.path.rpartition("/")[2],
        "contentSize": str(asset.bytes),
        "encodingFormat": asset.media_type,
        "sha256": asset.sha256,
        "description": _OF_ENVIRONMENT if asset.path == ENVIRONMENT else None,
    })  # fmt: skip


def _reference(path: str) -> str:
    """A path as an RO-Crate id: blanks and signs that an address cannot hold are escaped."""
    kept = set("/._-+~=,()")
    return "".join(c if c in kept or (c.isascii() and c.isalnum()) else _escaped(c) for c in path)


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


def _actions(
    activities: tuple[Activity, ...], by_hash: dict[str, list[str]]
) -> tuple[list[Entity], list[Entity]]:
    """The CreateActions, and what they mention that is no file: raw inputs, people, programs."""
    actions: list[Entity] = []
    things: dict[str, Entity] = {}
    for number, activity in enumerate(activities, start=1):
        used = _mentioned(activity.used, by_hash, things)
        made = _mentioned(activity.made, by_hash, things)
        programs = [_program(software, things) for software in activity.software]
        if activity.by:
            things.setdefault(f"#person-{activity.by}", {"@id": f"#person-{activity.by}", "@type": "Person"})
        actions.append(
            _present({
                "@id": f"#activity-{number}-{activity.kind}",
                "@type": "CreateAction",
                "name": _VERBS.get(activity.kind, activity.kind),
                "instrument": programs,
                "agent": {"@id": f"#person-{activity.by}"} if activity.by else None,
                "object": used,
                "result": made,
                "startTime": activity.started,
                "endTime": activity.ended,
                "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
            })
        )  # fmt: skip
    return actions, [things[key] for key in sorted(things)]


def _require(things: list[Entity], release: Release) -> None:
    """Say that our program needs what the environment beside the crate lists."""
    if any(asset.path == ENVIRONMENT for asset in release.assets):
        for thing in things:
            if thing.get("@type") == "SoftwareApplication" and thing.get("name") == "commissure":
                thing["softwareRequirements"] = {"@id": ENVIRONMENT}


def _mentioned(
    names: Iterable[str], by_hash: dict[str, list[str]], things: dict[str, Entity]
) -> list[Entity]:
    found: list[Entity] = []
    for name in names:
        if name in by_hash:
            found += [{"@id": _reference(path)} for path in by_hash[name]]
        else:
            identity = f"#{_reference(name)}"
            things.setdefault(identity, {"@id": identity, "@type": "CreativeWork", "name": name})
            found.append({"@id": identity})
    return found


def _program(software: Software, things: dict[str, Entity]) -> Entity:
    identity = f"#software-{_reference(software.name)}-{_reference(software.version)}"
    things.setdefault(
        identity,
        {
            "@id": identity,
            "@type": "SoftwareApplication",
            "name": software.name,
            "version": software.version,
            # an application must have an address: a name where we know no place
            "url": _HOMES.get(software.name, f"urn:commissure:software:{_reference(software.name)}"),
        },
    )
    return {"@id": identity}

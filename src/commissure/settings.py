"""Settings: one frozen record, read once by the faces and handed down.

Every field is read from ``COMMISSURE_<FIELD>`` in capitals (``COMMISSURE_HUB``, ``COMMISSURE_LICENCE`` …); no other
module reads the environment.

>>> Settings.from_environment({"COMMISSURE_HUB": "/srv/hub", "COMMISSURE_ENCRYPT_ANIMALS": "yes"}).policy.encrypt_animals
True
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from commissure.errors import BadInput

__all__ = ["Policy", "Settings"]

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a hub says where a dataset is silent.

    Parameters
    ----------
    licence : str
        An SPDX id (``"CC0-1.0"``) for datasets that name none; empty for none.
    consent : str
        A consent reference for datasets that name none (``"IRB-2026-17"``, ``"DUO:0000042"``); empty for none.
    encrypt_animals : bool
        Whether animal and phantom bytes are encrypted as a person's are.
    """

    licence: str = ""
    consent: str = ""
    encrypt_animals: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a hub lies and how it behaves.

    Parameters
    ----------
    hub : str
        The hub's folder.
    database : str
        A database URL (``postgresql://…`` or ``sqlite:///…``); empty for a SQLite file in the hub's folder.
    blobs : str
        A folder or an fsspec URL (``s3://bucket/prefix``); empty for a folder in the hub's folder.
    keyring : str
        ``"scheme://where"`` of a key service by plugin; empty for the hub's own files.
    jobs : str
        The executor: ``"local"`` (durable queue, a worker runs it) or ``"inline"`` (at once).
    actor : str
        The Person who acts, by id.
    publisher : str
        The name under which the hub publishes, in citations and badges.
    naan : str
        The name-assigning number of its ARKs; ``"99999"``, which nobody resolves, until it has one of its own.
    policy : Policy
        What the hub says where a dataset is silent.
    """

    hub: str = "hub"
    database: str = ""
    blobs: str = ""
    keyring: str = ""
    jobs: str = "local"
    actor: str = "local"
    publisher: str = "commissure"
    naan: str = "99999"
    policy: Policy = Policy()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Settings from ``COMMISSURE_*`` variables (by default the process's own).

        Raises
        ------
        BadInput
            If a yes-or-no value is neither.
        """
        found = os.environ if environment is None else environment
        plain = {
            name: found[f"COMMISSURE_{name.upper()}"]
            for name in ("hub", "database", "blobs", "keyring", "jobs", "actor", "publisher", "naan")
            if found.get(f"COMMISSURE_{name.upper()}")
        }
        policy = Policy(
            licence=found.get("COMMISSURE_LICENCE", ""),
            consent=found.get("COMMISSURE_CONSENT", ""),
            encrypt_animals=_flag(found, "COMMISSURE_ENCRYPT_ANIMALS"),
        )
        return cls(**plain, policy=policy)


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value not in _TRUE | _FALSE:
        raise BadInput(f"{name} must be yes or no; got {environment[name]!r}.")
    return value in _TRUE

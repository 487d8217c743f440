"""Make a network: an authority, a coordinator and sites, each with its own folder to be carried to it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from commissure.errors import BadInput, Conflict, NotFound
from commissure.federate.certificates import Authority, Credentials, identity_of
from commissure.store import files

__all__ = ["make_network", "renew_certificates"]


def make_network(
    folder: Path,
    *,
    sites: Sequence[str],
    hosts: Sequence[str] = ("127.0.0.1", "localhost"),
    now: datetime,
    days: int = 365,
    entropy: Callable[[int], bytes],
) -> dict[str, str]:
    """Folders ``authority``, ``coordinator`` and one a site below ``folder``; each site's public key in hexadecimal.

    Parameters
    ----------
    folder : Path
    sites : sequence of str
        The sites' names; a folder that is there already is left as it is, and its site keeps its key.
    hosts : sequence of str
        Names and addresses under which sites will reach the coordinator.
    now : datetime
    days : int
        How long certificates are valid.
    entropy : callable
        Gives so many random bytes; of a cryptographic source.

    Raises
    ------
    BadInput
        If a name could not be a folder's.
    Conflict
        If the network has no authority but a coordinator.
    """
    for name in sites:
        if not name.replace("-", "").replace("_", "").isalnum() or name in {"authority", "coordinator"}:
            raise BadInput(f"A site's name must be of letters, digits, - and _; got {name!r}.")
    known = folder / "authority"
    if known.exists():
        authority = Authority(_read(known))
    elif (folder / "coordinator").exists():
        raise Conflict("This folder holds a coordinator but no authority; choose an empty one.")
    else:
        authority = Authority.make("commissure network", now=now, days=10 * days, entropy=entropy)
        _write(known, authority.credentials, authority)
    if not (folder / "coordinator").exists():
        made = authority.issue("coordinator", now=now, days=days, entropy=entropy, hosts=tuple(hosts))
        _write(folder / "coordinator", made, authority)
    keys = {}
    for name in sites:
        if not (folder / name).exists():
            _write(folder / name, authority.issue(name, now=now, days=days, entropy=entropy), authority)
        keys[name] = identity_of(_read(folder / name)).public.hex()
    return keys


def renew_certificates(
    folder: Path, *, names: Sequence[str], now: datetime, days: int, entropy: Callable[[int], bytes]
) -> list[Path]:
    """New certificates for the keys that sites or the coordinator have, so that approved plans stay valid.

    Parameters
    ----------
    folder : Path
        The network's, with its ``authority``.
    names : sequence of str
        Sites, or ``"coordinator"``.
    now : datetime
    days : int
        How long they are valid.
    entropy : callable

    Raises
    ------
    NotFound
        If the network has no such folder, or no authority.
    """
    out = []
    for name in ("authority", *names):
        if not (folder / name / "certificate.pem").exists():
            raise NotFound(f"This network has no folder {name!r} with a certificate.")
    authority = Authority(_read(folder / "authority"))
    for name in names:
        made = authority.renew(_read(folder / name), now=now, days=days, entropy=entropy)
        files.replace(folder / name / "certificate.pem", made.certificate)
        out.append(folder / name / "certificate.pem")
    return out


def _read(folder: Path) -> Credentials:
    return Credentials((folder / "key.pem").read_bytes(), (folder / "certificate.pem").read_bytes())


def _write(folder: Path, credentials: Credentials, authority: Authority) -> None:
    folder.mkdir(parents=True)
    files.replace(folder / "key.pem", credentials.key, private=True)
    files.replace(folder / "certificate.pem", credentials.certificate)
    files.replace(folder / "authority.pem", authority.credentials.certificate)

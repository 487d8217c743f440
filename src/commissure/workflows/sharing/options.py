"""What a lab tells ``share``: flags, and the ``commissure.yaml`` that lies beside the data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from commissure.errors import BadInput

__all__ = ["CONFIG_NAMES", "FileRule", "ShareOptions", "read_config"]

CONFIG_NAMES = ("commissure.yaml", "commissure.yml")


class FileRule(BaseModel):
    """What ``commissure.yaml`` says of the files that match a pattern; later rules win."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str
    format: str = ""
    ignore: bool = False
    subject: str = ""
    session: str = ""
    task: str = ""
    species: str = ""
    sex: str = ""
    strain: str = ""
    age: str = ""
    datatype: str = ""
    suffix: str = ""
    entities: Mapping[str, str] = {}
    sidecar: Mapping[str, Any] = {}

    def fits(self, path: str) -> bool:
        """Whether the rule speaks of ``path`` (a POSIX path below the raw folder)."""
        return fnmatch(path, self.match) or fnmatch(path.rpartition("/")[2], self.match)


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """What cannot be inferred from the files, and what is wished.

    Parameters
    ----------
    dataset : str
        The id of the dataset to add a release to; empty for the one this folder made before, or a new one.
    title, description, licence, consent : str
        The dataset's; licence and consent are needed to make a release public.
    authors, keywords, funding : tuple of str
        As they shall be cited.
    subject, session, task, species, sex, strain : str
        For all recordings of the folder that do not say otherwise themselves.
    age : str
        Age at the recording, as an ISO 8601 duration (``P90D``) or in years (``34``).
    public : bool
        Make the release public, if licence and consent are given.
    keep_labels : bool
        Keep the subject labels of the files (they are pseudonyms already).
    encrypt_animals : bool
        Encrypt animal data as persons' data are.
    dry_run : bool
        Plan and judge, release nothing.
    files : tuple of FileRule
        Rules for single files.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    dataset: str = ""
    title: str = ""
    description: str = ""
    licence: str = ""
    consent: str = ""
    authors: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    funding: tuple[str, ...] = ()
    subject: str = ""
    session: str = ""
    task: str = ""
    species: str = ""
    sex: str = ""
    strain: str = ""
    age: str = ""
    public: bool = False
    keep_labels: bool = False
    encrypt_animals: bool = False
    dry_run: bool = False
    files: tuple[FileRule, ...] = field(default=())

    def over(self, below: "ShareOptions") -> "ShareOptions":
        """These options where they say something, ``below`` where they do not."""
        said = {
            f.name: value for f in fields(self) if (value := getattr(self, f.name)) not in ("", (), False)
        }
        return replace(below, **said)

    def rules_for(self, path: str) -> tuple[FileRule, ...]:
        """The rules that speak of ``path``."""
        return tuple(rule for rule in self.files if rule.fits(path))


def read_config(folder: Path) -> ShareOptions:
    """The options that ``commissure.yaml`` in ``folder`` gives; all defaults if there is none.

    Raises
    ------
    BadInput
        If the file is not YAML, or has a key or a value that is not understood; the message names the key.
    """
    path = next((folder / name for name in CONFIG_NAMES if (folder / name).is_file()), None)
    if path is None:
        return ShareOptions()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path.name} is not YAML ({type(error).__name__}); see the docs for an example."
        ) from error
    if not isinstance(content, dict):
        raise BadInput(f"{path.name} must hold keys and values; got a {type(content).__name__}.")
    try:
        return TypeAdapter(ShareOptions).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(each.name for each in fields(ShareOptions))
        raise BadInput(f"{path.name}: {key!r}: {first['msg']}; known keys: {known}.") from error

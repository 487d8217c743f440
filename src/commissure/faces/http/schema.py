"""The API's answers and questions, as its OpenAPI document tells them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["PROBLEMS", "Card", "GrantAsked", "JobTold", "ListingTold", "Problem", "ReleaseTold", "ShareAsked",
           "UploadTold", "WithdrawAsked"]  # fmt: skip

Short = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


#: what any route may answer instead
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("The request cannot be read"),
    401: _problem("The token is missing or stands for nobody"),
    403: _problem("No Grant covers this use"),
    404: _problem("Nothing is known under that name"),
    409: _problem("It exists already with other content"),
    422: _problem("This input cannot be used"),
    501: _problem("An optional part is not installed"),
}


class Card(BaseModel):
    """One dataset as the catalogue lists it."""

    id: str
    version: str
    title: str
    description: str
    modalities: list[str]
    species: list[str]
    subjects: int
    licence: str
    standard: str
    files: int
    bytes: int
    released: str
    owner: str
    public: bool
    withdrawn: bool


class ListingTold(BaseModel):
    """A page of datasets."""

    datasets: list[Card]
    total: int
    next: str | None
    facets: dict[str, dict[str, int]]


class ReleaseTold(BaseModel):
    """One release; its files are in the manifest."""

    id: str
    version: str
    title: str
    owner: str
    standard: str
    public: bool
    withdrawn: bool
    created: str
    digest: str
    files: int
    bytes: int
    metadata: dict[str, Any]
    findings: list[dict[str, str]]
    versions: list[str]


class JobTold(BaseModel):
    """How a job stands."""

    id: str
    kind: str
    state: str
    progress: float
    stage: str
    result: dict[str, Any] | None
    error: str
    created: str
    updated: str


class UploadTold(BaseModel):
    """Where an upload waits to be shared."""

    upload: str
    files: int
    bytes: int


class ShareAsked(BaseModel):
    """What shall be shared: an upload, or a folder on the hub's own machine (its owner only)."""

    model_config = ConfigDict(extra="forbid")

    upload: Annotated[str, StringConstraints(max_length=64, pattern=r"^([0-9a-f]{64})?$")] = ""
    folder: Short = ""
    options: dict[str, str | bool | list[str]] = Field(default_factory=dict)


class GrantAsked(BaseModel):
    """Who may use the dataset for what until when."""

    model_config = ConfigDict(extra="forbid")

    person: Name
    purpose: Name = "research"
    days: Annotated[int, Field(ge=1, le=36500)] | None = None


class WithdrawAsked(BaseModel):
    """What is taken back, and why, as a category."""

    model_config = ConfigDict(extra="forbid")

    subject: Short = ""
    reason: Name = "consent withdrawn"

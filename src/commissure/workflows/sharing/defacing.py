"""Heads that show a face lose it before anything else is done with them; one that cannot, stays back.

The T1-weighted head of a subject is defaced first, by its brain; without one a CT, by its skull. Its cut then serves the
subject's other images. Each result is attacked, its brain measured anew and looked at for a face once more, and only what
passes goes on.
"""

from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np

from commissure.annotate.face import check_face
from commissure.errors import BadInput, CommissureError
from commissure.formats.detect import safe_name
from commissure.model import Activity, Finding, Image, Severity, Software
from commissure.protect.heads.deface import Defaced, check_defaced, deface
from commissure.protect.heads.deface_others import deface_like
from commissure.protect.heads.deface_voxels import first_volume
from commissure.protect.heads.head_ct import is_ct
from commissure.workflows.deface_head import MARGINS_MM, SEED, T1_LIKE
from commissure.workflows.deface_turned import deface_wherever, face_left
from commissure.workflows.sharing.work import Item, Work

__all__ = ["OTHER_DATATYPES", "REMEDY", "Heads", "deface_items", "defaced_head", "is_t1", "note_defaced"]

#: where images of other contrasts may show the same head
OTHER_DATATYPES = frozenset({"anat", "pet"})
REMEDY = "Deface the image by hand, or share the skull-stripped brain; the rest of the folder went through."


@dataclass
class Heads:
    """The T1-weighted heads of one subject, and what defacing made of the first that it could."""

    images: list[Image] = field(default_factory=list)
    known: tuple[Image, Defaced] | None = None

    def reference(self) -> tuple[Image, Defaced]:
        """A T1-weighted head and its cut.

        Raises
        ------
        BadInput
            If there is none.
        MissingExtra
            If the brain cannot be found for want of deepbet.
        """
        if self.known is None:
            if not self.images:
                raise BadInput(
                    "The brain is found in T1-weighted heads and in CTs, and there is none of this subject; add one."
                )
            self.known = (self.images[0], deface(self.images[0]))
        return self.known

    def cut_reaches(self, image: Image) -> bool:
        """Whether a face was cut off this subject that ``image``, of another contrast, may show unseen."""
        cut = self.known is not None and not self.known[1].already
        return cut and image.about.datatype in OTHER_DATATYPES and not is_t1(image)


def deface_items(work: Work) -> None:
    """Deface every Item that shows a face, and the other images of that head; quarantine what fails its checks."""
    subjects: dict[str, Heads] = {}
    for item, image in _heads_first(work):
        heads = subjects.setdefault(image.about.subject.label, Heads())
        if is_t1(image):
            heads.images.append(image)
        try:
            face = check_face(image)
            if face is not None or heads.cut_reaches(image):
                _settle(work, item, image, heads, face)
        except Exception as error:  # noqa: BLE001 - an image that cannot be judged stays back, the rest goes on
            item.quarantined = True
            message = f"Whether the image shows a face could not be judged ({type(error).__name__}); it is not released."
            where = safe_name(item.source.primary)
            work.findings.append(Finding("protect.face", Severity.ERROR, message, where, REMEDY))
    done = [item for item in work.standing if _is_defaced(item)]
    if done:
        note_defaced(work, len(done))


def note_defaced(work: Work, images: int) -> None:
    """Leave the Activity of having defaced so many images."""
    parameters = {"images": images, "brain": "deepbet", "margin_mm": list(MARGINS_MM)}
    finder = (Software("deepbet", version("deepbet")),)
    work.activities.append(Activity("deface", software=finder, parameters=parameters))


def defaced_head(image: Image, heads: Heads) -> tuple[Defaced, tuple[Finding, ...]]:
    """The head without its face and the Findings on it; those that are errors forbid its release.

    Parameters
    ----------
    image : Image
        What shows a face, or is of a head that was defaced.
    heads : Heads
        The subject's.

    Raises
    ------
    CommissureError
        If the brain is not found, or the image cannot be laid over the subject's T1-weighted head.
    """
    alone = not heads.images and heads.known is None and is_ct(first_volume(image.array))
    if is_t1(image) or alone:
        judged = deface_wherever(image)
        heads.known = heads.known or (image, judged.done)
        return judged.done, judged.findings
    reference, known = heads.reference()
    done = deface_like(image, reference=reference, defaced=known)
    findings = check_defaced(image, done, rng=np.random.default_rng(SEED))[1]
    left = face_left(done)
    return done, (left, *findings) if left else findings


def _settle(work: Work, item: Item, image: Image, heads: Heads, face: Finding | None) -> None:
    where = safe_name(item.source.primary)
    try:
        made, findings = defaced_head(image, heads)
    except CommissureError as error:
        if face is None:
            message = f"The head's face was not cut off here, where none was seen: {error}"
            work.findings.append(Finding("protect.deface.skipped", Severity.WARNING, message, where, REMEDY))
            return
        item.quarantined = True
        failed = Finding("protect.deface.failed", Severity.ERROR, str(error), where, REMEDY)
        work.findings += [replace(face, where=where), failed]
        return
    wrong = [replace(finding, where=where) for finding in findings if finding.severity is Severity.ERROR]
    if wrong:
        item.quarantined = True
        work.findings += ([replace(face, where=where)] if face else []) + wrong
        return
    about = replace(made.image.about, findings=(*made.image.about.findings, *findings))
    item.noun = replace(made.image, about=about)
    work.progress.advance()


def _heads_first(work: Work) -> list[tuple[Item, Image]]:
    """Items that may show a face: T1-weighted ones, then CTs, then the others."""
    images = [(item, item.noun) for item in work.items if isinstance(item.noun, Image)]
    return sorted(images, key=lambda pair: (not is_t1(pair[1]), pair[1].about.suffix.lower() != "ct"))


def is_t1(image: Image) -> bool:
    """Whether the brain can be found in an Image by its contrast."""
    return image.about.suffix in T1_LIKE


def _is_defaced(item: Item) -> bool:
    return any(finding.check == "protect.defaced" for finding in item.noun.about.findings)

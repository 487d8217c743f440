"""For protect_deface.py, in an environment that has dlib: how often the nearest face embedding is the right person.

Run: python benchmarks/protect_embedding.py faces.npz   (known: person x 150 x 150, 0 to 1; each other array as many pictures
of every person, one person after the other)
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np


def main(path: str) -> None:
    package = find_spec("face_recognition_models")  # found, not imported: it asks for pkg_resources
    folder = Path(package.origin).parent / "models"
    network = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def embed(pictures: np.ndarray) -> np.ndarray:
        grey = np.clip(pictures * 255, 0, 255).astype(np.uint8)
        return np.array(
            [network.compute_face_descriptor(np.ascontiguousarray(np.dstack([one] * 3))) for one in grey]
        )

    faces = np.load(path)
    known = embed(faces["known"])
    for name in (name for name in faces.files if name != "known"):
        seen = embed(faces[name])
        truth = np.repeat(np.arange(len(known)), len(seen) // len(known))
        distance = ((seen[:, None] - known[None]) ** 2).sum(axis=2)
        distance -= distance.mean(axis=0)
        print(float((distance.argmin(axis=1) == truth).mean()))


if __name__ == "__main__":
    main(sys.argv[1])

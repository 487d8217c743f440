"""Makers of images with planted truth: heads with and without a face, MINC, PAR/REC, a small BIDS dataset."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.testing.dicom_series import pattern

__all__ = ["head", "write_bids", "write_minc", "write_nifti_head", "write_parrec"]


def head(*, face: bool = True, zoom_mm: float = 2.0) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A head of ellipsoids, T1-like, with its affine; without ``face`` it is cut off below the brow.

    Returns
    -------
    volume : array, shape (x, y, z)
        Skin 90, skull 20, brain 100, ventricles 15, air 0.
    affine_mm : array, shape (4, 4)
        RAS+.
    """
    axes = [np.arange(-half, half, zoom_mm) for half in (90.0, 120.0, 130.0)]
    x, y, z = np.meshgrid(*axes, indexing="ij")

    def ball(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> NDArray[np.bool_]:
        parts = zip((x, y, z), centre, radii, strict=True)
        return np.asarray(sum(((axis - c) / r) ** 2 for axis, c, r in parts) <= 1.0)

    volume = np.zeros(x.shape, dtype=np.float32)
    volume[ball((0, 0, 30), (76, 95, 85))] = 90
    volume[ball((0, 10, -40), (58, 76, 80))] = 90
    nose = (
        ball((0, 88, -42), (11, 28, 20))
        | ball((0, 82, -75), (16, 18, 10))
        | ball((0, 78, -100), (20, 20, 14))
    )
    volume[nose] = 90
    volume[ball((0, -2, 32), (70, 87, 78))] = 20
    volume[ball((0, -3, 34), (65, 82, 72))] = 100
    volume[ball((0, -3, 34), (14, 30, 16))] = 15
    if not face:
        volume[(y - 40) - 1.2 * (z + 30) > 0] = 0
    affine = np.diag([zoom_mm, zoom_mm, zoom_mm, 1.0])
    affine[:3, 3] = [axis[0] for axis in axes]
    return volume, affine


def write_nifti_head(path: Path, *, face: bool = True, zoom_mm: float = 2.0) -> Path:
    """Write :func:`head` as NIfTI, with a header that tells more than it should."""
    nibabel = need("nibabel", purpose="Making NIfTI images")
    volume, affine = head(face=face, zoom_mm=zoom_mm)
    image = nibabel.Nifti1Image(volume.astype(np.int16), affine)
    image.header["descrip"] = b"Quilter Zephyrine 1962"
    image.header["aux_file"] = b"/home/fenwick/q.nii"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"scanned by Abernathy"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    return path


def write_minc(path: Path, *, volumes: int = 4) -> NDArray[np.float32]:
    """Write a MINC 2 series (time, z, y, x) with a patient in its header; gives the voxels as (z, y, x, time)."""
    h5py = need("h5py", purpose="Making MINC images")
    t, z, y, x = np.indices((volumes, 12, 16, 20))
    voxels = (1 + x + 20 * y + 300 * z + 7 * t).astype(np.uint16)
    with h5py.File(path, "w") as file:
        top = file.create_group("minc-2.0")
        top.attrs["history"] = np.bytes_(b"20190807 by fenwick: mnc2mnc /home/fenwick/quilter.mnc")
        dimensions = top.create_group("dimensions")
        steps = {"time": (2.0, 0.0), "zspace": (3.5, -21.0), "yspace": (3.0, -24.0), "xspace": (3.0, -30.0)}
        for (name, (step, start)), length in zip(steps.items(), voxels.shape, strict=True):
            dimension = dimensions.create_dataset(name, data=0)
            cosines = [float(name == key) for key in ("xspace", "yspace", "zspace")]
            dimension.attrs.update(
                {
                    "step": step,
                    "start": start,
                    "length": np.uint32(length),
                    "spacing": np.bytes_(b"regular__"),
                }
            )
            if name != "time":
                dimension.attrs.update({"direction_cosines": np.array(cosines), "units": np.bytes_(b"mm")})
        image = top.create_group("image/0")
        data = image.create_dataset("image", data=voxels)
        data.attrs.update(
            {"dimorder": np.bytes_(b"time,zspace,yspace,xspace"), "valid_range": np.array([0.0, 65535.0])}
        )
        for name, value in (("image-min", 0.0), ("image-max", 65535.0)):
            image.create_dataset(name, data=value).attrs["dimorder"] = np.bytes_(b"")
        patient = top.create_group("info/patient")
        patient.attrs.update({"full_name": np.bytes_(b"Quilter Zephyrine"), "sex": np.bytes_(b"female__")})
        acquisition = top.create_group("info/acquisition")
        acquisition.attrs.update(
            {"protocol": np.bytes_(b"bold_task-nback"), "repetition_time": 2.0, "echo_time": 0.03}
        )
    return np.moveaxis(voxels, 0, -1).astype(np.float32)


_PAR_TEXT = """# === DATA DESCRIPTION FILE ======================================================
#
# CAUTION - Investigational device.
# Limited by Federal Law to investigational use.
#
# Dataset name: C:\\Export\\quilter
#
# CLINICAL TRYOUT             Research image export tool     V4.2
#
# === GENERAL INFORMATION ========================================================
#
"""
_PAR_GENERAL = (
    ("Patient name", "Quilter Zephyrine"), ("Examination name", "Quilter follow-up"),
    ("Protocol name", "func-bold_task-nback"), ("Examination date/time", "2019.08.07 / 10:13:14"),
    ("Series Type", "Image   MRSERIES"), ("Acquisition nr", "5"), ("Reconstruction nr", "1"),
    ("Scan Duration [sec]", "8"), ("Max. number of cardiac phases", "1"), ("Max. number of echoes", "1"),
    ("Max. number of slices/locations", "9"), ("Max. number of dynamics", "3"), ("Max. number of mixes", "1"),
    ("Patient position", "Head First Supine"), ("Preparation direction", "Anterior-Posterior"), ("Technique", "FEEPI"),
    ("Scan resolution  (x, y)", "24  20"), ("Scan mode", "MS"), ("Repetition time [ms]", "2000.000"),
    ("FOV (ap,fh,rl) [mm]", "72.000  31.500  72.000"), ("Water Fat shift [pixels]", "11.000"),
    ("Angulation midslice(ap,fh,rl)[degr]", "0.000  0.000  0.000"),
    ("Off Centre midslice(ap,fh,rl) [mm]", "0.000  0.000  0.000"), ("Flow compensation <0=no 1=yes> ?", "0"),
    ("Presaturation     <0=no 1=yes> ?", "0"), ("Phase encoding velocity [cm/sec]", "0.000000  0.000000  0.000000"),
    ("MTC               <0=no 1=yes> ?", "0"), ("SPIR              <0=no 1=yes> ?", "1"),
    ("EPI factor        <0,1=no EPI>", "39"), ("Dynamic scan      <0=no 1=yes> ?", "1"),
    ("Diffusion         <0=no 1=yes> ?", "0"), ("Diffusion echo time [ms]", "0.0000"),
    ("Max. number of diffusion values", "1"), ("Max. number of gradient orients", "1"),
    ("Number of label types   <0=no ASL>", "0"),
)  # fmt: skip


def write_parrec(folder: Path) -> NDArray[np.float64]:
    """Write a PAR/REC pair (version 4.2) of 3 volumes; gives the displayed values as stored in the file, (x, y, z, t)."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = pattern((24, 24, 9, 3))
    slope, intercept = 1.5, 10.0
    lines = [_PAR_TEXT + "\n".join(f".    {key:<35}:   {value}" for key, value in _PAR_GENERAL)]
    lines.append("#\n# === IMAGE INFORMATION ===\n#")
    for t in range(3):
        for z in range(9):
            lines.append(
                f"  {z + 1}   1    {t + 1}  1 0 2  {t * 9 + z}  16  62  24  24  {intercept:.5f}  {slope:.5f} 4.00000e-003"
                f"  1070  1860  0.00  0.00  0.00  0.00  {(z - 4) * 3.5:.2f}  0.00  3.500  0.000 0 1 0 2  3.000  3.000"
                f"  30.00  {t * 2:.2f}  0.00  0.00  0  77.00  0  0  0  39  0.0  1  1  8  0  0.000  0.000  0.000  1"
            )
    (folder / "quilter.PAR").write_text("\n".join(lines) + "\n", encoding="latin-1")
    (folder / "quilter.REC").write_bytes(stored.astype("<u2").tobytes(order="F"))
    return np.asarray(stored * slope + intercept, dtype=np.float64)


def write_bids(folder: Path, *, subjects: tuple[str, ...] = ("01", "02")) -> Path:
    """Write a small valid BIDS dataset of resting runs, without participants.tsv, README and scans.tsv."""
    nibabel = need("nibabel", purpose="Making NIfTI images")
    folder.mkdir(parents=True, exist_ok=True)
    description = (
        '{"Name": "A lab\'s own dataset", "BIDSVersion": "1.8.0", "Authors": ["Ada L.", "Luigi G."]}\n'
    )
    (folder / "dataset_description.json").write_text(description)
    (folder / "task-rest_bold.json").write_text('{"TaskName": "rest", "RepetitionTime": 2.0}\n')
    for subject in subjects:
        place = folder / f"sub-{subject}" / "func"
        place.mkdir(parents=True)
        image = nibabel.Nifti1Image(pattern((8, 8, 6, 4)), np.diag([3.0, 3.0, 3.0, 1.0]))
        image.header.set_xyzt_units("mm", "sec")
        image.header.set_zooms((3.0, 3.0, 3.0, 2.0))
        nibabel.save(image, place / f"sub-{subject}_task-rest_bold.nii.gz")
    return folder

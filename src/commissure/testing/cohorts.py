"""Made EEG of many labs: paradigms, people, states, sites and devices whose effects are known.

A head of forty sources carries 1/f activity and three rhythms that wax and wane. A paradigm says how strong each rhythm
is in each lobe; a person, the frequency of alpha, the slope and how strong their rhythms are; a state (drowsy, alert)
bends them from session to session. A site adds what a lab and a device add: montage, reference, rate, gain and unit,
filters, noise, the hum of the grid, and a cap that sits a little off.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from commissure.extras import need
from commissure.model import About, Channel, Device, Recording, Session, Subject

__all__ = ["Cohorts", "Lab", "Paradigm", "Participant", "exported", "rereference"]

Array = NDArray[np.float64]
_SOURCES, _LOBES, _RHYTHMS = 40, 5, 3
_MONTAGES = (
    "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2",
    "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 PO3 PO4 O1 Oz O2 AF3 AF4",
    "Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 "
    "C4 C6 T8 TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2",
)
_RATES_HZ = (200.0, 250.0, 256.0, 500.0, 512.0)


@dataclass(frozen=True, slots=True)
class Paradigm:
    """How strong each rhythm is in each lobe: natural logarithms, shape (lobe, rhythm)."""

    name: str
    strength: Array


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes part: alpha's frequency, the exponent, the strength of rhythms and of sources."""

    label: str
    alpha_hz: float
    exponent: float
    strength: Array
    sources: Array


@dataclass(frozen=True, slots=True)
class Lab:
    """What a lab and its device add."""

    name: str
    montage: tuple[str, ...]
    rate_hz: float
    reference: str
    gain: Array
    noise: float
    tilt: float
    line_hz: float
    line: float
    highpass_hz: float
    lowpass_hz: float
    cap: Array


class Cohorts:
    """A world of labs; everything is drawn from ``rng``.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the world, and afterwards the labs, paradigms, people and noise.
    site_effect : float
        How large the effects of sites are; 0 for none, 1 for what multi-site studies see.

    Examples
    --------
    >>> world = Cohorts(np.random.default_rng(0))
    >>> lab, rest = world.lab("a"), world.paradigm("rest")
    >>> world.record(world.participant("01"), lab=lab, paradigm=rest, seconds=4.0).duration_s
    4.0
    """

    def __init__(self, rng: np.random.Generator, *, site_effect: float = 1.0) -> None:
        self._rng, self._effect = rng, site_effect
        mne = need("mne", purpose="Making cohorts of EEG")
        with warnings.catch_warnings():
            # MNE renames its montages; the places stay
            warnings.simplefilter("ignore")
            places = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
        self._places = {name: at / np.linalg.norm(at) for name, at in places.items() if np.isfinite(at).all()}
        where = rng.normal(size=(_SOURCES, 3))
        where[:, 2] = np.abs(where[:, 2]) * 0.9 - 0.2
        self._where = (
            where / np.linalg.norm(where, axis=1, keepdims=True) * rng.uniform(0.55, 0.8, (_SOURCES, 1))
        )
        self._facing = self._where / np.linalg.norm(self._where, axis=1, keepdims=True)
        self._facing = self._facing + 0.5 * rng.normal(size=(_SOURCES, 3))
        front, side = self._where[:, 1], self._where[:, 0]
        self._lobe = np.where(
            front > 0.3, 0, np.where(front < -0.3, 4, np.where(side < -0.3, 1, np.where(side > 0.3, 2, 3)))
        )

    def paradigm(self, name: str) -> Paradigm:
        """A task or a state that a study is about."""
        usual = np.zeros((_LOBES, _RHYTHMS))
        usual[:, 1] = (0.2, 0.5, 0.5, 0.6, 1.3)
        return Paradigm(
            name, usual + self._rng.normal(0, 0.55, (_LOBES, _RHYTHMS)) + self._rng.normal(0, 0.4, _RHYTHMS)
        )

    def participant(self, label: str) -> Participant:
        """Somebody new."""
        rng = self._rng
        strength = rng.normal(0, 0.25, (_LOBES, _RHYTHMS)) + rng.normal(0, 0.25, _RHYTHMS)
        return Participant(label, float(rng.normal(10.0, 0.8)), float(rng.normal(1.2, 0.15)), strength,
                           rng.normal(0, 0.25, _SOURCES))  # fmt: skip

    def lab(self, name: str) -> Lab:
        """A lab with its device."""
        rng, effect = self._rng, self._effect
        montage = tuple(_MONTAGES[rng.integers(len(_MONTAGES))].split())
        cap = 0.12 * effect * rng.normal(size=3)
        return Lab(
            name, montage, float(rng.choice(_RATES_HZ)), str(rng.choice(["average", "Cz", "T7"])),
            np.exp(rng.normal(0, 0.5) + 0.08 * effect * rng.normal(size=len(montage))),
            float(0.05 + 0.25 * effect * rng.uniform()), float(0.25 * effect * rng.normal()),
            float(rng.choice([50.0, 60.0])), float(0.5 * rng.uniform()), float(rng.choice([0.1, 0.5, 1.0])),
            float(rng.choice([60.0, 80.0, 120.0])), cap,
        )  # fmt: skip

    def record(
        self, who: Participant, *, lab: Lab, paradigm: Paradigm, seconds: float = 30.0, session: str = ""
    ) -> Recording:
        """One session: volts in the lab's own unit, with its montage, rate and reference."""
        rng, rate_hz = self._rng, lab.rate_hz
        count = round(seconds * rate_hz)
        state = rng.normal(0, 0.12, _RHYTHMS)
        strength = paradigm.strength + who.strength + state
        sources = self._sources(who, strength, count, rate_hz)
        names = lab.montage
        scalp = (sources @ self._lead(names, lab.cap).T) * 1e-5
        scalp += rng.normal(size=scalp.shape) * lab.noise * scalp.std()
        scalp = _filtered(scalp, lab, rate_hz)
        time = np.arange(count) / rate_hz
        hum = np.sin(2 * np.pi * lab.line_hz * time + rng.uniform(0, 6)) * lab.line * scalp.std()
        scalp = (scalp + hum[:, None] * rng.uniform(0.5, 1.5, len(names))) * lab.gain
        scalp = rereference(scalp, names, reference=lab.reference)
        about = About("eeg", Subject(who.label, species="Homo sapiens"), Session(session), {"task": paradigm.name},
                      device=Device(f"maker of {lab.name}", "model"))  # fmt: skip
        return Recording(scalp, rate_hz, tuple(Channel(name, "EEG", "V") for name in names), about)

    def _lead(self, names: tuple[str, ...], cap: Array) -> Array:
        places = np.array([self._places[name] for name in names]) + np.cross(
            cap, [self._places[n] for n in names]
        )
        away = places[:, None] - self._where
        return np.asarray((away * self._facing).sum(axis=2) / np.linalg.norm(away, axis=2) ** 3)

    def _sources(self, who: Participant, strength: Array, count: int, rate_hz: float) -> Array:
        rng = self._rng
        hz = np.fft.rfftfreq(count, 1 / rate_hz)
        floor = np.maximum(hz, 0.5) ** (-who.exponent / 2)
        noise = np.fft.rfft(rng.normal(size=(_SOURCES, count)), axis=1) * floor
        total = np.fft.irfft(noise, n=count, axis=1)
        total /= total.std(axis=1, keepdims=True)
        for rhythm, (middle, width) in enumerate(((6.0, 1.0), (who.alpha_hz, 1.0), (2 * who.alpha_hz, 2.5))):
            shape = np.exp(-0.5 * ((hz - middle) / width) ** 2)
            wave = np.fft.irfft(
                np.fft.rfft(rng.normal(size=(_SOURCES, count)), axis=1) * shape, n=count, axis=1
            )
            slow = np.fft.irfft(np.fft.rfft(rng.normal(size=count)) * (hz < 0.4), n=count)
            slow = np.exp(0.5 * slow / max(slow.std(), 1e-9))
            size = 0.3 * (0.55, 1.0, 0.45)[rhythm] * np.exp(strength[self._lobe, rhythm])
            total += wave / wave.std(axis=1, keepdims=True) * slow * size[:, None]
        return np.asarray((total * np.exp(who.sources)[:, None]).T)


def _filtered(volts: Array, lab: Lab, rate_hz: float) -> Array:
    hz = np.fft.rfftfreq(len(volts), 1 / rate_hz)
    high = (hz / lab.highpass_hz) ** 2 / (1 + (hz / lab.highpass_hz) ** 2)
    low = 1 / np.sqrt(1 + (hz / min(lab.lowpass_hz, 0.4 * rate_hz)) ** 8)
    tilt = np.maximum(hz, 1.0) ** (lab.tilt / 2)
    return np.asarray(
        np.fft.irfft(np.fft.rfft(volts, axis=0) * (high * low * tilt)[:, None], n=len(volts), axis=0)
    )


def rereference(volts: Array, names: tuple[str, ...], *, reference: str) -> Array:
    """The same potentials against the average of all, or against one electrode.

    >>> rereference(np.array([[1.0, 3.0]]), ("Cz", "Pz"), reference="Cz").tolist()
    [[0.0, 2.0]]
    """
    if reference == "average" or reference not in names:
        return np.asarray(volts - volts.mean(axis=1, keepdims=True))
    return np.asarray(volts - volts[:, [names.index(reference)]])


def exported(
    recording: Recording, *, rate_hz: float, reference: str, gain: float, drop: bool = False
) -> Recording:
    """The recording as another vendor's export would hold it: resampled, against another reference, in another unit.

    With ``drop`` the electrode of reference, which would be flat, is left out.
    """
    signal = need("scipy.signal", purpose="Resampling")
    names = tuple(channel.name for channel in recording.channels)
    volts = recording.si()
    electrodes = [
        i for i, channel in enumerate(recording.channels) if channel.type in {"EEG", "SEEG", "ECOG"}
    ]
    ratio = (int(rate_hz), int(recording.rate_hz))
    moved = (
        volts.copy() if ratio[0] == ratio[1] else signal.resample_poly(volts, *ratio, axis=0, padtype="line")
    )
    if reference:
        moved[:, electrodes] = rereference(
            moved[:, electrodes], tuple(names[i] for i in electrodes), reference=reference
        )
    kept = [i for i, name in enumerate(names) if not (drop and name == reference)]
    channels = tuple(replace(recording.channels[i], gain=1.0, offset=0.0) for i in kept)
    return replace(
        recording, signal=moved[:, kept] * gain, rate_hz=float(rate_hz), channels=channels, native=None
    )

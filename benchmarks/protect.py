"""Protection: every table with its peers and its attacks, part by part, and how long each took.

    python benchmarks/protect.py                       # everything
    python benchmarks/protect.py connectivity deface   # some parts
    python benchmarks/protect.py --quick               # all of it with fewer seeds, runs and people
    python benchmarks/protect.py --list                # the parts

Each part is a script of its own and runs in a process of its own: one that fails is told at the end, and the others go on.
Real tables and heads are read from ../shared/data; the peers live in an environment of their own (benchmarks/peers.py says
how it is made), and one that is not there is told.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """A script, its arguments, and those of a quick run."""

    script: str
    what: str
    usual: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)


def of(script: str, part: str, what: str) -> Part:
    return Part(script, what, (part,), (part, "--quick"))


PARTS = {
    "budgets": of("protect_releases", "budgets", "what 50 releases cost together"),
    "connectivity": of("protect_releases", "connectivity", "error of a private group connectivity"),
    "membership": of("protect_releases", "membership", "who was in a released connectivity"),
    "audit": Part("protect_audit", "canaries against every private mechanism"),
    "models": Part("protect_models", "who was in a trained model"),
    "tables": of("protect_tables", "tables", "synthetic tables: likeness, use, attacks"),
    "elsewhere": of("protect_tables", "elsewhere", "the same on five tables from installed wheels"),
    "rois": of("protect_tables", "rois", "region volumes of synthetic people"),
    "scans": of("protect_synth", "scans", "synthetic fMRI"),
    "eeg": of("protect_synth", "eeg", "synthetic EEG"),
    "spikes": of("protect_synth", "spikes", "synthetic spike trains"),
    "brains": Part("protect_brains", "synthetic brains"),
    "deid": Part("protect_deid", "planted identifiers, released and looked for"),
    "deface": Part("protect_deface", "faces before and after"),
}


def run(name: str, *, quick: bool) -> tuple[int, float, float]:
    """The exit code of a part, its seconds, and its seconds of processor."""
    part = PARTS[name]
    print(f"\n== {name}: {part.what} ==", flush=True)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(HERE / f"{part.script}.py"), *(part.quick if quick else part.usual)]
    code = subprocess.run(command, check=False, env={**os.environ, "PYTHONUNBUFFERED": "1"}).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return code, time.monotonic() - began, spent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    said = parser.parse_args()
    if said.list:
        print("\n".join(f"{name:14s}{part.what}" for name, part in PARTS.items()))
        return 0
    unknown = sorted(set(said.parts) - set(PARTS))
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    done = {}
    for name in said.parts or PARTS:
        done[name] = run(name, quick=said.quick)
        print(f"-- {name}: {done[name][1]:.0f} s, {done[name][2]:.0f} s of processor", flush=True)
    failed = [name for name, (code, _, _) in done.items() if code]
    print("\nTime, s (of processor): " + ", ".join(f"{n} {wall:.0f} ({cpu:.0f})" for n, (_, wall, cpu) in done.items()))  # fmt: skip
    print(f"All: {sum(w for _, w, _ in done.values()):.0f} ({sum(c for _, _, c in done.values()):.0f})")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

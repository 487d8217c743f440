"""Share a sample session into a new local hub, and say what was done and where to look."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from commissure.testing.samples import write_sample_session

HUB = Path(__file__).parents[1] / "demo-hub"


def main() -> int:
    shutil.rmtree(HUB, ignore_errors=True)
    raw = Path(tempfile.mkdtemp(prefix="commissure-demo-")) / "raw"
    write_sample_session(raw)
    print("A lab's folder (generated: an EEG with a made-up person in its header, a mouse's probe):\n")
    for path in sorted(raw.rglob("*")):
        if path.is_file():
            print(f"  {path.relative_to(raw)}  {path.stat().st_size:,} bytes")
    command = [str(Path(sys.executable).parent / "commissure"), "share", str(raw), "--hub", str(HUB)]
    print("\n$ commissure share RAW_FOLDER --hub demo-hub\n", flush=True)
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        print(
            "\nLook at it:\n  .venv/bin/commissure serve --hub demo-hub      then open http://127.0.0.1:8000"
        )
        print('  .venv/bin/commissure search "resting EEG" --hub demo-hub')
    shutil.rmtree(raw.parent)
    return code


if __name__ == "__main__":
    sys.exit(main())

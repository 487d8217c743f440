"""Make the pictures of the README and the docs: `python tools/pictures.py [--portal]`."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
LEFT = (
    "EDF BDF BrainVision EEGLAB",
    "FIF CTF SNIRF XDF",
    "DICOM NIfTI",
    "SpikeGLX Intan ABF",
    "suite2p TIFF",
    "DeepLabCut video",
)
STAGES = (
    "detect",
    "read",
    "de-identify",
    "standardize",
    "quality",
    "validate",
    "describe",
    "release",
    "publish",
)
RIGHT = (
    "valid BIDS and NWB",
    "versions that never change",
    "no Grant, no bytes",
    "a chain that shows edits",
    "found by meaning",
    "API, portal, Python",
)


def overview() -> str:
    """Raw formats on the left, what users get on the right, the stages as the fibres between."""
    rows = []
    for i, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        y = 64 + i * 42
        rows.append(f'<text x="20" y="{y}" class="t">{left}</text>')
        rows.append(f'<text x="880" y="{y}" class="t" text-anchor="end">{right}</text>')
        middle = 62 + (i - 2.5) * 13 + 105
        rows.append(
            f'<path d="M 252 {y - 5} C 340 {y - 5}, 340 {middle}, 450 {middle} S 570 {y - 5}, 668 {y - 5}" '
            f'class="f" style="stroke:hsl({195 + i * 22},55%,48%)"/>'
        )
    for i, stage in enumerate(STAGES):
        rows.append(f'<text x="{78 + i * 93}" y="338" class="s" text-anchor="middle">{stage}</text>')
        rows.append(f'<circle cx="{78 + i * 93}" cy="316" r="5" class="d"/>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 360" role="img" '
        'aria-label="Raw files of a lab pass nine stages and become releases that others can find and use">'
        "<style>text{font-family:system-ui,sans-serif}.t{font-size:15px;fill:#24323d}.s{font-size:13px;fill:#4a5a66}"
        ".f{fill:none;stroke-width:3;opacity:.85}.d{fill:#1c6e8c}.l{stroke:#9fb3bf}.h{font-size:13px;fill:#4a5a66;"
        "letter-spacing:.08em}</style><rect width='900' height='360' rx='14' fill='#f6f8f9'/>"
        "<text x='20' y='32' class='h'>A LAB'S RAW FOLDER</text>"
        "<text x='880' y='32' class='h' text-anchor='end'>WHAT OTHERS CAN USE</text>"
        "<line x1='78' y1='316' x2='822' y2='316' class='l'/>" + "".join(rows) + "</svg>\n"
    )


def portal() -> None:
    """Screenshots of the portal of a hub with the sample session, in Debian's chromium."""
    from playwright.sync_api import sync_playwright

    from commissure.testing.samples import write_sample_session

    work = Path(tempfile.mkdtemp())
    write_sample_session(work / "raw")
    program = str(Path(sys.executable).parent / "commissure")
    subprocess.run(
        [program, "share", str(work / "raw"), "--hub", str(work / "hub"), "--json"],
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [program, "serve", "--hub", str(work / "hub"), "--port", "8765"], stdout=subprocess.DEVNULL
    )
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    try:
        time.sleep(4)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
            page = browser.new_page(viewport={"width": 1100, "height": 760})
            page.goto("http://127.0.0.1:8765/")
            page.screenshot(path=PICTURES / "portal-home.png")
            page.locator("a[href*='/datasets/ds-']").first.click()
            page.screenshot(path=PICTURES / "portal-release.png")
            phone = browser.new_page(viewport={"width": 360, "height": 740})
            phone.goto(page.url)
            phone.screenshot(path=PICTURES / "portal-phone.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", action="store_true", help="also photograph the portal (needs chromium)")
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "commissure.svg").write_text(overview(), encoding="utf-8")
    if parser.parse_args().portal:
        portal()


if __name__ == "__main__":
    main()

"""Every description of releases of real recordings passes the validators; the benchmark does all 35."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commissure.certify.datacite import check_datacite, datacite
from commissure.certify.dcat import shapes
from commissure.certify.described import Described
from commissure.certify.exports import EXPORTS, export
from commissure.certify.rocrate import ro_crate
from commissure.hub import Hub, open_hub
from commissure.settings import Settings
from commissure.workflows.browse import show
from commissure.workflows.certify import Certified, certify
from commissure.workflows.share import ShareOptions, share

from .validators import check_crate, check_croissant, check_shapes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "https://hub.example"
SHARED = Path(__file__).parents[3] / "shared"
#: one of each kind, the smallest first
ITEMS = ("ephys_intan_rhd", "fnirs_nirsport2", "eeg_biosemi_bdf", "nwb_icephys", "nii_example4d")
pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    top = tmp_path_factory.mktemp("real")
    found = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"), clock=lambda: NOW)
    said = ShareOptions(
        licence="CC0-1.0",
        consent="DUO:0000042",
        public=True,
        authors=("Ada Example",),
        keywords=("test recording",),
    )
    for name in ITEMS:
        options = replace(said, dataset=f"ds-{name.replace('_', '-')}")
        share(found, SHARED / "data" / name, now=NOW, options=options)
    yield found
    found.close()


@pytest.fixture(params=ITEMS)
def found(request: pytest.FixtureRequest, hub: Hub) -> Certified:
    shown = show(hub, f"ds-{request.param.replace('_', '-')}", viewer="", now=NOW)
    return certify(hub, shown, viewer="", now=NOW, origin=ORIGIN)


def test_a_real_release_is_described_validly_in_every_form(found: Certified) -> None:
    one: Described = found.one
    assert check_croissant(json.loads(export(one, "croissant")))[0] == []
    ok, told = check_shapes(export(one, "dcat"), shapes())
    assert ok, told
    assert check_datacite(datacite(one)) == ()
    assert all(export(one, form) for form in EXPORTS)


def test_a_real_release_is_nearly_as_fair_as_can_be(found: Certified) -> None:
    assert found.assessment.fair.points >= 23
    assert {"findable", "standard", "ethical"} <= set(found.levels)


def test_a_real_crate_is_accepted(hub: Hub, tmp_path: Path) -> None:
    release = hub.records.releases.get("ds-eeg-biosemi-bdf")
    assert check_crate(ro_crate(release), tmp_path, profile="ro-crate-1.3") == []

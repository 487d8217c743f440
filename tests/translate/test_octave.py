"""The MATLAB client in GNU Octave: it searches, opens, annotates and runs on a hub, and files go both ways."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from commissure.errors import BadInput, NotFound
from commissure.formats.mat import read_mat, write_mat
from commissure.testing.samples import write_sample_session
from commissure.testing.signals import planted, write_edf
from commissure.workflows.excerpt import Stretch, file_mat

OCTAVE = pytest.mark.skipif(
    shutil.which("octave-cli") is None, reason="Octave is not installed (make system)"
)
CLIENT = Path(__file__).parents[2] / "matlab"


def octave(code: str, folder: Path) -> dict:
    """Run ``code``, which puts what it found into the struct ``out``; gives ``out``."""
    script = f"addpath('{CLIENT}'); out = struct(); {code}\nprintf('%s', jsonencode(out));"
    done = subprocess.run(
        ["octave-cli", "--no-gui", "--no-history", "--norc", "--eval", script],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index("{") :])


@OCTAVE
@pytest.mark.octave
def test_search_and_open(served: SimpleNamespace, tmp_path: Path) -> None:
    out = octave(
        f"""hub = commissure.connect('{served.address}/');
        found = commissure.search(hub, 'visual memory');
        out.ids = {{found.id}};
        listed = commissure.files(hub, 'ds-open');
        out.paths = {{listed.path}};
        t = commissure.open(hub, 'ds-open', 'participants.tsv');
        out.age = t.age; out.sex = t.sex;
        r = commissure.open(hub, 'ds-open', 'sub-01/eeg/sub-01_task-memory_eeg.edf', 'start_s', 1, 'stop_s', 2.5);
        out.rate = double(r.rate_hz); out.size = size(r.signal); out.second = r.signal(1:3, 2)';
        out.names = {{r.channels.name}};
        EEG = commissure.open(hub, 'ds-open', 'sub-01/eeg/sub-01_task-memory_eeg.edf', 'tool', 'eeglab');
        out.eeg = [EEG.nbchan EEG.pnts EEG.srate]; out.microvolts = double(EEG.data(2, 1:3));
        try
          commissure.open(hub, 'ds-closed', 'README');
          out.closed = 'opened';
        catch problem
          out.closed = 'refused';
        end""",
        tmp_path,
    )
    assert out["ids"] == ["ds-open"] or out["ids"] == "ds-open"
    assert sorted(out["paths"]) == sorted(served.files)
    assert (out["age"], out["sex"]) == ([71, 68], ["F", "M"])
    truth = served.truth
    assert (out["rate"], out["size"], out["names"]) == (truth.rate_hz, [384, 5], list(truth.names))
    assert np.allclose(out["second"], truth.volts[256:259, 1], atol=2 * truth.resolution_v)
    assert out["eeg"] == [5, len(truth.volts), truth.rate_hz]
    assert np.allclose(out["microvolts"], truth.volts[:3, 1] * 1e6, atol=2e6 * truth.resolution_v)
    assert out["closed"] == "refused"


@OCTAVE
@pytest.mark.octave
def test_annotate_and_run(served: SimpleNamespace, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_sample_session(raw)
    out = octave(
        f"""hub = commissure.connect('{served.address}', '{served.token}');
        r = commissure.open(hub, 'ds-open', 'sub-01/eeg/sub-01_task-memory_eeg.edf');
        before = numel(r.annotations);
        r = commissure.annotate(r, 'blink', 0.4, 0.2, {{'Fz'}});
        out.added = numel(r.annotations) - before;
        save('-v7', 'r.mat', 'r');
        asked = struct('folder', '{raw}');
        asked.options = struct('title', 'From Octave', 'licence', 'CC0-1.0', 'consent', 'IRB-1');
        job = commissure.run(hub, 'share', asked);
        out.state = job.state; out.dataset = job.result.release.id;""",
        tmp_path,
    )
    assert out["added"] == 1
    marks = read_mat(tmp_path / "r.mat")["r"]["annotations"]
    marks = marks if isinstance(marks, list) else [marks]
    blink = next(mark for mark in marks if mark["label"] == "blink")
    assert (blink["onset_s"], blink["duration_s"]) == (0.4, 0.2)
    assert out["state"] == "done"
    assert served.hub.records.releases.dataset(out["dataset"]).title == "From Octave"


@OCTAVE
@pytest.mark.octave
def test_octave_reads_what_python_wrote_and_python_what_octave_wrote(tmp_path: Path) -> None:
    write_mat(
        tmp_path / "p.mat",
        {"s": {"name": "Fz", "gain": 0.5, "bad": True, "n": 3}, "c": ["a", 2, None], "x": np.arange(6.0).reshape(2, 3),
         "people": [{"age": 71.0}, {"age": 68.0}], "text": "microvolts"},
    )  # fmt: skip
    out = octave(
        """load('p.mat'); out.name = s.name; out.sum = s.gain + double(s.n); out.bad = islogical(s.bad) && s.bad;
        out.cell = iscell(c) && numel(c) == 3 && isempty(c{3}); out.x = x; out.ages = [people.age]; out.text = text;
        truth = [true; false]; count = int16([1 2 3]); cells = {'a', [1 2]}; st = struct('a', {1, 2}); e = [];
        z = 1 + 2i; save('-v7', 'o.mat', 'truth', 'count', 'cells', 'st', 'e', 'z');""",
        tmp_path,
    )
    assert out == {"name": "Fz", "sum": 3.5, "bad": True, "cell": True, "x": [[0, 1, 2], [3, 4, 5]], "ages": [71, 68],
                   "text": "microvolts"}  # fmt: skip
    got = read_mat(tmp_path / "o.mat")
    assert got["truth"].dtype == bool
    assert got["count"].dtype == np.int16
    assert got["cells"][0] == "a"
    assert [one["a"] for one in got["st"]] == [1.0, 2.0]
    assert (got["e"].size, got["z"]) == (0, 1 + 2j)


@OCTAVE
@pytest.mark.octave
def test_the_structures_of_three_toolboxes_hold_in_octave(tmp_path: Path) -> None:
    """What EEGLAB's ``eeg_checkset``, FieldTrip's ``ft_datatype_raw`` and Brainstorm's templates ask of a structure."""
    truth = planted(rng=np.random.default_rng(5))
    edf = write_edf(tmp_path, truth)
    for tool, name in (("eeglab", "e.set"), ("fieldtrip", "f.mat"), ("brainstorm", "b.mat")):
        (tmp_path / name).write_bytes(file_mat(edf, stretch=Stretch(1, 3), tool=tool))
    out = octave(
        """load('-mat', 'e.set'); load('f.mat'); b = load('b.mat'); n = EEG.nbchan; t = EEG.pnts;
        out.eeglab = [isequal(size(EEG.data), [n t]), EEG.trials == 1, abs(EEG.xmax - EEG.xmin - (t - 1) / EEG.srate) < 1e-9, ...
          numel(EEG.times) == t, isstruct(EEG.chanlocs) && numel(EEG.chanlocs) == n, isempty(EEG.icaweights), ...
          isempty(EEG.event) || all([EEG.event.latency] >= 0.5 & [EEG.event.latency] <= t + 0.5), ischar(EEG.setname)];
        d = data; k = size(d.trial{1}, 2);
        out.fieldtrip = [iscellstr(d.label) && isequal(size(d.label), [n 1]), iscell(d.trial) && isequal(size(d.trial), [1 1]), ...
          iscell(d.time) && isequal(size(d.time{1}), [1 k]), size(d.trial{1}, 1) == n, isequal(size(d.sampleinfo), [1 2]), ...
          diff(d.sampleinfo) == k - 1, abs(1 / mean(diff(d.time{1})) - d.fsample) < 1e-6, d.hdr.nChans == n, ...
          isempty(d.cfg.event) || all([d.cfg.event.sample] >= 1 & [d.cfg.event.sample] <= k)];
        out.brainstorm = [isequal(size(b.F), [n t]), isequal(size(b.Time), [1 t]), isequal(size(b.ChannelFlag), [n 1]), ...
          all(abs(b.ChannelFlag) == 1), numel(b.Channel) == n, ischar(b.Comment), strcmp(b.DataType, 'recordings'), ...
          isempty(b.Events) || all(arrayfun(@(e) size(e.epochs, 2) == size(e.times, 2), b.Events))];
        out.same = [max(max(abs(double(EEG.data) * 1e-6 - d.trial{1}))), max(max(abs(b.F - d.trial{1})))];
        out.volts = d.trial{1}(2, 1:4); out.events = [numel(EEG.event), numel(d.cfg.event)];""",
        tmp_path,
    )
    for tool in ("eeglab", "fieldtrip", "brainstorm"):
        assert all(out[tool]), (tool, out[tool])
    assert max(out["same"]) < 1e-9
    assert np.allclose(out["volts"], truth.volts[256:260, 1], atol=2 * truth.resolution_v)
    assert out["events"][0] == out["events"][1]


def test_a_form_field_stands_for_a_body(served: SimpleNamespace) -> None:
    keyed = {"Authorization": f"Bearer {served.token}"}
    url = f"{served.address}/api/v1/share"
    told = httpx.post(url, data={"payload": json.dumps({"upload": "0" * 64})}, headers=keyed)
    assert told.status_code == 404
    assert "no such upload" in told.json()["detail"]
    assert httpx.post(url, data={"other": "1"}, headers=keyed).status_code == 422
    assert httpx.post(url, data={"payload": "{"}, headers=keyed).status_code == 422
    assert httpx.post(url, data={"payload": "{}"}).status_code == 401


def test_excerpts_over_http(served: SimpleNamespace) -> None:
    base = f"{served.address}/api/v1/datasets/ds-open/releases/0.1.0/mat"
    edf = f"{base}/sub-01/eeg/sub-01_task-memory_eeg.edf"
    got = read_mat(io.BytesIO(httpx.get(edf, params={"start_s": 1, "stop_s": 2}).content))["recording"]
    assert np.allclose(got.si(), served.truth.volts[256:512], atol=2 * served.truth.resolution_v)
    assert got.about.identifiers == ()
    for path, params, status in (
        ("README", {}, 422),
        ("none.tsv", {}, 404),
        ("participants.tsv", {"tool": "eeglab"}, 422),
    ):
        assert httpx.get(f"{base}/{path}", params=params).status_code == status
    assert httpx.get(edf, params={"start_s": 900}).status_code == 422
    assert httpx.get(edf, params={"tool": "spm"}).status_code == 422
    assert httpx.get(base.replace("ds-open", "ds-closed") + "/README").status_code == 404


def test_a_file_on_this_machine_as_mat(tmp_path: Path) -> None:
    truth = planted(rng=np.random.default_rng(3))
    edf = write_edf(tmp_path, truth)
    (tmp_path / "other.edf").write_bytes(b"nothing")
    got = read_mat(io.BytesIO(file_mat(edf, stretch=Stretch(1, 2))))["recording"]
    assert np.allclose(got.si(), truth.volts[256:512], atol=2 * truth.resolution_v)
    assert truth.identifiers["name"].split()[-1].encode() not in repr(got).encode()
    (tmp_path / "t.csv").write_text("id,age\na,71\nb,\n")
    table = read_mat(io.BytesIO(file_mat(tmp_path / "t.csv")))["table"]
    assert table["id"] == ["a", "b"]
    assert np.isnan(table["age"][1])
    (tmp_path / "x.txt").write_text("words")
    for wrong, error in (("x.txt", BadInput), ("none.edf", NotFound)):
        with pytest.raises(error):
            file_mat(tmp_path / wrong)

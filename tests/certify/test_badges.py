"""Badges: signed as the W3C's own vectors say, verified by libraries that are not ours, revoked by what happens to a release."""

import base64
import copy
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissure.certify.badges import svg
from commissure.certify.canonical import base58, canonical, from_base58, key_of_did
from commissure.certify.credential import check_proof, issuer_of, sign
from commissure.certify.status import encode, revoked
from commissure.errors import BadInput, NotPermitted
from commissure.hub import Hub, open_hub
from commissure.model import Person
from commissure.settings import Settings
from commissure.testing.samples import write_sample_session
from commissure.workflows.certify_badge import issue_badge, list_status, verify_badge
from commissure.workflows.share import ShareOptions, share
from commissure.workflows.withdraw import withdraw

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "https://hub.example"
#: W3C, Data Integrity EdDSA Cryptosuites 1.0, appendix B: the vector of eddsa-jcs-2022
SECRET = "3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
DID = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}  # fmt: skip
VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"


def test_the_proof_is_the_w3cs_vector() -> None:
    seed = from_base58(SECRET)[2:]
    assert issuer_of(seed) == DID
    made = sign(DOCUMENT, seed, created="2023-02-24T23:36:38Z")
    assert made["proof"]["proofValue"] == VALUE
    assert (
        hashlib.sha256(canonical(DOCUMENT)).hexdigest()
        == "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
    )


@pytest.mark.parametrize(("value", "text"), [
    # RFC 8785, appendix B, and ECMAScript's Number.prototype.toString
    (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740994.0, "9007199254740994"),
    (295147905179352830000.0, "295147905179352830000"), (9.999999999999997e22, "9.999999999999997e+22"), (1e23, "1e+23"), (1e21, "1e+21"),
    (999999999999999700000.0, "999999999999999700000"), (0.000001, "0.000001"), (9.999999999999997e-7, "9.999999999999997e-7"),
    (333333333.33333329, "333333333.3333333"), (-0.0000033333333333333333, "-0.0000033333333333333333"), (4.5, "4.5"), (0.002, "0.002"),
    (1e30, "1e+30"), (100, "100"),
])  # fmt: skip
def test_numbers_are_written_as_rfc_8785_says(value: float, text: str) -> None:
    assert canonical(value).decode() == text


def test_keys_are_sorted_by_utf16_as_rfc_8785_says() -> None:
    value = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    assert list(json.loads(canonical(value))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    for wrong in (float("nan"), 2**53, {1: 2}, {"a": object()}, "\ud800"):
        with pytest.raises(BadInput):
            canonical(wrong)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
def test_base58_comes_back(data: bytes) -> None:
    assert from_base58(base58(data)) == data


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 200_000), max_size=8), st.integers(0, 131_071))
def test_status_lists_tell_what_was_put_in(numbers: set[int], place: int) -> None:
    coded = encode(numbers, length=262_144)
    assert revoked(coded, place) == (place in numbers)
    assert all(revoked(coded, number) for number in numbers)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Path]]:
    top = tmp_path_factory.mktemp("badges")
    hub = open_hub(top / "hub", settings=Settings(hub=str(top / "hub"), jobs="inline"), clock=lambda: NOW)
    raw = write_sample_session(top / "raw", seconds=3.0)
    share(hub, raw, now=NOW, options=ShareOptions(dataset="ds-b"))
    yield hub, raw
    hub.close()


@pytest.fixture
def badge(fresh: tuple[Hub, Path]) -> dict[str, Any]:
    made = issue_badge(fresh[0], "ds-b@0.1.0", now=NOW, origin=ORIGIN)
    assert isinstance(made, dict)
    return made


def saved(folder: Path, value: object, name: str = "badge.json") -> Path:
    (folder / name).write_text(json.dumps(value))
    return folder / name


def test_a_badge_holds_its_evidence_and_verifies_without_a_hub(badge: dict[str, Any], tmp_path: Path) -> None:
    said = verify_badge(saved(tmp_path, badge))
    assert (said.holds, said.status, said.levels) == (
        True,
        "unknown",
        ("findable", "standard", "quality-checked", "reproducible", "ethical"),
    )
    assert said.subject == f"{ORIGIN}/datasets/ds-b/0.1.0"
    told = " ".join(one["narrative"] for one in badge["evidence"])
    assert "FsF-F1-02MD 0.5/1" in told and "SHA-256" in told and "0 errors" in told
    assert not verify_badge(saved(tmp_path, badge), issuer=DID).holds


def test_asked_again_it_is_the_same_badge(fresh: tuple[Hub, Path], badge: dict[str, Any]) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    assert issue_badge(fresh[0], "ds-b@0.1.0", now=later, origin=ORIGIN) == badge


def _places(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*path, index))
    else:
        yield path


def test_any_change_of_any_value_is_seen(badge: dict[str, Any]) -> None:
    places = list(_places(badge))
    assert len(places) > 40
    for path in places:
        changed = copy.deepcopy(badge)
        inner: Any = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = f"{inner[path[-1]]}x"
        assert check_proof(changed), path
    assert check_proof({**badge, "more": 1})
    assert not check_proof(json.loads(json.dumps(badge, sort_keys=True)))


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_library_that_is_not_ours_verifies_the_proof_and_the_token(
    fresh: tuple[Hub, Path], badge: dict[str, Any]
) -> None:
    import joserfc.jws
    from joserfc.jwk import OKPKey

    public = key_of_did(badge["issuer"]["id"])
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(public).decode().rstrip("=")}
    token = issue_badge(fresh[0], "ds-b@0.1.0", now=NOW, origin=ORIGIN, compact=True)
    assert isinstance(token, str)
    read = joserfc.jws.deserialize_compact(token, OKPKey.import_key(jwk), algorithms=["EdDSA"])
    assert read.headers()["typ"] == "vc+jwt"
    assert json.loads(read.payload) == {key: value for key, value in badge.items() if key != "proof"}
    head, body, mark = token.split(".")
    with pytest.raises(joserfc.errors.BadSignatureError):
        joserfc.jws.deserialize_compact(
            f"{head}.{body[:-2]}AA.{mark}", OKPKey.import_key(jwk), algorithms=["EdDSA"]
        )
    # the proof, by hand: the hashes by Python's own sorting (all keys are ASCII, all numbers text), the signature by joserfc's key
    proof = dict(badge["proof"])
    value = from_base58(proof.pop("proofValue")[1:])
    bare = {key: inner for key, inner in badge.items() if key != "proof"}
    parts = [
        json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        for one in (proof, bare)
    ]
    OKPKey.import_key(jwk).get_op_key("verify").verify(
        value, b"".join(hashlib.sha256(part).digest() for part in parts)
    )


@pytest.mark.parametrize("junk", [
    {}, {"proof": 1}, {"proof": {"type": "DataIntegrityProof"}}, {"type": 3, "issuer": 4, "credentialSubject": [1], "credentialStatus": []},
    {"proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod", "verificationMethod": "did:key:z0", "proofValue": "z0"}, "issuer": "did:key:z0"},
])  # fmt: skip
def test_junk_does_not_hold_and_does_not_crash(junk: dict[str, Any], tmp_path: Path) -> None:
    assert not verify_badge(saved(tmp_path, junk)).holds


def test_files_that_are_no_json_are_told(tmp_path: Path) -> None:
    for text in ("", "nonsense", "[1]", "\x00"):
        (tmp_path / "x").write_text(text)
        with pytest.raises(BadInput):
            verify_badge(tmp_path / "x")


def test_nobody_else_may_ask_for_a_badge(fresh: tuple[Hub, Path]) -> None:
    with pytest.raises(NotPermitted):
        issue_badge(fresh[0].acting_as(Person("stranger")), "ds-b", now=NOW)


def test_the_picture_says_what_was_earned_in_words() -> None:
    from xml.etree.ElementTree import fromstring

    image = fromstring(svg(("findable", "standard"), score=88.6))
    assert image.attrib["aria-label"] == "commissure: 2 of 5 levels · FAIR 89 % (findable, standard)"
    assert "revoked" in svg((), score=1, valid=False)


def test_a_newer_release_revokes_and_so_does_withdrawal(
    fresh: tuple[Hub, Path], badge: dict[str, Any], tmp_path: Path
) -> None:
    hub, raw = fresh
    url = badge["credentialStatus"]["statusListCredential"]
    before = saved(tmp_path, list_status(hub, url=url, now=NOW), "before.json")
    file = saved(tmp_path, badge)
    assert verify_badge(file, status=before).status == "valid" == verify_badge(file, hub=hub).status
    (raw / "probe").rename(raw.parent / "away")
    share(hub, raw, now=NOW, options=ShareOptions(dataset="ds-b"))
    said = verify_badge(file, hub=hub)
    assert (said.status, said.holds) == ("revoked", False)
    with pytest.raises(BadInput, match="superseded"):
        issue_badge(hub, "ds-b@0.1.0", now=NOW)
    newer = issue_badge(hub, "ds-b", now=NOW, origin=ORIGIN)
    assert verify_badge(saved(tmp_path, newer), hub=hub).status == "valid"
    withdraw(hub, "ds-b", reason="test", now=NOW)
    assert verify_badge(saved(tmp_path, newer), hub=hub).status == "revoked"
    after = list_status(hub, url=url, now=NOW)
    forged = {**after, "credentialSubject": json.loads(before.read_text())["credentialSubject"]}
    assert not verify_badge(file, status=saved(tmp_path, forged, "forged.json")).holds
    other = saved(tmp_path, list_status(hub, url="https://elsewhere.example/list", now=NOW), "other.json")
    assert {finding.check for finding in verify_badge(file, status=other).findings} == {"badge.status"}

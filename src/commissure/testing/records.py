"""The contract of the records: subclass :class:`RecordsContract` and give a fixture ``records``."""

from datetime import UTC, datetime, timedelta
from typing import Any

from commissure.errors import BadInput, Conflict, NotFound
from commissure.model import (
    Activity,
    Asset,
    Consent,
    Dataset,
    Finding,
    Grant,
    Person,
    Release,
    Severity,
    Software,
)
from commissure.store.port import Query
from commissure.store.records import Records
from commissure.testing.expect import expect, expect_equal, expect_error

__all__ = ["RecordsContract", "add", "sample_release"]

_AT = "2026-01-02T03:04:05+00:00"
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def sample_release(
    dataset: str, version: str = "0.1.0", *, public: bool = True, **metadata: object
) -> Release:
    """A release of two files, one of them of subject 01; every version has another digest."""
    assets = (
        Asset("README", "00" * 32, 10, media_type="text/markdown"),
        Asset("sub-01/eeg/sub-01_eeg.edf", f"{int(version.split('.')[1]):064x}", 1000, "01", True),
    )
    return Release(
        dataset, version, f"{dataset}-{version}", assets, "bids", public, {"title": dataset, **metadata},
        (Finding("quality.flat", Severity.WARNING, "Channel Cz is flat.", "sub-01"),),
        (Activity("standardize", ("raw:1",), (f"sha256:{'00' * 32}",), "ada", (Software("x", "1"),), {"a": 1}),),
        _AT,
    )  # fmt: skip


def add(records: Records, release: Release, *, owner: str = "ada", title: str = "") -> Release:
    """Release into ``records`` as ``owner``."""
    dataset = Dataset(release.dataset, title or release.dataset, owner, _AT, release.public)
    return records.releases.add(dataset, release, by=owner)


class RecordsContract:
    """What the records must do on every database. Run by pytest, with a fixture ``records`` of an empty one."""

    def test_a_release_comes_back_as_it_was_added(self, records: Records) -> None:
        made = add(records, sample_release("ds-1", modalities=["eeg"]))
        expect_equal(records.releases.get("ds-1", "0.1.0"), made, what="a release is read as it was written")
        expect_equal(records.releases.dataset("ds-1").owner, "ada", what="a dataset knows its owner")

    def test_versions_are_ordered_by_number(self, records: Records) -> None:
        for version in ("0.1.0", "0.9.0", "0.10.0"):
            add(records, sample_release("ds-1", version))
        expect_equal(records.releases.get("ds-1").version, "0.10.0", what="0.10.0 comes after 0.9.0")
        expect_equal(
            records.releases.versions("ds-1"), ("0.10.0", "0.9.0", "0.1.0"), what="the newest comes first"
        )
        expect_equal(records.releases.next_version("ds-1"), "0.11.0", what="the next minor version follows")
        expect_equal(records.releases.next_version("ds-2"), "0.1.0", what="a dataset starts at 0.1.0")

    def test_the_same_data_makes_no_second_release(self, records: Records) -> None:
        first = sample_release("ds-1")
        add(records, first)
        again = Release(**{**_fields(first), "version": "0.2.0"})  # type: ignore[arg-type]
        expect_equal(add(records, again).version, "0.1.0", what="the release that stands is given back")
        expect_equal(records.releases.versions("ds-1"), ("0.1.0",), what="nothing was written")

    def test_a_release_is_immutable(self, records: Records) -> None:
        add(records, sample_release("ds-1"))
        other = Release(**{**_fields(sample_release("ds-1")), "digest": "other"})  # type: ignore[arg-type]
        expect_error(Conflict, lambda: add(records, other), what="a version is never written twice")
        expect_equal(records.releases.get("ds-1").digest, "ds-1-0.1.0", what="the first stands")
        expect_equal(records.catalogue.page(Query()).total, 1, what="the catalogue is as before")

    def test_paths_stay_inside(self, records: Records) -> None:
        for path in ("../x", "/x", "a/../b", "a\\b", ""):
            bad = Release("ds-1", "0.1.0", "d", (Asset(path, "00" * 32, 1),), "bids")
            expect_error(BadInput, lambda bad=bad: add(records, bad), what="a path stays in the release")  # type: ignore[misc]

    def test_releases_are_found_by_digest_file_and_use(self, records: Records) -> None:
        add(records, sample_release("ds-1"))
        add(records, sample_release("ds-2"))
        expect_equal(records.releases.find_digest("ds-2-0.1.0"), ("ds-2@0.1.0",), what="by digest")
        expect_equal(
            [id for id, _ in records.releases.find_asset("00" * 32)],
            ["ds-2@0.1.0", "ds-1@0.1.0"],
            what="by file",
        )
        expect_equal(records.releases.find_uses("raw:1"), ("ds-1@0.1.0", "ds-2@0.1.0"), what="by use")

    def test_pages_follow_each_other_without_gap(self, records: Records) -> None:
        for number in range(25):
            add(records, sample_release(f"ds-{number}"), title=f"Title {number % 3}")
        for sort in ("newest", "title"):
            seen, cursor, pages = [], None, 0
            while pages == 0 or cursor:
                page = records.catalogue.page(Query(sort=sort), cursor=cursor, limit=10)
                seen += [card.dataset.id for card in page.cards]
                cursor, pages = page.next, pages + 1
                expect_equal(page.total, 25, what="every page knows the total")
            expect_equal((len(seen), len(set(seen)), pages), (25, 25, 3), what=f"{sort}: each dataset once")
        expect_equal(
            records.catalogue.page(Query(), limit=1).cards[0].dataset.id, "ds-24", what="newest first"
        )

    def test_filters_counts_and_words_agree(self, records: Records) -> None:
        for number in range(12):
            modality = "eeg" if number % 3 else "meg"
            tags: dict[str, Any] = {
                "modalities": [modality],
                "species": "Mus musculus" if number % 2 else "Homo sapiens",
            }
            add(records, sample_release(f"ds-{number}", description=f"Émotion word{number}", **tags))
        catalogue = records.catalogue
        expect_equal(catalogue.facets(Query())["modality"], {"eeg": 8, "meg": 4}, what="counts of all")
        wanted = {"modality": "eeg", "species": "Mus musculus"}
        page = catalogue.page(Query(facets=wanted))
        expect_equal((page.total, len(page.cards)), (4, 4), what="two filters hold together")
        expect_equal(
            catalogue.facets(Query(facets=wanted))["modality"], {"eeg": 4}, what="counts of the filtered"
        )
        expect_equal(
            catalogue.page(Query(facets={"modality": ("eeg", "meg")})).total, 12, what="one of several values"
        )
        expect_equal(
            catalogue.page(Query(words="emotion WORD7")).cards[0].dataset.id, "ds-7", what="words, folded"
        )
        expect_equal(catalogue.page(Query(words="emot")).total, 12, what="the start of a word")
        expect_equal(catalogue.page(Query(words="ds-3")).total, 1, what="an id")
        expect_equal(catalogue.page(Query(words="absent")).cards, (), what="words that are nowhere")

    def test_what_is_private_is_seen_by_its_owner(self, records: Records) -> None:
        add(records, sample_release("ds-1", modalities=["eeg"]))
        add(records, sample_release("ds-2", public=False, modalities=["eeg"]), owner="ada")
        add(records, sample_release("ds-3", public=False, modalities=["meg"]), owner="ben")
        catalogue = records.catalogue
        for viewer, total, counts in (
            ("", 1, {"eeg": 1}),
            ("ada", 2, {"eeg": 2}),
            ("ben", 2, {"eeg": 1, "meg": 1}),
        ):
            query = Query(viewer=viewer)
            expect_equal(catalogue.page(query).total, total, what=f"{viewer!r} sees {total}")
            expect_equal(catalogue.facets(query)["modality"], counts, what=f"{viewer!r} counts what they see")
            by_word = catalogue.page(Query(viewer=viewer, words="ds"))
            expect_equal((by_word.total, len(by_word.cards)), (total, total), what="words find what is seen")

    def test_a_new_version_replaces_the_old_in_the_counts(self, records: Records) -> None:
        add(records, sample_release("ds-1", modalities=["eeg"], keywords=["old"]))
        add(records, sample_release("ds-1", "0.2.0", public=False, modalities=["meg"]))
        expect_equal(
            records.catalogue.facets(Query()), {}, what="what became private is not counted for anybody"
        )
        counts = records.catalogue.facets(Query(viewer="ada"))
        expect_equal(
            counts, {"modality": {"meg": 1}, "standard": {"bids": 1}}, what="the latest version is counted"
        )
        expect_equal(records.catalogue.page(Query(viewer="ada", words="old")).total, 0, what="and found")

    def test_cursors_of_others_are_refused(self, records: Records) -> None:
        for number in range(3):
            add(records, sample_release(f"ds-{number}"))
        cursor = records.catalogue.page(Query(), limit=1).next
        page = records.catalogue.page
        expect_error(
            BadInput, lambda: page(Query(sort="title"), cursor=cursor), what="a cursor keeps to its sort"
        )
        for bad in ("x", "W10", "bnVsbA", "é"):
            expect_error(BadInput, lambda bad=bad: page(Query(), cursor=bad), what="a cursor is ours")  # type: ignore[misc]
        expect_error(BadInput, lambda: page(Query(), limit=0), what="a page has cards")

    def test_a_tombstone_keeps_its_page(self, records: Records) -> None:
        add(records, sample_release("ds-1", modalities=["eeg"]))
        records.releases.bury("ds-1", ("0.1.0",), by="ada", at=_AT, reason="test")
        release = records.releases.get("ds-1")
        expect_equal((release.withdrawn, release.assets), (True, ()), what="the page stays, the files go")
        expect_equal(records.catalogue.page(Query()).total, 0, what="it is not listed")
        expect_equal(records.catalogue.facets(Query()), {}, what="it is not counted")
        expect_equal(
            records.catalogue.page(Query(withdrawn=True)).total, 1, what="it is listed when asked for"
        )
        expect_equal(records.releases.find_digest("ds-1-0.1.0"), (), what="it is not found by digest")

    def test_consents_and_grants(self, records: Records) -> None:
        access = records.access
        consent = Consent("IRB-1", ("research",), _NOW + timedelta(days=1))
        access.put_consent("ds-1", consent, by="ada", at=_AT)
        expect_equal(access.consents("ds-1"), {"": consent}, what="consent is kept")
        grant = Grant("g1", "ben", "ds-1", "research", _NOW)
        expect(not access.stands(grant, subject="01"), "a Grant that was never recorded does not stand")
        access.add_grant(grant, by="ada", at=_AT)
        expect(access.stands(grant, subject="01"), "a recorded Grant stands")
        expect(
            not access.stands(Grant("g1", "eve", "ds-1", "research", _NOW), subject=""),
            "a changed one does not",
        )
        expect(
            access.withdraw("ds-1", subject="01", reason="test", by="ada", at=_AT),
            "withdrawn for the first time",
        )
        expect(not access.withdraw("ds-1", subject="01", reason="test", by="ada", at=_AT), "withdrawn before")
        expect(not access.stands(grant, subject="02"), "withdrawal revokes every Grant")
        access.add_grant(Grant("g2", "ben", "ds-1", "research", _NOW), by="ada", at=_AT)
        after = access.grants("ds-1", person="ben")[0]
        expect(
            access.stands(after, subject="02") and not access.stands(after, subject="01"),
            "for all but the subject",
        )
        again = Consent("IRB-1")
        put = lambda: access.put_consent("ds-1", again, subject="01", by="ada", at=_AT)  # noqa: E731
        expect_error(Conflict, put, what="withdrawal is for ever")
        expect_error(
            Conflict, lambda: add(records, sample_release("ds-1")), what="nor can they be shared again"
        )
        expect_equal(records.releases.versions("ds-1"), (), what="nothing was written")

    def test_people_tokens_and_usage(self, records: Records) -> None:
        people, usage = records.people, records.usage
        people.put(Person("ada", name="Ada"))
        people.put(Person("ada", name="Ada L."))
        people.add_token("ada", "secret-token", now=_AT)
        expect_equal(people.by_token("secret-token").name, "Ada L.", what="a token stands for a Person")
        people.drop_tokens("ada")
        expect_error(
            NotFound, lambda: people.by_token("secret-token"), what="a dropped token stands for nobody"
        )
        for _ in range(2):
            usage.add("get", "ds-1", person="ada", now=_AT)
        expect_equal(
            (usage.counts("ds-1"), usage.pairs()), ({"get": 2}, (("ada", "ds-1", 2),)), what="use is counted"
        )

    def test_what_is_not_there_is_not_found(self, records: Records) -> None:
        for call in (lambda: records.releases.get("ds-x"), lambda: records.releases.dataset("ds-x"),
                     lambda: records.people.get("nobody"), lambda: records.jobs.get("none")):  # fmt: skip
            expect_error(NotFound, call, what="what is not there is NotFound")


def _fields(release: Release) -> dict[str, object]:
    return {name: getattr(release, name) for name in release.__dataclass_fields__}

"""Workbooks: whom they tell of is gone from every part of the copy, and numbers, dates' formats and formulas stay."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from commissure.errors import Unreadable
from commissure.model import About, Identifier, Subject
from commissure.protect.files.fields import fields_of
from commissure.protect.files.sheet_formulas import Book
from commissure.protect.files.sheet_layout import layout
from commissure.protect.files.sheet_parts import closed_parts, kind_of_part, packed_anew
from commissure.protect.files.sheet_reading import open_workbook, sheet_fields
from commissure.protect.files.sheets import rewrite_sheets
from commissure.protect.files.tables import clean_table
from commissure.protect.survey import check_exposure
from commissure.protect.text.cleaner import Cleaner
from commissure.protect.text.policy import Policy
from commissure.protect.text.pseudonym import Pseudonyms
from commissure.workflows.clean_folder import clean_folder

openpyxl = pytest.importorskip("openpyxl")
SECRET = bytes(range(32))
PRECISE = 0.1 + 0.2
#: what must be in no part of a clean copy
TOLD = ("quirin", "okonkwo", "abernathy", "fenwick", "zephyrine", "sainte odile", "7311234", "0170 5551234", "1961-03-04", "44871", "22344", "projects")  # fmt: skip


def _cleaner(hub: Pseudonyms, *known: Identifier) -> Cleaner:
    return Cleaner.of(About("eeg", Subject("S1"), identifiers=known), pseudonyms=hub, policy=Policy())


def _parts(path: Path) -> str:
    """All that a workbook holds, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return "\n".join(f"{name}\n{archive.read(name).decode('latin-1')}" for name in archive.namelist())


def _with_values(path: Path, sheet: int, values: dict[str, tuple[str, str]]) -> None:
    """Write what formulas came to, as a spreadsheet program does."""

    def edit(name: str, data: bytes) -> bytes:
        if name != f"xl/worksheets/sheet{sheet}.xml":
            return data
        text = data.decode()
        for place, (kind, value) in values.items():
            pattern = rf'<c r="{place}"([^>]*?)(?: t="n")?>(<f>[^<]*</f>)?<v\s*(?:/>|>[^<]*</v>)'
            text, count = re.subn(pattern, rf'<c r="{place}"\1 t="{kind}">\2<v>{value}</v>', text)
            assert count == 1
        return text.encode()

    path.write_bytes(packed_anew(path.read_bytes(), edit=edit, with_macros=False))


def _add(path: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, data)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A study's workbook, with somebody in every place that can hold a text."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Scores"
    sheet["A1"] = "Study of sleep, run by Dr. Fenwick Abernathy"
    sheet.merge_cells("A1:D1")
    sheet.append([])
    sheet.append(["Full name", "DOB (dd.mm.yyyy)", "Visit date", "age", "MoCA", "drift", "test", "years", "initial", "twice", "later", "MRN"])  # fmt: skip
    sheet.append(["Okonkwo, Zephyrine", date(1961, 3, 4), datetime(2019, 5, 6, 10, 11, 12), "=DATEDIF(B4,C4,\"y\")", 27, PRECISE, "Wechsler, seen by Dr. Abernathy", "=YEAR(B4)", "=LEFT(A4,1)", "=E4*2", "=C4+30", 7311234])  # fmt: skip
    sheet.append(["Quirin Meier", date(1958, 7, 9), datetime(2019, 6, 7), 93, 24, 1 / 3, "Raven", "=H4+1", "=LEFT(G4,20)", '=IF(A5="Quirin","x","y")', "=SUM(E4:E5)", 44871])  # fmt: skip
    sheet["C4"].number_format = "dd.mm.yyyy hh:mm"
    sheet["K4"].number_format = "yyyy-mm-dd"
    sheet["E4"].comment = openpyxl.comments.Comment("ask Quirin", "Fenwick Abernathy")
    sheet["E5"].hyperlink = "mailto:z.okonkwo@north.org"
    sheet["F4"].number_format = '0.000 "Okonkwo"'
    sheet["F4"].font = openpyxl.styles.Font(bold=True)
    sheet.oddHeader.left.text = "Dr. Fenwick Abernathy"
    sheet.column_dimensions["F"].hidden = True
    rule = openpyxl.worksheet.datavalidation.DataValidation(
        type="list", formula1='"Dr. Abernathy,Dr. Quirin"'
    )
    rule.add("G4:G9")
    codes = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1='"Raven,Wechsler"')
    codes.add("G4:G9")
    sheet.add_data_validation(rule)
    sheet.add_data_validation(codes)
    form = book.create_sheet("Zephyrine Okonkwo")
    form.sheet_state = "hidden"
    for row in (["Name:", "Zephyrine Okonkwo"], ["MRN", 7311234], ["Phone", "0170 5551234"], ["Age", 93], ["MoCA", 27]):  # fmt: skip
        form.append(row)
    book.create_sheet("Sums")["A1"] = "='Zephyrine Okonkwo'!B5+MoCA"
    names = openpyxl.workbook.defined_name.DefinedName
    book.defined_names["MoCA"] = names("MoCA", attr_text="Scores!$E$4")
    book.defined_names["Okonkwo"] = names("Okonkwo", attr_text="Scores!$E$5")
    book.properties.creator = book.properties.lastModifiedBy = "Fenwick Abernathy"
    book.properties.title = "Okonkwo"
    custom = openpyxl.packaging.custom.StringProperty(name="Site", value="Sainte Odile Hospital")
    book.custom_doc_props.append(custom)
    path = tmp_path / "study.xlsx"
    book.save(path)
    told = {"D4": ("n", "58"), "H4": ("n", "1961"), "H5": ("n", "1962"), "I4": ("str", "O"), "I5": ("str", "Wechsler, seen by Dr"), "J4": ("n", "54"),
            "J5": ("str", "y"), "K4": ("n", "43621"), "K5": ("n", "51"), "F4": ("n", repr(PRECISE))}  # fmt: skip
    _with_values(path, 1, told)
    _add(path, "xl/printerSettings/printerSettings1.bin", b"\\\\Sainte Odile\\projects")
    return path


def test_nobody_is_left_in_any_part_and_science_stays(
    workbook: Path, hub: Pseudonyms, tmp_path: Path
) -> None:
    before = _parts(workbook).lower()
    assert [one for one in TOLD if one not in before] == ["1961-03-04"]  # Excel counts days
    worker, out = _cleaner(hub), tmp_path / "out.xlsx"
    assert rewrite_sheets(workbook, out, cleaner=worker, where="study.xlsx") == ()
    parts = _parts(out).lower()
    assert [one for one in TOLD if one in parts] == []
    made, values = open_workbook(out, values=False), open_workbook(out, values=True)
    sheet, told = made["Scores"], values["Scores"]
    assert sheet["A1"].value == "Study of sleep, run by [name]"
    assert [cell.value for cell in sheet[3]] == [cell.value for cell in open_workbook(workbook, values=False)["Scores"][3]]  # fmt: skip
    offset = worker.offset_days
    assert offset
    assert (datetime(2019, 5, 6, 10, 11, 12) - sheet["C4"].value).days == offset
    assert sheet["C4"].value.time() == datetime(2019, 5, 6, 10, 11, 12).time()
    assert sheet["C4"].number_format == "dd.mm.yyyy hh:mm"
    assert (sheet["F4"].value, sheet["F5"].value, sheet["E4"].value) == (PRECISE, 1 / 3, 27)
    assert sheet["F4"].font.b and sheet["F4"].number_format == "General"
    # ages: the value of the one that reached a day of birth, the top of the other
    assert (sheet["D4"].value, sheet["D5"].value) == (58, 90)
    assert sheet["G5"].value == "Raven" and "Wechsler" in sheet["G4"].value
    # formulas: what reached an emptied column goes, what reached a moved day has no old value
    assert [sheet[place].value for place in ("H4", "H5", "I4", "J5")] == [None] * 4
    assert (sheet["I5"].value, told["I5"].value) == ("=LEFT(G4,20)", None)
    assert (sheet["J4"].value, told["J4"].value) == ("=E4*2", 54)
    assert (sheet["K4"].value, told["K4"].value) == ("=C4+30", None)
    assert (sheet["K5"].value, told["K5"].value) == ("=SUM(E4:E5)", 51)
    assert sheet.column_dimensions["F"].hidden
    assert [rule.formula1 for rule in sheet.data_validations.dataValidation] == ['"Raven,Wechsler"']
    assert list(made.defined_names) == ["MoCA"]
    form = made.worksheets[1]
    assert form.sheet_state == "hidden" and "Okonkwo" not in form.title
    assert [form.cell(row, 2).value for row in range(1, 6)] == [None, None, None, 90, 27]
    assert made["Sums"]["A1"].value == f"='{form.title}'!B5+MoCA" or made["Sums"]["A1"].value == f"={form.title}!B5+MoCA"  # fmt: skip
    assert {"name", "birth_date", "id", "date", "age", "contact"} <= set(worker.removed)


def test_the_same_workbook_gives_the_same_bytes(workbook: Path, hub: Pseudonyms, tmp_path: Path) -> None:
    for name in ("one", "two"):
        rewrite_sheets(workbook, tmp_path / name, cleaner=_cleaner(hub), where="study.xlsx")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"openpyxl" not in archive.read("docProps/core.xml")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("xl/media/image1.png", "pictures"),
        ("xl/charts/chart1.xml", "charts"),
        ("xl/vbaProject.bin", "macros"),
        ("xl/pivotCache/pivotCacheRecords1.xml", "pivot tables"),
        ("xl/threadedComments/threadedComment1.xml", "comments in threads"),
        ("xl/embeddings/oleObject1.bin", "embedded files"),
        ("xl/connections.xml", "links to a database"),
        ("xl/future/part.xml", "unknown parts"),
    ],
)
def test_what_nobody_can_look_into_keeps_a_workbook_back(name: str, what: str, workbook: Path, hub: Pseudonyms, tmp_path: Path) -> None:  # fmt: skip
    _add(workbook, name, b"Okonkwo")
    (finding,) = rewrite_sheets(workbook, tmp_path / "out.xlsx", cleaner=_cleaner(hub), where="study.xlsx")
    assert (finding.check, finding.severity) == ("protect.closed_parts", "error")
    assert what in finding.message and not (tmp_path / "out.xlsx").exists()


def test_an_empty_drawing_is_no_reason_and_one_with_shapes_is(workbook: Path) -> None:
    _add(workbook, "xl/drawings/drawing1.xml", b"<xdr:wsDr/>")
    assert closed_parts(workbook) == ()
    _add(workbook, "xl/drawings/drawing2.xml", b"<xdr:wsDr><xdr:twoCellAnchor>Okonkwo</xdr:twoCellAnchor></xdr:wsDr>")  # fmt: skip
    assert closed_parts(workbook) == ("drawings of shapes",)
    assert {
        kind_of_part(one) for one in ("xl/externalLinks/externalLink1.xml", "__MACOSX/xl/._styles.xml")
    } == {"gone"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage", "locked by a password"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"name,dob\n", "damaged"),
    ],
)
def test_locked_and_damaged_workbooks_are_one_clear_error(data: bytes, why: str, hub: Pseudonyms, tmp_path: Path) -> None:  # fmt: skip
    path = tmp_path / "study.xlsx"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=why):
        rewrite_sheets(path, tmp_path / "out.xlsx", cleaner=_cleaner(hub), where="study.xlsx")


def test_entities_and_bombs_are_refused(workbook: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(257 << 20))
    with pytest.raises(Unreadable, match="more than 256 MiB"):
        closed_parts(bomb)
    _add(workbook, "xl/worksheets/sheet9.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>')
    with pytest.raises(Unreadable, match="declares types"):
        closed_parts(workbook)


def test_a_table_of_excel_becomes_cells_in_formulas() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["name", "iq"], ["a", 1], ["b", 2]):
        sheet.append(row)
    sheet.add_table(openpyxl.worksheet.table.Table(displayName="People", ref="A1:B3"))
    sheet.tables["People"]._initialise_columns()
    for column, name in zip(sheet.tables["People"].tableColumns, ("name", "iq"), strict=True):
        column.name = name
    read: Callable[..., Any] = Book(book, {"Sheet": "My sheet"}).read
    assert read("=SUM(People[iq])", sheet="Sheet").text == "=SUM($B$2:$B$3)"
    assert read("=People[[#This Row],[iq]]*2", sheet="Sheet", row=3).text == "=$B$3*2"
    assert read("=Sheet!B2", sheet="Sheet").text == "='My sheet'!B2"
    assert read('=[1]Other!B2&"Okonkwo"', sheet="Sheet").text == ""
    assert not read("=cmd|'/c calc'!A1", sheet="Sheet").text
    assert not read("=Elsewhere[iq]", sheet="Sheet").is_known


def test_rows_below_an_empty_one_go_on_with_the_table() -> None:
    rows = {1: ["name", "hand", "score"], 2: ["Okonkwo", "left", 3], 4: ["Quirin", "right", "n/a"], 5: ["Meier", "left", 4], 7: ["Channel", "kOhm"], 8: ["Fz", 4.5]}  # fmt: skip
    cells = {(row, at + 1): value for row, values in rows.items() for at, value in enumerate(values)}
    found = layout(cells)
    assert [found[row, 1].category for row in (2, 4, 5)] == ["name"] * 3
    assert found[7, 1].category == "name"  # not spelled like code: it may be a further row
    cells[7, 1] = "channel"
    assert layout(cells)[8, 1].category is None


def test_what_an_array_formula_came_to_goes_if_it_reached_somebody(hub: Pseudonyms, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["name", "dob", "iq", "who", "sum"], ["Okonkwo", date(1961, 3, 4), 99], ["Meier", date(1958, 3, 4), 98]):  # fmt: skip
        sheet.append(row)
    array = openpyxl.worksheet.formula.ArrayFormula
    sheet["D2"] = array("D2:D3", "=LEFT(A2:A3,2)")
    sheet["E2"] = array("E2", "=SUM(C2:C3*2)")
    sheet["E3"] = "#1 of two"
    path = tmp_path / "arrays.xlsx"
    book.save(path)

    def edit(name: str, data: bytes) -> bytes:
        if "sheet1" not in name:
            return data
        for place, kind, value in ((b"D2", b"str", b"Ok"), (b"E2", b"n", b"394")):
            data, count = re.subn(rb'<c r="%s">(<f[^>]*>[^<]*</f>)<v\s*(?:/>|></v>)' % place, rb'<c r="%s" t="%s">\1<v>%s</v>' % (place, kind, value), data)  # fmt: skip
            assert count == 1
        return data

    path.write_bytes(packed_anew(path.read_bytes(), edit=edit, with_macros=False))
    assert open_workbook(path, values=True).active["D2"].value == "Ok"
    rewrite_sheets(path, tmp_path / "out.xlsx", cleaner=_cleaner(hub), where="arrays.xlsx")
    made = open_workbook(tmp_path / "out.xlsx", values=False).active
    assert [made[place].value for place in ("A2", "D2", "E2", "E3")] == [None, None, 394, "#1 of two"]
    # names beside days of birth are persons', and are looked for in other files
    assert ("patient_name", "Okonkwo") in list(sheet_fields(path))


def test_nothing_of_the_old_file_slips_through_where_nobody_looks(hub: Pseudonyms, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["item", "score"], ["Raven", 1], ["Wechsler", 2]):
        sheet.append(row)
    bold = openpyxl.cell.text.InlineFont(b=True)
    sheet["A4"] = openpyxl.cell.rich_text.CellRichText("seen by Dr. Abern", openpyxl.cell.rich_text.TextBlock(bold, "athy"))  # fmt: skip
    style = openpyxl.styles.NamedStyle(name="Okonkwo", number_format="0.0")
    sheet["B2"].style = style
    sheet.auto_filter.ref = "A1:B3"
    sheet.auto_filter.add_filter_column(0, ["Okonkwo"])
    red = openpyxl.formatting.rule.CellIsRule(operator="equal", formula=['"Okonkwo"'], font=openpyxl.styles.Font(color="FF0000"))  # fmt: skip
    sheet.conditional_formatting.add("A1:A9", red)
    sheet.sheet_properties.codeName = "Okonkwo"
    sheet.print_title_rows = "1:1"
    sheet.protection.set_password("Okonkwo")
    table = openpyxl.worksheet.table.Table(displayName="Okonkwo", ref="A1:B3")
    sheet.add_table(table)
    sheet["C2"] = "=SUM(Okonkwo[score])"
    sheet["C3"] = "='C:\\Users\\okonkwo\\[master.xlsx]S'!B2"
    book.security = openpyxl.workbook.protection.WorkbookProtection(lockStructure=True)
    path = tmp_path / "hidden.xlsx"
    book.save(path)

    def edit(name: str, data: bytes) -> bytes:
        if name == "xl/workbook.xml":
            spoken = b'<fileSharing userName="Okonkwo"/><x15ac:absPath xmlns:x15ac="urn:x" url="C:\\Users\\okonkwo\\"/>'
            return data.replace(b"<bookViews>", spoken + b"<bookViews>")
        return data

    path.write_bytes(packed_anew(path.read_bytes(), edit=edit, with_macros=False))
    _add(path, "xl/externalLinks/_rels/externalLink1.xml.rels", b"file:///C:/Users/okonkwo/master.xlsx")
    _add(path, "customXml/item1.xml", b"<a>Okonkwo</a>")
    _add(path, "xl/persons/person.xml", b'<person displayName="Okonkwo"/>')
    assert _parts(path).lower().count("okonkwo") > 12
    rewrite_sheets(path, tmp_path / "out.xlsx", cleaner=_cleaner(hub), where="hidden.xlsx")
    parts = _parts(tmp_path / "out.xlsx").lower()
    assert [one for one in ("okonkwo", "abern", "athy") if one in parts] == []
    made = open_workbook(tmp_path / "out.xlsx", values=False).active
    assert [made["A2"].value, made["B3"].value, made["B2"].number_format] == ["Raven", 2, "0.0"]
    assert [made["C2"].value, made["C3"].value] == ["=SUM($B$2:$B$3)", None]


def test_ages_are_topped_under_headings_of_other_languages(hub: Pseudonyms) -> None:
    table = clean_table("Alter\tedad\tMoCA\n93\t88\t91\n", cleaner=_cleaner(hub), relabel=str)
    assert table == "Alter\tedad\tMoCA\n90\t88\t91\n"


def test_labels_and_headings_are_told_apart_where_rows_stand_alone() -> None:
    def categories(*rows: list[object]) -> list[str | None]:
        """Of the cells of the last row, where an empty list is an empty row."""
        cells = {(row, at): value for row, values in enumerate(rows, 1) for at, value in enumerate(values, 1)}
        return [layout(cells)[len(rows), at].category for at in range(1, len(rows[-1]) + 1)]

    assert categories(["MRN", 7311234]) == [None, "id"]
    assert categories(["Name", "Okonkwo"]) == [None, "name"]
    assert categories(["Name", "Okonkwo", "DOB", "1961"]) == [None, "name", None, "birth_date"]
    assert categories(["Name", "Sex", "IQ"], [], ["Okonkwo", "f", 99]) == ["name", None, None]
    assert categories(["Name", "IQ"], [], ["Okonkwo", 99]) == ["name", None]
    assert categories(["Patient", "", "Scores"], ["name", "dob", "iq"], ["Okonkwo", "1961", 99]) == ["name", "birth_date", None]  # fmt: skip
    assert categories(["name", "iq"], ["Okonkwo", 99], [], ["MRN", 7311234]) == ["name", "id"]
    assert categories(["name", "iq"], ["Okonkwo", 99], ["name", "moca"], ["Quirin", 27]) == ["name", None]
    # a table right below another, one beside another that begins further down, and a label below a table
    assert categories(["iq", "moca"], [99, 27], ["channel", "phone"], ["Fz", 1705551234]) == [None, "contact"]
    assert categories(["iq", "moca"], [99, 27, "MRN"], [98, 24, 7311234]) == [None, None, "id"]
    assert categories(["iq", "moca"], [99, 27], ["MRN:", 7311234]) == [None, "id"]
    assert categories(["class", "slots", "name", "comments"]) == [None] * 4
    assert categories(["name", "type", "units"], ["Fz", "EEG", "uV"]) == [None] * 3


def test_a_folder_with_workbooks_is_scanned_and_cleaned(workbook: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    workbook.rename(raw / "study.xlsx")
    (raw / "notes.txt").write_text("Zephyrine came late.\n")
    said = list(fields_of(raw / "study.xlsx", suffix=".xlsx", head=b""))
    assert ("Full_name", "Quirin Meier") in said and ("operator", "Fenwick Abernathy") in said
    assert said == list(sheet_fields(raw / "study.xlsx"))
    exposed = {finding.check for finding in check_exposure(raw)}
    assert {"protect.exposed.name", "protect.exposed.birth_date", "protect.exposed.operator"} <= exposed
    _add(raw / "study.xlsx", "xl/media/image1.png", b"")
    assert "protect.exposed.face" in {finding.check for finding in check_exposure(raw)}
    report = clean_folder(raw, tmp_path / "out", secret=lambda name: SECRET)
    assert [finding.check for finding in report.findings if finding.severity == "error"] == ["protect.closed_parts"]  # fmt: skip
    assert not (tmp_path / "out" / "study.xlsx").exists()
    # whom the workbook names is gone from other files
    assert "Zephyrine" not in (tmp_path / "out" / "notes.txt").read_text()


def test_a_workbook_with_macros_in_its_name_only_keeps_its_type(workbook: Path, hub: Pseudonyms, tmp_path: Path) -> None:  # fmt: skip
    path = workbook.rename(tmp_path / "study.xlsm")
    rewrite_sheets(path, tmp_path / "out.xlsm", cleaner=_cleaner(hub), where="study.xlsm")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out.xlsm").read_bytes())) as archive:
        assert b"macroEnabled.main" in archive.read("[Content_Types].xml")

"""The folder of a release: complete, of released tables only, the same bytes each time, no true count anywhere."""

import io
import re
import zipfile
import zlib
from dataclasses import replace

import pytest
from PIL import Image
from released_bundle import KEY, SENTINELS, bundle, drafts

from outcomes.disclosure.door import let_out
from outcomes.errors import ConfigError, DisclosureError
from outcomes.publications.bundle import MANIFEST, bundle_files, check_bundle
from outcomes.publications.drawing import Style


@pytest.fixture(scope="module")
def files():
    return bundle_files(bundle(), key=KEY)


def words_of(place: str, content: bytes) -> str:
    """Everything in a file that could be read: streams of PDF and parts of docx unpacked, text chunks of PNG."""
    if place.endswith(".docx"):
        with zipfile.ZipFile(io.BytesIO(content)) as held:
            return " ".join(held.read(name).decode("utf-8", "replace") for name in held.namelist())
    if place.endswith(".pdf"):
        streams = re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)
        return (content + b" ".join(map(unpacked, streams))).decode("latin-1")
    if place.endswith(".png"):
        return repr(Image.open(io.BytesIO(content)).info)
    return content.decode()


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def test_it_holds_what_an_author_and_a_checker_need(files):
    kinds = {"csv", "md", "tex", "docx"}
    assert {place for place in files if place.startswith("tables/")} == {
        f"tables/{name}.{kind}" for name in ("flow", "groups") for kind in kinds
    }
    assert {place for place in files if place.startswith("figures/")} == {
        f"figures/{name}.{kind}" for name in ("flow", "forest") for kind in ("pdf", "png")
    }
    assert {"README.md", "captions.md", "checker_sheet.md", "methods.md", "references.bib", "numbers.csv"} <= set(files)
    assert {f"checklists/{name}.md" for name in ("tripod_ai", "grolts", "strobe", "record")} <= set(files)


@pytest.mark.parametrize("count", SENTINELS)
def test_no_true_count_is_anywhere_in_the_folder(files, count):
    written = {
        str(count),
        f"{count:,}",
        f"{count:,}".replace(",", "\\,"),
        f"{count:,}".replace(",", "\N{NO-BREAK SPACE}"),
    }
    found = [place for place, content in files.items() for word in written if word in words_of(place, content)]
    assert found == []


def test_the_scan_would_find_a_printed_count_in_every_kind_of_file(files):
    printed = {"tables/groups.csv": "69999", "tables/groups.md": "69,999", "tables/groups.docx": "69,999"}
    printed |= {"tables/groups.tex": "69,999", "numbers.csv": "69,999", "checker_sheet.md": "69,999"}
    for place, word in printed.items():
        assert word in words_of(place, files[place])
    assert "Tf" in words_of("figures/flow.pdf", files["figures/flow.pdf"])  # text operators: the streams are open


def test_the_same_release_gives_the_same_bytes(files):
    assert bundle_files(bundle(), key=KEY) == files


def test_every_percentage_is_that_of_its_printed_counts(files):
    rows = [line.split(",") for line in files["tables/groups.csv"].decode().splitlines()]
    body = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert "rate_pct" in rows[0]
    for row in body:
        assert float(row["rate_pct"]) == pytest.approx(100 * float(row["events"]) / float(row["n"]), abs=0.0500001)


def test_pictures_are_fit_for_print(files):
    image = Image.open(io.BytesIO(files["figures/forest.png"]))
    assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert image.width == pytest.approx(175.26 / 25.4 * 300, abs=2)
    assert b"/FontFile2" in files["figures/forest.pdf"]  # letters are embedded
    assert b"/Subtype /Image" not in files["figures/forest.pdf"]  # and nothing is a picture of pixels


def test_svg_only_on_request():
    assert any(place.endswith(".svg") for place in bundle_files(bundle(vector_points=True), key=KEY))


def test_a_journals_style_changes_width_letters_and_resolution(files):
    style = Style(width_mm=120, font_pt=7, palette="tol_bright", dpi=600)
    made = bundle_files(bundle(style), key=KEY)
    image = Image.open(io.BytesIO(made["figures/forest.png"]))
    assert image.width == pytest.approx(120 / 25.4 * 600, abs=2)
    assert made["figures/flow.pdf"] != files["figures/flow.pdf"]
    assert made["tables/groups.tex"] == files["tables/groups.tex"]
    assert bundle_files(bundle(), key=KEY) == files  # the style does not stay


def test_a_draft_cannot_be_bundled():
    whole = bundle()
    draft = replace(whole.tables[0], released=drafts()["groups"])
    with pytest.raises(DisclosureError, match="register entry is not that of this release"):
        bundle_files(replace(whole, tables=(draft,)), key=KEY)


def test_a_table_of_another_release_cannot_be_bundled():
    whole = bundle()
    other = let_out(drafts(), study="another", snapshot="s1", key=KEY).tables["groups"]
    with pytest.raises(DisclosureError, match="register entry"):
        bundle_files(replace(whole, tables=(replace(whole.tables[0], released=other),)), key=KEY)


def test_two_figures_of_one_name_are_refused():
    whole = bundle()
    with pytest.raises(ConfigError, match="different names"):
        bundle_files(replace(whole, pictures=(whole.pictures[0], whole.pictures[0])), key=KEY)


def test_a_folder_is_checked_against_its_manifest(files):
    entry = bundle().passage.entry.key
    assert check_bundle(files, key=KEY) == entry
    with pytest.raises(DisclosureError, match=r"tables/groups\.csv"):
        check_bundle({**files, "tables/groups.csv": b"n\n70001\n"}, key=KEY)
    with pytest.raises(DisclosureError, match="added or taken away"):
        check_bundle({**files, "rows.csv": b""}, key=KEY)
    with pytest.raises(DisclosureError, match="another release key"):
        check_bundle(files, key=b"other")
    with pytest.raises(DisclosureError, match="not written by a release"):
        check_bundle({"tables/groups.csv": b""}, key=KEY)
    with pytest.raises(DisclosureError, match="cannot be read"):
        check_bundle({MANIFEST: b"no"}, key=KEY)


def test_the_sheet_says_what_a_checker_asks(files):
    sheet = files["checker_sheet.md"].decode()
    for words in (
        "## Context",
        "## Policy",
        "what is hidden",
        "## Attack on ourselves",
        "## Earlier releases",
        "Invented",
    ):
        assert words in sheet
    assert "| Flow of referrals | tables/flow, figures/flow | 3 | 69,999 |" in sheet
    assert "None in the register." in sheet


def test_references_are_those_of_the_methods(files):
    listed = files["methods.md"].decode().split("## References")[1]
    entries = files["references.bib"].decode()
    assert len(re.findall(r"^@", entries, re.MULTILINE)) == len(re.findall(r"^[0-9]+\. ", listed, re.MULTILINE))
    assert "@article{kroenke_2001," in entries

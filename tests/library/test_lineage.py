"""What was made from a snapshot is noted sealed, once, inside the workspace, and can be walked."""

import pytest

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.library.lineage import Product, forget, note, products

RUN = Product("run", "mlflow/0a1b", "5f" * 16, "run demo")
FIGURES = Product("report", "reports/demo", "5f" * 16, "run demo", released=True)


def write(shelf, product):
    note(
        shelf,
        what=product.what,
        place=product.place,
        snapshot=product.snapshot,
        made_by=product.made_by,
        released=product.released,
    )


@pytest.fixture
def shelf(place, feed):
    place.ingest(feed)
    return place.shelf


def test_a_product_is_noted_once(shelf):
    for product in (RUN, FIGURES, RUN):
        write(shelf, product)
    assert products(shelf) == (FIGURES, RUN)
    assert (RUN.root, RUN.inside) == ("mlflow", "0a1b")
    forget(shelf, (RUN,))
    assert products(shelf) == (FIGURES,)


def test_a_note_survives_the_next_intake_and_does_not_disturb_the_check(shelf, place, feed):
    write(shelf, RUN)
    place.ingest(feed)
    assert products(shelf) == (RUN,)


def test_a_changed_note_is_noticed(shelf):
    write(shelf, RUN)
    (path,) = shelf.root.glob("lineage-*.note")
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(bytes(sealed))
    with pytest.raises(DataError, match="damaged"):
        products(shelf)


WRONG = """
place              | why
/etc/passwd        | not below a root
elsewhere/a        | no such root
workspace          | a root alone
workspace/../../a  | leads out
reports/a/../../b  | leads out
"""


@pytest.mark.parametrize("line", WRONG.strip().splitlines()[1:])
def test_a_place_outside_the_workspace_is_refused(shelf, line):
    with pytest.raises(ConfigError, match="place must be below"):
        write(shelf, Product("model", line.split("|")[0].strip(), "5f" * 16, "x"))
    assert products(shelf) == ()


def test_an_unknown_kind_is_refused(shelf):
    with pytest.raises(ConfigError, match="what must be one of"):
        write(shelf, Product("poem", "workspace/a", "5f" * 16, "x"))


def test_a_link_that_leads_out_is_not_followed(shelf, tmp_path):
    roots = {"workspace": tmp_path / "workspace"}
    roots["workspace"].mkdir()
    (tmp_path / "precious").mkdir()
    (roots["workspace"] / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(AccessError, match="leads out"):
        Product("table", "workspace/link", "5f" * 16, "x").below(roots)
    with pytest.raises(AccessError, match="no folder is given"):
        Product("table", "reports/a", "5f" * 16, "x").below(roots)
    assert Product("table", "workspace/a", "5f" * 16, "x").below(roots) == roots["workspace"] / "a"

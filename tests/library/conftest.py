"""A small feed with everything in it, and the folders that an intake needs."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.library.intake import Source, ingest
from outcomes.library.parts import to_arrow, to_frame
from outcomes.library.projects import register_projects
from outcomes.library.roles import create_keys
from outcomes.library.sealing import library_key, vault_key
from outcomes.library.store import Store
from outcomes.library.view import research_view
from outcomes.tables.canonical import library_tables

PROJECT = "everything"


def project(name=PROJECT, ends="2030-12-31"):
    """An entry of the register that reads every table and every column."""
    tables = tuple(library_tables())
    fields = {table: library_tables()[table].names for table in tables}
    listed = "".join(f"{table} = {json.dumps(list(columns))}\n" for table, columns in fields.items())
    return (
        f'[[project]]\nname = "{name}"\npurpose = "tests"\nlegal_basis = "made for tests"\nends = {ends}\n'
        f"tables = {json.dumps(list(tables))}\n[project.fields]\n{listed}"
    )


TODAY = pd.Timestamp("2023-12-31").date()


@dataclass
class Place:
    """Where one library lives."""

    root: Path

    @property
    def library(self):
        return self.root / "library"

    @property
    def vault(self):
        return self.root / "vault"

    @property
    def keys(self):
        return self.root / "keys"

    def write(self, name, table):
        """Write one CSV table, cells as they are."""
        path = self.root / "feed" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(list(table.columns))
            writer.writerows(table.astype(object).where(table.notna(), "").values.tolist())
        return path

    def source(self, tables, **options):
        """Declare a feed of these tables (frames, or lists of frames for several files)."""
        files = {}
        for name, parts in tables.items():
            parts = parts if isinstance(parts, list) else [parts]
            files[name] = tuple(self.write(f"{name}{place}", part) for place, part in enumerate(parts))
        return Source(
            **({"format": "tidy_wide", "kind": "anonymised", "reason": "made for tests", "files": files} | options)
        )

    def ingest(self, tables, *, keys=None, **options):
        """Write, declare and take in."""
        source = tables if isinstance(tables, Source) else self.source(tables, **options)
        return ingest(source, library=self.library, vault=self.vault, keys=keys, today=TODAY)

    def view(self, **options):
        return research_view(self.library, today=TODAY, **{"keys": self.held, "project": PROJECT} | options)

    @property
    def held(self):
        """The folder of keys, where there is one."""
        return self.keys if self.keys.is_dir() else None

    @property
    def shelf(self):
        return Store(self.library, key=library_key(self.held))

    @property
    def safe(self):
        return Store(self.vault, key=vault_key(self.held), private=True)

    def decoded(self, store):
        """Everything that the files of a store say."""
        return decoded(store)

    def new_key(self):
        create_keys(self.keys, region="uk")
        self.register(project())
        return self.keys

    def register(self, text):
        """Register projects in place of those before."""
        path = self.root / "projects.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return register_projects(path, library=self.library, vault=self.vault, keys=self.held)


def decoded(store):
    """Everything that the files of a store say: bytes, names, and what is under the seal."""
    said = []
    for path in sorted(store.root.rglob("*")):
        if not path.is_file():
            continue
        sealed = path.read_bytes()
        said.append(sealed.decode("latin-1") + path.name)
        name = {
            ".part": "part",
            ".manifest": f"manifest {path.stem}",
            ".note": f"note {path.stem}",
            "": "HEAD",
        }.get(path.suffix)
        if name is None:
            assert path.name == "writer.lock", path.name
            continue
        plain = store.key.open(sealed, name, what=path.name)
        said.append(to_frame(to_arrow(plain)).to_csv() if name == "part" else plain.decode())
    return "\n".join(said)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def places(tmp_path):
    """Make another place whenever one is asked for."""
    return lambda name: Place(tmp_path / name)


def make_feed(patients=6, seed=0):
    """Everything a feed may have, with two referrals for the first person."""
    rng = np.random.default_rng(seed)
    ids = [f"{place:05d}" for place in range(patients)]
    people = pd.DataFrame(
        {
            "patient_id": ids,
            "nhs_number": [f"99900000{place:02d}" for place in range(patients)],
            "birth_date": [f"19{50 + place % 50}-06-15" for place in range(patients)],
            "gender": rng.choice(["1", "2", "X"], patients),
            "ethnic_category": rng.choice(list("ABDHMRZ"), patients),
            "deprivation_decile": rng.integers(1, 11, patients).astype(str),
        }
    ).astype("str")
    who = [0, *range(patients)]
    referrals = pd.DataFrame(
        {
            "patient_id": [ids[place] for place in who],
            "episode_id": [f"E{place}" for place in range(len(who))],
            "received_date": ["2021-05-01", *["2022-04-01"] * patients],
            "service_id": "S1",
            "therapist_id": [f"T-{place % 2}" for place in range(len(who))],
            "referral_source": "B1",
            "problem_descriptor": "F320",
            "discharge_date": ["2021-09-01", *["2022-09-01"] * (patients - 1), ""],
            "end_code": ["46", *["46"] * (patients - 1), ""],
        }
    ).astype("str")
    contacts, responses = [], []
    for place, row in referrals.iterrows():
        start = pd.Timestamp(row["received_date"])
        for number in range(4):
            day = (start + pd.Timedelta(days=20 + 7 * number)).strftime("%Y-%m-%d")
            key = {"patient_id": row["patient_id"], "episode_id": row["episode_id"]}
            kind = "01" if number == 0 else "02"
            contacts.append(
                key
                | {
                    "contact_id": f"C{place}-{number}",
                    "contact_date": day,
                    "attendance": "5",
                    "appointment_type": kind,
                    "medium": "01",
                    "therapy": "304891004",
                    "step": "high",
                }
            )
            answers = {f"phq9_{item}": str(rng.integers(0, 4)) for item in range(1, 10)} | {
                f"gad7_{item}": str(rng.integers(0, 4)) for item in range(1, 8)
            }
            responses.append(key | {"session_date": day} | answers)
    return {
        "patients": people,
        "referrals": referrals,
        "contacts": pd.DataFrame(contacts).astype("str"),
        "responses": pd.DataFrame(responses).astype("str"),
    }


@pytest.fixture
def feed():
    return make_feed()


@pytest.fixture(scope="session")
def place_at():
    """A place in a folder of one's choice."""
    return Place


@pytest.fixture(scope="session")
def feeds():
    return make_feed


def wide_to_long(responses):
    """The same answers, one a row."""
    items = [name for name in responses if name.startswith(("phq9_", "gad7_"))]
    long = responses.melt(
        id_vars=[name for name in responses if name not in items],
        value_vars=items,
        var_name="question",
        value_name="response",
    )
    return long.assign(
        instrument=long["question"].str.split("_").str[0], item=long["question"].str.split("_").str[1]
    ).drop(columns="question")


@pytest.fixture
def to_long():
    return wide_to_long

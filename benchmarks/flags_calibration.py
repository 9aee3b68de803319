"""Is what a sheet says true? ``python benchmarks/flags_calibration.py [patients]``.

The model of the ways to end is taught on an invented service and asked about people of other folds, as a caseload page
asks it. Of those told "about 7 in 10", did seven in ten? For each form of words and each group, with n and interval;
one prediction a person, drawn by chance, so that intervals are those of people.
"""

import importlib.util
import sys
import time
from pathlib import Path

from outcomes.flags.track_record import track_record
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.foretelling import one_a_person
from outcomes.studies.joint_endings import joint_forecast

HERE = Path(__file__).resolve().parent
BY = ("everyone", "gender", "age_band", "ethnic_group_5", "deprivation_quintile")
FEWEST = 20  # people told the same, below which the page says that it is too few to know


def scale():
    """The benchmark next door, which makes a service without library and keys."""
    spec = importlib.util.spec_from_file_location("prognosis_scale", HERE / "prognosis_scale.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(n: int) -> None:
    started = time.process_time()
    made = scale().materials(n)
    settings = PrognosisSettings(
        target=TargetSettings(kind="reliable_improvement"), landmarks=(0, 1, 2, 3, 4), ending_folds=5, resamples=100,
        probability_resamples=2,
    )  # fmt: skip
    found = joint_forecast(made, settings, seed=1, processes=2)
    past = one_a_person(found.validation.past, 1)
    people = made.episodes[["pseudonym", "referral", *BY[1:]]].astype({"pseudonym": "str", "referral": "str"})
    past = past.merge(people, on=["pseudonym", "referral"]).assign(everyone="everyone")
    right = cells = sevens = held = 0
    for by in BY:
        table = track_record(past, [by])
        table = table.loc[table["n"].ge(FEWEST)]
        right, cells = right + int(table["holds"].sum()), cells + len(table)
        print(f"{by:<22} {int(table['holds'].sum()):>4} of {len(table):>4} intervals hold what was said")
        said = table.loc[table["told"].eq("about 7 in 10"), "holds"]
        sevens, held = sevens + len(said), held + int(said.sum())
        if by in {"everyone", "gender"}:
            seven = table.loc[table["told"].eq("about 7 in 10"), [by, "ending", "n", "share", "low", "high", "holds"]]
            print(seven.round(3).to_string(index=False))
    print(f"of those told about 7 in 10, {held} of {sevens} intervals hold .70")
    print(f"in all {right} of {cells} ({right / cells:.0%}); {n} patients, {time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

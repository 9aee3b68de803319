"""Two hundred random cohorts released and attacked: what starring loses, what rounding keeps, what one erasure shows.

Run with ``python benchmarks/disclosure.py``; ``--cohorts`` takes another number. For each policy: small counts that the
attacker tells from the tables as they leave the gate, counts withheld, and what he tells afterwards. Then the same
release for the cohort less one person: identical, or refused with the name of the earlier release. `tests/disclosure`
holds a smaller number of cohorts to the same claims.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "disclosure"))

from cohorts import cohort, drafts, single_pattern, starred

from outcomes.disclosure.attack import attack
from outcomes.disclosure.door import let_out
from outcomes.disclosure.rounding import percentage
from outcomes.disclosure.withholding import attack_and_withhold
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policies

KEY = b"the key of a benchmark is no key"
SEED = 20230331


def people(number: int):
    return (cohort(np.random.default_rng([SEED, place])) for place in range(number))


def starring(number: int) -> str:
    hidden = told = tables = 0
    for one in people(number):
        made = starred(one)
        found = attack(made)
        hidden += len(made["cross"].hidden)
        stars = {("cross", cell.row, "n") for cell in made["cross"].hidden}
        told += len(stars & {cell for each in found for cell in each.cells})
        tables += bool(found)
    return f"starring alone: {told} of {hidden} starred counts told, in {tables} of {number} cohorts"


def policies(number: int):
    for policy in sorted(disclosure_policies()):
        began = time.process_time()
        before = withheld = after = wrong = undecided = 0
        for one in people(number):
            done = attack_and_withhold(drafts(one, policy))
            before, withheld = before + done.told, withheld + len(done.withheld)
            after, undecided = after + len(attack(done.tables)), undecided + done.undecided
            if disclosure_policies()[policy].rates_from == "rounded":
                shown = done.tables["outcome"].table.dropna(subset=["rate_pct"])
                wrong += int((shown["rate_pct"] != percentage(shown["events"], shown["n"], 1)).sum())
        seconds = time.process_time() - began
        told = f"{policy:<24}{before:>8}{withheld:>10}{after:>8}{undecided:>11}{wrong:>8}"
        yield f"{told}{seconds / number:>9.2f} CPU s each"


def single_patterns(number: int) -> str:
    told = tables = withheld = after = 0
    for place in range(number):
        made = single_pattern(np.random.default_rng([SEED, place, 1]))
        done = attack_and_withhold(made)
        told, tables = told + done.told, tables + bool(done.told)
        withheld, after = withheld + len(done.withheld), after + len(attack(done.tables))
    return (
        f"midpoint6, complete tables of ones: {told} told in {tables} of {number} tables, {withheld} withheld, "
        f"{after} told afterwards"
    )


def minus_one(number: int) -> str:
    identical = refused = unnamed = different = 0
    for one in people(number):
        first = let_out(drafts(one), study="s", snapshot="1", key=KEY)
        try:
            second = let_out(drafts(one.iloc[1:]), study="s", snapshot="2", register=first.register, key=KEY)
        except DisclosureError as error:
            refused += 1
            unnamed += first.entry.key not in str(error)
        else:
            same = all(table.table.equals(first.tables[name].table) for name, table in second.tables.items())
            identical, different = identical + same, different + (not same)
    return (
        f"cohort less one person: {identical} identical, {refused} refused ({unnamed} without naming the earlier "
        f"release), {different} let out although different"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, default=200)
    number = parser.parse_args().cohorts
    print(f"{number} cohorts of 40 to 400 people; outcome by three groupings, gender by ethnic group with all totals")
    print(starring(number))
    print(f"{'policy':<24}{'told':>8}{'withheld':>10}{'after':>8}{'undecided':>11}{'wrong %':>8}")
    for line in policies(number):
        print(line)
    print(single_patterns(number))
    print(minus_one(number))


if __name__ == "__main__":
    main()

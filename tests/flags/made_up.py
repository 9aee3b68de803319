"""Small invented caseloads: a builder for one person at a time, and a whole service with every kind of gap."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

PHQ9 = [f"phq9_{n}" for n in range(1, 10)]
GAD7 = [f"gad7_{n}" for n in range(1, 8)]


def spread(total, n_items):
    """Answers of 0-3 that add up to a total; the last item (PHQ-9: item 9) stays 0 as long as it can."""
    answers = [0] * n_items
    for unit in range(int(total)):
        answers[unit % (n_items - 1) if total <= 3 * (n_items - 1) else unit % n_items] += 1
    return answers


@dataclass
class Desk:
    """Collects open referrals and their forms, and hands out the tables that the room reads."""

    people: list = field(default_factory=list)
    forms: list = field(default_factory=list)

    def person(self, name="p1", phq9=(), gad7=(), *, as_of=100, every=7, therapist="t1", item9=(), items=None, **more):
        """Add one open referral; a score of None is a blank form, "part" one with some questions left out."""
        row = {"pseudonym": name, "referral": f"r-{name}", "therapist": therapist, "service": "s1", "as_of_day": as_of}
        self.people.append({**row, **more})
        for place in range(max(len(phq9), len(gad7))):
            form = {"pseudonym": name, "referral": f"r-{name}", "occasion": place + 1, "day": (place + 1) * every}
            for key, columns, scores in (("phq9", PHQ9, phq9), ("gad7", GAD7, gad7)):
                total = scores[place] if place < len(scores) else None
                answers = [pd.NA] * len(columns)
                if total == "part":
                    answers = [1, *answers[1:]]
                elif total is not None:
                    answers = spread(total, len(columns))
                form |= dict(zip(columns, answers, strict=True))
                form[key] = total if isinstance(total, int | float) else np.nan
            if place < len(item9):
                form["phq9_9"] = pd.NA if item9[place] is None else item9[place]
            self.forms.append({**form, **(items or {})})
        return self

    @property
    def caseload(self):
        return pd.DataFrame(self.people)

    @property
    def occasions(self):
        columns = ["pseudonym", "referral", "occasion", "day", *PHQ9, *GAD7]
        table = pd.DataFrame(self.forms, columns=columns)
        for column in (*PHQ9, *GAD7):
            table[column] = table[column].astype("Int8")
        return table.astype({"day": "Int32", "occasion": "int64"})

    @property
    def totals(self):
        columns = ["pseudonym", "referral", "occasion", "day", "phq9", "gad7"]
        return pd.DataFrame(self.forms, columns=columns).astype({"day": "Int32", "phq9": float, "gad7": float})


def expected_course():
    """Make an expected course: down by 7 % a scored form, ten points wide, 400 people thinning out."""
    rows = []
    nothing = float("nan")
    for key, lows in (("phq9", [0, 10, 15, 20, nothing]), ("gad7", [0, 8, 15, nothing])):
        for low, high in itertools.pairwise(lows):
            for since in range(20):
                middle = (low + (low + 8 if np.isnan(high) else high - 1)) / 2 * 0.93**since
                row = {"instrument": key, "baseline_low": low, "baseline_high": high, "occasion": since}
                row |= {"expected": middle, "lower": max(0, middle - 5), "upper": middle + 5, "n": 380 - 20 * since}
                rows.append(row)
    return pd.DataFrame(rows)


def service(n, seed=0, therapists=12):
    """A whole invented caseload: most improve, some worsen, some drift away, 15 % of items are missing."""
    rng = np.random.default_rng(seed)
    desk = Desk()
    for number in range(n):
        forms = int(rng.choice([0, 1, 2, 4, 6, 8, 12], p=[0.06, 0.08, 0.1, 0.2, 0.26, 0.2, 0.1]))
        start = rng.integers(8, 25)
        slope = rng.normal(-0.7, 0.9)
        phq9 = np.clip(start + slope * np.arange(forms) + rng.normal(0, 2, forms), 0, 27).round()
        gad7 = np.clip(phq9 * 0.75 + rng.normal(0, 2, forms), 0, 21).round()
        gone = int(rng.choice([1, 8, 20, 45], p=[0.5, 0.3, 0.12, 0.08]))
        last = forms * 7
        waiting = forms == 0 and rng.random() < 0.6
        desk.person(
            f"{rng.integers(16**10):010x}{number:06x}",
            [float(v) for v in phq9],
            [float(v) for v in gad7],
            as_of=last + gone if forms else int(rng.integers(5, 90)),
            therapist=f"T{rng.integers(1, therapists + 1):02d}",
            local_id=f"A{10000 + number}",
            day_zero=pd.Timestamp("2025-03-31") - pd.Timedelta(days=last + gone),
            stage="waiting" if waiting else "in treatment",
            last_contact_day=last if forms else pd.NA,
            item9=[int(v) for v in rng.choice([0, 1, 2, 3], p=[0.86, 0.1, 0.03, 0.01], size=forms)],
        )
    holes = rng.random((len(desk.forms), 16)) < 0.012
    for form, row in zip(desk.forms, holes, strict=True):
        for column, hole in zip([*PHQ9, *GAD7], row, strict=True):
            if hole:
                form[column] = pd.NA
                form[column.partition("_")[0]] = np.nan
    return desk

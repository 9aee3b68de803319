"""Draw the sample screens of `reports/samples`: `python tests/flags/draw_samples.py`. Everybody in them is invented."""

import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from browser import Browser  # noqa: E402
from made_up import expected_course, service  # noqa: E402

from outcomes.flags.foretold import Foretold  # noqa: E402
from outcomes.flags.page import caseload_page, for_reader, patient_page, use_page  # noqa: E402
from outcomes.flags.report import CareTables, Facts, caseload_report  # noqa: E402
from outcomes.flags.settings import FlagSettings, Link, ModelPermission  # noqa: E402
from outcomes.flags.track_record import track_record  # noqa: E402
from outcomes.flags.use import use_of  # noqa: E402

FOLDER = HERE.parents[1] / "reports" / "samples"
FACTS = Facts("An invented service", "invented", "0" * 16, "nhs_talking_therapies_v2_1", date(2025, 3, 31), "Seed 3.")
PAPERS = ("silent_validation", "clinical_safety_officer", "dcb0129", "dcb0160", "device_position")
SHA = "ab" * 32


def model(desk):
    """Make up what a model says: a chance that falls with the last score, reasons, and a record of 4,000 people."""
    rng = np.random.default_rng(3)
    last = desk.totals.dropna(subset=["phq9"]).groupby("referral")["phq9"].last()
    chance = 1 / (1 + np.exp((last - 11) / 4))
    rows = []
    for ending, p in (("reliable_recovery", chance), ("dropped_out", 0.15 + 0.2 * (1 - chance))):
        frame = pd.DataFrame({"referral": last.index, "ending": ending, "probability": p.to_numpy()})
        rows.append(frame.assign(low=(p - 0.1).clip(0.01).to_numpy(), high=(p + 0.12).clip(upper=0.98).to_numpy()))
    words = [
        ("against", 1, "sleep", "Sleep: bad on almost every day."),
        ("against", 2, "worry", "Worry: no better than at the first form."),
        ("against", 3, "appointments", "Appointments: two were missed."),
        ("for", 1, "mood", "Mood: better by two steps since the first form."),
        ("for", 2, "wait", "Waiting: treatment began within four weeks."),
    ]
    reasons = pd.DataFrame([(who, *said) for who in last.index for said in words])
    truth = rng.beta(2, 2, 4000)
    past = pd.DataFrame({"probability": truth, "happened": rng.random(4000) < truth})
    record = track_record(pd.concat([past.assign(ending=e) for e in ("reliable_recovery", "dropped_out")]))
    states = pd.DataFrame({"referral": last.index, "words": "Low mood and poor sleep, with less worry."})
    return Foretold(
        SHA,
        "invented",
        date(2025, 1, 1),
        pd.concat(rows),
        reasons.set_axis(["referral", "direction", "rank", "word", "reason"], axis=1),
        states,
        record=record,
        weeks=24,
    )


def reports():
    """Make the same caseload by rules only, as it comes, and with a made-up model."""
    desk = service(42, seed=3, therapists=3)
    permission = ModelPermission("1.0", SHA, "invented", "reliable_recovery", 0.15, **dict.fromkeys(PAPERS, "on file"))
    link = Link("What to do when someone is not on track", "https://intranet.example.org/not-on-track")
    aside = pd.DataFrame({"instrument": ["phq9"], "item": [9], "answer": [2], "patient_id": ["A90001"]})
    tables = [
        CareTables(desk.caseload, desk.occasions, desk.totals, expected_course(), quarantined=aside, foretold=told)
        for told in (None, model(desk))
    ]
    declared = [FlagSettings(guidance=(link,), model=one, alert_budget=20) for one in (None, permission)]
    return [caseload_report(t, settings=s, facts=FACTS) for t, s in zip(tables, declared, strict=True)]


def groups(report):
    """Make up the groups of these people."""
    rng = np.random.default_rng(5)
    n = len(report.caseload)
    return pd.DataFrame(
        {
            "pseudonym": report.caseload["pseudonym"],
            "gender": rng.choice(["women", "men"], n, p=[0.65, 0.35]),
            "age_band": rng.choice(["18 to 35", "36 to 64", "65 and over"], n, p=[0.5, 0.4, 0.1]),
        }
    )


def paper(page, name, first, last):
    """Keep the first sheets of paper beside each other, as a printer without colour makes them."""
    with tempfile.TemporaryDirectory() as folder:
        page.pdf(Path(folder) / "a4.pdf")
        sheets = ["-f", str(first), "-l", str(last), "-gray", "-png", "-r", "60"]
        subprocess.run([shutil.which("pdftoppm"), *sheets, Path(folder) / "a4.pdf", Path(folder) / "sheet"], check=True)
        from PIL import Image

        drawn = [Image.open(path) for path in sorted(Path(folder).glob("sheet*.png"))]
        whole = Image.new("L", (sum(one.width for one in drawn) + 12 * len(drawn), drawn[0].height), 200)
        for place, one in enumerate(drawn):
            whole.paste(one, (place * (one.width + 12), 0))
        whole.save(FOLDER / name, optimize=True)


def smaller(path):
    """Keep as few colours as the page has shades."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(48).save(path, optimize=True)


def main():
    rules_only, with_model = reports()
    before = rules_only.judged[["referral", "therapist", "status"]].copy()
    before.loc[before.index % 9 == 0, "status"] = "no flag"
    reader = for_reader(rules_only, "T02")
    mine = before.loc[before["therapist"].eq("T02")]
    flagged = with_model.judged.loc[with_model.judged["rules"].map(len).ge(2), "referral"].iloc[0]
    pages = {
        "caseload": caseload_page(reader, previous=mine, reader="T02"),
        "patient": patient_page(with_model, flagged),
        "use": use_page(rules_only, use_of(rules_only, people=groups(rules_only), by=["gender", "age_band"])),
    }
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for name, html in pages.items():
            path = Path(folder) / f"{name}.html"
            path.write_text(html, encoding="utf-8")
            sizes = {"desktop": {"width": 1100, "height": 1000}, "phone": {"width": 390, "height": 844, "mobile": True}}
            for size, window in sizes.items():
                page = browser.open(path, **window)
                if name == "caseload" and size == "phone":
                    page.evaluate("document.querySelectorAll('.sheet').forEach((d, i) => { d.open = i === 0; })")
                page.screenshot(FOLDER / f"{name}_{size}.png")
                faults = [*page.faults(), *page.axe(), *(["too wide"] if page.overflow() else [])]
                sys.stdout.write(f"{name} {size}: {faults or 'clean'}\n")
                page.close()
            if name == "caseload":  # one screen: the list, and the first sheet below it
                page = browser.open(path, width=1000, height=1350)
                page.evaluate("document.querySelector('#people').scrollIntoView()")
                page.screenshot(FOLDER / "caseload_page.png", full=False)
                page.close()
            page = browser.open(path)
            paper(page, f"{name}_a4.png", 1, 3)
            page.close()
    for path in [FOLDER / "caseload_page.png", *FOLDER.glob("*_desktop.png"), *FOLDER.glob("*_phone.png")]:
        smaller(path)


if __name__ == "__main__":
    main()

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first look at a service
#
# Load a snapshot, score it, judge outcomes, look for states, foretell an ending. Every step hands on a DataFrame or a
# scikit-learn estimator, so stop anywhere and go your own way. The service is invented: nothing here is evidence about
# patients.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.cohort.flow import flow
from outcomes.cohort.trajectories import trajectories
from outcomes.library.intake import folder_source, ingest
from outcomes.library.view import research_view
from outcomes.measures.outcomes import outcomes
from outcomes.measures.rates import rates
from outcomes.measures.scoring import totals
from outcomes.reference.instruments import instrument
from outcomes.subtypes.latent_markov import LatentMarkov

# %% [markdown]
# ## A snapshot
#
# `make run` leaves a library under `var/simulated_service`. Without it, a small service is invented and taken in.
# For your own data name your own library; a source that identifies people needs an opt-out allowlist before anybody is
# read.

# %%
library = Path("var/simulated_service/library")
if not library.is_dir():
    from outcomes.studies.feed import write_invented_feed

    feed, library = Path("first_look/feed"), Path("first_look/library")
    write_invented_feed(feed, patients=800, seed=1)
    report = ingest(
        folder_source(feed, kind="invented", reason="a first look", seed=1),
        library=library,
        vault=Path("first_look/vault"),
    )
    print(report.text())

view = research_view(library)
print(view.statement)
print("snapshot", view.snapshot)
{name: table.shape for name, table in view.tables.items()}

# %% [markdown]
# ## Who came, and how did it go?
#
# Outcomes are three-valued: true, false, or not assessable (`<NA>`), with the denominators of the national reports.

# %%
people = episodes(view.tables)
scores = totals(view.tables["occasions"], ["phq9", "gad7"])
judged = outcomes(people, scores, contacts=view.tables["contacts"])
flow(people, judged)[["label", "referrals", "left_out", "reason"]]

# %%
rates(judged)[["measure", "numerator", "denominator", "rate_pct", "low_pct", "high_pct"]]

# %%
by_gender = rates(judged.merge(people[["pseudonym", "referral", "gender"]]), ["gender"])
by_gender[by_gender["measure"].eq("reliable_recovery")]

# %% [markdown]
# ## Which states do people pass through?
#
# Sequences are ragged: one row a sitting, nobody is padded. Ask for more starts and compare numbers of states
# (`outcomes.subtypes.selection.select_states`) before you believe anything.

# %%
items = [*instrument("phq9").item_columns, *instrument("gad7").item_columns]
sequences = trajectories(view.tables["occasions"], items)
model = LatentMarkov(n_states=4, n_starts=8, random_state=1).fit(sequences)
print(f"log-likelihood {model.log_likelihood_:,.1f}, {model.starts_at_best_} finished starts reached it")
print("converged" if model.converged_ else "not converged: do not use")
profile = model.profile().pivot(index="item", columns="state", values="expected_score").loc[items]
profile.round(2)

# %%
figure, axes = plt.subplots(figsize=(5, 6), layout="constrained")
image = axes.imshow(profile, aspect="auto", cmap="Blues", vmin=0)
axes.set_xticks(range(profile.shape[1]), profile.columns)
axes.set_yticks(range(len(items)), items)
axes.set_xlabel("State, from mildest to most severe")
figure.colorbar(image, label="Expected answer")
plt.show()

# %% [markdown]
# ## What is known of each person's state so far?
#
# *Filtered* probabilities use this sitting and the earlier ones only. They are the only ones that may predict;
# *smoothed* ones look into the future.

# %%
so_far = pd.DataFrame(model.filtered(sequences), columns=[f"state_{state}" for state in profile.columns])
so_far.groupby(pd.Series(sequences.occasion, name="occasion")).mean().head(6).round(2)

# %% [markdown]
# ## Who is on the way to reliable recovery?
#
# Features are frozen at the landmark, and patients never stand on both sides of a split.

# %%
from outcomes.prognosis.plan import Plan, contenders
from outcomes.prognosis.targets import ended_target
from outcomes.prognosis.timeline import Courses
from outcomes.prognosis.validation import validate

courses = Courses(people, view.tables["occasions"], scores, view.tables["contacts"])
target = ended_target(people, judged, "reliable_recovery")
found = validate(
    courses,
    target.values,
    contenders("phq9", seed=1),
    plan=Plan(landmarks=(0, 2), n_folds=3, n_bootstrap=100, validations=("by patient",)),
)
auc = found.metrics[found.metrics["metric"].eq("auroc")]
auc[["landmark", "model", "n", "n_events", "value", "low", "high"]]

# %% [markdown]
# Nothing in this notebook may leave as it stands: counts are true. `outcomes.disclosure.gate.release` turns an
# aggregate into a table that may.

# %%
from outcomes.disclosure.gate import release

table = rates(judged)[["measure", "numerator", "denominator"]]
out = release(
    table,
    labels=["measure"],
    counts=["numerator", "denominator"],
    rates={"rate_pct": ("numerator", "denominator", "low_pct", "high_pct")},
    title="Outcomes, counts rounded",
)
out.table

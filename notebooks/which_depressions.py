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
# # Which depressions are there, and would other patients show the same?
#
# From answers to states that may be believed: does anything but severity exist, how many states, would they be found
# again, what follows from them, and how is a new patient placed without fitting anew. The service is invented: nothing
# here is evidence about patients. Numbers of starts and resamples are small so that the notebook runs in a minute;
# the comments say what to ask for in earnest.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.cohort.trajectories import trajectories
from outcomes.library.intake import folder_source, ingest
from outcomes.library.view import research_view
from outcomes.reference.instruments import instrument
from outcomes.studies.feed import write_invented_feed
from outcomes.subtypes.covariates import CovariateLatentMarkov
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.naming import state_names
from outcomes.subtypes.scoring import StateScorer
from outcomes.subtypes.selection import select_states
from outcomes.subtypes.severity import compare_with_factors, verdict
from outcomes.subtypes.stability import bootstrap, split_half

feed, library = Path("which_depressions/feed"), Path("which_depressions/library")
if not library.is_dir():
    write_invented_feed(feed, patients=1500, seed=3)
    source = folder_source(feed, kind="invented", reason="a notebook", seed=3)
    ingest(source, library=library, vault=Path("which_depressions/vault"))
view = research_view(library)
items = list(instrument("phq9").item_columns)
sequences = trajectories(view.tables["occasions"], items)
lengths = pd.Series(sequences.lengths, name="occasions of a person")
lengths.describe().round(1)

# %% [markdown]
# ## First: is there anything beyond severity?
#
# On data with one continuous severity and no kinds at all, BIC still asks for many classes. So classes compete with one
# and two continuous dimensions, at the first occasion of each person, before the word *subtype* is used.

# %%
quick = LatentMarkov(n_starts=6, random_state=1)  # in earnest: the default of 50 starts
table = compare_with_factors(sequences, range(1, 5), estimator=quick)
print(verdict(table))
table[["model", "kind", "log_likelihood", "n_parameters", "bic", "best"]].round(1)

# %% [markdown]
# ## How many states?
#
# The whole table, not the winner alone: how many starts reached the best, how surely people are placed, the smallest
# state.

# %%
found = select_states(sequences, range(2, 6), estimator=quick)
print(found.reason)
found.table[
    ["k", "log_likelihood", "n_parameters", "bic", "icl", "entropy_r2", "smallest_state", "starts_at_best"]
].round(2)

# %%
model = found.model
profile = model.profile().pivot(index="item", columns="state", values="expected_score").loc[items]
figure, axes = plt.subplots(figsize=(4.5, 3.6), layout="constrained")
axes.imshow(profile, aspect="auto", cmap="Blues", vmin=0)
axes.set_xticks(range(profile.shape[1]), profile.columns)
axes.set_yticks(range(len(items)), items)
axes.set_xlabel("State, from mildest to most severe")
plt.show()
state_names(model, sequences)

# %% [markdown]
# ## Would other patients show them?
#
# Whole patients are resampled and states matched by profile. Below .6 a state is not to be trusted. A bootstrap begins
# at the estimates and is kinder than two halves, each fitted on its own: read both.

# %%
again = bootstrap(model, sequences, n_resamples=8)  # in earnest: 100
again.table[["state", "jaccard", "judgement"]]

# %%
halves = split_half(model, sequences)
print(f"two halves agree on {halves.agreeing:.0%} of occasions; adjusted Rand index {halves.adjusted_rand:.2f}")

# %% [markdown]
# ## Who begins where?
#
# Characteristics enter the model itself, so that nobody is first put into a state and then counted as if that were
# known.

# %%
people = episodes(view.tables)
keys = pd.DataFrame(sequences.keys)
beside = keys.merge(people[["pseudonym", "referral", "gender", "deprivation_quintile"]], how="left")
most = beside["deprivation_quintile"].str.startswith("Quintile 1", na=False)
covariates = pd.DataFrame({"female": beside["gender"].eq("Female"), "most_deprived": most})
with_people = CovariateLatentMarkov(model.n_states, n_starts=3, random_state=1)
with_people.fit(sequences, initial=covariates.astype(float))
with_people.coefficients_.round(2)

# %% [markdown]
# ## A new patient, session by session
#
# The fitted model is a small text without anybody's rows. *Filtered* probabilities use this sitting and the earlier
# ones only; they alone may predict.

# %%
frozen = LatentMarkov.from_json(model.to_json())
scorer = StateScorer(frozen)
first = [2, 2, 1, 2, 1, 2, 1, 0, 0]
then = [1, 1, 1, 1, 0, 1, 0, 0, 0]
now = scorer.first(first)
later = scorer.next(now, then, session=2)
pd.DataFrame([now, later], index=["session 1", "session 2"], columns=profile.columns).round(3)

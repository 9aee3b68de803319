"""Which depressions are there: hidden states of item trajectories, how many, how they look, and what follows them.

The models: `latent_markov` (the estimator), `mixed` (trajectory classes with states inside), `covariates`, `exits`
(endings as data), `gaps`, `grouped`, `growth` (growth mixtures of totals), `kmeans` (the plain baseline), `families`
(all of them in one table), `sequences` (what may be put in).

How many and whether to believe it: `selection`, `validation` (people held out), `likelihood_ratio` (data made by the
smaller model), `stability` (other patients, halves, another service), `uncertainty` (errors of every probability),
`severity` (kinds, or only more and less of the same), `persistence` (does each item persist as the model says),
`measurement` (do items mean the same in every group), `survey` (weights and designs).

What they look like and what follows: `profiles`, `naming`, `occupancy`, `flow`, `crossing` (subtypes and moves between
them), `following` (outcomes and characteristics, naive and bias-adjusted), `implied` and `item_outcomes` (recovery and
change as the model implies them). `matching`, `refitting` and `simulating` serve the others. Import what you need.
"""

"""Which depressions are there: hidden states of item trajectories, how many, how they look, and what follows them.

`latent_markov` (the estimator), `selection` (how many states), `sequences` (what may be put in), `profiles` and
`naming` (how a state looks and is called), `flow` (how patients move), `following` (what follows, naive and
bias-adjusted), `persistence` (does each item persist as the model says), `occupancy` (how many people stand
behind each state), `severity` (are there kinds at all, or only more and less of the same). Import what you need.
"""

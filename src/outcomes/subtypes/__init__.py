"""Which depressions are there: hidden states of item trajectories, how many, what they look like, and what follows them.

`latent_markov` (the estimator), `selection` (how many states), `sequences` (what may be put in), `profiles` and `naming` (what a state
looks like and is called), `flow` (how patients move), `outcomes_by_state` (what follows, naive and bias-adjusted), `items` (does each item
persist as the model says). Import the module that you need.
"""

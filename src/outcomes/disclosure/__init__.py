"""The only way out: aggregates go in, rounded and sealed tables come out; nothing else may be published.

`gate` (`release`, `Released`), `curves` (ROC, decision and calibration curves, survival), `profiles` (shapes of latent
states), `consistency` (does a table contradict itself), `layout`, `rounding`, `derivation` (how), `seal` (proof).
"""

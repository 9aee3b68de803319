"""Who will recover? Probabilities at intake and after each session, judged and explained.

`timeline`, `guard` and `features` (what was known at a landmark), `targets` (which ending), `encoding`, `models`,
`packing` (models as JSON with a digest), `validation` (by patient and by time), `scoring` (open cases), `evaluation`,
`metrics` and `smoothing` (how good), `explanation` (why), `course` (the expected course), `privacy` (who could be
recognised), `sample_size` (how many are needed).

Nothing is imported here: xgboost, scikit-learn and shap are slow to load.
"""

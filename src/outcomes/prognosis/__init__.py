"""Who will recover? Probabilities at intake and after each session, judged and explained.

`timeline`, `guard` and `features` (what was known at a landmark), `targets` (which ending), `encoding`, `models`,
`constrained` (training under equal opportunity), `packing` (models as JSON with a digest), `plan` and `validation` (by
patient, by time, by service), `scoring` (open cases), `endings`, `hazards` and `joint` (every way to end), `future`
(later scores), `individual` (what may be said of one open case), `evaluation`, `metrics` and `smoothing` (how good),
`explanation` (why), `course` (the expected course), `privacy` (who could be recognised), `sample_size` (how many are
needed).

Nothing is imported here: xgboost, scikit-learn and shap are slow to load.
"""

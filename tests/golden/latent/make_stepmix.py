"""Write `stepmix.toml`: `python tests/golden/latent/make_stepmix.py ../shared`, with StepMix installed."""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from stepmix.stepmix import StepMix
from stepmix_data import SEED, first_sessions, invented, survey, with_missing

PLAN = {"n_init": 20, "max_iter": 5000, "abs_tol": 1e-12, "rel_tol": 0.0, "random_state": 0, "progress_bar": 0}


def fit(x: np.ndarray, k: int, *, weights: np.ndarray | None = None, missing: bool = False) -> dict[str, object]:
    """Fit StepMix and lay out what it found, classes by their expected total."""
    kind = "categorical_nan" if missing else "categorical"
    model = StepMix(k, measurement=kind, verbose=0, **PLAN).fit(x, sample_weight=weights)
    people = len(x) if weights is None else float(weights.sum())
    n_answers = int(np.nanmax(x)) + 1
    found = model.get_parameters()
    p = np.asarray(found["measurement"]["pis"]).reshape(k, x.shape[1], n_answers)
    order = np.argsort((p * np.arange(n_answers)).sum(axis=(1, 2)))
    return {
        "k": k,
        "people": len(x),
        "sum_of_answers": int(np.nansum(x)),
        "log_likelihood": round(float(model.score(x, sample_weight=weights)) * people, 4),
        "share": np.asarray(found["weights"])[order].round(5).tolist(),
        "response": p[order].round(5).tolist(),
    }


def main() -> None:
    """Fit everything and write the file."""
    warnings.simplefilter("ignore")
    shared = Path(sys.argv[1])
    answers, weights = invented()
    phq, survey_weights = survey(shared)
    fits = {
        "invented": fit(answers, 3),
        "invented_weighted": fit(answers, 3, weights=weights),
        "invented_missing": fit(with_missing(answers), 3, missing=True),
        "first_sessions": fit(first_sessions(shared), 2),
        "survey_weighted": fit(phq, 3, weights=survey_weights),
    }
    lines = [
        "# Made by make_stepmix.py; do not edit by hand.",
        f'stepmix = "{version("stepmix")}"',
        f'scikit_learn = "{version("scikit-learn")}"',
        f'numpy = "{version("numpy")}"',
        f"seed = {SEED}",
        *(f"{name} = {value!r}".replace("'", '"') for name, value in PLAN.items()),
    ]
    for name, found in fits.items():
        lines += ["", f"[{name}]", *(f"{key} = {value!r}" for key, value in found.items())]
    Path(__file__).with_name("stepmix.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

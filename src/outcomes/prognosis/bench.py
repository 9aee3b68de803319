"""Fit and judge: the workshop behind `validation`, in which every step only reads."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from outcomes.errors import ConfigError
from outcomes.prognosis import splits as splitting
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.evaluation import evaluate
from outcomes.prognosis.features import extra_features, features_of
from outcomes.prognosis.guard import check_extra
from outcomes.prognosis.plan import Contender, OccasionTransformer, Plan
from outcomes.prognosis.splits import Split
from outcomes.prognosis.timeline import KEY, Courses, sittings

FEWEST_EACH = 10  # people with and without the outcome below which nothing is fitted
PREDICTIONS = [
    "pseudonym",
    "referral",
    "landmark",
    "model",
    "validation",
    "fold",
    "n_training",
    "probability",
    "outcome",
]
METRICS = [
    "landmark",
    "model",
    "validation",
    "metric",
    "n_at_risk",
    "n_training",
    "n",
    "n_events",
    "value",
    "low",
    "high",
]


class Bench:
    """Tables, splits and outcome of one validation; every method only reads."""

    def __init__(self, courses: Courses, target: pd.Series, models: tuple[Contender, ...], plan: Plan) -> None:
        self.courses, self.models, self.plan = courses, models, plan
        self.filled = sittings(courses)
        self.tables = {s: features_of(courses, s, filled=self.filled) for s in plan.landmarks}
        place = courses.episodes[KEY].astype("str").assign(place=np.arange(len(courses.episodes)))
        self.places = {
            s: table.keys.merge(place, on=KEY, how="left", validate="one_to_one")["place"].to_numpy()
            for s, table in self.tables.items()
        }
        self.outcome = target.astype("boolean").to_numpy(dtype=float, na_value=np.nan)
        last = self.filled.groupby(KEY, as_index=False, sort=False)["moment"].max()
        self.later = {
            s: table.keys.merge(last, on=KEY, how="left")["moment"].gt(s).to_numpy() for s, table in self.tables.items()
        }
        absent = [one.alike for one in models if one.alike is not None and one.alike not in courses.episodes]
        if absent:
            raise ConfigError(f"a contender is to treat the groups of {absent[0]!r} alike, which the episodes lack")
        self.groups = {
            one.alike: courses.episodes[one.alike].to_numpy(dtype=object) for one in models if one.alike is not None
        }
        self.fitted = tuple(s for s in plan.landmarks if self._enough(s))
        self.splits = self._splits()

    def _splits(self) -> list[Split]:
        made = {
            splitting.BY_PATIENT: lambda: splitting.by_patient(
                self.courses.episodes["pseudonym"], self.plan.n_folds, self.plan.seed
            ),
            splitting.BY_TIME: lambda: splitting.by_time(self.courses.episodes, mature_weeks=self.plan.mature_weeks),
            splitting.BY_SERVICE: lambda: splitting.by_service(self.courses.episodes),
        }
        return [split for name in self.plan.validations for split in made[name]()]

    def _enough(self, landmark: int) -> bool:
        y = self.outcome[self.places[landmark]]
        return bool(min((y == 1).sum(), (y == 0).sum()) >= FEWEST_EACH)

    def learnt(self, transformer: OccasionTransformer, split: Split) -> pd.DataFrame:
        """Learn the transformer on the training patients of a split and apply it to everybody.

        Parameters
        ----------
        transformer : OccasionTransformer
            Left untouched; a fresh copy is fitted.
        split : Split
            Its training patients teach.

        Returns
        -------
        DataFrame
            pseudonym, referral, occasion and the columns it gives.
        """
        teaching = self.courses.episodes.loc[split.training, KEY]
        fresh: Any = clone(transformer, safe=False)
        fresh.fit(self.courses.occasions.merge(teaching, on=KEY))
        return pd.DataFrame(fresh.transform(self.courses.occasions))

    def table(self, landmark: int, extra: pd.DataFrame | None) -> FeatureTable:
        """Give the features of a landmark, with those learnt inside the fold.

        Parameters
        ----------
        landmark : int
            One of the plan's.
        extra : DataFrame, optional
            The result of `learnt`.

        Returns
        -------
        FeatureTable
            Everyone at risk.
        """
        plain = self.tables[landmark]
        if extra is None:
            return plain
        check_extra(extra, self.courses.episodes, self.filled, landmark)
        return plain.with_features(*extra_features(extra, plain.keys, self.filled, landmark))

    def predict(self, split: Split, extra: pd.DataFrame | None, landmark: int) -> pd.DataFrame:
        """Fit every model on one side of a split and give probabilities for the other side.

        Parameters
        ----------
        split : Split
            Who teaches and who is judged.
        extra : DataFrame, optional
            The result of `learnt` for this split.
        landmark : int
            One of the plan's.

        Returns
        -------
        DataFrame
            One row a judged referral and model; none where an outcome is too rare among the teaching rows.
        """
        place = self.places[landmark]
        y = self.outcome[place]
        teaching = split.training[place] & np.isfinite(y)
        judged = split.judged[place] & np.isfinite(y)
        if not judged.any() or min((y[teaching] == 1).sum(), (y[teaching] == 0).sum()) < FEWEST_EACH:
            return pd.DataFrame(columns=PREDICTIONS)
        whole = self.table(landmark, extra)
        plain = whole.without_sensitive()
        parts: list[pd.DataFrame] = []
        for one in self.models:
            if not self._competes(one, split, landmark, blind=len(plain.catalogue) == len(whole.catalogue)):
                continue
            table = whole if one.sensitive else plain
            who = table.keys["pseudonym"].to_numpy()
            alike = {} if one.alike is None else {"alike": self.groups[one.alike][place][teaching]}
            learning = table.frame.loc[teaching], y[teaching].astype(int)
            model = clone(one.model).fit(*learning, groups=who[teaching], **alike)
            part = table.keys.loc[judged].assign(
                landmark=landmark,
                model=one.name,
                validation=split.validation,
                fold=split.fold,
                n_training=int(teaching.sum()),
                probability=model.predict_proba(table.frame.loc[judged])[:, 1],
                outcome=y[judged].astype(int),
            )
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def _competes(self, one: Contender, split: Split, landmark: int, *, blind: bool) -> bool:
        # `blind`: no table of this feed has a sensitive column
        if one.alike is not None:  # an experiment, shown in the ledger of remedies, which is of the last landmark
            return split.validation == splitting.BY_PATIENT and landmark == self.fitted[-1]
        return one.sensitive or not blind  # else the twin without sensitive columns would be the same model again

    def judge(self, part: pd.DataFrame) -> pd.DataFrame:
        """Give the figures of one model at one landmark.

        Parameters
        ----------
        part : DataFrame
            Predictions of one landmark, model and validation.

        Returns
        -------
        DataFrame
            One row a metric; none where an outcome is too rare to be judged.
        """
        if min(part["outcome"].sum(), (1 - part["outcome"]).sum()) < FEWEST_EACH:
            return pd.DataFrame(columns=METRICS)
        figures = evaluate(
            part["outcome"],
            part["probability"],
            pseudonyms=part["pseudonym"].to_numpy(dtype=str),
            thresholds=self.plan.thresholds,
            n_bootstrap=self.plan.n_bootstrap,
            random_state=self.plan.seed,
            strata=part["fold"].to_numpy(dtype=int),
        )
        landmark, model, validation = part.iloc[0][["landmark", "model", "validation"]]
        at_risk = self.tables[int(landmark)].counts["at_risk"]
        named = figures.assign(landmark=int(landmark), model=model, validation=validation, n_at_risk=at_risk)
        named["n_training"] = int(part["n_training"].min())
        return named.reindex(columns=METRICS)

    def counts(self) -> pd.DataFrame:
        """Give who was at risk at each landmark and who was left out.

        Returns
        -------
        DataFrame
            One row a landmark. `n_without_later_score` of the `n` never filled in another questionnaire: for them the
            ending was read from a score that was already known, which makes late landmarks look easy. `n_too_recent` of
            the `n` are not judged by time, because their quarter has not been followed long enough.
        """
        rows = []
        recent = np.zeros(len(self.outcome), dtype=bool)
        for split in self.splits:
            recent |= False if split.too_recent is None else split.too_recent
        for landmark, table in self.tables.items():
            y = self.outcome[self.places[landmark]]
            rows.append(
                {
                    "landmark": landmark,
                    **table.counts,
                    "outcome_unknown": int(np.isnan(y).sum()),
                    "n": int(np.isfinite(y).sum()),
                    "n_events": int((y == 1).sum()),
                    "n_without_later_score": int((np.isfinite(y) & ~self.later[landmark]).sum()),
                    "n_too_recent": int((np.isfinite(y) & recent[self.places[landmark]]).sum()),
                    "status": "fitted" if landmark in self.fitted else "too few to say",
                }
            )
        return pd.DataFrame(rows)

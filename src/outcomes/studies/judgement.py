"""How far to trust the states that were found: stability, shape beyond severity, rivals, what the model implies."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomes.cohort.trajectories import ItemTrajectories
from outcomes.errors import ConfigError, DataError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.reference.instruments import instrument
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent
from outcomes.studies.sections.subtypes import SubtypeSettings
from outcomes.studies.states_beside import endings_as_data, first_state_odds, measured_by, time_as_steps
from outcomes.subtypes.crossing import crossing, state_shapes
from outcomes.subtypes.exits import EndingComparison
from outcomes.subtypes.families import best_growth, compare_families
from outcomes.subtypes.following import outcome_by_initial_state
from outcomes.subtypes.gaps import StepComparison
from outcomes.subtypes.growth import GrowthMixture
from outcomes.subtypes.implied import implied_outcome, observed_outcome
from outcomes.subtypes.item_outcomes import judges
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.likelihood_ratio import RatioTest, bootstrap_likelihood_ratio
from outcomes.subtypes.measurement import Measurement
from outcomes.subtypes.selection import Selection
from outcomes.subtypes.severity import shape_residuals
from outcomes.subtypes.stability import Agreement, Stability, bootstrap, replicate, split_half
from outcomes.subtypes.validation import cross_validated


@dataclass(frozen=True)
class GrowthClasses:
    """Classes of curves of the total: the fitted model, and its robust errors."""

    model: GrowthMixture
    errors: pd.DataFrame


Work = Callable[[dict[str, object]], object]
KEY = ["pseudonym", "referral"]
STARTS = 5
HALF_STARTS = 30
LARGEST_SHARE = 0.5  # a service with more of the people than the rest together cannot be kept out
IMPLIED_PEOPLE = 4_000


@dataclass(frozen=True)
class Judgement:
    """What speaks for and against the states.

    Attributes
    ----------
    stability : Stability or None
        Bootstrap of patients.
    halves, elsewhere : Agreement or None
        Two random halves; the largest service against the others.
    residuals, shapes : DataFrame or None
        What each state shows beyond severity, item by item and by domain.
    crossing : DataFrame or None
        Moves within and between subtypes.
    held_out : DataFrame or None
        Cross-validated likelihood of each number of states.
    ratio : RatioTest or None
        Bootstrap likelihood-ratio test of one more state.
    families : DataFrame or None
        The other kinds of model.
    growth : GrowthClasses or None
        The classes of curves of the total that describe the totals best, with their errors.
    implied : DataFrame or None
        Outcomes that are scored from the items, as the model implies them, by first state.
    first_state : DataFrame or None
        Characteristics and the first state, naive and corrected.
    measurement : dict of str to Measurement, or None
        Whether people in the same state answer alike, by grouping.
    endings : EndingComparison or None
        The fit in which endings are data beside the one that takes them as missing at random.
    steps : StepComparison or None
        The fit whose steps are equal lengths of time beside the one whose steps are questionnaires.
    because : dict of str to str
        Why something was left out.
    """

    stability: Stability | None = None
    halves: Agreement | None = None
    elsewhere: Agreement | None = None
    residuals: pd.DataFrame | None = None
    shapes: pd.DataFrame | None = None
    crossing: pd.DataFrame | None = None
    held_out: pd.DataFrame | None = None
    ratio: RatioTest | None = None
    families: pd.DataFrame | None = None
    growth: GrowthClasses | None = None
    implied: pd.DataFrame | None = None
    first_state: pd.DataFrame | None = None
    measurement: dict[str, Measurement] | None = None
    endings: EndingComparison | None = None
    steps: StepComparison | None = None
    because: dict[str, str] = field(default_factory=dict)


def judge_states(
    materials: Materials,
    sequences: ItemTrajectories,
    selection: Selection,
    severity: pd.DataFrame | None,
    settings: SubtypeSettings,
    *,
    seed: int,
    processes: int = 1,
    progress: Progress = silent,
) -> Judgement:
    """Put the chosen states to the tests that the settings ask for.

    Parameters
    ----------
    materials
        Episodes, for services and characteristics.
    sequences
        What the states were found in.
    selection
        The comparison and the chosen model.
    severity
        Classes beside continuous severity, if the data bore it.
    settings
        How hard to look.
    seed
        Seed of all of them.
    processes
        Threads; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    Judgement
        What was found; what the data did not bear is left out with its reason.
    """
    judge = _Judge(materials, sequences, selection, settings, seed, processes, progress)
    found: dict[str, object] = {}
    because: dict[str, str] = {}
    for name, work in judge.plan(severity):
        try:
            found[name] = work(found)
        except (ConfigError, DataError) as barred:
            because[name] = str(barred)
    return Judgement(**found, because=because)  # type: ignore[arg-type]  # each name is a field, each value of its kind


class _Judge:
    # one method a question; what comes later may look at what was found before

    def __init__(  # noqa: PLR0917  private; named where it is called
        self,
        materials: Materials,
        sequences: ItemTrajectories,
        selection: Selection,
        settings: SubtypeSettings,
        seed: int,
        processes: int,
        progress: Progress,
    ) -> None:
        self.materials, self.sequences, self.selection = materials, sequences, selection
        self.settings, self.seed, self.processes, self.progress = settings, seed, processes, progress
        self.model = selection.model
        self.moving = bool(sequences.lengths.max() > 1)

    def plan(self, severity: pd.DataFrame | None) -> list[tuple[str, Work]]:
        several, settings = self.model.n_states > 1, self.settings
        steps: list[tuple[str, Work, bool]] = [
            ("stability", self.stability, several and settings.stability_resamples > 0),
            ("halves", self.halves, several and settings.stability_resamples > 0),
            ("elsewhere", self.elsewhere, several and settings.stability_resamples > 0),
            ("residuals", self.residuals, True),
            ("shapes", self.shapes, True),
            ("crossing", self.crossing, several and self.moving),
            ("held_out", self.held_out, settings.cross_validation_folds > 1),
            ("ratio", self.ratio, settings.lr_bootstrap > 0),
            ("families", lambda _: self.families(severity), settings.families),
            ("growth", self.growth, settings.families and self.moving),
            ("implied", self.implied, self.moving),
            ("endings", self.endings, several and self.moving and settings.endings),
            ("steps", self.steps, several and self.moving and settings.step_days > 0),
            ("first_state", self.first_state, several),
            ("measurement", self.measurement, self.moving and bool(settings.measurement_by)),
        ]
        return [(name, work) for name, work, wanted in steps if wanted]

    def stability(self, _: dict[str, object]) -> Stability:
        return bootstrap(
            self.model,
            self.sequences,
            n_resamples=self.settings.stability_resamples,
            random_state=self.seed,
            n_jobs=self.processes,
            on_resample=lambda done, total: self.progress("Drawing other patients", done, total),
        )

    def halves(self, _: dict[str, object]) -> Agreement:
        return split_half(self.model, self.sequences, starts=HALF_STARTS, random_state=self.seed, n_jobs=self.processes)

    def elsewhere(self, _: dict[str, object]) -> Agreement:
        episodes = self.materials.episodes
        if "service" not in episodes or episodes["service"].nunique() < 2:  # noqa: PLR2004  one service has no other
            raise DataError("the feed tells of one service only, or of none")
        keys = self.sequences.keys[KEY].merge(episodes[[*KEY, "service"]], on=KEY, how="left")
        largest = keys["service"].value_counts().index[0]
        kept_out = keys["service"].eq(largest).fillna(value=False).to_numpy(dtype=bool)
        if kept_out.mean() > LARGEST_SHARE:
            kept_out = ~kept_out
        return replicate(
            self.model, self.sequences, kept_out, starts=HALF_STARTS, random_state=self.seed, n_jobs=self.processes
        )

    def residuals(self, _: dict[str, object]) -> pd.DataFrame:
        return shape_residuals(self.model, self.sequences, random_state=self.seed)

    def shapes(self, found: dict[str, object]) -> pd.DataFrame:
        residuals = found.get("residuals")
        if not isinstance(residuals, pd.DataFrame):
            raise DataError("severity could not be taken out")
        domains, widths = {}, {}
        for column, answers in zip(self.model.columns_, self.model.answers_, strict=True):
            key, _, number = column.rpartition("_")
            domains[column] = next(item.domain for item in instrument(key).items if item.number == int(number))
            widths[column] = float(np.ptp(answers)) or 1.0
        return state_shapes(residuals, domains, widths)

    def crossing(self, found: dict[str, object]) -> pd.DataFrame:
        shapes, stability = found.get("shapes"), found.get("stability")
        if not isinstance(shapes, pd.DataFrame):
            raise DataError("the states have no shape to tell subtypes by")
        known = stability if isinstance(stability, Stability) else None
        return crossing(self.model, self.sequences, shapes["shape"].tolist(), known)

    def held_out(self, _: dict[str, object]) -> pd.DataFrame:
        return cross_validated(
            self.sequences,
            self.selection.table["k"],
            estimator=self._quick(),
            folds=self.settings.cross_validation_folds,
            random_state=self.seed,
            on_fit=lambda done, total: self.progress("Foretelling patients held out", done, total),
        )

    def ratio(self, _: dict[str, object]) -> RatioTest:
        chosen = self.selection.chosen
        more = self.selection.models.get(chosen + 1)
        if more is None:
            more = self._quick().set_params(n_states=chosen + 1).fit(self.sequences)
        return bootstrap_likelihood_ratio(
            self.model,
            more,
            self.sequences,
            n_simulations=self.settings.lr_bootstrap,
            random_state=self.seed,
            n_jobs=self.processes,
            on_simulation=lambda done, total: self.progress("Trying one more state on simulated data", done, total),
        )

    def families(self, severity: pd.DataFrame | None) -> pd.DataFrame:
        return compare_families(
            self.sequences,
            self.model,
            severity=severity,
            starts=STARTS,
            on_fit=lambda _, done, total: self.progress("Trying other families of models", done, total),
        )

    def growth(self, found: dict[str, object]) -> GrowthClasses:
        table = found.get("families")
        if not isinstance(table, pd.DataFrame):
            raise DataError("the families of models could not be compared")
        model = best_growth(self.sequences, table, self.model, starts=STARTS)
        if model is None:
            raise DataError("no growth model could be fitted to the totals")
        return GrowthClasses(model, model.standard_errors(self.sequences, robust=True))

    def implied(self, found: dict[str, object]) -> pd.DataFrame:
        stability = found.get("stability")
        known = stability if isinstance(stability, Stability) else None
        tables = []
        for measure, judge in judges(self.model.columns_, self.settings.instruments).items():
            table = implied_outcome(
                self.model,
                self.sequences,
                judge,
                stability=known,
                n_people=IMPLIED_PEOPLE,
                paired=True,
                random_state=self.seed,
            )
            real = observed_outcome(self.model, self.sequences, judge, paired=True)
            if np.isfinite(real).any():
                beside = outcome_by_initial_state(self.model, self.sequences, real)
                beside = beside.pivot(index="state", columns="method", values="mean").reset_index()
                table = table.merge(beside[["state", "naive", "bch"]], on="state")
            tables.append(table.assign(measure=measure))
        return pd.concat(tables, ignore_index=True)

    def first_state(self, _: dict[str, object]) -> pd.DataFrame:
        return first_state_odds(self.materials, self.sequences, self.model)

    def measurement(self, _: dict[str, object]) -> dict[str, Measurement]:
        return measured_by(
            self.materials,
            self.sequences,
            self.model,
            self.settings,
            seed=self.seed,
            processes=self.processes,
            progress=self.progress,
        )

    def endings(self, _: dict[str, object]) -> EndingComparison:
        step = "Taking endings as data"
        self.progress(step, 0, 1)
        try:
            return endings_as_data(self.materials, self.sequences, self.model)
        finally:  # a feed that tells no ending is done with, too
            self.progress(step, 1, 1)

    def steps(self, _: dict[str, object]) -> StepComparison:
        step = "Taking time as the steps"
        self.progress(step, 0, 1)
        try:
            return time_as_steps(self.sequences, self.model, self.settings.step_days)
        finally:  # a feed without dates is done with, too
            self.progress(step, 1, 1)

    def _quick(self) -> LatentMarkov:
        return LatentMarkov(
            emissions=self.settings.emissions,
            n_starts=STARTS,
            random_state=self.seed,
            n_jobs=self.processes,
            search=Search(finished=2, sweeps=600, tolerance=0.01, score_tolerance=0.1),
        )

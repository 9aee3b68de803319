"""What most steps of a study work on: episodes, item answers, totals and outcomes of one research view."""

from dataclasses import dataclass

import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.cohort.survey import SurveyDesign, survey_design
from outcomes.cohort.trajectories import ItemTrajectories, trajectories
from outcomes.errors import ConfigError
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instrument
from outcomes.reference.rules import RuleEdition, edition_of
from outcomes.studies.opening import Opened
from outcomes.studies.progress import Progress, silent


@dataclass(frozen=True)
class Materials:
    """The tables that the rooms exchange.

    Parameters
    ----------
    opened
        Settings, folders, research view.
    edition
        The outcome rules in force.
    episodes
        One row a referral.
    occasions
        One row a sitting with its item answers.
    totals
        One row a sitting with its scores.
    contacts
        One row a contact, or None where the feed has none.
    outcomes
        One row a referral with three-valued outcomes, or None where no measure of the edition was collected.
    survey
        How people were drawn, or None where the experiment has no [survey].
    """

    opened: Opened
    edition: RuleEdition
    episodes: pd.DataFrame
    occasions: pd.DataFrame
    totals: pd.DataFrame
    contacts: pd.DataFrame | None
    outcomes: pd.DataFrame | None
    survey: SurveyDesign | None = None

    @property
    def instruments(self) -> tuple[str, ...]:
        """Keys of the instruments that the experiment scores."""
        return self.opened.experiment.measures.instruments

    def trajectories(self, keys: tuple[str, ...]) -> ItemTrajectories:
        """Give the item answers of some instruments as ragged sequences.

        Parameters
        ----------
        keys
            Keys of instruments.

        Returns
        -------
        ItemTrajectories
            One sequence a referral.

        Raises
        ------
        ConfigError
            If an instrument is not known.
        DataError
            If the feed lacks their items.
        """
        columns = [column for key in keys for column in instrument(key).item_columns]
        return trajectories(self.occasions, columns)


def prepare(opened: Opened, *, progress: Progress = silent) -> Materials:
    """Make episodes, scores and outcomes from a research view.

    Parameters
    ----------
    opened
        Settings and research view.
    progress
        Told how far the work is.

    Returns
    -------
    Materials
        What the other steps work on.

    Raises
    ------
    ConfigError
        If an instrument, the rule edition or a grouping is not known, or the feed does not hold a grouping or the
        weights of a [survey].
    DataError
        If a table lacks what the step needs, or somebody of a [survey] has no weight.
    """
    step = "Scoring and judging outcomes"
    progress(step, 0, 3)
    settings, tables = opened.experiment.measures, opened.view.tables
    edition = edition_of(settings.edition)
    every = episodes(tables)
    _check_groups(opened, every)
    survey = survey_design(tables) if opened.experiment.survey is not None else None
    progress(step, 1, 3)
    scored = totals(
        tables["occasions"], settings.instruments, missing=settings.missing_items, scores=tables.get("scores")
    )
    progress(step, 2, 3)
    contacts = tables.get("contacts")
    judged = None
    if {edition.depression_instrument, edition.anxiety_instrument} & set(settings.instruments):
        courses = "completed" if contacts is not None else "all"
        judged = outcomes(every, scored, edition=edition, contacts=contacts, courses=courses)
    progress(step, 3, 3)
    return Materials(opened, edition, every, tables["occasions"], scored, contacts, judged, survey)


def _check_groups(opened: Opened, people: pd.DataFrame) -> None:
    experiment = opened.experiment
    fairness = experiment.fairness
    crossed = () if fairness is None else tuple(name for pair in fairness.intersections for name in pair)
    one, remedies_by = experiment.publications.table_one_by, None if fairness is None else fairness.remedies_by
    wanted = {
        "fairness.by": () if fairness is None else fairness.by,
        "fairness.intersections": tuple(dict.fromkeys(crossed)),
        "fairness.remedies_by": () if remedies_by is None else (remedies_by,),
        "publications.table_one_by": () if one is None else (one,),
    }
    known = [key for key in groupings() if key in people]
    faults = [
        f"{key}: this feed does not tell {', '.join(lost)}"
        for key, names in wanted.items()
        if (lost := [name for name in names if name not in known])
    ]
    if faults:
        held = f"it tells {', '.join(known)}" if known else "it tells no grouping: there is no patients table"
        raise ConfigError(
            f"{'; '.join(faults)}; {held}. Take them out, or map the columns in [source.columns.patients]"
        )

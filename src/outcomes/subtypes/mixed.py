"""Which kinds of course are there, and which states do they pass through: trajectory classes with shared states.

One engine with `latent_markov`: hidden states are pairs of class and state, nobody changes class, and a state answers
alike in every class. Movers and stayers, and latent classes of whole courses, are constraints of it.
"""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters, classes_of_states
from outcomes.kernel.latent_markov_decoding import Chains
from outcomes.kernel.latent_markov_packing import Observations
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.frozen import NUMBERS
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.profiles import expected_scores

LARGEST_N_HIDDEN = 64


class MixedLatentMarkov(LatentMarkov):
    """Which trajectory classes are there, each with severity levels inside.

    A person belongs to one class for good. Classes share the answers of states and differ in where people begin and how
    they move.

    Parameters
    ----------
    n_classes : int, default 2
        Number of classes, stayers included.
    n_states : int, default 4
        Number of states, shared by all classes; at most 64 pairs of class and state.
    stayers : int, default 0
        How many of the classes never change state. ``n_classes=2, stayers=1`` is the mover-stayer model;
        ``n_classes=1, stayers=1`` has latent classes of whole courses (as many as ``n_states``) and nothing that moves.
    emissions, time_varying, penalty, n_starts, random_state, n_jobs, search
        As in `LatentMarkov`.

    Attributes
    ----------
    class_share_ : NDArray[np.float64], shape (n_classes,)
        Probability of each class. Classes that move come first, by the total score expected at the tenth occasion;
        stayers last.
    class_initial_ : NDArray[np.float64], shape (n_classes, n_states)
        Probability of each state at the first occasion, in each class.
    class_transition_ : NDArray[np.float64], shape (n_classes, n_states, n_states), or with steps as second axis
        Probability of moving, in each class.
    initial_ : NDArray[np.float64], shape (n_states,)
        Probability of each state at the first occasion, over classes.
    response_ : list of NDArray[np.float64], each of shape (n_states, n_answers)
        Probability of each answer in each state.
    class_entropy_r2_ : float
        How surely people are put into classes: 1 is certain, 0 a guess.

    Notes
    -----
    The other attributes and methods are those of `LatentMarkov`; states are those shared by all classes.

    References
    ----------
    Langeheine R, van de Pol F (1990). A unifying framework for Markov modeling in discrete space and discrete time.
    Sociological Methods & Research 18, 416-441.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from outcomes.subtypes.mixed import MixedLatentMarkov
    >>> low, high = [0, 0, 1], [3, 2, 3]
    >>> rows = [low] * 4 + [high] * 4 + [low, high] * 2
    >>> table = pd.DataFrame(rows * 5, columns=["a", "b", "c"])
    >>> table.insert(0, "pseudonym", np.repeat(np.arange(15), 4))
    >>> table.insert(1, "occasion", np.tile(np.arange(4), 15))
    >>> model = MixedLatentMarkov(n_classes=2, n_states=2, stayers=1, n_starts=5).fit(table)
    >>> model.class_share_.round(1).tolist()
    [0.3, 0.7]
    """

    kept_numbers: ClassVar[tuple[str, ...]] = (*NUMBERS, "class_entropy_r2_")

    def __init__(  # noqa: PLR0913  scikit-learn wants every argument by name
        self,
        n_classes: int = 2,
        n_states: int = 4,
        *,
        stayers: int = 0,
        emissions: str | dict[str, str] = "nominal",
        time_varying: bool = False,
        penalty: float = 0.1,
        n_starts: int = 50,
        random_state: int = 0,
        n_jobs: int = 1,
        search: Search | None = None,
    ) -> None:
        super().__init__(
            n_states,
            emissions=emissions,
            time_varying=time_varying,
            penalty=penalty,
            n_starts=n_starts,
            random_state=random_state,
            n_jobs=n_jobs,
            search=search,
        )
        self.n_classes = n_classes
        self.stayers = stayers

    def classes(self, X: Source) -> NDArray[np.float64]:
        """Which class does each person belong to, seen from the end of the sequence.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.float64], shape (n_sequences, n_classes)
            Probabilities, in the order of `outcomes.subtypes.sequences.sequences`.
        """
        data, found = self._posterior(X)
        return self._by_class(found.smoothed[data.starts[1:] - 1])

    def class_profile(self, n_occasions: int = 10) -> pd.DataFrame:
        """How does each class fare: states and total score expected at each occasion, if people go on attending.

        Parameters
        ----------
        n_occasions : int, default 10
            How far to look.

        Returns
        -------
        DataFrame
            One row a class and occasion: class, share, occasion (from 1), expected_total, state_1, state_2 ...
        """
        totals = expected_scores(tuple(self.response_), self.answers_).sum(axis=1)
        rows: list[dict[str, Any]] = []
        for number, states in enumerate(self._ahead(self.parameters_, n_occasions)):
            for occasion, p in enumerate(states):
                named = {f"state_{state + 1}": float(v) for state, v in enumerate(p)}
                rows.append(
                    {
                        "class": number + 1,
                        "share": float(self.class_share_[number]),
                        "occasion": occasion + 1,
                        "expected_total": float(p @ totals),
                        **named,
                    }
                )
        return pd.DataFrame(rows)

    def viterbi(self, X: Source) -> NDArray[np.int64]:
        """Which path of class and states is the likeliest as a whole.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.int64], shape (n_occasions,)
            Numbers of states from 1; the class of the path is not told (see `classes`).
        """
        return (super().viterbi(X) - 1) % self.n_states + 1

    def transitions(self) -> pd.DataFrame:
        """How probable is each move, in each class.

        Returns
        -------
        DataFrame
            One row a class, step and pair of states: class, step (0 when all are alike), from_state, to_state,
            probability.
        """
        whole = super().transitions()
        n = self.n_states
        origin, to = whole["from_state"] - 1, whole["to_state"] - 1
        inside = whole[origin // n == to // n].copy()
        inside.insert(0, "class", (inside["from_state"] - 1) // n + 1)
        inside["from_state"] = (inside["from_state"] - 1) % n + 1
        inside["to_state"] = (inside["to_state"] - 1) % n + 1
        return inside.reset_index(drop=True)

    def standard_errors(
        self, X: Source, *, sample_weight: ArrayLike | None = None, on_progress: Progress | None = None
    ) -> pd.DataFrame:
        """How sure is every probability.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            What the model was fitted to.
        sample_weight : array-like of float, shape (n_sequences,), optional
            The weights of the fit.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        DataFrame
            As in `LatentMarkov.standard_errors`, with the class in front (0 for answers, which classes share); initial
            probabilities are those of class and state together.
        """
        table = super().standard_errors(X, sample_weight=sample_weight, on_progress=on_progress)
        n, hidden = self.n_states, table["state"].to_numpy() - 1
        answers = (table["part"] == "response").to_numpy()
        origin = np.maximum(table["from_state"].to_numpy() - 1, 0)
        moves = (table["part"] == "transition").to_numpy()
        table.insert(0, "class", np.where(answers, 0, hidden // n + 1))
        table["state"] = hidden % n + 1
        table["from_state"] = np.where(moves, origin % n + 1, 0)
        kept = ~(answers & (hidden >= n)) & ~(moves & (origin // n != hidden // n))
        found: pd.DataFrame = table[kept].reset_index(drop=True)
        return found

    def restore(self, parameters: LatentMarkovParameters) -> None:
        """Take over probabilities, as a thaw or a fit does.

        Parameters
        ----------
        parameters : LatentMarkovParameters
            Of the pairs of class and state, already in their order.
        """
        n, c = self.n_states, self.n_classes
        self.parameters_ = parameters
        joint = parameters.initial.reshape(c, n)
        self.class_share_ = joint.sum(axis=1)
        self.class_initial_ = joint / np.maximum(self.class_share_[:, None], np.finfo(float).tiny)
        self.initial_ = joint.sum(axis=0)
        blocks = np.stack([parameters.transition[:, k * n : (k + 1) * n, k * n : (k + 1) * n] for k in range(c)])
        self.class_transition_ = blocks if self.time_varying else blocks[:, 0]
        self.transition_ = parameters.transition if self.time_varying else parameters.transition[0]
        self.response_ = [p[:n] for p in parameters.response]

    def _check_arguments(self) -> None:
        super()._check_arguments()
        if self.n_classes < 1 or not 0 <= self.stayers <= self.n_classes:
            raise ConfigError(
                f"n_classes must be at least 1 and stayers between 0 and n_classes, got {self.n_classes!r} and "
                f"{self.stayers!r}"
            )
        if self._n_hidden > LARGEST_N_HIDDEN:
            raise ConfigError(f"n_classes times n_states must be at most {LARGEST_N_HIDDEN}, got {self._n_hidden}")

    @property
    def _n_hidden(self) -> int:
        return self.n_classes * self.n_states

    def _named(self) -> str:
        return f"{self.n_classes} classes of {self.n_states} states"

    def _form(self, columns: tuple[str, ...]) -> Form:
        plain = super()._form(columns)
        structure = classes_of_states(self.n_classes, self.n_states, stayers=self.stayers)
        return Form(plain.families, time_varying=plain.time_varying, penalty=plain.penalty, structure=structure)

    def _order(self, parameters: LatentMarkovParameters) -> NDArray[np.int64]:
        n, movers = self.n_states, self.n_classes - self.stayers
        totals = expected_scores(tuple(p[:n] for p in parameters.response), self.answers_).sum(axis=1)
        states = np.argsort(totals, kind="stable")
        ends = np.array([ahead[-1] @ totals for ahead in self._ahead(parameters, 10)])
        classes = [*np.argsort(ends[:movers], kind="stable"), *(movers + np.argsort(ends[movers:], kind="stable"))]
        return np.concatenate([k * n + states for k in classes]).astype(np.int64)

    def _ahead(self, parameters: LatentMarkovParameters, n_occasions: int) -> NDArray[np.float64]:
        # probabilities of states in each class, occasion by occasion: shape (n_classes, n_occasions, n_states)
        n, c = self.n_states, self.n_classes
        now, found = parameters.initial, []
        for step in range(n_occasions):
            shaped = now.reshape(c, n)
            found.append(shaped / np.maximum(shaped.sum(axis=1, keepdims=True), np.finfo(float).tiny))
            now = now @ parameters.transition[min(step, len(parameters.transition) - 1)]
        return np.stack(found, axis=1)

    def _by_state(self, hidden: NDArray[np.float64]) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = hidden.reshape(len(hidden), self.n_classes, self.n_states).sum(axis=1)
        return summed

    def _by_class(self, hidden: NDArray[np.float64]) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = hidden.reshape(len(hidden), self.n_classes, self.n_states).sum(axis=2)
        return summed

    def _describe(self, observations: Observations, chains: Chains | None = None) -> None:
        super()._describe(observations, chains)
        last = self._by_class(self._decoded(observations).smoothed[observations.starts[1:] - 1])
        weights = observations.weights
        entropy = -float(weights @ (last * np.log(np.maximum(last, np.finfo(float).tiny))).sum(axis=1))
        most = np.log(self.n_classes) * weights.sum()
        self.class_entropy_r2_ = float(1 - entropy / most) if self.n_classes > 1 else 1.0

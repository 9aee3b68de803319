"""Which model may be used? Versions under a name, the aliases challenger and champion, and gates that hold a door shut.

A version points to the model file of one run. The newest registered version is the *challenger*; the *champion* is the
one that a service uses, and becomes so only through every gate, or past it with a reason that stays with the version.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from outcomes.errors import AccessError, ConfigError, GateError
from outcomes.tracking.gates import GATES, GREEN, PRIVACY, RED, UNJUDGED, Gate
from outcomes.tracking.guard import plain
from outcomes.tracking.mlflow_store import SNAPSHOT_TAG, MlflowStore

CHALLENGER = "challenger"
CHAMPION = "champion"
SHORTEST_REASON = 10
_FILE, _DIGEST, _DESPITE = "file", "sha256", "despite"


@dataclass(frozen=True)
class Version:
    """One registered model: whose it is, which aliases point to it, how its gates stand, and who overrode them why."""

    name: str
    version: int
    run_id: str
    file: str
    sha256: str
    aliases: tuple[str, ...]
    gates: tuple[Gate, ...]
    facts: Mapping[str, str]
    despite: str = ""


class Registry:
    """The models of one store.

    Parameters
    ----------
    store : MlflowStore
        An open store.
    """

    def __init__(self, store: MlflowStore) -> None:
        self._store = store
        self._client = store.client

    def register(
        self,
        name: str,
        *,
        run_id: str,
        file: str,
        gates: Sequence[Gate],
        facts: Mapping[str, object],
        despite: str = "",
    ) -> Version:
        """Make a run's model a version, and the challenger.

        A model that is already a version (same bytes, same data) does not become another one.

        Parameters
        ----------
        name : str
            Under which name, such as ``simulated_service.session_2``.
        run_id : str
            The run that holds it.
        file : str
            Its file under ``models/``.
        gates : sequence of Gate
            Every one of `GATES`.
        facts : mapping
            What the version can be found by: study, landmark, snapshot, kind of source.
        despite : str
            Why a model is registered although its privacy gate is not green.

        Returns
        -------
        Version
            The version, with the alias ``challenger``.

        Raises
        ------
        ConfigError
            If a gate is missing, or the reason says nothing.
        GateError
            If the privacy gate is not green and no reason is given.
        AccessError
            If the run holds no such file, or it is not the one that was recorded.
        """
        _all_there(gates)
        _check_reason(despite)
        privacy = next(gate for gate in gates if gate.name == PRIVACY)
        if not privacy.passed and not despite:
            raise GateError(
                f"{name} is not registered: privacy is {privacy.colour} ({privacy.sentence}); fit a smaller model, or "
                "register it with a reason"
            )
        content = self._store.model(run_id, file)
        digest = hashlib.sha256(content).hexdigest()
        known = [one for one in self.versions(name) if one.sha256 == digest]
        if known and known[-1].facts.get(SNAPSHOT_TAG) == str(facts.get(SNAPSHOT_TAG)):
            return self._called(known[-1], CHALLENGER)
        try:
            self._client.get_registered_model(name)
        except MlflowException:
            self._client.create_registered_model(name, description=plain(facts.get("question", "")))
        tags = {f"gate.{gate.name}": f"{gate.colour}: {gate.sentence}" for gate in gates}
        tags |= {key: plain(value) for key, value in facts.items() if key != "question"}
        tags |= {_FILE: file, _DIGEST: digest}
        if despite:
            tags[_DESPITE] = despite
        source = f"{self._client.get_run(run_id).info.artifact_uri}/models"
        made = self._client.create_model_version(name, source=source, run_id=run_id, tags=tags)
        return self._called(_version(made), CHALLENGER)

    def promote(self, name: str, version: int | None = None, *, despite: str = "") -> Version:
        """Make a version the one that a service uses.

        Parameters
        ----------
        name : str
            The registered name.
        version : int, optional
            By default the challenger.
        despite : str
            Why it is promoted although a gate is not green; kept with the version.

        Returns
        -------
        Version
            With the alias ``champion``.

        Raises
        ------
        GateError
            If a gate is not green and no reason is given.
        AccessError
            If there is no such version, or its file is gone or changed.
        ConfigError
            If the reason says nothing.
        """
        wanted = self.check(name, CHALLENGER if version is None else version, despite=despite)
        self.load(name, wanted.version)
        if despite:
            self._client.set_model_version_tag(name, str(wanted.version), _DESPITE, despite)
        return self._called(wanted, CHAMPION)

    def check(self, name: str, which: int | str, *, despite: str = "") -> Version:
        """Say whether a version may be promoted, without promoting it.

        Parameters
        ----------
        name : str
            The registered name.
        which : int or str
            Version number or alias.
        despite : str
            Why, although a gate is not green.

        Returns
        -------
        Version
            The version, which may.

        Raises
        ------
        GateError
            If a gate is not green and no reason is given.
        AccessError
            If there is no such version.
        ConfigError
            If the reason says nothing.
        """
        _check_reason(despite)
        wanted = self.find(name, which)
        shut = [gate for gate in wanted.gates if not gate.passed]
        if shut and not (despite or wanted.despite):
            told = "; ".join(f"{gate.name} is {gate.colour} ({gate.sentence})" for gate in shut)
            raise GateError(f"{name} version {wanted.version} may not be used: {told}; mend it, or give a reason")
        return wanted

    def load(self, name: str, which: int | str = CHAMPION) -> bytes:
        """Read a version's model, after checking that it is the one that was registered.

        Parameters
        ----------
        name : str
            The registered name.
        which : int or str
            Version number or alias.

        Returns
        -------
        bytes
            For `outcomes.prognosis.packing.unpack`; nothing of it was executed.

        Raises
        ------
        AccessError
            If it is not there, or differs from what was registered.
        GateError
            If somebody made a version the champion past a gate that is not green (on MLflow's own page, say), without
            a reason.
        """
        wanted = self.check(name, which) if which == CHAMPION else self.find(name, which)
        content = self._store.model(wanted.run_id, wanted.file)
        if hashlib.sha256(content).hexdigest() != wanted.sha256:
            raise AccessError(f"{name} version {wanted.version} is not the file that was registered (SHA-256 differs)")
        return content

    def find(self, name: str, which: int | str) -> Version:
        """Look a version up.

        Parameters
        ----------
        name : str
            The registered name.
        which : int or str
            Version number or alias.

        Returns
        -------
        Version
            The version.

        Raises
        ------
        AccessError
            If there is none.
        """
        for one in self.versions(name):
            if which == one.version or which in one.aliases:
                return one
        known = ", ".join(sorted({one.name for one in self.versions()})) or "none"
        told = f"version {which}" if isinstance(which, int) else which
        raise AccessError(f"there is no {told} of {name!r}; registered models: {known}")

    def versions(self, name: str | None = None) -> tuple[Version, ...]:
        """List what is registered.

        Parameters
        ----------
        name : str, optional
            One name; all of them if absent.

        Returns
        -------
        tuple of Version
            By name and number.
        """
        models = [one for one in self._client.search_registered_models(max_results=1000) if name in {None, one.name}]
        found: list[Version] = []
        for model in models:
            pointing: dict[int, list[str]] = {}
            for alias, number in (model.aliases or {}).items():
                pointing.setdefault(int(number), []).append(alias)
            made = self._client.search_model_versions(f"name = '{model.name}'", max_results=1000)
            found += [_version(one, pointing.get(int(one.version), ())) for one in made]
        return tuple(sorted(found, key=lambda one: (one.name, one.version)))

    def _called(self, version: Version, alias: str) -> Version:
        self._client.set_registered_model_alias(version.name, alias, str(version.version))
        return self.find(version.name, version.version)


def _version(made: ModelVersion, aliases: Sequence[str] = ()) -> Version:
    tags = dict(made.tags)
    gates = tuple(_gate(name, tags.pop(f"gate.{name}", f"{UNJUDGED}: not recorded")) for name in GATES)
    file, digest = tags.pop(_FILE, ""), tags.pop(_DIGEST, "")
    despite = tags.pop(_DESPITE, "")
    return Version(
        made.name,
        int(made.version),
        str(made.run_id),
        Path(file).name,
        digest,
        tuple(sorted(aliases)),
        gates,
        tags,
        despite,
    )


def _gate(name: str, text: str) -> Gate:
    colour, _, sentence = text.partition(": ")
    return Gate(name, {GREEN: True, RED: False}.get(colour), sentence)


def _all_there(gates: Sequence[Gate]) -> None:
    names = [gate.name for gate in gates]
    if sorted(names) != sorted(GATES):
        raise ConfigError(f"a model is registered with the gates {', '.join(GATES)}, got {', '.join(names) or 'none'}")


def _check_reason(despite: str) -> None:
    if despite and len(despite.strip()) < SHORTEST_REASON:
        raise ConfigError(
            f"a reason needs {SHORTEST_REASON} characters or more that somebody can act on, got {despite!r}"
        )

"""How is a model of the ways to end kept between two pages? As one JSON text, checked by its digest before it is read.

It holds trees, coefficients, limits of at least ten people, and how often such predictions were right. Personal data in
law all the same: it is kept in the workspace, noted for erasure, and never published.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.doubt import Doubt
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.frontier import Frontier
from outcomes.prognosis.future import FutureScores, ScoreModel
from outcomes.prognosis.hazards import EndingModel
from outcomes.prognosis.individual import Lessons, Taught
from outcomes.prognosis.linear import Line
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.multiclass import MulticlassTrees
from outcomes.prognosis.packing import pack, unpack

FORMAT: Final = "outcomes.prognosis.endings/2"
RECORD: Final = ("ending", "told", "n", "n_true")
UNSURE: Final = ("by", "group", "ending", "verdict")
FEWEST: Final = 10  # people behind a line of the record that is kept


@dataclass(frozen=True)
class Kept:
    """A model of the ways to end, as it was kept.

    `made_on`: the last day that it learnt from. `record`: how often such predictions were right among people it had not
    seen (ending, told, n, n_true). `snapshot`: what it learnt from. `unsure`: groups for whom what was told was off, or
    whom too few people stand behind (by, group, ending, verdict); no counts.
    """

    taught: Taught
    made_on: date | None
    record: pd.DataFrame
    snapshot: str
    unsure: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(UNSURE)))


def keep(kept: Kept) -> bytes:
    """Write a model as bytes.

    Parameters
    ----------
    kept : Kept
        Model and record; lines of the record with fewer than ten people are left out.

    Returns
    -------
    bytes
        Same model, same bytes; their SHA-256 is what a service records when it allows the model.

    Raises
    ------
    ConfigError
        If the record lacks a column.
    """
    absent = [name for name in RECORD if name not in kept.record.columns]
    if absent and not kept.record.empty:
        raise ConfigError(f"the record of past predictions needs the columns {', '.join(absent)}")
    record = kept.record.reindex(columns=list(RECORD))
    taught = kept.taught
    document = {
        "format": FORMAT,
        "made_on": None if kept.made_on is None else kept.made_on.isoformat(),
        "snapshot": kept.snapshot,
        "trained_on": taught.trained_on,
        "lessons": asdict(taught.lessons),
        "levels": _levels(taught.endings.encoding_),
        "endings": _ending_model(taught.endings),
        "counts": [taught.endings.n_rows_, taught.endings.n_finished_],
        "twins": [_ending_model(one) for one in taught.twins],
        "scores": None if taught.scores is None else _scores(taught.scores),
        "reasons": None if taught.reasons is None else pack(taught.reasons).content.decode("utf-8"),
        "frontier": _frontier(taught.frontier),
        "doubt": {name: off.tolist() for name, off in taught.doubt.off.items()},
        "record": record.loc[record["n"].ge(FEWEST)].to_dict("records"),
        "unsure": kept.unsure.reindex(columns=list(UNSURE)).to_dict("records"),
    }
    return (json.dumps(document, sort_keys=True, allow_nan=False, default=_plain) + "\n").encode("utf-8")


def read(content: bytes, sha256: str) -> Kept:
    """Read a model back, if it is the one that is meant.

    Parameters
    ----------
    content : bytes
        From `keep`.
    sha256 : str
        The digest that was recorded elsewhere.

    Returns
    -------
    Kept
        Says the same about everybody as the one that was kept.

    Raises
    ------
    DataError
        If the digest differs, or it is no such model.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(
            "model of the ways to end: its SHA-256 is not the recorded one; it was changed, nothing was read"
        )
    document = json.loads(content)
    if document.get("format") != FORMAT:
        raise DataError(f"model of the ways to end: not of the format {FORMAT}")
    lessons = Lessons(**{name: _tupled(value) for name, value in document["lessons"].items()})
    encoding = _encoding(document["levels"])
    endings = _restored(document["endings"], lessons, encoding)
    endings.n_rows_, endings.n_finished_ = document["counts"]
    reasons = document["reasons"]
    taught = Taught(
        lessons=lessons,
        endings=endings,
        twins=tuple(_restored(one, lessons, encoding) for one in document["twins"]),
        scores=None if document["scores"] is None else _scores_of(document["scores"]),
        reasons=None if reasons is None else _speaker(reasons.encode("utf-8")),
        frontier=_frontier_of(document["frontier"]),
        trained_on=document["trained_on"],
        doubt=Doubt({name: np.array(off, dtype=float) for name, off in document["doubt"].items()}),
    )
    made_on = document["made_on"]
    return Kept(
        taught,
        None if made_on is None else date.fromisoformat(made_on),
        pd.DataFrame(document["record"], columns=list(RECORD)),
        document["snapshot"],
        pd.DataFrame(document["unsure"], columns=list(UNSURE)),
    )


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise ConfigError(f"a kept model holds numbers, words and lists, got {type(value).__name__}")


def _tupled(value: Any) -> Any:  # noqa: ANN401  a setting is whatever it is
    return tuple(value) if isinstance(value, list) else value


def _levels(encoding: Encoding) -> list[list[Any]]:
    return [[name, None if known is None else list(known)] for name, known in encoding.levels.items()]


def _encoding(levels: list[list[Any]]) -> Encoding:
    return Encoding({name: None if known is None else tuple(known) for name, known in levels})


def _ending_model(model: EndingModel) -> dict[str, Any]:
    return {
        name: {"parameters": one.get_params(), "classes": one.classes_.tolist(), "state": one.state()}
        for name, one in (("hazard_", model.hazard_), ("change_", model.change_))
    }


def _restored(document: Mapping[str, Any], lessons: Lessons, encoding: Encoding) -> EndingModel:
    model = EndingModel(
        horizon_weeks=lessons.horizon_weeks, interval_weeks=lessons.interval_weeks, random_state=lessons.seed
    )
    model.encoding_ = encoding
    for name in ("hazard_", "change_"):
        one = MulticlassTrees(**document[name]["parameters"])
        one.classes_ = np.array(document[name]["classes"])
        one.restore(document[name]["state"])
        setattr(model, name, one)
    return model


def _scores(scores: FutureScores) -> dict[str, Any]:
    models = [
        {
            "instrument": key,
            "ahead": ahead,
            "n": one.n,
            "lines": {estimand: _line(line) for estimand, line in one.lines.items()},
            "half_width": {estimand: width.tolist() for estimand, width in one.half_width.items()},
        }
        for (key, ahead), one in scores.models.items()
    ]
    return {"levels": _levels(scores.encoding), "level": scores.level, "models": models}


def _line(line: Line) -> dict[str, Any]:
    return {part.name: getattr(line, part.name) for part in fields(Line)}


def _scores_of(document: Mapping[str, Any]) -> FutureScores:
    models = {}
    for one in document["models"]:
        lines = {estimand: _line_of(line) for estimand, line in one["lines"].items()}
        widths = {estimand: np.array(width, dtype=float) for estimand, width in one["half_width"].items()}
        models[one["instrument"], one["ahead"]] = ScoreModel(one["instrument"], one["ahead"], lines, widths, one["n"])
    return FutureScores(_encoding(document["levels"]), models, document["level"])


def _line_of(document: Mapping[str, Any]) -> Line:
    arrays = {
        name: np.array(value, dtype=np.int64 if name == "flagged" else float)
        for name, value in document.items()
        if name != "intercept"
    }
    return Line(**arrays, intercept=float(document["intercept"]))


def _speaker(content: bytes) -> BoostedTrees:
    model = unpack(content, hashlib.sha256(content).hexdigest())  # inside a file whose own digest was checked
    if not isinstance(model, BoostedTrees):
        raise DataError("model of the ways to end: its reasons are not boosted trees")
    return model


def _frontier(frontier: Frontier) -> dict[str, Any]:
    return {
        "limits": [[name, *ends] for name, ends in frontier.limits.items()],
        "levels": [[name, list(known)] for name, known in frontier.levels.items()],
        **{name: getattr(frontier, name) for name in ("median", "centre", "precision", "within")},
    }


def _frontier_of(document: Mapping[str, Any]) -> Frontier:
    arrays = {name: np.array(document[name], dtype=float) for name in ("median", "centre", "precision")}
    return Frontier(
        limits={name: (low, high) for name, low, high in document["limits"]},
        levels={name: tuple(known) for name, known in document["levels"]},
        within=float(document["within"]),
        **arrays,
    )

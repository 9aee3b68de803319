"""What must an output checker know? Context, people, policy, what is hidden, the attack, earlier releases."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outcomes.disclosure.door import Passage
from outcomes.disclosure.seal import Released
from outcomes.publications.wording import number, rounding_statement
from outcomes.reference.bibliography import source
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy


@dataclass(frozen=True)
class Context:
    """What a release is about.

    Parameters
    ----------
    study, title, question : str
        Its name, in words, and what it asks.
    statement : str
        Whose data these are, and under which permission.
    snapshot : str
        State of the library.
    """

    study: str
    title: str
    question: str
    statement: str
    snapshot: str


def checkers_sheet(context: Context, passage: Passage, places: Mapping[str, str]) -> str:
    """Write the sheet that travels with a release.

    Parameters
    ----------
    context : Context
        What the release is about.
    passage : Passage
        What the door let out.
    places : mapping of str to str
        Where each table is shown: names of its files.

    Returns
    -------
    str
        Markdown; no date, no true count.
    """
    rule = disclosure_policy(passage.entry.policy)
    parts = [
        f"# Sheet for the output checker: {passage.entry.key}",
        f"{context.title}. {context.question}",
        "## Context",
        f"- Study: {context.study}\n- Data: {context.statement}\n- Snapshot: {context.snapshot}\n"
        f"- Register entry: {passage.entry.key}",
        "## Policy",
        f"{rule.name} (`{rule.key}`; {_published(rule)}). {rounding_statement(rule)} "
        "Means, deviations, AUC and model parameters are shown "
        f"for at least {rule.minimum_n_for_statistics} people (as many with and without the event where it counts); "
        "no minimum, maximum or mark of a single person is shown. Points of calibration, decision, ROC and survival "
        f"curves stand for at least {rule.minimum_n_for_a_vertex} people each{_curves(passage)}.",
        "## Tables, the people behind them, and what is hidden",
        _tables(passage, places),
        "## Attack on ourselves",
        _attack(passage),
        "## Earlier releases that relate to this one",
        "\n".join(_related(passage)),
    ]
    return "\n\n".join(parts) + "\n"


def _published(rule: DisclosurePolicy) -> str:
    found = [source(key.strip()) for key in rule.source.split(";")]
    said = "; ".join(f"{one.authors} {one.year}" for one in found)
    told = f"published {rule.published}, recorded here on {rule.recorded.isoformat()}; {said}"
    return told if rule.verified else f"{told}; not confirmed by a source at hand"


def _curves(passage: Passage) -> str:
    checked = [table.title for table in passage.tables.values() if table.vertices]
    return f" (checked on true counts before rounding: {'; '.join(checked)})" if checked else ""


def _tables(passage: Passage, places: Mapping[str, str]) -> str:
    lines = ["| table | shown in | rows | largest printed n | smallest printed n above 0 | hidden cells |"]
    lines.append("|:---|:---|---:|---:|---:|:---|")
    for name, table in passage.tables.items():
        counts = [value for column in table.columns if column.kind == "count" for value in table.table[column.name]]
        shown = sorted(value for value in counts if value > 0)
        ends = (number(shown[-1], 0), number(shown[0], 0)) if shown else ("–", "–")
        words = (table.title, places.get(name, name), str(len(table.table)), *ends, _hidden(table))
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def _hidden(table: Released) -> str:
    found = Counter(cell.reason for cell in table.hidden)
    return ", ".join(f"{many} {reason.replace('*', chr(92) + '*')}" for reason, many in sorted(found.items())) or "none"


def _attack(passage: Passage) -> str:
    done = passage.attacked
    said = (
        "Before the release an integer-programming attacker tried to tell every count from 1 to 7, the few who are "
        "missing from a total, and none or all of a group, from all of these tables and earlier releases about the "
        "same people: bands of the rounding, totals, numerators, copies and rates. "
    )
    if not done.withheld:
        return said + "It could tell none; nothing was withheld on its account."
    tables = Counter(table for table, _, _ in done.withheld)
    where = ", ".join(f"{many} in {name}" for name, many in sorted(tables.items()))
    open_ = f" ({done.undecided} of them only because the solver gave up)" if done.undecided else ""
    return (
        f"{said}It could tell {done.told}{open_}. {len(done.withheld)} counts were withheld, with what is computed "
        f"from them ({where}); after {done.rounds} rounds it could tell none. Withheld cells say “withheld”."
    )


def _related(passage: Passage) -> Iterator[str]:
    if not passage.related:
        yield "None in the register."
    yield from (
        f"- {entry.key} (snapshot {entry.snapshot}, policy {entry.policy}): {how}." for entry, how in passage.related
    )

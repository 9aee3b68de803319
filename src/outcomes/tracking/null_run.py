"""How does a study run without MLflow? With a twin that guards as strictly and writes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from outcomes.tracking.guard import figure_file, flat, model_file, numbers_of, table_file, text_file
from outcomes.tracking.run import Run, Table


class NullRun:
    """A run that is not recorded: every refusal of the recorded one, nothing written."""

    run_id = ""
    page = ""

    def parameters(self, values: Mapping[str, object]) -> None:
        """Check settings.

        Parameters
        ----------
        values : mapping
            Settings, nested at will.
        """
        flat(values)

    def metrics(self, values: Mapping[str, float | None], *, step: int | None = None) -> None:
        """Check metrics.

        Parameters
        ----------
        values : mapping
            Metric name to number or None.
        step : int, optional
            Session.
        """
        numbers_of(values)

    def tags(self, values: Mapping[str, object]) -> None:
        """Check tags.

        Parameters
        ----------
        values : mapping
            Tag to value.
        """
        flat(values)

    def dataset(self, name: str, snapshot: str, *, kind: str, counts: Mapping[str, int] | None = None) -> None:
        """Take note of the snapshot, nowhere.

        Parameters
        ----------
        name, snapshot, kind : str
            What it is called, its digest, and whether it is identified, anonymised or invented.
        counts : mapping, optional
            Rows of each table.
        """

    def table(self, name: str, table: Table, *, denominator: str | int | None = None) -> None:
        """Check an aggregate.

        Parameters
        ----------
        name : str
            Name of the table.
        table : DataFrame or Released
            The aggregate.
        denominator : str or int, optional
            Column or number of people behind the rows.
        """
        table_file(name, table, denominator)

    def figure(self, name: str, content: bytes | str) -> None:
        """Check a figure.

        Parameters
        ----------
        name : str
            File name.
        content : bytes or str
            The file.
        """
        figure_file(name, content)

    def text(self, name: str, content: str) -> None:
        """Check a text.

        Parameters
        ----------
        name : str
            File name.
        content : str
            The text.
        """
        text_file(name, content)

    def model(self, name: str, content: bytes | str, *, columns: Mapping[str, str] | None = None) -> None:
        """Check a model.

        Parameters
        ----------
        name : str
            File name.
        content : bytes or str
            The file.
        columns : mapping, optional
            Feature to ``double`` or ``string``.
        """
        model_file(name, content)

    @contextmanager
    def child(self, name: str, *, tags: Mapping[str, object] | None = None) -> Iterator[Run]:
        """Open a twin inside this one.

        Parameters
        ----------
        name : str
            Name of the inner run.
        tags : mapping, optional
            Its tags.

        Yields
        ------
        Run
            Another null run.
        """
        yield NullRun()

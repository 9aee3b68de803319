"""The log can be continued and not rewritten: removed, reordered, cut and forged lines are found."""

import json
import shutil
import stat

import pytest

from outcomes.errors import AccessError, DataError
from outcomes.library import audit
from outcomes.library.audit import LOG, STATE, append, check, read, receipt
from outcomes.library.roles import create_keys


@pytest.fixture
def log(tmp_path):
    """Five lines of an open source."""
    for number in range(5):
        append(tmp_path / "audit", keys=None, command=f"command {number}", purpose="tests", counts={"rows": number})
    return tmp_path / "audit"


def lines(log):
    return (log / LOG).read_text().splitlines(keepends=True)


def write(log, kept):
    (log / LOG).write_text("".join(kept))


def test_a_line_says_who_what_why_where_and_how_many(log):
    told = read(log, None)
    assert [one.number for one in told] == [1, 2, 3, 4, 5]
    assert (told[3].command, told[3].purpose, told[3].result, told[3].counts) == (
        "command 3",
        "tests",
        "done",
        {"rows": 3},
    )
    assert told[0].actor.endswith("(no secret)")
    assert told[0].when.endswith("+00:00")


def test_the_log_is_for_its_owner_and_shows_no_word(log):
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in log.iterdir())
    assert "command" not in (log / LOG).read_text() + (log / STATE).read_text()


TAMPERED = {
    "removed": lambda kept: [*kept[:2], *kept[3:]],
    "reordered": lambda kept: [*kept[:2], kept[3], kept[2], *kept[4:]],
    "cut short": lambda kept: kept[:-1],
    "cut in a line": lambda kept: [*kept[:-1], kept[-1][:-9]],
    "repeated": lambda kept: [*kept, kept[-1]],
    "begun anew": lambda kept: kept[1:],
    "emptied": lambda kept: [],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_log_that_was_tampered_with_is_found_with_and_without_the_key(log, how):
    write(log, TAMPERED[how](lines(log)))
    for look in (lambda: check(log), lambda: read(log, None)):
        with pytest.raises(DataError, match="the audit log"):
            look()


@pytest.mark.parametrize("name", [LOG, STATE])
def test_a_flipped_bit_anywhere_is_found(log, name):
    content = (log / name).read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        (log / name).write_bytes(bytes(changed))
        with pytest.raises((DataError, AccessError)):
            read(log, None)
    (log / name).write_bytes(content)
    assert len(read(log, None)) == 5


def test_a_writer_with_the_state_cannot_forge_what_was_before(log):
    kept = [json.loads(line) for line in lines(log)]
    state = json.loads((log / STATE).read_text())
    assert audit.expand(bytes(32), "x") != state["key"]
    # The whole log written anew, consistent in itself, from the state that a writer holds.
    key, after = audit._read_state(log).key, audit._digest(lines(log)[0].rstrip("\n"))
    forged = []
    for number in range(1, 6):
        forged.append(audit._line(key, number, after, {"command": "nothing to see"}))
        after, key = audit._digest(forged[-1]), audit._next(key)
    write(log, [json.dumps(kept[0], sort_keys=True) + "\n", *(line + "\n" for line in forged)])
    audit._write_state(log, audit._State(5, after, key))
    assert check(log) == 5
    with pytest.raises(DataError, match="line 1 was changed"):
        read(log, None)


def test_a_log_put_back_to_an_older_one_is_found_by_a_receipt(log, tmp_path):
    shutil.copytree(log, tmp_path / "old")
    later = append(log, keys=None, command="late", purpose="tests")
    assert later == receipt(log)
    assert check(log, [later]) == 6
    shutil.rmtree(log)
    (tmp_path / "old").rename(log)
    assert check(log) == 5
    with pytest.raises(DataError, match="not the one that a receipt was given for, or was put back"):
        check(log, [later])


@pytest.mark.parametrize("stopped", ["after the line", "within the line"])
def test_a_writer_that_was_stopped_is_forgiven(log, stopped):
    state = (log / STATE).read_text()
    append(log, keys=None, command="late", purpose="tests")
    (log / STATE).write_text(state)
    if stopped == "within the line":
        write(log, [*lines(log)[:-1], lines(log)[-1][:40]])
    append(log, keys=None, command="later", purpose="tests")
    said = [one.command for one in read(log, None)][5:]
    assert said == (["late", "later"] if stopped == "after the line" else ["later"])


def test_nothing_is_added_to_a_log_that_was_changed(log):
    write(log, lines(log)[:-1])
    with pytest.raises(DataError, match="is not as it was left"):
        append(log, keys=None, command="x", purpose="tests")
    (log / LOG).unlink()
    with pytest.raises(DataError, match="the audit log is gone and its state is not"):
        append(log, keys=None, command="x", purpose="tests")


def test_only_the_auditor_reads_and_every_role_writes(tmp_path):
    create_keys(tmp_path / "keys", region="uk")
    for role in ("steward", "analyst", "care", "release", "auditor"):
        append(tmp_path / "audit", keys=tmp_path / "keys" / role, command=role, purpose="tests")
    said = read(tmp_path / "audit", tmp_path / "keys" / "auditor")
    assert [one.actor.split("(")[1] for one in said] == [f"{one.command})" for one in said] or said[0].actor.startswith(
        said[1].actor.split(" ")[0]
    )
    assert check(tmp_path / "audit") == 5
    for role in ("steward", "analyst", "care", "release"):
        with pytest.raises(AccessError, match=r"no audit\.key in the keys folder"):
            read(tmp_path / "audit", tmp_path / "keys" / role)
    create_keys(tmp_path / "other", region="uk")
    with pytest.raises(AccessError, match="begun for another auditor's key"):
        read(tmp_path / "audit", tmp_path / "other")


def test_without_a_log_there_is_nothing_to_read(tmp_path):
    with pytest.raises(AccessError, match="there is no audit log yet"):
        read(tmp_path / "audit", None)


def test_a_log_that_cannot_be_written_stops_the_command(tmp_path):
    (tmp_path / "audit").write_text("a file")
    with pytest.raises(AccessError, match="nothing is done without a line in it"):
        append(tmp_path / "audit", keys=None, command="x", purpose="tests")


@pytest.mark.parametrize("stopped", ["before the log", "in its first line"])
def test_a_log_that_was_stopped_at_its_beginning_begins_again(tmp_path, monkeypatch, stopped):
    added = audit._add

    def stop(folder, text):
        if stopped == "in its first line":
            added(folder, text[:40])
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(audit, "_add", stop)
        with pytest.raises(KeyboardInterrupt):
            audit.append(tmp_path, keys=None, command="ingest", purpose="collection")
    told = audit.append(tmp_path, keys=None, command="ingest", purpose="collection")
    assert audit.check(tmp_path, [told]) == 1
    assert [line.command for line in audit.read(tmp_path, None)] == ["ingest"]

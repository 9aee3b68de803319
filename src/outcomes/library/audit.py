"""Who did what, when and why? An append-only log that its writers can continue and cannot rewrite.

Every line is sealed and chained under a key of its own that is thrown away once the next one is made (forward-secure):
who holds the log's state can add a line, and can neither read nor forge the lines before it. The first key is sealed to
the auditor's public key. A line says actor, command, purpose, snapshot and counts; never an identifier or pseudonym.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import pwd
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outcomes.errors import AccessError, DataError
from outcomes.library.roles import AUDIT_PUBLIC, KEY_BYTES, ROLES, KeyFile, has_key, key_for
from outcomes.library.sealing import expand

LOG: Final = "audit.log"
STATE: Final = "audit.state"
LOCK: Final = "writer.lock"
ONCE: Final = bytes(12)  # nonce of a key that seals one line and is then thrown away


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of the log says.

    Parameters
    ----------
    number : int
        1, 2, 3 ...
    when : str
        Time, UTC.
    actor : str
        Login name, and the roles whose keys were given.
    command, purpose, snapshot : str
        What was done, what for, and on which state of the library.
    result : str
        "done" or "refused".
    counts : mapping of str to int
        How many rows, people or files; never which.
    """

    number: int
    when: str
    actor: str
    command: str
    purpose: str
    snapshot: str
    result: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the log stood: kept beside reports and releases, so that a log cut short afterwards is noticed.

    Parameters
    ----------
    log : str
        Name of the log.
    number : int
        Number of its last line.
    digest : str
        SHA-256 of that line.
    """

    log: str
    number: int
    digest: str


def _public(keys: Path | None) -> KeyFile:
    if keys is not None:
        return key_for(keys, AUDIT_PUBLIC)
    private = X25519PrivateKey.from_private_bytes(key_for(None, "audit").secret)
    return KeyFile(AUDIT_PUBLIC, "open", private.public_key().public_bytes_raw())


def _wrap(secret: bytes, public: KeyFile) -> str:
    mine = X25519PrivateKey.generate()
    point = mine.public_key().public_bytes_raw()
    shared = mine.exchange(X25519PublicKey.from_public_bytes(public.secret))
    sealed = AESGCM(expand(shared, f"audit start {point.hex()}")).encrypt(ONCE, secret, public.region.encode())
    return base64.b64encode(point + sealed).decode()


def _unwrap(start: Mapping[str, Any], private: KeyFile) -> bytes:
    try:
        sealed = base64.b64decode(start["start"], validate=True)
        point, body = sealed[:KEY_BYTES], sealed[KEY_BYTES:]
        shared = X25519PrivateKey.from_private_bytes(private.secret).exchange(X25519PublicKey.from_public_bytes(point))
        return AESGCM(expand(shared, f"audit start {point.hex()}")).decrypt(ONCE, body, private.region.encode())
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise DataError("the audit log's first line is damaged") from None


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _dumped(said: Mapping[str, Any]) -> str:
    return json.dumps(said, sort_keys=True)


def _mac(key: bytes, *parts: str) -> str:
    return hmac.digest(expand(key, "audit mac"), "\n".join(parts).encode(), "sha256").hex()


def _next(key: bytes) -> bytes:
    return expand(key, "audit next")


def _line(key: bytes, number: int, after: str, said: Mapping[str, Any]) -> str:
    bound = f"{number} {after}"
    sealed = AESGCM(expand(key, "audit line")).encrypt(ONCE, _dumped(said).encode(), bound.encode())
    text = base64.b64encode(sealed).decode()
    return _dumped({"after": after, "mac": _mac(key, bound, text), "number": number, "sealed": text})


def _insist(right: bool) -> None:  # noqa: FBT001  a condition
    if not right:
        raise ValueError


def _opened(key: bytes, number: int, after: str, line: str) -> dict[str, Any]:
    # What a line says, if it is the line of this number after that one and no byte of it has changed.
    try:
        said = json.loads(line)
        whole = said["number"] == number and said["after"] == after and line == _dumped(said)
        _insist(whole and hmac.compare_digest(said["mac"], _mac(key, f"{number} {after}", said["sealed"])))
        sealed = base64.b64decode(said["sealed"], validate=True)
        plain = AESGCM(expand(key, "audit line")).decrypt(ONCE, sealed, f"{number} {after}".encode())
        return dict(json.loads(plain))
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError):
        raise DataError(
            f"the audit log is not as it was written: line {number} was changed, removed or put elsewhere"
        ) from None


@dataclass(frozen=True, slots=True)
class _State:
    number: int
    digest: str
    key: bytes = field(repr=False)

    def text(self) -> str:
        said = {"digest": self.digest, "key": base64.b64encode(self.key).decode(), "number": self.number}
        return _dumped({**said, "mac": _mac(self.key, "state", str(self.number), self.digest)}) + "\n"


def _read_state(folder: Path) -> _State:
    try:
        text = (folder / STATE).read_text(encoding="ascii")
        said = json.loads(text)
        state = _State(int(said["number"]), str(said["digest"]), base64.b64decode(said["key"], validate=True))
        _insist(text == state.text())
    except FileNotFoundError:
        raise DataError("the audit log's state is gone: the log cannot be continued; see the runbook") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError("the audit log's state is damaged: the log cannot be continued; see the runbook") from None
    return state


def _write_state(folder: Path, state: _State) -> None:
    place = folder / STATE
    partial = place.with_name(place.name + ".partial")
    mode = place.stat().st_mode & 0o777 if place.exists() else 0o600
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as stream:
        stream.write(state.text())
        stream.flush()
        os.fsync(stream.fileno())
    partial.chmod(mode)
    partial.replace(place)


def _lines(folder: Path) -> list[str]:
    try:
        text = (folder / LOG).read_text(encoding="ascii")
    except FileNotFoundError:
        raise AccessError("there is no audit log yet: no command has read or written this library") from None
    except (OSError, UnicodeDecodeError):
        raise DataError("the audit log cannot be read, or a byte of it has changed") from None
    return text.split("\n")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.fdopen(os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as error:
        raise AccessError(
            f"the audit log cannot be written ({error.strerror}), and nothing is done without a line in it"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _at_rest(folder: Path) -> Iterator[None]:
    # While no writer stands between line and state; a reader needs no right to write.
    try:
        lock = os.fdopen(os.open(folder / LOCK, os.O_RDONLY))
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _add(folder: Path, text: str) -> None:
    with os.fdopen(os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _begin(folder: Path, keys: Path | None) -> _State:
    if (folder / STATE).exists() and _read_state(folder).number > 0:
        raise DataError("the audit log is gone and its state is not: somebody removed it; see the runbook")
    public, first = _public(keys), secrets.token_bytes(KEY_BYTES)
    start = {"for": public.id, "log": secrets.token_hex(8), "region": public.region, "start": _wrap(first, public)}
    state = _State(0, _digest(_dumped(start)), first)
    # The state first: whoever is stopped in between has begun nothing, and the next one begins.
    _write_state(folder, state)
    (folder / LOG).unlink(missing_ok=True)
    _add(folder, _dumped(start) + "\n")
    return state


def _begun(folder: Path) -> bool:
    # A first line that was cut off was never begun with; nothing can have followed it.
    if not (folder / LOG).exists():
        return False
    text = (folder / LOG).read_bytes()
    return b"\n" in text or not (folder / STATE).exists() or _read_state(folder).number > 0


def _resume(folder: Path) -> _State:
    # The state, one line further where a writer was stopped between line and state; a line cut off is taken away.
    state, lines = _read_state(folder), _lines(folder)
    whole, tail = lines[:-1], lines[-1]
    if tail:
        kept = "".join(f"{line}\n" for line in whole)
        with (folder / LOG).open("r+b") as stream:
            stream.truncate(len(kept))
    if len(whole) == state.number + 2:
        _opened(state.key, state.number + 1, state.digest, whole[-1])
        state = _State(state.number + 1, _digest(whole[-1]), _next(state.key))
    if len(whole) != state.number + 1 or _digest(whole[-1]) != state.digest:
        raise DataError("the audit log is not as it was left: lines were changed or removed; run `outcomes verify`")
    return state


def actor(keys: Path | None) -> str:
    """Say who is at work: the login name, and the roles whose keys were given.

    Parameters
    ----------
    keys : Path or None
        Folder of keys.

    Returns
    -------
    str
        Such as "ada (analyst)".
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    if keys is None:
        return f"{name} (no secret)"
    whole = {role: set(has) for role, has in ROLES.items() if all(has_key(keys, purpose) for purpose in has)}
    held = [role for role, has in whole.items() if not any(has < other for other in whole.values())]
    return f"{name} ({', '.join(held) or 'no whole role'})"


def append(
    folder: Path,
    *,
    keys: Path | None,
    command: str,
    purpose: str,
    snapshot: str = "",
    counts: Mapping[str, int] | None = None,
    result: str = "done",
) -> Receipt:
    """Add a line to the log, beginning the log where there is none.

    Parameters
    ----------
    folder : Path
        Where the log lies, apart from library and vault.
    keys : Path or None
        Folder of keys of whoever is at work; None for a source that has no secret.
    command, purpose : str
        What is done and what for.
    snapshot : str
        State of the library.
    counts : mapping of str to int, optional
        How many rows, people or files; never which.
    result : str
        "done" or "refused".

    Returns
    -------
    Receipt
        Where the log stands now.

    Raises
    ------
    AccessError
        If the log cannot be written.
    DataError
        If somebody changed the log.
    """
    said = {
        "actor": actor(keys),
        "command": command,
        "counts": {name: int(count) for name, count in (counts or {}).items()},
        "purpose": purpose,
        "result": result,
        "snapshot": snapshot,
        "when": datetime.now(tz=UTC).isoformat(timespec="seconds"),
    }
    with _locked(folder):
        try:
            state = _resume(folder) if _begun(folder) else _begin(folder, keys)
            line = _line(state.key, state.number + 1, state.digest, said)
            _add(folder, line + "\n")
            _write_state(folder, _State(state.number + 1, _digest(line), _next(state.key)))
        except OSError as error:
            raise AccessError(
                f"the audit log cannot be written ({error.strerror}), and nothing is done without a line in it"
            ) from None
    return receipt(folder)


def receipt(folder: Path) -> Receipt:
    """Say where the log stands.

    Parameters
    ----------
    folder : Path
        Where the log lies.

    Returns
    -------
    Receipt
        Name of the log, number and hash of its last line.

    Raises
    ------
    DataError
        If the log or its state is damaged.
    """
    start, state = _start(_lines(folder)), _read_state(folder)
    return Receipt(str(start.get("log", "")), state.number, state.digest)


def _start(lines: Sequence[str]) -> dict[str, Any]:
    try:
        start = dict(json.loads(lines[0]))
    except (ValueError, TypeError, IndexError):
        raise DataError("the audit log's first line is damaged") from None
    if lines[0] != _dumped(start):
        raise DataError("the audit log's first line is damaged")
    return start


def check(folder: Path, receipts: Sequence[Receipt] = ()) -> int:
    """Check, without any key, that no line was removed, put elsewhere, cut off or changed.

    Parameters
    ----------
    folder : Path
        Where the log lies.
    receipts : sequence of Receipt
        Where the log stood earlier.

    Returns
    -------
    int
        How many lines there are.

    Raises
    ------
    AccessError
        If there is no log.
    DataError
        If it is not as it was written.
    """
    with _at_rest(folder):
        lines = _lines(folder)
        start, state = _start(lines), _read_state(folder)
    digests = [_digest(line) for line in lines[:-1]]
    for number, line in enumerate(lines[1:-1], start=1):
        try:
            said = json.loads(line)
            right = said["number"] == number and said["after"] == digests[number - 1] and line == _dumped(said)
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            raise DataError(
                f"the audit log is not as it was written: line {number} was changed, removed or put elsewhere"
            )
    if lines[-1] or len(digests) != state.number + 1 or digests[-1] != state.digest:
        raise DataError("the audit log is not as it was left: its last lines were cut off, changed or added")
    for one in receipts:
        if one.log != start.get("log") or one.number > state.number or digests[one.number] != one.digest:
            raise DataError(
                "the audit log is not the one that a receipt was given for, or was put back to an older one"
            )
    return state.number


def read(folder: Path, keys: Path | None) -> list[Line]:
    """Read the whole log with the auditor's key, checking every line.

    Parameters
    ----------
    folder : Path
        Where the log lies.
    keys : Path or None
        Folder that holds the auditor's key; None for a source that has no secret.

    Returns
    -------
    list of Line
        In their order.

    Raises
    ------
    AccessError
        If there is no log, or the folder does not hold the key of the auditor for whom it was begun.
    DataError
        If a line was changed, removed, put elsewhere or cut off.
    """
    private = key_for(keys, "audit")
    check(folder)
    public = X25519PrivateKey.from_private_bytes(private.secret).public_key().public_bytes_raw()
    if _start(_lines(folder)).get("for") != KeyFile(AUDIT_PUBLIC, private.region, public).id:
        raise AccessError("the audit log was begun for another auditor's key: give that one with --keys")
    with _at_rest(folder):
        lines, state = _lines(folder), _read_state(folder)
    start = _start(lines)
    key, after, found = _unwrap(start, private), _digest(lines[0]), []
    for number, line in enumerate(lines[1:-1], start=1):
        found.append(Line(number=number, **_opened(key, number, after, line)))
        key, after = _next(key), _digest(line)
    if key != state.key:
        raise DataError("the audit log's state is not the one that its lines lead to: somebody wrote it anew")
    return found

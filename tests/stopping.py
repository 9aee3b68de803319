"""A process that is stopped at one single file operation, at each in turn: what a kill or a power cut can do.

From the chosen operation on nothing reaches the disk any longer, not even what a handler of exceptions would clean up:
the process is dead. A file that was being written may be left with its end cut off.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
TORN = 7  # bytes of a write that never reached the disk
LASTING = ("replace", "rename", "unlink", "rmdir")
ALIKE = (".part.partial", ".manifest.partial", ".part", ".manifest")  # of these every tenth is enough


class Stopped(BaseException):
    """The process is no more."""


class Stopper:
    """Counts the file operations below a folder, and dies before one of them."""

    def __init__(self, root: Path, at: int) -> None:
        self.root, self.at = str(root.resolve()), at
        self.done: list[str] = []
        self.dead = False

    def mine(self, place: object, folder: int | None = None) -> bool:
        descriptor = place if isinstance(place, int) else folder
        if descriptor is not None:
            return str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(self.root)
        return str(Path(os.fspath(place)).absolute()).startswith(self.root)

    def step(self, what: str, *, torn: int | None = None) -> None:
        if self.dead:
            raise Stopped
        if len(self.done) == self.at:
            self.dead = True
            if torn is not None:
                os.truncate(torn, max(0, os.fstat(torn).st_size - TORN))
            raise Stopped
        self.done.append(what)


@contextmanager
def stopping(root: Path, at: int) -> Iterator[Stopper]:
    """Die before the `at`-th file operation below a folder (0 is the first); yields who counts them."""
    stopper = Stopper(root, at)
    names = ("open", "replace", "rename", "unlink", "mkdir", "rmdir", "fsync")
    real = {name: getattr(os, name) for name in names}
    real_io = io.open

    def counted(name: str) -> Callable[..., object]:
        def call(place, *rest, **named):
            if stopper.mine(place, named.get("dir_fd") or named.get("src_dir_fd")):
                torn = place if name == "fsync" and _is_file(place) else None
                stopper.step(name if isinstance(place, int) else f"{name} {Path(place).name}", torn=torn)
            return real[name](place, *rest, **named)

        return call

    def open_(place, flags, *rest, **named):
        if flags & WRITES and stopper.mine(place, named.get("dir_fd")):
            stopper.step("open")
        return real["open"](place, flags, *rest, **named)

    def io_open(place, mode="r", *rest, **named):
        if set(mode) & set("wax+") and not isinstance(place, int) and stopper.mine(place):
            stopper.step("open")
        return real_io(place, mode, *rest, **named)

    try:
        for name in names:
            setattr(os, name, open_ if name == "open" else counted(name))
        io.open = io_open
        yield stopper
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        io.open = real_io


def _is_file(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").is_file()


def operations(root: Path, work: Callable[[], object]) -> list[str]:
    """List the file operations of some work, which is done."""
    with stopping(root, -1) as stopper:
        work()
    return stopper.done


def stopped(root: Path, work: Callable[[], object], at: int) -> bool:
    """Do some work, dying before an operation; say whether it came so far."""
    try:
        with stopping(root, at):
            work()
    except Stopped:
        return True
    return False


def moments(done: list[str], *, every: bool) -> list[int]:
    """Say at which operations to stop: all, or those after which something else is on the disk (few of those alike)."""
    if every:
        return list(range(len(done)))
    lasting = [place for place, what in enumerate(done) if what.split()[0] in LASTING]
    alike = [place for place in lasting if done[place].endswith(ALIKE)]
    return sorted({*lasting} - {*alike} | {*alike[::10]})

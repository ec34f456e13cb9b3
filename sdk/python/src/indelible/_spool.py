"""Events on disk that the server has not acknowledged yet.

A folder of the spool holds one folder for each start of a producer, named by its epoch. In it are segments named by
the number of their first event, each a run of events, one a line, exactly as they are sent; `sent`, the number of the
first event that is not known to be acknowledged; and `lock`, which the process that writes or empties the folder
holds. What ended without sending everything leaves its folder, and whoever finds it unlocked empties it.

An event counts as recorded when its line is synced. A line that a crash cut short has no line break and was never
recorded. `sent` is not synced: after a power cut some events are sent again, under the same ids.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ._values import encode
from .errors import NotRecorded, SpoolFull

try:
    import fcntl
except ImportError:  # pragma: no cover - no such platform in the tests
    fcntl = None  # type: ignore[assignment]

SEGMENT_BYTES = 4 << 20
LOCK, SENT, REFUSED = "lock", "sent", "refused.jsonl"
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass
class Batch:
    """Events in the order of their numbers, the first of which is `first`."""

    source: _Epoch
    first: int
    lines: List[bytes]
    is_damaged: bool = False
    """The one line is not an event: something other than this module wrote there."""

    @property
    def size(self) -> int:
        return sum(len(line) + 1 for line in self.lines)


class _Epoch:
    """The folder of one start of a producer, locked by this process."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder, self.lock = folder, lock
        self.number = int(folder.name)
        self.next = _read_sent(folder)
        """Number of the first event that is not acknowledged."""
        self.segment: Optional[int] = None
        """The segment that `next` is in; unknown until it is looked for."""
        self.offset = 0
        """Where in the segment `next` begins."""
        self.is_own = False

    def segments(self) -> List[int]:
        return sorted(int(name[: -len(".jsonl")]) for name in os.listdir(self.folder) if name.endswith(".jsonl"))

    def path(self, segment: int) -> Path:
        return self.folder / f"{segment:016}.jsonl"

    def size(self) -> int:
        return sum(self.path(segment).stat().st_size for segment in self.segments())

    def remove(self) -> None:
        for name in os.listdir(self.folder):
            if name != LOCK:
                (self.folder / name).unlink()
        (self.folder / LOCK).unlink()
        self.folder.rmdir()
        os.close(self.lock)


class Spool:
    """The folder, for one process; its methods may be called from any thread, those for sending from one at a time."""

    def __init__(self, folder: Path, bytes_max: int) -> None:
        if fcntl is None:
            raise NotRecorded("a spool needs a system with file locks of POSIX; leave it out to send each event at once")
        self.folder, self.bytes_max = folder, bytes_max
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Appending: `_write` guards these, and whoever closes the segment holds `_syncing` as well.
        self._write = threading.Lock()
        self._own: Optional[_Epoch] = None
        self._file: Optional[int] = None
        self._segment = self._length = self._next = 0
        self._written = 0
        self._dead: Optional[str] = None
        # Syncing.
        self._syncing = threading.Lock()
        self._synced = 0
        self._durable = (0, 0)
        """The segment being written and how much of it is synced."""
        # Sending.
        self._adopted: List[_Epoch] = []
        self._adopted_bytes = self._appended_bytes = self._sent_bytes = 0
        self._refused_bytes = _size(folder / REFUSED)

    # What emits.

    def append(self, line: bytes) -> None:
        """Records an event; it survives power loss when this returns. Raises `NotRecorded`."""
        with self._write:
            mine = self._append(line + b"\n")
        with self._syncing:
            if self._synced < mine:
                self._sync_segment()

    def _append(self, line: bytes) -> int:
        if self._dead:
            raise NotRecorded(self._dead)
        if self.waiting_bytes() + self._refused_bytes + len(line) > self.bytes_max:
            raise SpoolFull(f"{self.folder} holds {self.bytes_max} bytes that the server has not taken")
        try:
            if self._file is None:
                self._open_segment()
            assert self._file is not None
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            self._undo_write()
            raise NotRecorded(f"cannot write to {self.folder}: {error.strerror}") from error
        self._length += len(line)
        self._appended_bytes += len(line)
        self._next += 1
        self._written += 1
        return self._written

    def _undo_write(self) -> None:
        """Takes half a line away, or gives up: an event after it would be lost with it."""
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self._length)
        except OSError as error:
            self._dead = f"the spool in {self.folder} failed ({error.strerror}); restart when the disk is mended"

    def _open_segment(self) -> None:
        if self._own is None:
            self._own = self._make_own()
        path = self._own.path(self._next)
        # It may be left from an attempt that failed, when nothing was recorded in it.
        path.unlink(missing_ok=True)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            # Before it counts as open: what is in a file that the folder may not name is not recorded.
            _sync_folder(self._own.folder)
        except OSError:
            os.close(file)
            raise
        self._file, self._segment, self._length = file, self._next, 0

    def _make_own(self) -> _Epoch:
        """Makes this start's folder, which nobody finds unlocked: it gets its name when it is locked."""
        number = max([time.time_ns() // 1000, *(n + 1 for n in _epochs(self.folder))])
        temporary = self.folder / f".{number}-{os.getpid()}-{threading.get_ident()}"
        lock = None
        while lock is None:
            # Another process may take it for a left one before it is locked.
            temporary.mkdir(mode=0o700, exist_ok=True)
            lock = _lock(temporary / LOCK)
        try:
            named = _rename_to_free(temporary, number)
            _sync_folder(self.folder)
        except OSError:
            # Unlocked and empty, it is taken for a left one and removed.
            os.close(lock)
            raise
        own = _Epoch(named, lock)
        own.is_own = True
        return own

    def _sync_segment(self) -> None:
        """Syncs what is written so far, for all who wait for it."""
        with self._write:
            if self._dead:
                raise NotRecorded(self._dead)
            file, segment, length, written = self._file, self._segment, self._length, self._written
        assert file is not None
        try:
            _sync(file)
            if length >= SEGMENT_BYTES:
                with self._write:
                    _sync(file)
                    length, written = self._length, self._written
                    os.close(file)
                    self._file = None
        except OSError as error:
            # What the system holds of the file is unknown from here on; trying again would hide that.
            self._dead = f"the spool in {self.folder} failed ({error.strerror}); restart when the disk is mended"
            raise NotRecorded(self._dead) from error
        self._synced = written
        self._durable = (segment, length)

    # What sends.

    def waiting_bytes(self) -> int:
        """Bytes of the events that wait for the server, as far as this process knows."""
        return self._adopted_bytes + self._appended_bytes - self._sent_bytes

    def adopt(self) -> None:
        """Takes over what processes that have ended left behind."""
        own = self._own
        for number in _epochs(self.folder):
            if any(epoch.number == number for epoch in self._adopted) or (own and own.number == number):
                continue
            folder = self.folder / str(number)
            lock = _lock(folder / LOCK, is_new=False)
            if lock is not None:
                epoch = _Epoch(folder, lock)
                self._adopted_bytes += epoch.size()
                self._adopted.append(epoch)
        self._adopted.sort(key=lambda epoch: epoch.number)
        _remove_unfinished(self.folder)

    def batch(self, lines_max: int, bytes_max: int) -> Optional[Batch]:
        """The next events to be sent, at least one; `None` if there are none."""
        while self._adopted:
            batch = self._read(self._adopted[0], lines_max, bytes_max)
            if batch:
                return batch
            self._leave(self._adopted.pop(0))
        return self._read(self._own, lines_max, bytes_max) if self._own else None

    def advance(self, batch: Batch) -> None:
        """Notes that the server has answered for every event of the batch."""
        source = batch.source
        source.next += len(batch.lines)
        source.offset += batch.size
        self._sent_bytes += batch.size
        temporary = source.folder / (SENT + ".new")
        temporary.write_text(str(source.next))
        temporary.replace(source.folder / SENT)

    def put_aside(self, batch: Batch, errors: Iterable[Tuple[int, Dict[str, Any]]]) -> None:
        """Keeps refused events, given by their place in the batch, with the reasons."""
        lines = []
        for index, error in errors:
            text = batch.lines[index].decode("utf-8", "replace")
            place = {"epoch": batch.source.number, "seq": batch.first + index}
            lines.append(encode({"error": error, **place, "event": text if batch.is_damaged else json.loads(text)}))
        if lines:
            self.keep(REFUSED, b"".join(line + b"\n" for line in lines))
            self._refused_bytes = _size(self.folder / REFUSED)

    def keep(self, name: str, content: bytes) -> None:
        """Appends to a file of the folder, durably."""
        with open(self.folder / name, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            # Before anything is in it: a failure is tried again, and must find it as it was.
            if file.tell() == 0:
                _sync_folder(self.folder)
            file.write(content)
            file.flush()
            _sync(file.fileno())

    def close(self) -> None:
        """Removes this start's folder if everything is sent; else leaves it for the next start."""
        with self._syncing, self._write:
            self._dead = self._dead or "the auditor is closed"
            if self._file is not None:
                os.close(self._file)
                self._file = None
            own, self._own = self._own, None
            for epoch in self._adopted:
                os.close(epoch.lock)
            self._adopted.clear()
            if own is None:
                return
            if own.next == self._next:
                own.remove()
            else:
                os.close(own.lock)

    def forget(self) -> None:
        """Closes what a fork copied; the files and locks are the parent's."""
        locks = [epoch.lock for epoch in [*self._adopted, *([self._own] if self._own else [])]]
        for number in [*locks, *([self._file] if self._file is not None else [])]:
            os.close(number)

    def _leave(self, epoch: _Epoch) -> None:
        # A line without its end was never recorded; it is not waited for.
        self._adopted_bytes -= max(0, epoch.size() - epoch.offset if epoch.segment is not None else epoch.size())
        epoch.remove()

    def _read(self, epoch: _Epoch, lines_max: int, bytes_max: int) -> Optional[Batch]:
        while True:
            durable_segment, durable_length = self._durable
            if epoch.is_own and self._synced == 0:
                return None
            if epoch.segment is None and not self._seek(epoch):
                return None
            assert epoch.segment is not None
            if epoch.is_own and epoch.segment >= durable_segment:
                end = durable_length if epoch.segment == durable_segment else 0
            else:
                end = epoch.path(epoch.segment).stat().st_size
            lines = _read_lines(epoch.path(epoch.segment), epoch.offset, end, lines_max, bytes_max)
            if lines:
                return _checked(Batch(epoch, epoch.next, lines), not epoch.is_own)
            later = [segment for segment in epoch.segments() if segment > epoch.segment]
            # Of the own epoch, the segment may be closed and its last lines not known to be synced yet.
            if not later or (epoch.is_own and later[0] > epoch.next):
                return None
            if not epoch.is_own:
                # Half a line that could not be taken away.
                self._adopted_bytes -= epoch.path(epoch.segment).stat().st_size - epoch.offset
            epoch.path(epoch.segment).unlink()
            epoch.segment, epoch.offset = later[0], 0

    def _seek(self, epoch: _Epoch) -> bool:
        """Finds the segment and the place in it where `next` is."""
        segments = epoch.segments()
        before = [segment for segment in segments if segment <= epoch.next]
        if not segments:
            return False
        epoch.segment, epoch.offset = (before or segments)[-1 if before else 0], 0
        for old in before[:-1]:
            self._adopted_bytes -= epoch.path(old).stat().st_size
            epoch.path(old).unlink()
        with open(epoch.path(epoch.segment), "rb") as file:
            for _ in range(epoch.next - epoch.segment):
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                epoch.offset += len(line)
        epoch.next = max(epoch.next, epoch.segment)
        if not epoch.is_own:
            self._adopted_bytes -= epoch.offset
        return True


def _checked(batch: Batch, is_foreign: bool) -> Batch:
    """The batch up to a line that is no event, or that line alone."""
    if is_foreign:
        for index, line in enumerate(batch.lines):
            if not _is_object(line):
                damaged = index == 0
                return Batch(batch.source, batch.first, batch.lines[: max(index, 1)], is_damaged=damaged)
    return batch


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _read_lines(path: Path, offset: int, end: int, lines_max: int, bytes_max: int) -> List[bytes]:
    """Whole lines from `offset` on, without their ends; at least one if there is one."""
    lines: List[bytes] = []
    if offset >= end:
        return lines
    with open(path, "rb") as file:
        file.seek(offset)
        while len(lines) < lines_max and offset < end:
            line = file.readline()
            offset += len(line)
            is_enough = bool(lines) and bytes_max < len(line)
            if not line.endswith(b"\n") or offset > end or is_enough:
                break
            bytes_max -= len(line)
            lines.append(line[:-1])
    return lines


def _rename_to_free(folder: Path, number: int) -> Path:
    """Gives the folder the first number from this one on that no other has."""
    while True:
        named = folder.parent / str(number)
        try:
            os.rename(folder, named)
            return named
        except OSError:
            if not named.exists():
                raise
            number += 1


def _epochs(folder: Path) -> List[int]:
    return sorted(int(name) for name in os.listdir(folder) if name.isdigit())


def _lock(path: Path, is_new: bool = True) -> Optional[int]:
    """The locked file, or `None` if another process holds it or has removed it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if is_new else 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(file).st_ino:
            return file
    except OSError:
        pass
    os.close(file)
    return None


def _remove_unfinished(folder: Path) -> None:
    """Removes folders whose makers ended before they had a name."""
    for name in os.listdir(folder):
        lock = _lock(folder / name / LOCK, is_new=False) if name.startswith(".") else None
        if lock is not None:
            (folder / name / LOCK).unlink()
            (folder / name).rmdir()
            os.close(lock)


def _read_sent(folder: Path) -> int:
    try:
        return int((folder / SENT).read_text())
    except (OSError, ValueError):
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)

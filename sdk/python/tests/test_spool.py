from __future__ import annotations

import errno
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Iterable, List, Set, Tuple

from indelible import NotRecorded, SpoolFull, _spool
from indelible._spool import Spool


def line(number: int, size: int = 0) -> bytes:
    return json.dumps({"n": number, "x": "x" * size}).encode()


class FailingSyncs:
    """Fails one sync of a folder, and knows what the others made durable."""

    def __init__(self, failing: int) -> None:
        self.failing, self.count = failing, 0
        self.durable: Set[Tuple[Path, int]] = set()
        self._sync = _spool._sync_folder

    def __enter__(self) -> FailingSyncs:
        setattr(_spool, "_sync_folder", self.sync)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(_spool, "_sync_folder", self._sync)

    def sync(self, folder: Path) -> None:
        self.count += 1
        if self.count - 1 == self.failing:
            raise OSError(errno.EIO, "as told")
        self.durable.update((path, path.stat().st_ino) for path in folder.iterdir())

    def check(self, *paths: Iterable[Path]) -> None:
        """Every path that holds something must have been there when its folder was synced."""
        for path in itertools.chain(*paths):
            if path.is_dir() and not any(path.glob("*.jsonl")) or path.stat().st_size == 0:
                continue
            assert (path, path.stat().st_ino) in self.durable, path


class Spools(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()) if sys.version_info >= (3, 11) else tempfile.mkdtemp())

    def drain(self, spool: Spool, lines_max: int = 3) -> List[Tuple[int, int]]:
        """Takes everything as if a server did: (the number within the epoch, what was appended)."""
        taken: List[Tuple[int, int]] = []
        while True:
            batch = spool.batch(lines_max, 1000)
            if batch is None:
                return taken
            taken += [(batch.first + n, json.loads(text)["n"]) for n, text in enumerate(batch.lines) if not batch.is_damaged]
            spool.advance(batch)

    def test_what_is_appended_comes_out_once_in_order(self) -> None:
        spool = Spool(self.folder, 1 << 20)
        self.assertEqual(self.drain(spool), [])
        for number in range(5):
            spool.append(line(number))
        self.assertEqual(self.drain(spool), [(n, n) for n in range(5)])
        spool.append(line(5))
        self.assertEqual(self.drain(spool), [(5, 5)])
        self.assertEqual(spool.waiting_bytes(), 0)
        spool.close()
        self.assertEqual(os.listdir(self.folder), [])
        with self.assertRaises(NotRecorded):
            spool.append(line(6))

    def test_segments_go_when_they_are_sent(self) -> None:
        old, _spool.SEGMENT_BYTES = _spool.SEGMENT_BYTES, 100
        self.addCleanup(setattr, _spool, "SEGMENT_BYTES", old)
        spool = Spool(self.folder, 1 << 20)
        for number in range(20):
            spool.append(line(number, 30))
        self.assertGreater(len(list(self.folder.glob("*/*.jsonl"))), 5)
        self.assertEqual(self.drain(spool), [(n, n) for n in range(20)])
        self.assertEqual(len(list(self.folder.glob("*/*.jsonl"))), 1)
        for number in range(20, 30):
            spool.append(line(number, 30))
        batch = spool.batch(2, 1000)
        assert batch is not None
        spool.advance(batch)
        spool.close()
        left = Spool(self.folder, 1 << 20)
        left.adopt()
        self.assertEqual(self.drain(left), [(n, n) for n in range(20 + len(batch.lines), 30)])
        self.assertEqual(left.waiting_bytes(), 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_an_ended_process_left_comes_first_and_what_a_living_one_holds_does_not_come(self) -> None:
        first, second, third = (Spool(self.folder, 1 << 20) for _ in range(3))
        for number in range(4):
            first.append(line(number))
        batch = first.batch(1, 1000)
        assert batch is not None
        first.advance(batch)
        second.append(line(10))
        third.append(line(20))
        first.close()
        third.adopt()
        self.assertEqual(self.drain(third), [(1, 1), (2, 2), (3, 3), (0, 20)])
        second.close()
        third.adopt()
        self.assertEqual(self.drain(third), [(0, 10)])
        self.assertEqual(third.waiting_bytes(), 0)
        third.close()
        self.assertEqual(os.listdir(self.folder), [])

    def test_half_a_line_was_never_recorded_and_a_damaged_one_is_kept_aside(self) -> None:
        spool = Spool(self.folder, 1 << 20)
        for number in range(4):
            spool.append(line(number))
        spool.close()
        (segment,) = self.folder.glob("*/*.jsonl")
        lines = segment.read_bytes().splitlines(keepends=True)
        lines[1] = b"\0" * (len(lines[1]) - 1) + b"\n"
        segment.write_bytes(b"".join(lines) + b'{"n": 4')
        spool = Spool(self.folder, 1 << 20)
        spool.adopt()
        self.assertEqual(self.drain(spool), [(0, 0), (2, 2), (3, 3)])
        self.assertEqual((spool.waiting_bytes(), os.listdir(self.folder)), (0, []))

    def test_a_spool_is_bounded(self) -> None:
        spool = Spool(self.folder, 100)
        for number in range(100 // (len(line(0)) + 1)):
            spool.append(line(number))
        with self.assertRaises(SpoolFull):
            spool.append(line(9))
        batch = spool.batch(1, 1000)
        assert batch is not None
        spool.advance(batch)
        spool.append(line(9))
        with self.assertRaises(SpoolFull):
            spool.append(line(10))
        # What was refused takes its place too: nothing is thrown away for room.
        batch = spool.batch(9, 1000)
        assert batch is not None
        spool.put_aside(batch, [(0, {"code": "x", "message": ""})])
        spool.advance(batch)
        with self.assertRaises(SpoolFull):
            spool.append(line(11))

    def test_threads_share_a_spool(self) -> None:
        spool = Spool(self.folder, 1 << 20)

        def append(first: int) -> None:
            for number in range(first, first + 50):
                spool.append(line(number))

        threads = [threading.Thread(target=append, args=(n * 100,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = self.drain(spool, 100)
        self.assertEqual([n for n, _ in taken], list(range(400)))
        for n in range(8):
            self.assertEqual([m for _, m in taken if m // 100 == n], list(range(n * 100, n * 100 + 50)))

    def test_a_write_that_fails_half_way_leaves_nothing_and_harms_nothing(self) -> None:
        # Of a file that may have 100 bytes, a write past it stops in the middle of a line.
        program = """
import json, resource, signal, sys
from pathlib import Path
from indelible import NotRecorded
from indelible._spool import Spool
spool, recorded = Spool(Path(sys.argv[1]), 1 << 20), []
for number in range(20):
    limit = 100 if 3 <= number < 6 else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        spool.append(json.dumps({"n": number, "x": "x" * 30}).encode())
        recorded.append(number)
    except NotRecorded:
        pass
print(json.dumps(recorded))
spool.close()
"""
        output = subprocess.run([sys.executable, "-c", program, str(self.folder)], check=True, capture_output=True).stdout
        recorded = json.loads(output)
        self.assertNotIn(4, recorded)
        self.assertIn(19, recorded)
        spool = Spool(self.folder, 1 << 20)
        spool.adopt()
        self.assertEqual(self.drain(spool), list(enumerate(recorded)))

    def test_a_folder_that_cannot_be_synced_costs_one_event_and_nothing_is_recorded_where_no_folder_names_it(self) -> None:
        old, _spool.SEGMENT_BYTES = _spool.SEGMENT_BYTES, 100
        self.addCleanup(setattr, _spool, "SEGMENT_BYTES", old)
        for failing in range(8):
            with self.subTest(failing), tempfile.TemporaryDirectory() as folder, FailingSyncs(failing) as syncs:
                spool, recorded = Spool(Path(folder), 1 << 20), []
                for number in range(20):
                    try:
                        spool.append(line(number, 30))
                        recorded.append(number)
                    except NotRecorded:
                        continue
                    syncs.check(Path(folder).glob("*/*.jsonl"), Path(folder).glob("[0-9]*"))
                self.assertEqual((len(recorded), syncs.count > failing), (19, True))
                spool.adopt()
                taken = self.drain(spool)
                self.assertEqual([n for _, n in taken], recorded)
                self.assertEqual([n for n, _ in taken], list(range(19)))
                self.assertEqual(spool.waiting_bytes(), 0)
                spool.close()
                self.assertEqual(os.listdir(folder), [])

    def test_what_is_kept_aside_is_there_once_though_its_folder_could_not_be_synced(self) -> None:
        spool = Spool(self.folder, 1 << 20)
        spool.append(line(0))
        batch = spool.batch(1, 1000)
        assert batch is not None
        with FailingSyncs(0) as syncs:
            with self.assertRaises(OSError):
                spool.put_aside(batch, [(0, {"code": "x"})])
            spool.put_aside(batch, [(0, {"code": "x"})])
            syncs.check([self.folder / "refused.jsonl"])
        self.assertEqual(len((self.folder / "refused.jsonl").read_bytes().splitlines()), 1)

    def test_after_a_sync_that_failed_nothing_more_is_recorded(self) -> None:
        spool = Spool(self.folder, 1 << 20)
        spool.append(line(0))
        file = spool._file
        assert file is not None
        # A pipe cannot be synced.
        reader, writer = os.pipe()
        os.dup2(writer, file)
        for number in (1, 2):
            with self.assertRaises(NotRecorded):
                spool.append(line(number))
        self.assertEqual(self.drain(spool), [(0, 0)])
        os.close(reader)
        os.close(writer)


if __name__ == "__main__":
    unittest.main()

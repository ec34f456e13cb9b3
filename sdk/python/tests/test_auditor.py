from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

import indelible as i
from indelible import _sender
from peer import Peer, Reply, failed, refused, stored

RESOURCE = i.DataResource(id=i.Identifier.rid("ri.reports..report.1"))
ANSWERS: List[Dict[str, Any]] = json.loads((Path(__file__).parents[2] / "answers.json").read_text())
"""What may answer a request as a whole, and whether it blames the bytes; the same for all SDKs."""
EXPORT = i.DataExport(downloaded_resources=[RESOURCE])
SIZE = i.DataExportResult(downloaded_size=7)


def auditor(peer: Peer, **options: Any) -> i.Auditor:
    options = {"product": "reports", "product_version": "1", "timeout": 5.0, "host": "here", **options}
    return i.Auditor(url=peer.url, token="secret", **options)


def answered(answer: Dict[str, Any]) -> Callable[[List[Dict[str, Any]]], Reply]:
    """Without a code it is not the server that answers."""
    return failed(answer["status"], answer["code"]) if answer["code"] else lambda _: (answer["status"], {}, b"<html>")


class Blocks(unittest.TestCase):
    def check(
        self, block: Callable[[i.Event], object], result: str, fields: Dict[str, Any], raises: Optional[Type[BaseException]] = None
    ) -> None:
        """What a block emits and raises, in `with` and in `async with`."""

        async def asynchronous(auditor: i.Auditor) -> None:
            async with auditor.event("EXPORT", EXPORT, i.UserLogin()) as event:
                block(event)

        for is_async in (False, True):
            with Peer() as peer, auditor(peer) as here:
                try:
                    if is_async:
                        asyncio.run(asynchronous(here))
                    else:
                        with here.event("EXPORT", EXPORT, i.UserLogin()) as event:
                            block(event)
                    self.assertIsNone(raises)
                except BaseException as error:
                    if raises is None or type(error) is not raises:
                        raise
                (record,) = peer.events()
                self.assertEqual((record["result"], record.get("resultFields", {})), (result, fields))
                self.assertEqual(record["categories"], ["dataExport", "userLogin"])

    def test_a_block_emits_what_became_of_it(self) -> None:
        def fail(error: BaseException, event: i.Event, *results: i.Result) -> None:
            event.know(*results)
            raise error

        def correct(event: i.Event) -> None:
            event.know(i.DataExportResult(downloaded_size=1))
            event.succeed(SIZE)

        def fail_late(event: i.Event) -> None:
            event.succeed(SIZE)
            raise KeyError

        size = {"downloadedSize": 7}
        user = i.UserLoginResult(login_user_id="ann")
        self.check(lambda e: e.succeed(SIZE), "SUCCESS", size)
        self.check(lambda e: e.succeed(user, SIZE), "SUCCESS", {**size, "loginUserId": "ann"})
        self.check(correct, "SUCCESS", size)
        self.check(lambda e: e.unauthorized(), "UNAUTHORIZED", {})
        self.check(lambda e: e.fail(user), "ERROR", {"loginUserId": "ann"})
        self.check(lambda e: e.partial(SIZE), "PARTIAL", size)
        self.check(lambda e: fail(KeyError(), e), "ERROR", {}, KeyError)
        self.check(lambda e: fail(KeyError(), e, SIZE), "ERROR", size, KeyError)
        self.check(lambda e: fail(PermissionError(), e), "UNAUTHORIZED", {}, PermissionError)
        self.check(lambda e: fail(KeyboardInterrupt(), e), "ERROR", {}, KeyboardInterrupt)
        self.check(fail_late, "ERROR", size, KeyError)
        self.check(lambda e: None, "ERROR", {}, i.ResultsMissing)
        self.check(lambda e: e.succeed(), "ERROR", {}, i.ResultsMissing)
        self.check(lambda e: e.succeed(SIZE, i.UserLogoutResult()), "ERROR", {}, ValueError)

    def test_an_event_has_all_it_must_have_and_the_context(self) -> None:
        with Peer() as peer, auditor(peer, service="reports-1", signed_receipts=True) as here:
            with i.context(uid="ann", user_agent="a\x00" + "é" * 600, origins=[str(n) for n in range(70)], sid=""):
                i.identify(sid="s1", token_id="t1")
                emitted = here.emit("LOGIN", i.UserLogin(), event_id="00000000-0000-4000-8000-000000000001")
            self.assertIsNone(i.current())
            with self.assertRaises(LookupError):
                i.identify(uid="ann")
            ((headers, (record,)),) = peer.requests
        assert emitted is not None
        self.assertEqual(emitted.receipts[0].seq, 1)
        self.assertEqual(headers["authorization"], "Bearer secret")
        self.assertEqual((headers["indelible-receipts"], headers["indelible-producer-seq"]), ("signed", "0"))
        self.assertLess(int(headers["indelible-producer-epoch"]), 2**53)
        agent = record.pop("userAgent")
        self.assertTrue(agent.startswith("a\ufffdéé") and len(agent.encode()) <= 1024, agent)
        self.assertTrue(record.pop("time").endswith("Z"))
        self.assertEqual(record.pop("origins"), [str(n) for n in range(6, 70)])
        expected = {
            "type": "audit.3", "name": "LOGIN", "result": "SUCCESS", "categories": ["userLogin"], "producerType": "SERVER",
            "product": "reports", "productVersion": "1", "service": "reports-1", "host": "here", "uid": "ann", "sid": "s1",
            "tokenId": "t1", "eventId": "00000000-0000-4000-8000-000000000001", "logEntryId": emitted.log_entry_id,
        }  # fmt: skip
        self.assertEqual(record, expected)

    def test_what_cannot_be_an_event_is_refused_before_it_is_one(self) -> None:
        coordinate = i.PartialMavenCoordinate(artifact_id="a")
        with Peer() as peer, auditor(peer) as here:
            cases: List[Tuple[str, List[Any], Type[Exception]]] = [
                ("", [EXPORT], ValueError),
                ("A B", [EXPORT], ValueError),
                ("x" * 129, [EXPORT], ValueError),
                ("A", [], ValueError),
                ("A", [EXPORT, EXPORT], ValueError),
                ("A", [SIZE], TypeError),
            ]
            for name, categories, error in cases:
                with self.assertRaises(error):
                    here.event(name, *categories)
            with self.assertRaises(i.ResultsMissing):
                here.emit("A", EXPORT)
            with self.assertRaises(i.Refused):
                here.emit("A", i.AssetFileLoad(request_maven_coordinate=coordinate, file_path="x" * (1 << 20)), result="ERROR")
            self.assertEqual(peer.events(), [])
        for options in ({"product": ""}, {"product_version": ""}, {"url": "ftp://x"}):
            given: Dict[str, Any] = {"product": "a", "product_version": "1", "url": "http://x", "token": "x", **options}
            with self.assertRaises(ValueError):
                i.Auditor(**given)


class Acknowledged(unittest.TestCase):
    def check(self, replies: List[Any], raises: Optional[Type[Exception]], requests: int, seconds: float = 0.0) -> None:
        with Peer(*replies) as peer, auditor(peer, timeout=1.5) as here:
            begun = time.monotonic()
            try:
                here.emit("REFUSE", i.Internal())
                self.assertIsNone(raises)
            except i.AuditError as error:
                self.assertIs(type(error), raises, error)
            self.assertGreaterEqual(time.monotonic() - begun, seconds)
            if requests:
                self.assertEqual(len(peer.requests), requests)
            # The same event under the same number, however often.
            self.assertEqual(len({json.dumps(lines) for _, lines in peer.requests}), 1)
            self.assertEqual({headers["indelible-producer-seq"] for headers, _ in peer.requests}, {"0"})

    def test_an_event_is_sent_until_the_server_has_answered_for_it(self) -> None:
        self.check([stored], None, 1)
        self.check([failed(503, "intakeStopped"), failed(503, "diskFull"), stored], None, 3)
        self.check([failed(429, "busy", retry_after="1"), stored], None, 2, seconds=1.0)
        self.check([refused("invalidValue")], i.Refused, 1)
        self.check([failed(401, "unauthenticated")], i.NotRecorded, 1)
        self.check([failed(503, "clockStopped")], i.NotRecorded, 0, seconds=1.4)
        self.check([lambda lines: (200, {}, b"<html>")], i.NotRecorded, 0)
        self.check([lambda lines: (200, {}, {"outcomes": []})], i.NotRecorded, 0)

    def test_without_a_server_an_event_is_given_up_in_time(self) -> None:
        with Peer() as peer:
            pass
        with auditor(peer, timeout=0.3) as here:
            begun = time.monotonic()
            with self.assertRaises(i.NotRecorded):
                here.emit("A", i.Internal())
            self.assertLess(time.monotonic() - begun, 3)


class Spooled(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        back_off, _sender.BACK_OFF_SECONDS = _sender.BACK_OFF_SECONDS, (0.01, 0.05)
        self.addCleanup(setattr, _sender, "BACK_OFF_SECONDS", back_off)
        logging.getLogger("indelible").setLevel(logging.CRITICAL + 1)

    def emit(self, here: i.Auditor, *names: str) -> None:
        for name in names:
            here.emit(name, i.Internal())

    def check(self, replies: List[Any], names: List[str], stored_names: List[str], refusals: List[str]) -> None:
        """Emits events of these names; what the peer was sent last of all, and what was kept aside for which reasons."""
        with tempfile.TemporaryDirectory() as folder, Peer(failed(503, "diskFull"), *replies) as peer:
            with auditor(peer, spool=folder) as here:
                self.emit(here, *names)
                self.assertTrue(here.flush(20), here.last_failure)
                self.assertEqual((here.waiting_bytes, here.refused, here.last_failure), (0, len(refusals), None))
            aside = Path(folder, "refused.jsonl")
            kept = [json.loads(line) for line in aside.read_text().splitlines()] if aside.exists() else []
            self.assertEqual([one["error"]["code"] for one in kept], refusals)
            self.assertEqual([one["event"]["name"] for one in kept], ["REFUSE"] * len(refusals))
            last: Dict[int, str] = {}
            for headers, lines in peer.requests:
                first = int(headers["indelible-producer-seq"])
                last.update((first + n, line["name"]) for n, line in enumerate(lines))
            self.assertEqual([last[n] for n in sorted(last)], names)
            self.assertEqual([name for name in names if name != "REFUSE" or not refusals], stored_names)
            self.assertEqual([name for name in os.listdir(folder) if name != "refused.jsonl"], [])

    def test_events_wait_until_the_server_takes_them(self) -> None:
        away = [failed(503, "diskFull"), failed(401, "unauthenticated"), failed(429, "busy"), failed(400, "invalidRequest")]
        self.check([*away, stored], ["A", "B", "C"], ["A", "B", "C"], [])
        self.check([refused("unknownCategory")], ["A", "REFUSE", "B", "REFUSE"], ["A", "B"], ["unknownCategory"] * 2)

    def test_an_event_is_refused_only_if_it_was_alone_and_the_answer_blames_the_bytes(self) -> None:
        for answer in ANSWERS:
            with self.subTest(answer):
                if answer["blames"]:
                    self.check_that_bytes_are_blamed(answer)
                else:
                    self.check_that_events_wait(answer)

    def check_that_bytes_are_blamed(self, answer: Dict[str, Any]) -> None:
        def spoilt(lines: List[Dict[str, Any]]) -> Any:
            return (answered(answer) if any(line["name"] == "REFUSE" for line in lines) else stored)(lines)

        code = answer["code"] or "bodyTooLarge"
        self.check([spoilt], ["A", "B", "C", "REFUSE", "D", "E"], ["A", "B", "C", "D", "E"], [code])
        with Peer(answered(answer)) as peer, auditor(peer) as here, self.assertRaises(i.Refused):
            self.emit(here, "REFUSE")

    def check_that_events_wait(self, answer: Dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder, Peer(answered(answer)) as peer, auditor(peer, spool=folder) as here:
            self.emit(here, "A")
            while len(peer.requests) < 2:
                time.sleep(0.001)
            self.assertEqual((here.refused, Path(folder, "refused.jsonl").exists()), (0, False))
            self.assertGreater(here.waiting_bytes, 0)
            self.assertTrue((here.last_failure or "").startswith(str(answer["status"])), here.last_failure)
            peer.replies = [stored]
            self.assertTrue(here.flush(20))
            self.assertEqual((here.refused, here.waiting_bytes, here.last_failure), (0, 0, None))
        with Peer(answered(answer)) as peer, auditor(peer, timeout=0.1) as here, self.assertRaises(i.NotRecorded):
            self.emit(here, "A")

    def test_what_is_left_is_sent_by_the_next_start_under_its_old_numbers(self) -> None:
        with Peer(failed(503, "diskFull")) as away:
            here = auditor(away, spool=self.folder)
            self.emit(here, "A", "B")
            here.close(timeout=0)
        with Peer() as peer, auditor(peer, spool=self.folder, signed_receipts=True) as here:
            self.emit(here, "C")
            self.assertTrue(here.flush(20))
            self.assertEqual([event["name"] for event in peer.events()], ["A", "B", "C"])
            epochs = [headers["indelible-producer-epoch"] for headers, _ in peer.requests]
            self.assertEqual(len(set(epochs)), 2)
            self.assertEqual(epochs[0], away.requests[0][0]["indelible-producer-epoch"])
            self.assertEqual(sorted(set(epochs), key=int), sorted(set(epochs), key=epochs.index))

    def test_a_child_process_has_a_spool_of_its_own(self) -> None:
        with Peer() as peer, auditor(peer, spool=self.folder) as here:
            self.emit(here, "PARENT")
            self.assertTrue(here.flush(20))
            child = os.fork()
            if child == 0:
                self.emit(here, "CHILD", "CHILD")
                os._exit(0 if here.flush(20) else 1)
            self.emit(here, "PARENT")
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertTrue(here.flush(20))
            seen = [(h["indelible-producer-epoch"], h["indelible-producer-seq"], e["name"]) for h, es in peer.requests for e in es]
            self.assertEqual(len({epoch for epoch, _, name in seen if name == "PARENT"}), 1)
            self.assertEqual(len({epoch for epoch, _, _ in seen}), 2)
            self.assertEqual(len(peer.events()), 4)

    def test_a_full_spool_closes_or_lets_pass_as_the_context_says(self) -> None:
        with Peer(failed(503, "diskFull")) as peer:
            here = auditor(peer, spool=self.folder, spool_bytes_max=600)
            with i.context() as context:
                with self.assertRaises(i.SpoolFull):
                    self.emit(here, "A", "B", "C")
                self.assertTrue(context.failed)
            with i.context(fails_open=True) as context:
                self.assertIsNone(here.emit("D", i.Internal()))
                self.assertEqual((here.lost, context.failed), (1, False))
            here.close(timeout=0)


class Logging(unittest.TestCase):
    def test_records_that_are_marked_as_audit_become_events(self) -> None:
        with Peer() as peer, auditor(peer) as here:
            log = logging.getLogger("test.audit")
            log.propagate = False
            log.setLevel(logging.INFO)
            log.addHandler(i.AuditHandler(here))
            log.info("nothing to see")
            log.info("LOGIN", extra={"audit": i.UserLogin()})
            log.info("EXPORT", extra={"audit": [EXPORT, SIZE]})
            log.error("EXPORT", extra={"audit": [EXPORT]})
            with self.assertRaises(i.ResultsMissing):
                log.info("EXPORT", extra={"audit": [EXPORT]})
            with self.assertRaises(ValueError):
                log.info("no name of an event", extra={"audit": [EXPORT]})
            seen = [(e["name"], e["result"], e.get("resultFields")) for e in peer.events()]
        self.assertEqual(seen, [("LOGIN", "SUCCESS", None), ("EXPORT", "SUCCESS", {"downloadedSize": 7}), ("EXPORT", "ERROR", None)])


if __name__ == "__main__":
    unittest.main()

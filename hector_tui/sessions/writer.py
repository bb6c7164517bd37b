"""The one writer of the database: a thread that runs whole transactions.

A transaction is a plain function of the connection. It cannot be interleaved with another, and a cancelled caller
cannot leave it half done; with awaited statements on a shared connection both happen. Functions that wait together are
committed together, each in its own savepoint, so a hundred callers pay for one fsync.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from hector_tui.errors import HectorError, StoreCorrupt, StoreError
from hector_tui.sessions.damage import means_damage, reason_of
from hector_tui.sessions.removed import OpenFile

T = TypeVar("T")
Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_BATCH = 64
"""Transactions that share a commit at most: bounds how long the first waits for the last."""
START_AGAIN = "Start hector-tui again: what can be read is carried over, and a backup can be restored."
"""What to do about damage that a read or a write has met."""

logger = logging.getLogger(__name__)


def store_error(error: sqlite3.Error, where: str) -> StoreError:
    """Our error for one of SQLite's, with advice for the causes a person can remove."""
    text = str(error)
    if means_damage(error):
        return StoreCorrupt(
            f"the database is damaged ({reason_of(error)})",
            where=where,
            hint=START_AGAIN,
        )
    hint = ""
    if "full" in text:
        hint = "Free some space; what is on screen is kept and can be saved again."
    elif "readonly" in text or "unable to open" in text:
        hint = "Check that the profile folder is yours and writable."
    elif "disk I/O" in text:
        hint = "Check that the disk is not full and can be written."
    elif "locked" in text or "busy" in text:
        hint = "Another program holds the file; close it and try again."
    return StoreError(f"the database refused ({text})", where=where, hint=hint)


class Writer:
    """Runs transactions one after another in its own thread.

    Args:
        connection: In autocommit mode, made with `check_same_thread=False`; only this thread uses it until `close`.
        file: The file it has open.

    Attributes:
        commits: How many transactions were committed.
    """

    def __init__(self, connection: sqlite3.Connection, file: OpenFile) -> None:
        self._connection = connection
        self._file = file
        self._where = str(file.path)
        self.commits = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="hector-writer", daemon=True)
        self._thread.start()

    def submit(self, transaction: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue a transaction; the future has its result once it is committed.

        A future cancelled before the transaction began means that it never ran.

        Raises:
            StoreError: The writer is closed (through the future: SQLite refused).
        """
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise StoreError("the database is closed", where=self._where)
            self._jobs.put((transaction, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread; safe to call twice."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            batch = [first]
            last = False
            while len(batch) < _BATCH and not last:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                else:
                    batch.append(job)
            self._run_batch([job for job in batch if job[1].set_running_or_notify_cancel()])
            if last:
                return

    def _run_batch(self, batch: list[Job]) -> None:
        """One commit for all jobs; a job that fails is rolled back alone, a commit that fails fails them all."""
        if not batch:
            return
        if self._file.is_lost:
            gone = self._file.save(self._connection)
            for _, future in batch:
                future.set_exception(gone)
            return
        results: list[tuple[Future[Any], object, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for function, future in batch:
                results.append((future, *self._run_job(function)))
            self._connection.execute("COMMIT")
            self.commits += 1
        except sqlite3.Error as error:
            logger.warning("transaction failed: %s", error)
            self._roll_back()
            failure = store_error(error, self._where)
            for _, future in batch:
                future.set_exception(failure)
            return
        for future, result, refusal in results:
            if refusal is None:
                future.set_result(result)
            else:
                future.set_exception(refusal)

    def _run_job(self, function: Callable[[sqlite3.Connection], object]) -> tuple[object, BaseException | None]:
        self._connection.execute("SAVEPOINT job")
        try:
            result = function(self._connection)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not self._connection.in_transaction:
                raise  # SQLite rolled everything back by itself, as on a full disk: there is no savepoint any more
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            if isinstance(error, HectorError):
                return None, error
            if isinstance(error, sqlite3.Error):
                return None, store_error(error, self._where)
            logger.exception("a transaction raised")
            return None, StoreError(f"a transaction failed ({error!r})", where=self._where)
        self._connection.execute("RELEASE job")
        return result, None

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                logger.exception("rollback failed")

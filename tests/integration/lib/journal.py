"""The client's own log, the witness of what it asked and what it was told.

One line for each invoke, ok, refused, unknown and failed; a line is on disk before the client goes on.
Lines of several threads share an fsync.
"""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Operation:
    """One command, with all its tries. Its id travels as the trace id of traceparent."""

    id: str  # 32 hex digits
    cart_id: str
    kind: str  # add, set, remove, clear, merge, checkout
    key: str = ""  # Idempotency-Key, the same in all tries
    items: list[dict[str, Any]] = field(default_factory=list)
    product_id: str = ""
    quantity: int | None = None
    source: str = ""  # the cart that a merge ends
    strategy: str = ""  # of a merge
    # ok: 2xx; refused: 4xx; failed: an answer that says that nothing was done, or connection refused;
    # unknown: it may have been done
    outcome: str = "unknown"
    status: int = 0
    version: int = 0
    position: int = 0
    tries: int = 0

    @property
    def may_be_without_event(self) -> bool:
        """Setting what is already set, clearing what is empty, merging what is merged."""
        return self.kind in ("set", "clear", "merge")


class Journal:
    def __init__(self, path: Path):
        self.path = path
        self.file = path.open("ab", buffering=0)
        self.lock = threading.Condition()
        self.written = self.synced = 0
        self.syncing = False
        self.operations: list[Operation] = []

    def write(self, what: str, operation: Operation, **more: Any) -> None:
        entry = {"what": what, "id": operation.id, "cart": operation.cart_id, **more}
        with self.lock:
            self.file.write(json.dumps(entry).encode() + b"\n")
            self.written += 1
            self._wait_synced(self.written)

    def _wait_synced(self, mine: int) -> None:
        while self.synced < mine:
            if self.syncing:
                self.lock.wait()
                continue
            self.syncing, upto = True, self.written
            self.lock.release()
            try:
                os.fsync(self.file.fileno())
            finally:
                self.lock.acquire()
                self.syncing = False
            self.synced = upto
            self.lock.notify_all()

    def invoke(self, operation: Operation) -> None:
        with self.lock:
            self.operations.append(operation)
        self.write("invoke", operation, kind=operation.kind, key=operation.key)

    def settle(self, operation: Operation) -> None:
        self.write(operation.outcome, operation, status=operation.status, version=operation.version)

    def close(self) -> None:
        self.file.close()

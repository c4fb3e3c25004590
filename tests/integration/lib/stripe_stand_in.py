"""A payment provider with Stripe's calls and a ledger of its own, which fails on purpose.

What it does to a charge is asked of `faults(order_id, nth_call)`, so a test decides; what it does to
money is never faulty: an idempotency key moves it once, another key moves it again.
"""

import hashlib
import hmac
import json
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib.ledger import Movement

# What can be asked for, beside "": a good answer.
FAULTS = (
    "hang_after",  # charged, and no answer in time
    "hang_before",  # not charged, and no answer in time
    "cut_after",  # charged, and the connection is cut
    "error_after",  # charged, and 500
    "error_before",  # not charged, and 500
    "twice",  # the answer comes twice on the connection
    "decline",
    "wrong_amount",  # charged one more than asked
    "late",  # reserved; captured when capture() is called
    "busy",  # 429
)


def sign(secret: str, body: bytes, at: int | None = None) -> str:
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass
class Intent:
    id: str
    amount: int
    currency: str
    metadata: dict[str, str]
    status: str
    refunded: int = 0

    def json(self) -> dict:
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": self.amount if self.status == "succeeded" else 0,
            "amount_refunded": self.refunded,
            "currency": self.currency,
            "metadata": self.metadata,
            "status": self.status,
        }


@dataclass
class StandIn:
    faults: Callable[[str, int], str] = lambda _order, _nth: ""
    hang_s: float = 1.2
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    by_key: dict[str, tuple[int, dict]] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    ledger: list[Movement] = field(default_factory=list)
    calls: Counter = field(default_factory=Counter)  # of charges, by order
    bad_requests: list[str] = field(default_factory=list)
    before_answer: Callable[[Intent], None] = lambda _intent: None

    # ---- what money does

    def move(self, kind: str, key: str, intent: Intent, amount: int) -> None:
        order_id = intent.metadata.get("order_id", "?")
        self.ledger.append(Movement(kind, key, order_id, amount, intent.currency.upper()))

    def charge(self, key: str, form: dict[str, str], fault: str) -> tuple[int, dict]:
        """Under the lock: the answer, the same for the same key."""
        if key in self.by_key:
            return self.by_key[key]
        amount = int(form["amount"]) + (fault == "wrong_amount")
        metadata = {
            name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")
        }
        status = "requires_capture" if fault == "late" else "succeeded"
        intent = Intent(f"pi_{uuid.uuid4().hex[:20]}", amount, form["currency"], metadata, status)
        if fault == "decline":
            error = {"type": "card_error", "code": "card_declined", "message": "Declined."}
            answer = (402, {"error": error})
        else:
            self.intents[intent.id] = intent
            answer = (200, intent.json())
            if status == "succeeded":
                self.move("charge", key, intent, amount)
        self.by_key[key] = answer
        return answer

    def refund(self, key: str, form: dict[str, str]) -> tuple[int, dict]:
        if key in self.by_key:
            return self.by_key[key]
        intent = self.intents.get(form.get("payment_intent", ""))
        if intent is None or intent.refunded:
            return 400, {"error": {"type": "invalid_request_error", "message": "no such charge"}}
        intent.refunded = intent.amount
        self.move("refund", key, intent, intent.amount)
        answer = {"id": f"re_{uuid.uuid4().hex[:20]}", "object": "refund", "status": "succeeded",
                  "amount": intent.amount, "currency": intent.currency,
                  "payment_intent": intent.id}  # fmt: skip
        self.by_key[key] = (200, answer)
        return 200, answer

    def capture(self, order_id: str) -> Intent:
        with self.lock:
            intent = next(
                intent for intent in self.intents.values()
                if intent.metadata.get("order_id") == order_id
            )  # fmt: skip
            if intent.status != "succeeded":
                intent.status = "succeeded"
                self.move("charge", f"capture-{intent.id}", intent, intent.amount)
            return intent

    def find(self, payment_id: str) -> list[dict]:
        with self.lock:
            return [
                intent.json()
                for intent in self.intents.values()
                if intent.metadata.get("payment_id") == payment_id
            ]

    def movements(self) -> list[Movement]:
        with self.lock:
            return list(self.ledger)

    # ---- webhooks

    def webhook(self, kind: str, intent: Intent, event_id: str | None = None) -> bytes:
        return json.dumps(
            {
                "id": event_id or f"evt_{uuid.uuid4().hex[:20]}",
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "data": {"object": intent.json()},
            }
        ).encode()


def send_webhook(url: str, secret: str, body: bytes, signature: str | None = None) -> int:
    request = urllib.request.Request(
        f"{url}/webhooks/stripe",
        data=body,
        headers={
            "Content-Type": "application/json",
            "Stripe-Signature": sign(secret, body) if signature is None else signature,
        },
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: dict, times: int = 1) -> None:
        text = json.dumps(body).encode()
        for _ in range(times):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def form(self) -> dict[str, str]:
        length = int(self.headers.get("Content-Length", 0))
        return dict(urllib.parse.parse_qsl(self.rfile.read(length).decode(), strict_parsing=True))

    def do_POST(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        key = self.headers.get("Idempotency-Key", "")
        form = self.form()
        if not key or not self.headers.get("Authorization", "").startswith("Basic "):
            self.stand_in.bad_requests.append(f"{path}: no key or no credential")
        if path == "/v1/payment_intents":
            self.charge(key, form)
        elif path == "/v1/refunds":
            with self.stand_in.lock:
                status, body = self.stand_in.refund(key, form)
            self.answer(status, body)
        else:
            self.answer(404, {"error": {"type": "invalid_request_error"}})

    def charge(self, key: str, form: dict[str, str]) -> None:
        stand_in = self.stand_in
        order_id = form.get("metadata[order_id]", "?")
        with stand_in.lock:
            stand_in.calls[order_id] += 1
            nth = stand_in.calls[order_id]
        fault = stand_in.faults(order_id, nth)
        assert fault == "" or fault in FAULTS, fault
        if fault == "busy":
            self.answer(429, {"error": {"type": "rate_limit_error"}})
            return
        if fault == "error_before":
            self.answer(500, {"error": {"type": "api_error"}})
            return
        if fault == "hang_before":
            time.sleep(stand_in.hang_s)
            self.close_connection = True
            return
        with stand_in.lock:
            status, body = stand_in.charge(key, form, fault)
        intent = stand_in.intents.get(body.get("id", ""))
        if intent is not None:
            stand_in.before_answer(intent)
        if fault == "hang_after":
            time.sleep(stand_in.hang_s)
        if fault in ("hang_after", "cut_after"):
            self.close_connection = True
            return
        if fault == "error_after":
            self.answer(500, {"error": {"type": "api_error"}})
            return
        self.answer(status, body, 2 if fault == "twice" else 1)

    def do_GET(self) -> None:
        split = urllib.parse.urlsplit(self.path)
        if split.path == "/v1/payment_intents/search":
            query = urllib.parse.parse_qs(split.query)["query"][0]
            payment_id = query.removeprefix("metadata['payment_id']:'").removesuffix("'")
            self.answer(200, {"object": "search_result", "data": self.stand_in.find(payment_id)})
            return
        with self.stand_in.lock:
            intent = self.stand_in.intents.get(split.path.rsplit("/", 1)[-1])
        if intent is None:
            self.answer(404, {"error": {"type": "invalid_request_error"}})
        else:
            self.answer(200, intent.json())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Clients that give up are what this is about."""


@contextmanager
def running_stand_in(**options: object) -> Iterator[StandIn]:
    stand_in = StandIn(**options)  # type: ignore[arg-type]
    handler = type("BoundHandler", (Handler,), {"stand_in": stand_in})
    server = Server(("127.0.0.1", 0), handler)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""An SMS provider with the shape of Twilio's API that does what each number asks for.

sms_provider.py PORT FOLDER. The number +1 555 CCC N xxxxx is answered N times with the status CCC, then
taken; 000: at once; 999: the message is taken, the answer does not come. What was taken is a line
of JSON in FOLDER/messages.jsonl, each request one in FOLDER/requests.jsonl.
"""

import base64
import collections
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "secret token"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    lock = threading.Lock()
    tries: ClassVar[collections.Counter[str]] = collections.Counter()

    def log_message(self, *_: object) -> None:
        pass

    def write(self, name: str, entry: dict) -> None:
        with self.lock, (self.folder / name).open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def answer(self, status: int, body: dict, **headers: str) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        entry = {"at": time.time(), **fields}
        if self.path != PATH or self.headers["Authorization"] != BASIC:
            self.answer(401, {"code": 20003})
            return
        self.write("requests.jsonl", entry)
        number = fields["To"]
        status, times = (int(number[5:8]), int(number[8])) if number.startswith("+1555") else (0, 0)
        with self.lock:
            self.tries[number] += 1
            asked = self.tries[number] <= times
        if asked and status in (429, 503):
            self.answer(status, {"code": 20429}, Retry_After="1")
        elif asked and status not in (0, 999):
            self.answer(status, {"code": status})
        else:
            self.write("messages.jsonl", entry)
            if asked and status == 999:
                time.sleep(600)
            self.answer(201, {"sid": f"SM{self.tries[number]:032x}", "status": "queued"})


if __name__ == "__main__":
    Handler.folder = Path(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()

"""A proxy in front of a daemon that changes what it answers, for tests of who should notice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

PASSED_ON = ("content-type", "authorization", "idempotency-key")


@contextmanager
def running_liar(url: str, change: Callable[[str, str, bytes], bytes]) -> Iterator[str]:
    """The proxy's URL. change: method, path and the answer's body, to the body that the client gets."""
    client = httpx.Client(base_url=url, trust_env=False, timeout=10)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
            answer = client.request(self.command, self.path, content=body, headers=headers)
            content = change(self.command, self.path, answer.content)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name in ("content-type", "etag"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        client.close()

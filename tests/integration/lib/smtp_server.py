"""A mail server that does what each address asks for: smtp_server.py PORT FOLDER [CERT KEY].

Runs under Debian's Python, which has aiosmtpd; never imported. With a certificate it wants STARTTLS and
the user `cartwright` with the password `open sesame`. `ann+drop2@example.com` is dropped twice:

  dropN     the mail is kept, the connection is cut instead of an answer
  lostN     the mail is not kept, the connection is cut instead of an answer
  hangN     the mail is kept, the answer does not come
  dataCxN   answer C after the message        rcptCxN   answer C to RCPT TO
  slow      the mail is kept, the answer comes 0.2 s later

N counts the tries of one mail (for rcptCxN: all tries for the address). What is kept is a line of JSON
in FOLDER/mails.jsonl, written before any answer; what was refused one in FOLDER/refused.jsonl.
"""

import asyncio
import collections
import json
import re
import signal
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ASKED = re.compile(r"\+(drop|lost|hang|data|rcpt|slow)(?:(\d{3})x)?(\d*)@")
MESSAGE_ID = re.compile(rb"\r\nMessage-ID: <([^>]+)>")
LOGIN = LoginPassword(b"cartwright", b"open sesame")


class Server:
    def __init__(self, folder: Path):
        self.folder = folder
        self.tries: collections.Counter[str] = collections.Counter()

    def write(self, name: str, envelope: Envelope, session: Session) -> None:
        entry = {
            "to": envelope.rcpt_tos[0] if envelope.rcpt_tos else "",
            "from": envelope.mail_from,
            "content": (envelope.original_content or b"").decode("latin-1"),
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        with (self.folder / name).open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def asked(self, address: str, mail: str, *whats: str) -> tuple[str, str] | None:
        """What to do with this try, if it is not to be let through."""
        found = ASKED.search(address)
        if found is None or found[1] not in whats:
            return None
        self.tries[address + mail] += 1
        if found[1] != "slow" and self.tries[address + mail] > int(found[3] or 1):
            return None
        return found[1], found[2]

    async def handle_RCPT(self, _server, session, envelope, address, _options) -> str:
        asked = self.asked(address, "", "rcpt")
        if asked is not None:
            envelope.rcpt_tos.append(address)
            self.write("refused.jsonl", envelope, session)
            return f"{asked[1]} as you asked"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = MESSAGE_ID.search(envelope.original_content)[1].decode()
        whats = ("drop", "lost", "hang", "data", "slow")
        what, code = self.asked(envelope.rcpt_tos[0], mail, *whats) or (None, None)
        if what in ("lost", "data"):
            self.write("refused.jsonl", envelope, session)
        else:
            self.write("mails.jsonl", envelope, session)
        if what in ("drop", "lost"):
            server.transport.abort()
        elif what == "hang":
            await asyncio.sleep(600)
        elif what == "slow":
            await asyncio.sleep(0.2)
        return f"{code} as you asked" if what == "data" else "250 OK"


def authenticate(_server, _session, _envelope, _mechanism, data) -> AuthResult:
    return AuthResult(success=data == LOGIN, auth_data=data, handled=data == LOGIN)


async def serve(port: int, folder: Path, certificate: list[str]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    options = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": authenticate,
            "auth_required": True,
        }
    handler = Server(folder)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", loop=loop, **options), "127.0.0.1", port
    )
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:5]))

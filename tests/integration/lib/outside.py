"""The outside world of the notifier, as processes of the test: a mail server and an SMS provider."""

import email.policy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from lib.ports import free_port
from lib.sms_provider import ACCOUNT, TOKEN
from lib.wait import wait_until

LIB = Path(__file__).parent
# aiosmtpd is a Debian package.
PYTHON = "/usr/bin/python3"


def read_lines(file: Path) -> list[dict]:
    """Whole lines only: the last one may be half written."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().splitlines(True) if line.endswith("\n")]


def is_listening(port: int) -> bool:
    listening = f":{port:04X} 00000000:0000 0A"
    return listening in Path("/proc/net/tcp").read_text()


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """A certification authority, and a certificate of it for 127.0.0.1: (ca, certificate, key)."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key, request = folder / "mail.pem", folder / "mail.key", folder / "mail.csr"
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", str(ca_key), "-out", str(ca), "-subj", "/CN=CA")
    openssl("req", *new_key, "-keyout", str(key), "-out", str(request), "-subj", "/CN=mail")
    openssl(
        "x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key),
        "-CAcreateserial", "-extfile", str(names), "-out", str(certificate),
    )  # fmt: skip
    return ca, certificate, key


@dataclass
class Outside:
    folder: Path
    mail_port: int = field(default_factory=free_port)
    sms_port: int = field(default_factory=free_port)

    def all_mails(self) -> list[dict]:
        """What the mail server has kept."""
        return read_lines(self.folder / "mails.jsonl")

    def entries(self, to: str, kind: str = "order-confirmation") -> list[dict]:
        """Of one kind: the payment of a test's order is told too, by the stack's own billing."""
        return [
            entry
            for entry in self.all_mails()
            if entry["to"] == to and f"\r\nMessage-ID: <{kind}." in entry["content"]
        ]

    def mails(self, to: str, kind: str = "order-confirmation") -> list[EmailMessage]:
        """Parsed by Python's own mail library."""
        parser = BytesParser(policy=email.policy.default)
        contents = [entry["content"].encode("latin-1") for entry in self.entries(to, kind)]
        return [parser.parsebytes(content) for content in contents]

    def messages(self, to: str, name: str = "messages.jsonl") -> list[dict]:
        """SMS that the provider has taken (or, from requests.jsonl, was asked to take)."""
        return [entry for entry in read_lines(self.folder / name) if entry["To"] == to]

    def messages_all(self) -> list[dict]:
        return read_lines(self.folder / "messages.jsonl")

    def settings(self) -> dict[str, str]:
        """How a notifier gets here, impatient enough for tests."""
        return {
            "NOTIFIER_SMTP_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "NOTIFIER_SMTP_TLS": "required",
            "NOTIFIER_SMTP_USERNAME": "cartwright",
            "NOTIFIER_SMTP_PASSWORD": "open sesame",
            "NOTIFIER_SMTP_CA_FILE": str(self.folder / "ca.pem"),
            "NOTIFIER_SMS_URL": f"http://127.0.0.1:{self.sms_port}",
            "NOTIFIER_SMS_ACCOUNT_SID": ACCOUNT,
            "NOTIFIER_SMS_AUTH_TOKEN": TOKEN,
            "NOTIFIER_SMS_FROM": "+15005550006",
            "NOTIFIER_SEND_TIMEOUT_MS": "2500",
            "NOTIFIER_SEND_RETRY_FIRST_MS": "50",
            "NOTIFIER_SEND_RETRY_LIMIT_MS": "400",
            "NOTIFIER_SEND_TRIES_MAX": "4",
        }


@contextmanager
def running_outside(folder: Path) -> Iterator[Outside]:
    outside = Outside(folder)
    _, certificate, key = make_certificate(folder)
    commands = [
        (PYTHON, LIB / "smtp_server.py", outside.mail_port, folder, certificate, key),
        (sys.executable, LIB / "sms_provider.py", outside.sms_port, folder),
    ]
    processes = []
    try:
        with (folder / "outside.log").open("ab") as log:
            for command in commands:
                words = [str(word) for word in command]
                processes.append(subprocess.Popen(words, stdout=log, stderr=log))
        for port in (outside.mail_port, outside.sms_port):
            wait_until(lambda port=port: is_listening(port), 20, f"port {port} listens")
        yield outside
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

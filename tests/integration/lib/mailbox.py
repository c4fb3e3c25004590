"""The mails that the local set-up's mail server has kept."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from lib.stack import Stack


class Mailbox:
    """Reads each file once; a mail is kept whole or not at all."""

    def __init__(self, stack: Stack):
        self.folder = Path(stack.env["MAIL_DIR"]) / "new"
        self.seen: set[str] = set()
        self.mails: list[EmailMessage] = []

    def look(self) -> list[EmailMessage]:
        for file in sorted(self.folder.iterdir()):
            if file.name not in self.seen:
                self.seen.add(file.name)
                parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                self.mails.append(parsed)
        return self.mails

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.look() if mail["To"] and address in mail["To"]]

    def subjects(self, address: str) -> list[str]:
        return [mail["Subject"] for mail in self.to(address)]

#!/usr/bin/python3
"""A mail server that keeps every mail and sends none: catcher PORT MAILDIR.

What is acknowledged is a file in MAILDIR/new, whole, under a name of its own; any mail reader can open
the folder. It listens on 127.0.0.1 only, and takes mail for everybody.
"""

import asyncio
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_BYTES_MAX = 4 * 1024 * 1024


class Maildir:
    def __init__(self, folder: Path):
        self.folder = folder
        self.numbers = itertools.count(1)
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        name = f"{time.time_ns()}.{os.getpid()}_{next(self.numbers)}.localhost"
        head = [f"Return-Path: <{envelope.mail_from}>"]
        head += [f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos]
        text = ("\r\n".join(head) + "\r\n").encode() + envelope.original_content
        (self.folder / "tmp" / name).write_bytes(text.replace(b"\r\n", b"\n"))
        (self.folder / "tmp" / name).rename(self.folder / "new" / name)
        return "250 OK kept as " + name


async def serve(port: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    maildir = Maildir(folder)
    server = await loop.create_server(
        lambda: SMTP(maildir, hostname="localhost", data_size_limit=MESSAGE_BYTES_MAX, loop=loop),
        host="127.0.0.1",
        port=port,
    )
    print(f"keeping mail in {folder}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit("usage: catcher PORT MAILDIR")
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))

"""A throw-away PostgreSQL that may be made unsafe, for a daemon that must refuse it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from lib.daemon import DIES_WITH_US
from lib.paths import REPOSITORY
from lib.ports import free_port
from lib.wait import wait_until

BIN = Path("/usr/lib/postgresql/15/bin")


class Postgres:
    """A cluster in a temporary folder; the superuser postgres comes without a password."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cartwright-postgres-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.folder.chmod(0o755)
        self._run(
            "initdb", "--pgdata", str(self.data), "--username=postgres", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip

    def _command(self, program: str, *arguments: str) -> list[str]:
        become = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
        options = become if os.geteuid() == 0 else []
        return [*DIES_WITH_US, *options, "--", str(BIN / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            self._command(program, *arguments), cwd="/", check=True, capture_output=True, text=True
        )

    def uri(self, user: str = "postgres", database: str = "cartwright") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self, **settings: str) -> None:
        options = {
            "port": str(self.port), "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "", "shared_buffers": "16MB", **settings,
        }  # fmt: skip
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command("postgres", "-D", str(self.data), *words),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: self.connect("postgres"), 20, "PostgreSQL answers").close()

    def connect(self, database: str = "cartwright") -> psycopg.Connection:
        return psycopg.connect(self.uri(database=database), autocommit=True, connect_timeout=2)

    def apply_roles(self) -> None:
        roles = REPOSITORY / "infra" / "postgres" / "roles.sql"
        subprocess.run(
            [str(BIN / "psql"), "-Xq", f"--file={roles}", self.uri(database="postgres")],
            check=True,
            capture_output=True,
        )  # fmt: skip

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@contextmanager
def throw_away_postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server
    finally:
        if server.process is not None:
            # An immediate stop: nothing of it is needed any more.
            server.process.send_signal(3)
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)

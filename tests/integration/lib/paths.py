"""Where things are in the repository."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BUILD = REPOSITORY / "build"
LOCAL = REPOSITORY / "infra" / "local"
PROTO = REPOSITORY / "proto"

"""What cart-api clears away by itself."""

from pathlib import Path

import psycopg
from lib.api import Api
from lib.daemon import running_daemon
from lib.stack import Stack
from lib.wait import wait_until


def test_answers_are_forgotten_after_their_time(
    stack: Stack, api: Api, cart: str, tmp_path: Path
) -> None:
    for key in ("old", "new"):
        assert api.add(cart, key, headers={"Idempotency-Key": key}).is_success
    with psycopg.connect(stack.env["POSTGRES_ADMIN_CONNECTION_STRING"], autocommit=True) as store:
        store.execute(
            "UPDATE cart_answers SET recorded_at = recorded_at - interval '49 hours' "
            "WHERE stream_id = %s AND key = 'old'",
            (cart,),
        )

        def remembered() -> list[str]:
            rows = store.execute(
                "SELECT key FROM cart_answers WHERE stream_id = %s ORDER BY key", (cart,)
            )
            return [key for (key,) in rows]

        assert remembered() == ["new", "old"]
        with running_daemon(stack, "cart-api", tmp_path / "cart-api.log"):
            wait_until(lambda: remembered() == ["new"], 20, "the old answer is gone")
        again = api.add(cart, "new", headers={"Idempotency-Key": "new"})
        assert again.headers["idempotent-replayed"] == "true"

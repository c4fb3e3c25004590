"""Nothing is lost and nothing is told twice: killed processes, replayed topics."""

from datetime import datetime

from lib.store import connect
from lib.wait import wait_until
from lib.world import World

ORDERS = 40
KILLS = 2
CONFIRMATION = "\r\nMessage-ID: <order-confirmation."


def test_killed_while_sending(world: World, name: str) -> None:
    addresses = [f"{name}.{i}+slow@example.com" for i in range(ORDERS)]
    events = [world.checkout(address) for address in addresses]
    orders = [event.cart_checked_out.order_id for event in events]
    # A machine that is busy with killing must not use up the tries.
    patient = {"NOTIFIER_SEND_TRIES_MAX": "1000"}
    world.stop()
    world.start(**patient)
    for kill in range(KILLS):
        world.append("cart", *events[kill::KILLS])
        before = len(world.outside.all_mails())
        wait_until(
            lambda before=before: len(world.outside.all_mails()) > before + 5, 30, "it sends"
        )
        world.kill()
        world.start(**patient)
    wait_until(
        lambda: (
            len(
                world.rows(
                    "order_id = ANY(%s) AND kind = 'order-confirmation' AND channel = 'email' "
                    "AND state = 'sent'",
                    orders,
                )
            )
            == ORDERS
        ),
        60,
        "every order is told",
    )
    for address in addresses:
        mails = world.outside.entries(address)
        assert mails, f"{address} was never written to"
        assert len({mail["content"] for mail in mails}) == 1, "a second mail that is not the first"


def rewind(world: World, effects_after: str) -> None:
    """All topics from zero, for a notifier that began at another time."""
    with connect(world.stack) as connection:
        connection.execute(
            "UPDATE consumer_positions SET position = 0, topic_offset = -1, effects_after = "
            f"{effects_after} WHERE consumer = 'notifier'"
        )


def latest_mark(world: World) -> datetime:
    with connect(world.stack) as connection:
        return connection.execute(
            "SELECT max(effects_after) FROM consumer_positions WHERE consumer = 'notifier'"
        ).fetchone()[0]


def test_replayed_from_zero(world: World, name: str) -> None:
    """Of confirmations: what the stack's own billing has still to tell about is no replay."""
    to, phone = f"{name}@example.com", f"+1555000{int(name[1:], 16) % 1_000_000:06d}"

    def confirmations() -> list[dict]:
        return sorted(world.rows("kind = 'order-confirmation'"), key=lambda row: row["id"])

    def sent() -> tuple[int, int]:
        thanks = [sms for sms in world.outside.messages_all() if "thank you" in sms["Body"]]
        mails = [mail for mail in world.outside.all_mails() if CONFIRMATION in mail["content"]]
        return len(mails), len(thanks)

    order = world.check_out(to, phone)
    world.wait_row(order, "email", "sent")
    world.wait_row(order, "sms", "sent")
    wait_until(world.at_rest, 30, "nothing is under way")
    before, rows, mark = sent(), confirmations(), latest_mark(world)

    # What is recorded is known: one row for what is told about one thing. With the mark taken away
    # there are new rows of what is older than it was, such as another test's made-up history.
    world.stop()
    rewind(world, "'-infinity'")
    world.start()
    wait_until(world.caught_up, 30, "all is handled again")
    now = {row["id"]: row for row in confirmations()}
    assert [now.pop(row["id"], None) for row in rows] == rows
    assert [row for row in now.values() if row["occurred_at"] >= mark] == []
    assert len({(row["subject_id"], row["channel"]) for row in confirmations()}) == len(
        confirmations()
    )

    # What was recorded before the notifier began is not told, even if nothing is known of it.
    world.stop()
    rewind(world, "clock_timestamp()")
    with connect(world.stack) as connection:
        connection.execute("DELETE FROM notifications")
    world.start()
    wait_until(world.caught_up, 30, "all is handled again")
    assert confirmations() == []
    assert sent() == before

    # What comes later is.
    order = world.check_out(f"{name}.2@example.com")
    world.wait_row(order, "email", "sent")
    assert sent() == (before[0] + 1, before[1])

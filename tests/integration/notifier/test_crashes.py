"""Nothing is lost and nothing is told twice: killed processes, replayed topics."""

from lib.store import connect
from lib.wait import wait_until
from lib.world import World

ORDERS = 60
KILLS = 3


def test_killed_while_sending(world: World, name: str) -> None:
    addresses = [f"{name}.{i}+slow@example.com" for i in range(ORDERS)]
    events = [world.checkout(address) for address in addresses]
    for kill in range(KILLS):
        world.append("cart", *events[kill::KILLS])
        before = len(world.outside.mails())
        wait_until(lambda before=before: len(world.outside.mails()) > before + 5, 30, "it sends")
        world.kill()
        world.start()
    orders = [event.cart_checked_out.order_id for event in events]
    wait_until(
        lambda: (
            len(world.rows("order_id = ANY(%s) AND channel = 'email' AND state = 'sent'", orders))
            == ORDERS
        ),
        60,
        "every order is told",
    )
    repeated = 0
    for address in addresses:
        mails = world.outside.entries(address)
        assert mails, f"{address} was never written to"
        assert len({mail["content"] for mail in mails}) == 1, "a second mail that is not the first"
        repeated += len(mails) - 1
    # At most what each of the four senders had in its hands at each kill.
    assert repeated <= 4 * KILLS


def rewind(world: World, effects_after: str) -> None:
    """All topics from zero, for a notifier that began at another time."""
    with connect(world.stack) as connection:
        connection.execute(
            "UPDATE consumer_positions SET position = 0, topic_offset = -1, effects_after = "
            f"{effects_after} WHERE consumer = 'notifier'"
        )


def counts(world: World) -> tuple[int, int]:
    return len(world.outside.mails()), len(world.outside.messages_all())


def test_replayed_from_zero(world: World, name: str) -> None:
    order = world.check_out(f"{name}@example.com", phone="+15550000001")
    world.wait_row(order, "email", "sent")
    world.wait_row(order, "sms", "sent")
    wait_until(world.at_rest, 30, "nothing is under way")
    before, rows = counts(world), world.rows("true")

    # What is recorded is known: one row for what is told about one thing.
    world.stop()
    rewind(world, "'-infinity'")
    world.start()
    wait_until(world.caught_up, 30, "all is handled again")
    assert world.rows("true") == rows

    # What was recorded before the notifier began is not told, even if nothing is known of it.
    world.stop()
    rewind(world, "clock_timestamp()")
    with connect(world.stack) as connection:
        connection.execute("DELETE FROM notifications")
    world.start()
    wait_until(world.caught_up, 30, "all is handled again")
    assert world.rows("true") == []

    # What comes later is.
    order = world.check_out(f"{name}.2@example.com")
    world.wait_row(order, "email", "sent")
    assert counts(world) == (before[0] + 1, before[1])

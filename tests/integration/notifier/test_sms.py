"""SMS: what the provider has surely not taken is sent again, what it may have taken is not."""

from lib.world import World

# The provider's answer and how often; how the message ends, failed tries, requests, taken messages.
OUTCOMES = [
    ("000", 0, "sent", 0, 1, 1),
    ("429", 2, "sent", 2, 3, 1),
    ("503", 1, "sent", 1, 2, 1),
    ("401", 1, "sent", 1, 2, 1),
    ("500", 1, "dead", 1, 1, 0),
    ("400", 1, "dead", 1, 1, 0),
    ("999", 1, "dead", 1, 1, 1),
    ("429", 9, "dead", 4, 4, 0),
]


def number(code: str, times: int, name: str) -> str:
    return f"+1555{code}{times}{int(name[1:], 16) % 100_000:05d}"


def test_whatever_the_provider_does(world: World, name: str) -> None:
    orders = [
        world.check_out(phone=number(code, times, name), locale="fr-FR")
        for code, times, *_ in OUTCOMES
    ]
    for order, (code, times, state, tries, requests, taken) in zip(orders, OUTCOMES, strict=True):
        row = world.wait_row(order, "sms", "sent", "dead")
        to = number(code, times, name)
        ended = (
            code, row["state"], row["tries"],
            len(world.outside.messages(to, "requests.jsonl")), len(world.outside.messages(to)),
        )  # fmt: skip
        assert ended == (code, state, tries, requests, taken), row["reason"]
        # 500 and no answer: it may have been taken, and a second SMS could not be told from the first.
        assert row["maybe_sent"] == (code in ("000", "500", "999") or state == "sent"), code
    [message] = world.outside.messages(number("000", 0, name))
    assert message["From"] == "+15005550006"
    assert message["Body"] == (
        f"Cartwright : merci pour votre commande {orders[0]}, 1\u202f024,00\xa0€ au total."
    )


def test_retry_after_is_kept(world: World, name: str) -> None:
    to = number("503", 1, name)
    order = world.check_out(phone=to)
    world.wait_row(order, "sms", "sent")
    first, second = world.outside.messages(to, "requests.jsonl")
    # The provider asked for one second; by itself the notifier would wait 50 ms.
    assert second["at"] - first["at"] >= 1.0


def test_without_a_number(world: World, name: str) -> None:
    order = world.check_out(f"{name}@example.com", phone="030 1234567")
    assert world.wait_row(order, "sms", "suppressed")["reason"] == "no_contact"

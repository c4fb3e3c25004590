"""What users want to hear: preferences, links to unsubscribe, caps and quiet hours of marketing."""

from datetime import UTC, datetime

import pytest
from lib.wait import wait_until
from lib.world import World

PREFERENCES = "/api/notifications/preferences/"


def wait_abandoned(world: World, event, channel: str, *states: str) -> dict:
    """The row about an abandoned cart: it has no order."""
    cart = event.cart_id
    return wait_until(
        lambda: next(
            iter(
                row
                for row in world.rows("cart_id = %s AND channel = %s", cart, channel)
                if row["state"] in states
            ),
            None,
        ),
        20,
        f"{channel} about {cart} is {states}",
    )


def test_preferences_are_kept(world: World, name: str) -> None:
    path = PREFERENCES + name
    default = {
        "userId": name, "marketingEmail": True, "marketingSms": False, "timeZone": "", "locale": "",
    }  # fmt: skip
    assert world.call("GET", path).json() == default
    wishes = {
        "marketingEmail": False, "marketingSms": True,
        "timeZone": "Asia/Tokyo", "locale": "fr-FR",
    }  # fmt: skip
    answer = world.call("PUT", path, json=wishes)
    assert (answer.status_code, answer.json()) == (200, {"userId": name, **wishes})
    assert world.call("GET", path).json() == {"userId": name, **wishes}
    order = world.check_out(f"{name}@example.com", user=name, locale="de-DE")
    world.wait_row(order, "email", "sent")
    [mail] = world.outside.mails(f"{name}@example.com")
    assert mail["Subject"].startswith("Votre commande"), "the user's wish comes before the order's"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"marketingEmail":true}', "invalid_field"),
        ('{"marketingEmail":1,"marketingSms":true}', "invalid_field"),
        ('{"marketingEmail":true,"marketingSms":true,"x":1}', "invalid_field"),
        (
            '{"marketingEmail":true,"marketingSms":true,"timeZone":"Mars/Olympus"}',
            "invalid_field",
        ),
        ('{"marketingEmail":true,"marketingSms":true,"locale":"d e"}', "invalid_field"),
        ('{"marketingEmail":true,"marketingEmail":true,"marketingSms":true}', "invalid_json"),
        ("[", "invalid_json"),
    ],
)
def test_preferences_that_are_none(world: World, name: str, body: str, code: str) -> None:
    headers = {"content-type": "application/json"}
    answer = world.call("PUT", PREFERENCES + name, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_opting_out_stops_marketing_only(world: World, name: str) -> None:
    to = f"{name}@example.com"
    world.call("PUT", PREFERENCES + name, json={"marketingEmail": False, "marketingSms": False})
    event = world.abandoned(to, name, phone="+15550000000")
    world.append("cart", event)
    assert wait_abandoned(world, event, "email", "suppressed", "sent")["reason"] == "opted_out"
    assert wait_abandoned(world, event, "sms", "suppressed", "sent")["reason"] == "opted_out"
    order = world.check_out(to, user=name)
    world.wait_row(order, "email", "sent")


def test_the_link_to_unsubscribe(world: World, name: str) -> None:
    to = f"{name}@example.com"
    event = world.abandoned(to, name)
    world.append("cart", event)
    wait_abandoned(world, event, "email", "sent")
    [mail] = world.outside.mails(to)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    assert link in mail.get_body(("plain",)).get_content()
    assert f'href="{link}"' in mail.get_body(("html",)).get_content()
    path = link[link.index("/api/") :]
    page = world.call("GET", path)
    assert page.status_code == 200
    assert "<form" in page.text
    assert world.call("GET", PREFERENCES + name).json()["marketingEmail"] is True, "by a mere look"
    answer = world.call("POST", path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert world.call("GET", PREFERENCES + name).json()["marketingEmail"] is False
    wrong = path.replace(path.split("/")[4], "0" * 64)
    assert world.call("POST", wrong).status_code == 404
    assert world.call("GET", path.replace("/email", "/fax")).status_code == 404


def test_a_guest_is_not_advertised_to(world: World, name: str) -> None:
    event = world.abandoned(f"{name}@example.com", "")
    world.append("cart", event)
    assert wait_abandoned(world, event, "email", "suppressed", "sent")["reason"] == "no_user"


def test_no_reminder_of_what_was_bought(world: World, name: str) -> None:
    checkout = world.checkout(f"{name}@example.com", user=name)
    event = world.abandoned(f"{name}@example.com", name, cart=checkout.cart_id)
    checkout.version = 2
    world.append("cart", event, checkout)
    row = wait_abandoned(world, event, "email", "suppressed", "sent")
    assert (row["state"], row["reason"]) in [("suppressed", "bought"), ("sent", "")]
    world.wait_row(checkout.cart_checked_out.order_id, "email", "sent")
    late = world.abandoned(f"{name}@example.com", f"{name}2", cart=checkout.cart_id)
    late.version = 3
    world.append("cart", late)
    rows = []

    wait_until(
        lambda: (
            rows.extend(
                row
                for row in world.rows("user_id = %s AND channel = 'email'", f"{name}2")
                if row["state"] == "suppressed"
            )
            or rows
        ),
        20,
        "the late reminder is suppressed",
    )
    assert rows[0]["reason"] == "bought"


def test_one_reminder_a_day(world: World, name: str) -> None:
    to = f"{name}@example.com"
    events = [world.abandoned(to, name) for _ in range(5)]
    world.append("cart", *events)
    rows = [wait_abandoned(world, event, "email", "sent", "suppressed") for event in events]
    assert sorted(row["reason"] for row in rows) == ["", *["daily_cap"] * 4]
    assert len(world.outside.entries(to)) == 1


def test_quiet_hours(world: World, name: str) -> None:
    """By the reader's clock: it is quiet in one zone and not in the other."""
    hour = datetime.now(UTC).hour
    quiet = {
        "NOTIFIER_QUIET_FROM_HOUR": str((hour - 1) % 24),
        "NOTIFIER_QUIET_UNTIL_HOUR": str((hour + 2) % 24),
    }
    with world.restarted(**quiet):
        users = {f"{name}-utc": "UTC", f"{name}-far": "Pacific/Kiritimati"}  # UTC+14
        events = {}
        for user, zone in users.items():
            wishes = {"marketingEmail": True, "marketingSms": False, "timeZone": zone}
            assert world.call("PUT", PREFERENCES + user, json=wishes).status_code == 200
            events[user] = world.abandoned(f"{user}@example.com", user)
            world.append("cart", events[user])
        wait_abandoned(world, events[f"{name}-far"], "email", "sent")
        [row] = world.rows("cart_id = %s AND channel = 'email'", events[f"{name}-utc"].cart_id)
        assert (row["state"], row["reason"], row["tries"]) == ("waiting", "quiet_hours", 0)
        end = row["due_at"].astimezone(UTC)
        assert (end.hour, end.minute, end.second) == ((hour + 2) % 24, 0, 0)
        order = world.check_out(f"{name}-utc@example.com", user=f"{name}-utc")
        world.wait_row(order, "email", "sent")

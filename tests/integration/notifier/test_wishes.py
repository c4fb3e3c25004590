"""What users want to hear: preferences, links to unsubscribe, caps and quiet hours of marketing."""

import pytest
from lib.wait import wait_until
from lib.world import World

PREFERENCES = "/api/notifications/preferences/"


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
    assert world.wait_abandoned(event, "email", "suppressed", "sent")["reason"] == "opted_out"
    assert world.wait_abandoned(event, "sms", "suppressed", "sent")["reason"] == "opted_out"
    order = world.check_out(to, user=name)
    world.wait_row(order, "email", "sent")


def test_the_link_to_unsubscribe(world: World, name: str) -> None:
    to = f"{name}@example.com"
    event = world.abandoned(to, name)
    world.append("cart", event)
    world.wait_abandoned(event, "email", "sent")
    [mail] = world.outside.mails(to, "cart-abandoned")
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
    assert world.wait_abandoned(event, "email", "suppressed", "sent")["reason"] == "no_user"


def test_no_reminder_of_what_was_bought(world: World, name: str) -> None:
    checkout = world.checkout(f"{name}@example.com", user=name)
    event = world.abandoned(f"{name}@example.com", name, cart=checkout.cart_id)
    checkout.version = 2
    world.append("cart", event, checkout)
    row = world.wait_abandoned(event, "email", "suppressed", "sent")
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
    rows = [world.wait_abandoned(event, "email", "sent", "suppressed") for event in events]
    assert sorted(row["reason"] for row in rows) == ["", *["daily_cap"] * 4]
    assert len(world.outside.entries(to, "cart-abandoned")) == 1

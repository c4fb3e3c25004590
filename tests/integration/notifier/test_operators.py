"""What operators see and do: dead messages, replays, templates, settings that are refused."""

import subprocess

import pytest
from lib.world import World

DEAD = "/api/notifications/dead"


def all_dead(world: World) -> list[dict]:
    items, path = [], f"{DEAD}?limit=2"
    while path is not None:
        answer = world.call("GET", path)
        assert answer.status_code == 200
        items += answer.json()["items"]
        path = answer.json()["next"]
    return items


def test_dead_messages_are_listed_and_replayed(world: World, name: str) -> None:
    orders = [world.check_out(f"{name}{i}+data550x1@example.com", user=name) for i in range(3)]
    ids = [world.wait_row(order, "email", "dead")["id"] for order in orders]
    dead = {item["id"]: item for item in all_dead(world)}
    assert set(ids) <= set(dead)
    assert list(dead) == sorted(dead)
    item = dead[ids[0]]
    assert (item["kind"], item["channel"]) == ("order-confirmation", "email")
    assert (item["orderId"], item["userId"], item["subjectId"]) == (orders[0], name, orders[0])
    assert (item["state"], item["maybeSent"], item["tries"]) == ("dead", False, 1)
    assert "550" in item["reason"]
    answer = world.call("POST", f"{DEAD}/{ids[0]}/replay")
    assert (answer.status_code, answer.json()) == (202, {"id": ids[0], "state": "waiting"})
    world.wait_row(orders[0], "email", "sent")
    assert world.call("POST", f"{DEAD}/{ids[0]}/replay").json()["state"] == "sent"
    assert len(world.outside.entries(f"{name}0+data550x1@example.com")) == 1
    assert ids[0] not in [item["id"] for item in all_dead(world)]
    told = world.call("GET", f"/api/notifications/orders/{orders[0]}").json()["items"]
    assert {
        ("order-confirmation", "email", "sent"),
        ("order-confirmation", "sms", "suppressed"),
    } <= {(item["kind"], item["channel"], item["state"]) for item in told}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{DEAD}/999999999/replay", 404),
        ("POST", f"{DEAD}/x/replay", 404),
        ("POST", f"{DEAD}/99999999999999999999999/replay", 404),
        ("GET", f"{DEAD}?limit=0", 400),
        ("GET", f"{DEAD}?limit=1001", 400),
        ("GET", f"{DEAD}?after=-1", 400),
        ("GET", f"{DEAD}?x=1", 400),
        ("GET", "/api/notifications/preferences/a%0ab", 404),
    ],
)
def test_calls_that_are_refused(world: World, method: str, path: str, status: int) -> None:
    answer = world.call(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_metrics_and_the_document(world: World) -> None:
    metrics = world.call("GET", "/metrics").text
    for line in ('notifications_total{outcome="sent"}', 'notifications{state="dead"}'):
        assert f"cartwright_{line} " in metrics
    document = world.call("GET", "/openapi.json").json()
    assert f"{DEAD}/{{id}}/replay" in document["paths"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SMTP_URL": "http://127.0.0.1"}, "smtp_url"),
        ({"SMTP_TLS": "maybe"}, "smtp_tls"),
        ({"SMTP_TLS": "off"}, "in the clear"),
        ({"MAIL_FROM": "nobody"}, "mail_from"),
        ({"SMS_URL": "http://sms.example.com"}, "sms_url"),
        ({"SMS_AUTH_TOKEN": ""}, "sms_auth_token"),
        ({"TEMPLATES_DIR": "/nonexistent"}, "/nonexistent"),
        ({"PUBLIC_URL": "javascript:1"}, "public_url"),
        ({"EFFECTS_AFTER": "yesterday"}, "effects_after"),
    ],
)
def test_settings_that_are_refused(world: World, settings: dict[str, str], words: str) -> None:
    own = {f"NOTIFIER_{key}": value for key, value in settings.items()}
    ended = subprocess.run(
        [world.stack.program("notifier"), "--check-config"],
        env={**world.environment, **world.outside.settings(), **own},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "open sesame" not in ended.stderr

"""What other settings do: quiet hours, patience, no SMS provider, one's own templates. One restart."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lib.wait import wait_until
from lib.world import World


@dataclass
class Other:
    world: World
    hour: int  # of UTC, when quiet hours began an hour ago; they go on for two
    templates: Path


@pytest.fixture(scope="module")
def other(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Other]:
    folder, hour = tmp_path_factory.mktemp("templates"), datetime.now(UTC).hour
    (folder / "order-confirmation").mkdir()
    (folder / "order-confirmation" / "en.subject").write_text("First {{orderId}}\n")
    settings = {
        "NOTIFIER_QUIET_FROM_HOUR": str((hour - 1) % 24),
        "NOTIFIER_QUIET_UNTIL_HOUR": str((hour + 2) % 24),
        "NOTIFIER_SEND_RETRY_FIRST_MS": "60000",
        "NOTIFIER_SEND_RETRY_LIMIT_MS": "60000",
        "NOTIFIER_SMS_URL": "",
        "NOTIFIER_TEMPLATES_DIR": str(folder),
    }
    with world.restarted(**settings):
        yield Other(world, hour, folder)


def test_maybe_sent_is_a_state(other: Other, name: str) -> None:
    """Between the tries the row says that nobody knows."""
    world = other.world
    order = world.check_out(f"{name}+lost1@example.com")
    not_sent = world.check_out(f"{name}+data451x1@example.com")
    assert world.wait_row(order, "email", "maybe_sent")["maybe_sent"]
    row = world.wait_row(not_sent, "email", "waiting", tries=1)
    assert not row["maybe_sent"]
    assert "451" in row["reason"]
    world.hurry()
    world.wait_row(order, "email", "sent")
    world.wait_row(not_sent, "email", "sent")


def test_without_a_provider(other: Other, name: str) -> None:
    to = f"+1555000{int(name[1:], 16) % 1_000_000:06d}"
    order = other.world.check_out(phone=to)
    assert other.world.wait_row(order, "sms", "suppressed")["reason"] == "channel_off"
    assert not other.world.outside.messages(to, "requests.jsonl")


def test_quiet_hours(other: Other, name: str) -> None:
    """By the reader's clock: it is quiet in one zone and not in the other."""
    world, hour = other.world, other.hour
    users = {f"{name}-utc": "UTC", f"{name}-far": "Pacific/Kiritimati"}  # UTC+14
    events = {}
    for user, zone in users.items():
        wishes = {"marketingEmail": True, "marketingSms": False, "timeZone": zone}
        assert (
            world.call("PUT", f"/api/notifications/preferences/{user}", json=wishes).status_code
            == 200
        )
        events[user] = world.abandoned(f"{user}@example.com", user)
        world.append("cart", events[user])
    world.wait_abandoned(events[f"{name}-far"], "email", "sent")
    [row] = wait_until(
        lambda: world.rows(
            "cart_id = %s AND channel = 'email' AND reason <> ''", events[f"{name}-utc"].cart_id
        ),
        20,
        "the other is judged",
    )
    assert (row["state"], row["reason"], row["tries"]) == ("waiting", "quiet_hours", 0)
    end = row["due_at"].astimezone(UTC)
    assert (end.hour, end.minute, end.second) == ((hour + 2) % 24, 0, 0)
    order = world.check_out(f"{name}-utc@example.com", user=f"{name}-utc")
    world.wait_row(order, "email", "sent")


def test_templates_are_reloaded(other: Other, name: str) -> None:
    world, subject = other.world, other.templates / "order-confirmation" / "en.subject"

    def confirmed(number: int) -> str:
        order = world.check_out(f"{name}{number}@example.com")
        world.wait_row(order, "email", "sent")
        [mail] = world.outside.mails(f"{name}{number}@example.com")
        return mail["Subject"].split()[0]

    def reload(expected: str) -> None:
        at = world.log.stat().st_size
        world.daemon.send(signal.SIGHUP)
        wait_until(lambda: expected in world.log.read_text()[at:], 10, expected)

    assert confirmed(1) == "First"
    subject.write_text("Second {{orderId}}\n")
    reload("settings reloaded")
    assert confirmed(2) == "Second"
    subject.write_text("Third {{unknown}}\n")
    reload("en.subject: line 1")
    assert confirmed(3) == "Second"

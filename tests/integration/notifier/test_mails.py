"""Orders become mails: what they say, and that each is sent once whatever the mail server does."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from lib.world import World


def test_an_order_is_confirmed(world: World, name: str) -> None:
    to = f"{name}@example.com"
    order = world.check_out(to, locale="de-AT")
    world.wait_row(order, "email", "sent")
    [entry], [mail] = world.outside.entries(to), world.outside.mails(to)
    assert entry["tls"], "the mail went out in the clear"
    assert entry["user"] == "cartwright"
    assert entry["from"] == "shop@cartwright.example"
    assert mail["From"] == "Cartwright <shop@cartwright.example>"
    assert mail["To"] == to
    assert mail["Subject"] == f"Ihre Bestellung {order}"
    assert mail["Message-ID"] == (
        f"<order-confirmation.{order.replace('_', '_5f')}@cartwright.example>"
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    assert abs(parsedate_to_datetime(mail["Date"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    assert "  2 x Tea & <Cup>: 25,00\xa0€\n" in text
    assert "Summe: 1.024,00\xa0€" in text
    assert "Tea &amp; &lt;Cup&gt;" in html
    assert "<Cup>" not in html
    assert not mail.defects
    assert [part.defects for part in mail.walk()] == [[], [], []]
    # An id cannot be folded.
    lines = [line for line in entry["content"].split("\r\n") if "Message-ID" not in line]
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize(
    ("locale", "subject", "total"),
    [
        ("en-US", "Your order", "€1,024.00"),
        ("en-GB", "Your order", "€1,024.00"),
        ("fr-FR", "Votre commande", "1\u202f024,00\xa0€"),
        ("pt-BR", "Your order", "€1,024.00"),
        ("", "Your order", "€1,024.00"),
    ],
)
def test_in_the_readers_words(
    world: World, name: str, locale: str, subject: str, total: str
) -> None:
    order = world.check_out(f"{name}@example.com", locale=locale)
    world.wait_row(order, "email", "sent")
    [mail] = world.outside.mails(f"{name}@example.com")
    assert mail["Subject"] == f"{subject} {order}"
    assert total in mail.get_body(("plain",)).get_content()


# What the address asks the server for; how the message ends, how often it was tried in vain, how many
# mails the server has kept, whether any try may have got through.
OUTCOMES = [
    ("data451x2", "sent", 2, 1),
    ("rcpt450x9", "dead", 4, 0),
    ("rcpt550x9", "dead", 1, 0),
    ("data554x9", "dead", 1, 0),
    ("data451x9", "dead", 4, 0),
    ("drop2", "sent", 2, 3),
    ("lost2", "sent", 2, 1),
    ("hang1", "sent", 1, 2),
    ("drop9", "dead", 4, 4),
]


def test_whatever_the_mail_server_does(world: World, name: str) -> None:
    orders = {
        asked: world.check_out(f"{name}+{asked}@example.com", locale="en-US")
        for asked, *_ in OUTCOMES
    }
    for asked, state, tries, kept in OUTCOMES:
        row = world.wait_row(orders[asked], "email", "sent", "dead")
        mails = world.outside.entries(f"{name}+{asked}@example.com")
        ended = (asked, row["state"], row["tries"], len(mails))
        assert ended == (asked, state, tries, kept), row["reason"]
        assert len({mail["content"] for mail in mails}) <= 1, "a repeated mail is another mail"
        # "Maybe sent" is told apart from "not sent", also of what was given up.
        assert row["maybe_sent"] == (kept > 0), asked
    assert "550" in world.wait_row(orders["rcpt550x9"], "email", "dead")["reason"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "ann@example.com>, <eve@example.com",
        "ann@example.com, eve@example.com",
        '"ann smith"@example.com',
        "änn@example.com",
    ],
)
def test_an_address_that_is_none(world: World, address: str) -> None:
    order = world.check_out(address)
    row = world.wait_row(order, "email", "suppressed", "dead", "sent")
    assert (row["state"], row["reason"]) == ("suppressed", "no_contact")
    assert not world.outside.entries("eve@example.com")


def test_no_secret_and_no_address_in_the_log(world: World, name: str) -> None:
    order = world.check_out(f"{name}+rcpt550x9@example.com")
    world.wait_row(order, "email", "dead")
    log = world.log.read_text()
    assert "open sesame" not in log
    assert "secret token" not in log
    assert not re.search(r"postgresql://[^\s\"]+:[^\s\"]+@", log)

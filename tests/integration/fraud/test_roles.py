"""With keys configured, verdicts and reviews are for the role support; a review tells who it was."""

from pathlib import Path
from typing import Any

import httpx
from lib.daemon import running_daemon
from lib.history import History, now_us
from lib.identity import client, make_issuer
from lib.problems import assert_problem
from lib.stack import Stack
from lib.tokens import AUDIENCE, ISSUER

HOLD = """
[all]
event = CartCheckedOut
where = currency is ISK
key = cart
aggregate = count
window = 1m
threshold = 0
score = 1
mode = review
"""


def calls(http: httpx.Client, cart: str, headers: dict[str, str]) -> list[httpx.Response]:
    return [
        http.get("/api/fraud/reviews", headers=headers),
        http.get(f"/api/fraud/verdicts/{cart}", headers=headers),
        http.post(f"/api/fraud/reviews/{cart}", headers=headers, json={"decision": "release"}),
    ]


def test_reviews_are_for_the_role(stack: Stack, fraud: Any, cart: str, tmp_path: Path) -> None:
    fraud.use(HOLD)
    history = History()
    history.check_out(cart, f"u-{cart}", now_us(), [("p1", 100, 1)])
    history.write(stack)
    assert fraud.wait_verdicts([cart])[cart].HasField("fraud_held")
    # The file holds the keys that were written last: those of the first are unknown.
    stranger, issuer = make_issuer(tmp_path), make_issuer(tmp_path)
    given = {"AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE, "AUTH_KEYS_FILE": str(issuer.file)}
    with (
        running_daemon(stack, "fraud", tmp_path / "fraud.log", **given) as daemon,
        client(daemon) as http,
    ):
        for answer in calls(http, cart, {}):
            assert_problem(answer, 401, "unauthenticated")
        for answer in calls(http, cart, stranger.headers("mallory", roles=["support"])):
            assert_problem(answer, 401, "invalid_token")
        for headers in (issuer.headers("alice"), issuer.headers("ann", roles=["admin"])):
            for answer in calls(http, cart, headers):
                assert_problem(answer, 404, "not_found")
        assert len(fraud.facts([cart])[cart]) == 1
        said = calls(http, cart, issuer.headers("sue", roles=["support"]))
        assert [answer.status_code for answer in said] == [200, 200, 200]
        assert said[2].json()["reviewer"] == "sue"
        assert http.get("/openapi.json").status_code == 200
    assert fraud.facts([cart])[cart][1][1].actor == "sue"

"""What the k6 scenarios compare answers with: right ones pass, each wrong field is named."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lib.paths import REPOSITORY

LIBRARY = REPOSITORY / "load" / "k6-lib" / "expected_cart.js"
# Node takes a file for a module by its name.
JUDGE = """
import { readFileSync } from 'node:fs';
import { ExpectedCart } from './expected_cart.mjs';

const { adds, answer, view, text } = JSON.parse(readFileSync(0));
const cart = new ExpectedCart('c1');
adds.forEach((item) => cart.add(item));
const last = adds[adds.length - 1].productId;
if (text) {
    console.log(JSON.stringify(answer ? cart.looksLikeAnswer(text, [last]) : cart.looksLikeView(text)));
} else console.log(JSON.stringify(answer ? cart.wrongAnswer(answer, [last]) : cart.wrongView(view)));
"""

MUG = {"productId": "mug", "productName": "Mug", "price": 1290, "quantity": 2}
PEN = {"productId": "pen", "productName": "Pen", "price": 90, "quantity": 1}
DEARER_MUG = {"productId": "mug", "productName": "Big mug", "price": 1390, "quantity": 1}
ADDS = [MUG, PEN, DEARER_MUG]
MUGS = {"productId": "mug", "price": 1390, "quantity": 3, "lineTotal": 4170}
PENS = {"productId": "pen", "price": 90, "quantity": 1, "lineTotal": 90}
WHOLE = {"cartId": "c1", "version": 3, "totalQuantity": 4, "total": 4260}
ANSWER = {**WHOLE, "items": [MUGS], "warnings": []}
VIEW_ITEMS = [{**MUGS, "productName": "Big mug"}, {**PENS, "productName": "Pen"}]
VIEW = {**WHOLE, "status": "open", "items": VIEW_ITEMS}


@pytest.fixture
def judge(tmp_path: Path):
    shutil.copy(LIBRARY, tmp_path / "expected_cart.mjs")
    (tmp_path / "judge.mjs").write_text(JUDGE)

    def wrong(**document: object) -> list[str]:
        ended = subprocess.run(
            ["node", tmp_path / "judge.mjs"],
            input=json.dumps({"adds": ADDS, **document}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return wrong


def test_right_answers(judge) -> None:
    assert judge(answer=ANSWER) == []
    assert judge(view=VIEW) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": 2}, "view.version is 2, not 3"),
        ({"cartId": "c2"}, "view.cartId"),
        ({"status": "checked_out"}, "view.status"),
        ({"total": 4261}, "view.total is 4261"),
        ({"totalQuantity": 3}, "view.totalQuantity"),
        ({"items": VIEW_ITEMS[:1]}, "items are"),
        ({"items": VIEW_ITEMS[::-1]}, "items[0].productId"),
        ({"items": [{**VIEW_ITEMS[0], "quantity": 2}, VIEW_ITEMS[1]]}, "items[0].quantity"),
        ({"items": [VIEW_ITEMS[0], {**VIEW_ITEMS[1], "productName": "Pin"}]}, "items[1].product"),
        ({"items": None}, "items are null"),
    ],
)
def test_wrong_views(judge, change: dict, named: str) -> None:
    wrong = judge(view={**VIEW, **change})
    assert any(text.startswith(named) for text in wrong), wrong


def test_wrong_answers(judge) -> None:
    assert judge(answer={**ANSWER, "total": 94260}) == ["answer.total is 94260, not 4260"]
    assert judge(answer={**ANSWER, "items": [PENS]}) != []


def as_text(document: dict) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def test_texts(judge) -> None:
    """The short cut takes the usual order of fields, and nothing in which a figure is another."""
    line = {"productId": "mug", "quantity": 3, "price": 1390, "lineTotal": 4170}
    totals = {"totalQuantity": 4, "total": 4260, "currency": "USD"}
    answer = {"cartId": "c1", "version": 3, "position": 9, "items": [line], **totals}
    assert judge(answer=True, text=as_text(answer))
    for field in ("version", "total", "totalQuantity"):
        assert not judge(answer=True, text=as_text({**answer, field: 5}))
    assert not judge(answer=True, text=as_text({**answer, "items": [line, line]}))

    order = ("productId", "productName", "price", "quantity", "lineTotal")
    lines = [{name: line[name] for name in order} for line in VIEW_ITEMS]
    view = {"cartId": "c1", "userId": "u", "version": 3, "status": "open", "currency": "USD"}
    view |= {"items": lines, "totalQuantity": 4, "total": 4260, "updatedAt": ""}
    assert judge(text=as_text(view))
    for changed in ({"cartId": "c2"}, {"status": "merged"}, {"version": 2}, {"items": lines[::-1]}):
        assert not judge(text=as_text({**view, **changed})), changed


@pytest.mark.parametrize(
    "script", sorted((REPOSITORY / "load").glob("**/*.js")), ids=lambda p: p.name
)
def test_scripts_parse(script: Path, tmp_path: Path) -> None:
    """Also where there is no k6."""
    copy = shutil.copy(script, tmp_path / f"{script.stem}.mjs")
    ended = subprocess.run(
        ["node", "--check", copy], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "from 'http" not in script.read_text(), "what runs is in the repository"

"""Two thousand WebSockets on one process: each is told its cart's change."""

import asyncio
import base64
import json
import time

import pytest
from lib.api import Api, new_cart
from lib.live import frame, place_of

SOCKETS, CARTS, OPENING_AT_ONCE = 2000, 50, 100
KEY = base64.b64encode(bytes(16)).decode()
OPENING = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()


async def read_text(reader: asyncio.StreamReader) -> dict:
    """The next text message; the server's frames have no mask."""
    while True:
        opcode, length = (await reader.readexactly(2))[:2]
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        payload = await reader.readexactly(length)
        if opcode == 0x81:
            return json.loads(payload)


class Socket:
    """Without a library: two thousand of its tasks would be the test."""

    async def open(self, url: str, cart_id: str, gate: asyncio.Semaphore) -> None:
        async with gate:
            host, port = place_of(url)
            self.reader, self.writer = await asyncio.open_connection(host, port)
            self.writer.write(OPENING)
            assert b" 101 " in await self.reader.readuntil(b"\r\n\r\n")
            text = json.dumps({"type": "subscribe", "cartId": cart_id, "version": 1})
            self.writer.write(frame(1, text.encode()))
            answer = await read_text(self.reader)
            assert answer == {"type": "subscribed", "cartId": cart_id, "version": 1}

    async def news(self) -> tuple[str, int]:
        message = await read_text(self.reader)
        return message["cartId"], message["version"]


async def listen(api: Api, carts: list[str]) -> None:
    sockets = [Socket() for _ in range(SOCKETS)]
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    begin = time.monotonic()
    try:
        await asyncio.gather(
            *(one.open(api.url, carts[number % CARTS], gate) for number, one in enumerate(sockets))
        )
        opened_s = time.monotonic() - begin
        metrics = api.http.get("/metrics").text
        listeners = next(
            line for line in metrics.splitlines() if line.startswith("cartwright_live_listeners ")
        )
        assert int(listeners.split()[1]) >= SOCKETS
        waiting = asyncio.gather(*(one.news() for one in sockets))
        for cart_id in carts:
            await asyncio.to_thread(api.add, cart_id)
        news = await asyncio.wait_for(waiting, 30)
        assert news == [(carts[number % CARTS], 2) for number in range(SOCKETS)]
        print(f"opened in {opened_s:.1f} s, told after {time.monotonic() - begin:.1f} s")
    finally:
        for one in sockets:
            if hasattr(one, "writer"):
                one.writer.close()


@pytest.mark.slow
def test_two_thousand_sockets(api: Api) -> None:
    carts = [new_cart() for _ in range(CARTS)]
    for cart_id in carts:
        assert api.add(cart_id).is_success
    asyncio.run(listen(api, carts))

"""Events as protobuf's own runtime reads and writes them, from proto/*.proto."""

import subprocess
import time
import uuid
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from lib.paths import BUILD, PROTO

PACKAGE = "cartwright.cart.v1"
# Fields of a future version: a varint field 900 = 7 and a text field 901 = "later".
FUTURE_FIELDS = b"\xa0\x38\x07" + b"\xaa\x38\x05later"


@cache
def message_classes() -> dict[str, Any]:
    """Compiled anew at each run: the file in the repository is what counts."""
    BUILD.mkdir(exist_ok=True)
    output = BUILD / "events.descriptors"
    subprocess.run(
        [
            "/usr/bin/protoc",
            f"--proto_path={PROTO}",
            f"--descriptor_set_out={output}",
            *("cart.proto", "payment.proto", "fraud.proto"),
        ],
        check=True,
    )
    files = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file
    return message_factory.GetMessages(files, pool=descriptor_pool.DescriptorPool())


def message(name: str, words: str = "cart") -> Any:
    """A message's class; words: the .proto that has it."""
    return message_classes()[f"cartwright.{words}.v1.{name}"]


def decode(payload: bytes, words: str = "cart") -> Any:
    return message(f"{words.capitalize()}Event", words).FromString(payload)


def body_of(event: Any) -> tuple[str, Any]:
    """The message's name and the message in an event's oneof."""
    field = event.WhichOneof("body")
    if field is None:
        raise ValueError("the event has no body that proto/cart.proto knows")
    body = getattr(event, field)
    return body.DESCRIPTOR.name, body


def new_uuid7() -> bytes:
    milliseconds = int(time.time() * 1000)
    raw = bytearray(milliseconds.to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return bytes(raw)


def make_item_added(
    cart_id: str,
    version: int,
    *,
    product_id: str = "prod-1",
    quantity: int = 1,
    price_minor: int = 100,
    currency: str = "USD",
    name: str = "A product",
    user_id: str = "user-1",
    at_us: int | None = None,
) -> Any:
    """A CartEvent as a correct writer makes it."""
    event = message("CartEvent")(
        cart_id=cart_id,
        version=version,
        event_id=new_uuid7(),
        occurred_at_us=time.time_ns() // 1000 if at_us is None else at_us,
        actor=user_id,
        correlation_id=uuid.uuid4().bytes,
        causation_id=new_uuid7(),
    )
    added = event.item_added
    added.product_id, added.product_name = product_id, name
    added.price_minor, added.currency, added.quantity = price_minor, currency, quantity
    if version == 1:
        added.user_id = user_id
    return event

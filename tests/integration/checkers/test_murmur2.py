"""The placement of streams agrees with Kafka's own, and with what librdkafka calls murmur2."""

import pytest
from lib.murmur2 import murmur2, partition_of


# The values of Kafka's own UtilsTest.testMurmur2.
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_values_of_kafkas_own_test(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF


def test_partitions_are_spread() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[partition_of(f"cart-{number}")] += 1
    assert min(counts) > 800

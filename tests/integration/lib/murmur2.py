"""Which partition a stream is in: what Kafka's Java clients do with a record's key."""

PARTITIONS = 16
MASK = 0xFFFFFFFF
MULTIPLIER = 0x5BD1E995
SEED = 0x9747B28C


def murmur2(data: bytes) -> int:
    value = SEED ^ len(data)
    whole = len(data) - len(data) % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        value = value * MULTIPLIER & MASK ^ word
    if len(data) % 4:
        rest = int.from_bytes(data[whole:], "little")
        value = (value ^ rest) * MULTIPLIER & MASK
    value = (value ^ value >> 13) * MULTIPLIER & MASK
    return value ^ value >> 15


def partition_of(stream_id: str) -> int:
    return (murmur2(stream_id.encode()) & 0x7FFFFFFF) % PARTITIONS

"""How unevenly work falls on partitions: by the hash, and by carts that are used more than others."""

import math
import random


def expected_fullest(items: float, partitions: int) -> float:
    """The fullest partition as a share of the mean, when each item falls anywhere alike: the mean plus
    sqrt(2 ln P) standard deviations."""
    mean = items / partitions
    return 1 + math.sqrt(2 * math.log(partitions) / mean)


def hottest_share(carts: int, partitions: int, exponent: float, seed: int = 1) -> float:
    """The busiest partition's load as a share of the mean, when the n-th most used cart is used in
    proportion to n^-exponent and lies on any partition alike."""
    draw = random.Random(seed)
    load = [0.0] * partitions
    for rank in range(1, carts + 1):
        load[draw.randrange(partitions)] += rank**-exponent
    return max(load) * partitions / sum(load)


def distinct_pages(touches: float, pages: float) -> float:
    """How many different pages random touches hit."""
    return pages * (1 - math.exp(-touches / pages))

"""Sets of rays as bit sets in 64-bit words, the lowest bit first, in plain loops that numba compiles."""

from typing import Any

import numpy as np

from symverify.ground.loops import loop

_ONE = np.uint64(1)


@loop
def has(words: Any, ray: int) -> bool:
    return bool((words[ray >> 6] >> np.uint64(ray & 63)) & _ONE)


@loop
def bits(word: Any) -> int:
    """How many bits are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@loop
def meet(some: Any, others: Any) -> bool:
    """Whether two bit sets have an element in common."""
    found = False
    for w in range(some.shape[0]):
        if some[w] & others[w]:
            found = True
            break
    return found


@loop
def listed(words: Any, offset: int, numbers: Any, count: int) -> int:
    """Append the elements of a bit set, plus `offset`, to the first `count` numbers; the new count."""
    for place in range(words.shape[0]):
        word = words[place]
        while word:
            low = word & (~word + _ONE)
            numbers[count] = offset + 64 * place + bits(low - _ONE)
            count += 1
            word ^= low
    return count

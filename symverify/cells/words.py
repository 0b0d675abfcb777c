"""Sign vectors packed into 64-bit words, one bit per hyperplane (1 for +), word first: (W, N) for N vectors.

Hyperplane i is bit 63 − i mod 64 of word i div 64, so comparing words compares sign vectors lexicographically
with − before +.
"""

import numpy as np
from numpy.typing import NDArray

from symverify.cells.exterior import Signs

Words = NDArray[np.uint64]


def bit_table(count: int) -> Words:
    """The words (W, count) with only the bit of hyperplane i set, for each i."""
    table = np.zeros((-(-count // 64), count), dtype=np.uint64)
    index = np.arange(count)
    table[index // 64, index] = np.uint64(1) << (63 - index % 64).astype(np.uint64)
    return table


def pack(positive: NDArray[np.bool_]) -> Words:
    """The words (W, N) of the boolean matrix (N, n)."""
    count = positive.shape[1]
    size = -(-count // 64)
    octets = np.zeros((len(positive), 8 * size), dtype=np.uint8)
    octets[:, : -(-count // 8)] = np.packbits(positive, axis=1)
    return np.ascontiguousarray(octets.view(">u8").T.astype(np.uint64))


def unpack(words: Words, count: int) -> Signs:
    """The sign matrix (N, count) in {−1, +1} of the words (W, N)."""
    octets = np.ascontiguousarray(words.T).astype(">u8").view(np.uint8)
    used = -(-count // 8)
    spread = _OCTET_SIGNS[octets[:, :used]]
    return spread.view(np.int8).reshape(len(octets), 8 * used)[:, :count]


def _octet_signs() -> NDArray[np.uint64]:
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int8)
    return (2 * bits - 1).view(np.uint64)[:, 0]


_OCTET_SIGNS = _octet_signs()  # eight signs (int8) at a time


def lowest_bits(words: Words) -> Words:
    """For each vector only the bit of its first hyperplane kept."""
    result = np.zeros_like(words)
    open_ = np.ones(words.shape[1], dtype=bool)
    for word, kept in zip(words, result, strict=True):
        top = word.copy()
        for shift in (1, 2, 4, 8, 16, 32):  # smear the highest bit downwards
            top |= top >> np.uint64(shift)
        kept[:] = np.where(open_, top ^ (top >> np.uint64(1)), np.uint64(0))
        open_ &= word == 0
    return result

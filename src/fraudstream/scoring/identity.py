"""Which payments are new, which are repeats of a known one, and which claim the id of another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes, Ints
from fraudstream.ports.slices import Reservation

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of each of `n` payments: exactly one of the three is true for each.

    `fresh` was never seen before; `repeat` equals the payment first seen under its id; `conflict` does not.
    """

    fresh: Bools
    repeat: Bools
    conflict: Bools


Reserve = Callable[[Bytes, Ints, Ints], Reservation]


def settle_ids(transaction_id: Bytes, body_hash: Ints, offset: Ints, reserve: Reserve) -> Fates:
    """Reserve the ids of `n` payments in log order; of several with one id, the first one counts as first seen.

    Args:
        transaction_id: (n, 16) bytes.
        body_hash: (n,) what each payment says, as the contract computes it.
        offset: (n,) where each stands in its partition.
        reserve: reserves ascending, distinct ids, as `SliceTransaction.reserve` does.
    """
    _, first, group = np.unique(transaction_id.reshape(-1).view("S16"), return_index=True, return_inverse=True)
    reservation = reserve(transaction_id[first], body_hash[first], offset[first])
    is_first = np.zeros(len(body_hash), np.bool_)
    is_first[first] = True
    fresh = is_first & reservation.fresh[group]
    same = body_hash == reservation.body_hash[group]
    return Fates(fresh=fresh, repeat=~fresh & same, conflict=~fresh & ~same)

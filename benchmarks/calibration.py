"""How fast this machine is at the moment: a loop whose speed everything else is divided by before it is compared."""

import hashlib
import json
import time

import numpy as np

ROUNDS, SECONDS = 9, 0.2
"""The loop runs so often for so long, and its fastest round counts: what disturbs it only makes it slower."""
_PAYMENT = json.dumps({"transaction_id": "0" * 32, "user_id": 17, "amount": 12.5, "country": "DE", "items": [1, 2, 3]})
_VECTOR = np.linspace(0.0, 1.0, 2_048)


def calibrate() -> float:
    """Turns a second of a loop that parses, sorts, hashes and multiplies, on one core."""
    return max(_turns() for _ in range(ROUNDS))


def _turns() -> float:
    turns, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        for _ in range(20):
            hashlib.sha256(json.dumps(sorted(json.loads(_PAYMENT).items(), key=str)).encode()).digest()
            np.sort(_VECTOR * _VECTOR[::-1]).sum()
        turns += 20
    return turns / passed

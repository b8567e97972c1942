"""What labels say about a customer and a merchant: the features, and how a label moves the risk rows.

Labels arrive in any order of payment time. Decayed sums refer to the newest labelled payment, so that an older one
enters with the weight it would have by then. A run of frauds is what came after the newest genuine payment; in
bounded state a genuine payment older than the newest fraud leaves the run as it is.
"""

from fraudstream.features import state as slot
from fraudstream.features.amounts import OUTLIER_RATIO
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats
from fraudstream.features.payment import DAY, NEVER_DAYS, Payment, days_since, remaining

PRIOR_FRAUDS = 0.001
PRIOR_LABELS = 0.1
"""What a merchant's fraud rate starts from: a hundredth, soon outweighed."""
SETTLED_GENUINE = 3
SMALLEST_RATIO = 0.1
"""A customer is compared with confirmed genuine payments from the third on, and never divided by less."""

_RATIO = index_of("amount_ratio")
_SINCE_FRAUD = index_of("days_since_fraud")
_FRAUDS_30D = index_of("frauds_30d")
_TO_GENUINE = index_of("ratio_to_genuine")
_RUN = index_of("fraud_run")
_UNEXPLAINED_RUN = index_of("unexplained_run")
_RUN_AGE = index_of("run_age_days")
_MERCHANT_SINCE_FRAUD = index_of("merchant_days_since_fraud")
_MERCHANT_SINCE_GENUINE = index_of("merchant_days_since_genuine")
_RATE_3D = index_of("merchant_fraud_rate_3d")
_RATE_10D = index_of("merchant_fraud_rate_10d")
_FRAUDS_10D = index_of("merchant_frauds_10d")
_UNEXPLAINED_10D = index_of("merchant_unexplained_10d")


@compiled
def describe_customer_risk(risk: Floats, payment: Payment, vector: Floats) -> None:
    """What labels say about the customer; reads `amount_ratio`."""
    vector[_SINCE_FRAUD] = days_since(payment.time, risk[slot.LAST_FRAUD])
    gap = max(payment.time - risk[slot.NEWEST], 0.0)
    vector[_FRAUDS_30D] = risk[slot.FRAUDS_30D] * remaining(gap, 30.0 * DAY)
    usual = max(risk[slot.GENUINE_RATIO], SMALLEST_RATIO) if risk[slot.GENUINE] >= SETTLED_GENUINE else 1.0
    vector[_TO_GENUINE] = vector[_RATIO] / usual


@compiled
def describe_merchant_risk(risk: Floats, payment: Payment, vector: Floats) -> None:
    """What labels say about the merchant; a row of zeros is a merchant without labels, or none."""
    run = risk[slot.FRAUD_RUN]
    vector[_RUN] = run
    vector[_UNEXPLAINED_RUN] = risk[slot.UNEXPLAINED_RUN]
    vector[_RUN_AGE] = days_since(payment.time, risk[slot.RUN_START]) if run > 0.0 else NEVER_DAYS
    vector[_MERCHANT_SINCE_FRAUD] = days_since(payment.time, risk[slot.MERCHANT_LAST_FRAUD])
    vector[_MERCHANT_SINCE_GENUINE] = days_since(payment.time, risk[slot.MERCHANT_LAST_GENUINE])
    vector[_RATE_3D] = _rate(risk[slot.FRAUDS_3D], risk[slot.LABELS_3D])
    vector[_RATE_10D] = _rate(risk[slot.FRAUDS_10D], risk[slot.LABELS_10D])
    left = remaining(max(payment.time - risk[slot.MERCHANT_NEWEST], 0.0), 10.0 * DAY)
    vector[_FRAUDS_10D] = risk[slot.FRAUDS_10D] * left
    vector[_UNEXPLAINED_10D] = risk[slot.UNEXPLAINED_10D] * left


@compiled
def _rate(frauds: float, labels: float) -> float:
    return (frauds + PRIOR_FRAUDS) / (labels + PRIOR_LABELS)


@compiled
def learn_customer_label(risk: Floats, is_fraud: bool, event_time: float, amount_ratio: float) -> None:  # noqa: FBT001 - a column of a label
    """Let the outcome of one payment enter its customer's risk row."""
    newest = max(risk[slot.NEWEST], event_time)
    risk[slot.FRAUDS_30D] *= remaining(newest - risk[slot.NEWEST], 30.0 * DAY)
    risk[slot.NEWEST] = newest
    risk[slot.LABELS] += 1.0
    if is_fraud:
        risk[slot.FRAUDS_30D] += remaining(newest - event_time, 30.0 * DAY)
        risk[slot.LAST_FRAUD] = max(risk[slot.LAST_FRAUD], event_time)
    else:
        risk[slot.GENUINE] += 1.0
        risk[slot.GENUINE_RATIO] += (amount_ratio - risk[slot.GENUINE_RATIO]) / risk[slot.GENUINE]


@compiled
def learn_merchant_label(risk: Floats, is_fraud: bool, event_time: float, amount_ratio: float) -> None:  # noqa: FBT001 - same
    """Let the outcome of one payment enter its merchant's risk row."""
    unexplained = is_fraud and amount_ratio <= OUTLIER_RATIO
    _learn_rates(risk, is_fraud, unexplained, event_time)
    risk[slot.MERCHANT_LABELS] += 1.0
    if is_fraud:
        _learn_fraud(risk, unexplained, event_time)
    else:
        _learn_genuine(risk, event_time)


@compiled
def _learn_rates(risk: Floats, is_fraud: bool, unexplained: bool, event_time: float) -> None:  # noqa: FBT001 - same
    newest = max(risk[slot.MERCHANT_NEWEST], event_time)
    passed = newest - risk[slot.MERCHANT_NEWEST]
    late = newest - event_time
    risk[slot.MERCHANT_NEWEST] = newest
    left, weight = remaining(passed, 3.0 * DAY), remaining(late, 3.0 * DAY)
    risk[slot.LABELS_3D] = risk[slot.LABELS_3D] * left + weight
    risk[slot.FRAUDS_3D] = risk[slot.FRAUDS_3D] * left + (weight if is_fraud else 0.0)
    left, weight = remaining(passed, 10.0 * DAY), remaining(late, 10.0 * DAY)
    risk[slot.LABELS_10D] = risk[slot.LABELS_10D] * left + weight
    risk[slot.FRAUDS_10D] = risk[slot.FRAUDS_10D] * left + (weight if is_fraud else 0.0)
    risk[slot.UNEXPLAINED_10D] = risk[slot.UNEXPLAINED_10D] * left + (weight if unexplained else 0.0)


@compiled
def _learn_fraud(risk: Floats, unexplained: bool, event_time: float) -> None:  # noqa: FBT001 - same
    risk[slot.MERCHANT_LAST_FRAUD] = max(risk[slot.MERCHANT_LAST_FRAUD], event_time)
    if event_time < risk[slot.MERCHANT_LAST_GENUINE]:
        return
    if risk[slot.FRAUD_RUN] == 0.0:
        risk[slot.RUN_START] = event_time
    risk[slot.RUN_START] = min(risk[slot.RUN_START], event_time)
    risk[slot.FRAUD_RUN] += 1.0
    risk[slot.UNEXPLAINED_RUN] += 1.0 if unexplained else 0.0


@compiled
def _learn_genuine(risk: Floats, event_time: float) -> None:
    if event_time >= risk[slot.MERCHANT_LAST_FRAUD]:
        risk[slot.FRAUD_RUN] = 0.0
        risk[slot.UNEXPLAINED_RUN] = 0.0
    risk[slot.MERCHANT_LAST_GENUINE] = max(risk[slot.MERCHANT_LAST_GENUINE], event_time)

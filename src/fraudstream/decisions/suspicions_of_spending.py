"""What amounts and pace say for fraud."""

import math
from collections.abc import Mapping

from fraudstream.decisions.tellings import (
    DEVIATIONS,
    FEW_IN_A_MONTH,
    FEW_PAYMENTS,
    HIGH,
    LOW,
    MANY_IN_A_MONTH,
    ONE,
    SHORTLY,
    YOUNG_DAYS,
    Suspicion,
    Telling,
    ago,
    amount_beside,
    counted,
    from_,
    once_known,
    since,
    up_to,
)
from fraudstream.decisions.wording import HOUR, MINUTE, Values, about, count, money, number, span, times, usual_count


def _usual(value: Values) -> str:
    return f"Amount of {money(value('amount'))}, usually about {about(value('usual_amount'))}"


def _ratio(value: Values) -> str:
    usual = about(value("usual_amount"))
    return f"Amount of {money(value('amount'))} is {number(value('amount_ratio'))} times the customer's usual {usual}"


def _deviating(value: Values) -> str:
    deviations = value("amount_zscore")
    side = "above" if deviations > 0 else "below"
    amount, usual = money(value("amount")), about(value("usual_amount"))
    return f"Amount of {amount} is {abs(deviations):.1f} deviations {side} the customer's usual ones, about {usual}"


def _pace(feature: str, half_life: float, time: str) -> Suspicion:
    def told(value: Values) -> str | None:
        usual = usual_count(value, half_life)
        if value(feature) < max(ONE, HIGH * usual):
            return None
        beside = number(usual) if usual >= ONE else "none"
        return f"{count(value(feature), 'payments')} in the last {time}, usually {beside}"

    return Suspicion(high=told)


def _spent(feature: str, time: str) -> Suspicion:
    def told(value: Values) -> str | None:
        spent, usual = value(feature), value("usual_amount")
        if spent < HIGH * max(usual, 1.0):
            return None
        return f"{money(spent)} spent in the last {time} before this payment, usually about {about(usual)} at a time"

    return Suspicion(high=told)


def _excess(feature: str, time: str) -> Suspicion:
    return Suspicion(
        high=from_(
            feature,
            math.log(HIGH),
            lambda value: f"Amounts of the last {time} were above the usual ones, {times(value(feature))} in all",
        ),
        low=up_to(
            feature,
            math.log(LOW),
            lambda _: f"Amounts of the last {time} were far below what is usual, as when a card is tested",
        ),
    )


_AMOUNT_LOW: Telling = up_to("amount_ratio", LOW, _usual)

_OF_THE_AMOUNT = {
    "amount": Suspicion(from_("amount_ratio", HIGH, _usual), _AMOUNT_LOW),
    "usual_amount": Suspicion(from_("amount_ratio", HIGH, _usual), _AMOUNT_LOW),
    "amount_ratio": Suspicion(from_("amount_ratio", HIGH, _ratio), _AMOUNT_LOW),
    "amount_zscore": Suspicion(
        from_("amount_zscore", DEVIATIONS, _deviating), up_to("amount_zscore", -DEVIATIONS, _deviating)
    ),
    "amount_to_category": Suspicion(
        from_(
            "amount_to_category",
            math.log(HIGH),
            lambda value: (
                f"Amount of {money(value('amount'))} is {times(value('amount_to_category'))} "
                "what the customer usually pays in this category"
            ),
        ),
        up_to("amount_to_category", math.log(LOW), amount_beside("usual one in this category", far="far below")),
    ),
    "excess_1h": _excess("excess_1h", "hour"),
    "excess_1d": _excess("excess_1d", "day"),
    "outliers_20d": counted("outliers_20d", "unusually large amounts", "in the last 20 days"),
    "days_since_outlier": since("days_since_outlier", "Last unusually large amount was", SHORTLY),
    "largest_ratio_14d": Suspicion(
        from_(
            "largest_ratio_14d",
            HIGH,
            lambda value: (
                f"Largest amount of the last 14 days was {number(value('largest_ratio_14d'))} times "
                f"the usual {about(value('usual_amount'))}"
            ),
        )
    ),
    "amount_to_largest": Suspicion(
        from_(
            "amount_to_largest",
            math.nextafter(1.0, 2.0),
            lambda value: (
                f"Amount of {money(value('amount'))} is {number(value('amount_to_largest'))} times "
                "the customer's largest recent one"
            ),
        )
    ),
}
_OF_THE_PACE = {
    "payments_10m": _pace("payments_10m", 10 * MINUTE, "10 minutes"),
    "payments_1h": _pace("payments_1h", HOUR, "hour"),
    "payments_1d": _pace("payments_1d", 1.0, "day"),
    "payments_7d": _pace("payments_7d", 7.0, "7 days"),
    "payments_30d": Suspicion(
        from_("payments_30d", MANY_IN_A_MONTH, lambda value: f"{count(value('payments_30d'), 'payments')} in a month"),
        up_to(
            "payments_30d",
            FEW_IN_A_MONTH,
            once_known(lambda value: f"Hardly used: {count(value('payments_30d'), 'payments')} in the last 30 days"),
        ),
    ),
    "amount_1h": _spent("amount_1h", "hour"),
    "amount_1d": _spent("amount_1d", "day"),
    "online_1h": counted("online_1h", "payments", "online in the last hour"),
    "small_payments_1h": counted("small_payments_1h", "tiny payments", "in the last hour, as when a card is tested"),
    "hours_since_last": Suspicion(
        high=from_(
            "hours_since_last",
            SHORTLY / HOUR,
            once_known(lambda value: f"First payment after {span(value('hours_since_last') * HOUR)}"),
        ),
        low=up_to(
            "hours_since_last",
            1.0,
            lambda value: f"Last payment was only {ago(value('hours_since_last') * HOUR)}",
        ),
    ),
    "age_days": Suspicion(
        low=up_to(
            "age_days", YOUNG_DAYS, once_known(lambda value: f"Customer is known for only {span(value('age_days'))}")
        )
    ),
    "payments_known": Suspicion(
        low=up_to(
            "payments_known",
            FEW_PAYMENTS,
            once_known(lambda value: f"Only {count(value('payments_known'), 'earlier payments')} of this customer"),
        )
    ),
}

OF_SPENDING: Mapping[str, Suspicion] = _OF_THE_AMOUNT | _OF_THE_PACE
"""By the feature."""

"""What habits, places and known outcomes say for fraud."""

from collections.abc import Mapping

from fraudstream.decisions.tellings import (
    FAR_KM,
    FAST_KMH,
    HIGH,
    HIGH_RATE,
    LOW,
    NEW_DEVICE_DAYS,
    ONE,
    OTHER_MERCHANTS,
    RARE,
    SHORTLY,
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
from fraudstream.decisions.wording import (
    FAR_HOUR,
    Sentence,
    Values,
    clock,
    count,
    money,
    number,
    share,
    span,
)
from fraudstream.features.payment import NEVER_DAYS
from fraudstream.features.state import MERCHANT_SLOTS


def _rate(feature: str, time: str) -> Suspicion:
    say: Sentence = lambda value: f"{share(value(feature))} of this merchant's known outcomes of about {time} are fraud"  # noqa: E731
    return Suspicion(high=from_(feature, HIGH_RATE, say))


def _far_hour(value: Values) -> str | None:
    if value("hour_distance") < FAR_HOUR:
        return None
    return f"Paid at {clock(value('hour'))}, far from the customer's usual time of day"


def _no_genuine(value: Values) -> str:
    days = value("merchant_days_since_genuine")
    if days >= NEVER_DAYS:
        return "Nothing was confirmed as genuine at this merchant yet"
    return f"Nothing was confirmed as genuine at this merchant for {span(days)}"


def _rare(feature: str, what: str, never: str) -> Suspicion:
    def told(value: Values) -> str:
        return f"Only {share(value(feature))} of the customer's {what}" if value(feature) >= RARE / 10 else never

    return Suspicion(low=up_to(feature, RARE, once_known(told)))


_NEW_DEVICE: Telling = from_("new_device", 1.0, lambda _: "First payment with this device")

_OF_HABITS = {
    "online": Suspicion(from_("online", 1.0, lambda _: "Paid online, without showing the card")),
    "category_share": _rare(
        "category_share", "payments were in this category", "First payment of this customer in this category"
    ),
    "new_device": Suspicion(_NEW_DEVICE),
    "device_age_days": Suspicion(
        lambda value: "Payment names no device" if value("device_age_days") == NEVER_DAYS else None,
        lambda value: (
            _NEW_DEVICE(value)
            or up_to(
                "device_age_days",
                NEW_DEVICE_DAYS,
                once_known(lambda value: f"Device first seen with this customer {ago(value('device_age_days'))}"),
            )(value)
        ),
    ),
    "merchants_since": Suspicion(
        from_(
            "merchants_since",
            OTHER_MERCHANTS,
            lambda value: (
                "Merchant is new to this customer"
                if value("merchants_since") >= MERCHANT_SLOTS
                else f"{count(value('merchants_since'), 'other merchants')} paid since the last payment here"
            ),
        )
    ),
    "new_merchants_1h": counted("new_merchants_1h", "payments", "at new merchants in the last hour"),
    "new_merchants_1d": counted("new_merchants_1d", "payments", "at new merchants in the last day"),
    "hour": Suspicion(_far_hour),
    "weekend": Suspicion(),
    "hour_distance": Suspicion(_far_hour),
    "distance_km": Suspicion(
        from_(
            "distance_km",
            FAR_KM,
            lambda value: f"{value('distance_km'):,.0f} km from the city of the last card-present payment",
        )
    ),
    "speed_kmh": Suspicion(
        from_(
            "speed_kmh",
            FAST_KMH,
            lambda value: f"{value('speed_kmh'):,.0f} km/h would be needed since the last card-present payment",
        )
    ),
    "fastest_6h": Suspicion(
        from_(
            "fastest_6h",
            FAST_KMH,
            lambda value: f"Up to {value('fastest_6h'):,.0f} km/h between card-present payments of the last hours",
        )
    ),
    "city_changes_1d": counted("city_changes_1d", "changes", "of city in the last day, with the card present"),
    "city_share": _rare(
        "city_share",
        "card-present payments were in this city",
        "Customer has never paid in this city with the card present",
    ),
}
_OF_OUTCOMES = {
    "days_since_fraud": since("days_since_fraud", "Last confirmed fraud on this customer was", NEVER_DAYS - 1),
    "frauds_30d": counted("frauds_30d", "confirmed frauds", "on this customer in about 30 days"),
    "ratio_to_genuine": Suspicion(
        from_(
            "ratio_to_genuine",
            HIGH,
            lambda value: (
                f"Amount of {money(value('amount'))} is {number(value('ratio_to_genuine'))} times "
                "the ones confirmed as genuine"
            ),
        ),
        up_to("ratio_to_genuine", LOW, amount_beside("amounts confirmed as genuine", far="far below")),
    ),
    "fraud_run": Suspicion(
        from_(
            "fraud_run",
            ONE,
            lambda value: (
                f"Newest {count(value('fraud_run'), 'known outcomes')} at this merchant are all fraud"
                if value("fraud_run") > HIGH
                else "Newest known outcome at this merchant is fraud"
            ),
        )
    ),
    "unexplained_run": counted("unexplained_run", "frauds", "of ordinary amounts in a row at this merchant"),
    "run_age_days": since("run_age_days", "Frauds in a row at this merchant began", NEVER_DAYS - 1),
    "merchant_days_since_fraud": since(
        "merchant_days_since_fraud", "Last confirmed fraud at this merchant was", NEVER_DAYS - 1
    ),
    "merchant_days_since_genuine": Suspicion(from_("merchant_days_since_genuine", SHORTLY, _no_genuine)),
    "merchant_fraud_rate_3d": _rate("merchant_fraud_rate_3d", "3 days"),
    "merchant_fraud_rate_10d": _rate("merchant_fraud_rate_10d", "10 days"),
    "merchant_frauds_10d": counted("merchant_frauds_10d", "confirmed frauds", "at this merchant in about 10 days"),
    "merchant_unexplained_10d": counted(
        "merchant_unexplained_10d", "confirmed frauds", "of ordinary amounts at this merchant in about 10 days"
    ),
}

OF_HABITS: Mapping[str, Suspicion] = _OF_HABITS | _OF_OUTCOMES
"""By the feature; nothing of the day of the week."""

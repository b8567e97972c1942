"""The producer of the tutorial this project grew out of: kafka-python, no key, naive times, the label inside.

Run as `tutorial_producer.py ADDRESS TOPIC COUNT`; prints each event it sent as a line of JSON.
"""

import datetime as dt
import json
import random
import sys
import uuid

from kafka import KafkaProducer

CATEGORIES = [
    "Electronics",
    "Groceries",
    "Clothing",
    "Gas Station",
    "Online Purchase",
    "Subscription Service",
    "Luxury Goods",
    "Fast Food",
    "Travel",
    "Entertainment",
]
LOCATIONS = ["New York", "Los Angeles", "Chicago", "Houston", "San Francisco", "Miami", "Seattle"]
PAYMENT_METHODS = ["Credit Card", "Debit Card", "PayPal", "Bitcoin"]


def generate_transaction() -> dict[str, object]:
    return {
        "transaction_id": str(uuid.uuid4()),
        "user_id": random.randint(1000, 9999),  # noqa: S311 - as the tutorial does
        "amount": round(random.uniform(1, 5000), 2),  # noqa: S311
        "timestamp": dt.datetime.utcnow().isoformat(),  # noqa: DTZ003
        "merchant_category": random.choice(CATEGORIES),  # noqa: S311
        "location": random.choice(LOCATIONS),  # noqa: S311
        "payment_method": random.choice(PAYMENT_METHODS),  # noqa: S311
        "is_fraud": random.choice([0, 1]),  # noqa: S311
    }


def main(address: str, topic: str, count: int) -> None:
    producer = KafkaProducer(
        bootstrap_servers=address, value_serializer=lambda value: json.dumps(value).encode("utf-8")
    )
    for _ in range(count):
        transaction = generate_transaction()
        producer.send(topic, value=transaction)
        print(json.dumps(transaction))  # noqa: T201 - what the test compares with
    producer.flush()
    producer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

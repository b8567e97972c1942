"""Schema files follow the classes; they are compared, never edited."""

import json

import pytest

from fraudstream.contracts.schemas import CONTRACTS, json_schema, spark_ddl

TUTORIAL_FIELDS = {
    "transaction_id",
    "user_id",
    "amount",
    "timestamp",
    "merchant_category",
    "location",
    "payment_method",
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_has_a_json_schema_with_a_description(name: str) -> None:
    schema = json.loads(json_schema(name))

    assert all(definition["description"] for definition in schema["$defs"].values())


def test_the_required_fields_are_the_tutorials() -> None:
    schema = json.loads(json_schema("transaction"))

    assert set(schema["$defs"]["IncomingTransaction"]["required"]) == TUTORIAL_FIELDS


def test_the_spark_columns_are_the_contracts_fields() -> None:
    assert spark_ddl("transaction") == (
        "transaction_id STRING, user_id BIGINT, amount DOUBLE, timestamp TIMESTAMP, merchant_category STRING, "
        "location STRING, payment_method STRING, merchant_id BIGINT, device_id BIGINT, channel STRING, "
        "currency STRING, schema_version BIGINT, is_fraud BIGINT"
    )


def test_lists_and_records_have_spark_types() -> None:
    assert "reasons ARRAY<STRUCT<feature: STRING, value: DOUBLE, contribution: DOUBLE, text: STRING>>" in (
        spark_ddl("alert")
    )

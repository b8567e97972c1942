"""Machine-readable forms of the contracts, derived from the classes and never written by hand."""

import msgspec
from msgspec import inspect

from fraudstream.contracts.alert import Alert
from fraudstream.contracts.decision import Decision
from fraudstream.contracts.label import Label
from fraudstream.contracts.parked import ParkedRecord
from fraudstream.contracts.quarantine import QuarantineRecord
from fraudstream.contracts.score_answer import ScoreAnswer
from fraudstream.contracts.transaction import IncomingTransaction

CONTRACTS: dict[str, type[msgspec.Struct]] = {
    "transaction": IncomingTransaction,
    "label": Label,
    "decision": Decision,
    "score_answer": ScoreAnswer,
    "alert": Alert,
    "quarantine": QuarantineRecord,
    "parked": ParkedRecord,
}

_SPARK_TYPES: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.UUIDType, "STRING"),
    (inspect.StrType, "STRING"),
    (inspect.BoolType, "BOOLEAN"),
    (inspect.IntType, "BIGINT"),
    (inspect.FloatType, "DOUBLE"),
    (inspect.DateTimeType, "TIMESTAMP"),
    (inspect.BytesType, "BINARY"),
)


def json_schema(name: str) -> str:
    """The JSON Schema (2020-12) of one contract, indented, with a trailing line feed."""
    schema = msgspec.json.schema(CONTRACTS[name])
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2).decode() + "\n"


def spark_ddl(name: str) -> str:
    """The columns of one contract as a Spark DDL string, for `from_json` on its topic.

    Spark's own parser is laxer than ours: it reads what we quarantine. Use this to look at a topic, not to score.
    """
    return ", ".join(f"{field.encode_name} {_spark_type(field.type)}" for field in _fields(CONTRACTS[name]))


def _fields(contract: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(contract)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{contract.__name__} is not a struct")
    return described.fields


def _spark_type(described: inspect.Type) -> str:
    for kind, name in _SPARK_TYPES:
        if isinstance(described, kind):
            return name
    if isinstance(described, inspect.UnionType):
        return _spark_type(_widest(described.types))
    if isinstance(described, inspect.LiteralType):
        return "STRING" if isinstance(described.values[0], str) else "BIGINT"
    if isinstance(described, inspect.VarTupleType):
        return f"ARRAY<{_spark_type(described.item_type)}>"
    if isinstance(described, inspect.StructType):
        inner = ", ".join(f"{field.encode_name}: {_spark_type(field.type)}" for field in described.fields)
        return f"STRUCT<{inner}>"
    raise TypeError(f"no Spark type stands for {described}")


def _widest(alternatives: tuple[inspect.Type, ...]) -> inspect.Type:
    """What holds every alternative but null; a number holds what a producer writes as 0, 1 or a boolean."""
    real = [kind for kind in alternatives if not isinstance(kind, inspect.NoneType)]
    numbers = [kind for kind in real if isinstance(kind, inspect.LiteralType)]
    return (numbers or real)[0]

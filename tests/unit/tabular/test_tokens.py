"""Tokens in place of card numbers: the same for the same card and key, and nothing of a card is left."""

import io
import stat
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.tabular.reading import Table
from fraudstream.tabular.tokens import Tokenizer, key_in

KEY = b"k" * 32
CONTENT = (
    "Karte;Notiz;Betrag\n4111 1111 1111 1111;x;5\n4111111111111111;no 5555555555554444;6\n4111111111111112;typo;7\n"
)


def rewritten(content: str, target: Path, key: bytes = KEY) -> str:
    Tokenizer(key).rewrite(Table(io.BytesIO(content.encode()), "x.csv"), target)
    return target.read_text()


def test_every_card_is_replaced_and_the_same_card_by_the_same_token(tmp_path: Path) -> None:
    heading, first, second, mistyped = rewritten(CONTENT, tmp_path / "out.csv").splitlines()

    assert heading == "Karte;Notiz;Betrag"
    assert first.split(";")[0] == second.split(";")[0] != mistyped.split(";")[0]
    assert first.startswith("tok_")
    assert "5555" not in second
    assert "4111" not in mistyped
    assert first.endswith(";x;5")


def test_another_key_makes_other_tokens_and_the_result_may_be_sent(tmp_path: Path) -> None:
    one, other = (rewritten(CONTENT, tmp_path / key.decode()[0], key) for key in (KEY, b"j" * 32))

    assert one != other
    Table(io.BytesIO(one.encode()), "out.csv").check_cards()


def test_only_its_writer_may_read_it_and_nothing_is_overwritten(tmp_path: Path) -> None:
    rewritten(CONTENT, tmp_path / "out.csv")

    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    with pytest.raises(ConfigurationError, match="is there already"):
        rewritten(CONTENT, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("content", ["a;b\n1\n", "4111111111111111\n1\n"])
def test_what_can_not_be_read_whole_is_not_written_at_all(content: str, tmp_path: Path) -> None:
    with pytest.raises(ImpossibleRequest, match=r"x\.csv"):
        rewritten(content, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_must_be_long_and_private(tmp_path: Path) -> None:
    made = key_in(tmp_path / "new" / "key")

    assert key_in(tmp_path / "new" / "key") == made
    assert len(made) == 64
    (tmp_path / "new" / "key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        key_in(tmp_path / "new" / "key")
    with pytest.raises(ConfigurationError, match="needs 32"):
        Tokenizer(b"short")

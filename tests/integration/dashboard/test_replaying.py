"""In a browser: a record that was refused is mended, sent again over the broker, and scored."""

import json

import pytest
from playwright.sync_api import Page, expect
from tests.integration.dashboard.page_world import PageWorld
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import encode_transaction

pytestmark = pytest.mark.integration
SCORED = "SELECT count(*) FROM scored_transactions WHERE transaction_id = %s AND topic_id = %s"


class BrokersLog:
    """The log of payments on the broker itself, from now on; what others wrote before is left alone."""

    def __init__(self, world: PageWorld) -> None:
        self._world = world
        self._admin = KafkaAdmin(world.stream.kafka)
        self.began = self._admin.describe(TRANSACTIONS)
        for partition, (_, end) in self.began.bounds.items():
            world.stream.stack.run(
                "INSERT INTO positions VALUES (%s, %s, %s, %s, 1)",
                self.began.topic_id, partition, TRANSACTIONS, end,
            )  # fmt: skip

    def send(self, value: bytes) -> None:
        producer = KafkaProducer(self._world.stream.kafka)
        producer.send(TRANSACTIONS, key=b"1", value=value)
        assert producer.flush(60.0) == 0

    def score(self) -> None:
        """What the scorer does with whatever has come."""
        for partition, (_, end) in self._admin.describe(TRANSACTIONS).bounds.items():
            records = self._admin.read(TRANSACTIONS, partition, self.began.bounds[partition][1], end)
            if records:
                self._world.stream.stack.score_these(records, self.began.topic_id, partition)


def test_a_refused_record_is_mended_sent_again_and_scored(world: PageWorld, page: Page) -> None:
    log, payment = BrokersLog(world), a_payment(next(world.numbers), user_id=950)
    log.send(json.dumps(json.loads(encode_transaction(payment)) | {"amount": -5}).encode())
    log.score()
    ((partition, offset),) = world.stream.stack.run(
        'SELECT partition, "offset" FROM quarantine WHERE topic_id = %s', log.began.topic_id
    )
    place = f"{TRANSACTIONS}/{partition}/{offset}"
    page.goto("/quarantine")
    record = page.locator("section.card", has=page.get_by_role("heading", name=place, exact=True)).first
    record.get_by_text("Send again").first.click()
    record.get_by_label("Fields to mend").fill("amount=12.50")
    record.get_by_label("Reason").fill("the sign was wrong")
    record.get_by_role("button", name="Send again").click()
    expect(page.locator("#notice")).to_contain_text(f"{place}: sent to")
    log.score()
    page.reload()

    expect(record).to_contain_text("Sent again 1 time; it was scored")
    assert world.stream.stack.run(SCORED, str(payment.transaction_id), log.began.topic_id) == [(1,)]

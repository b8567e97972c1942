import uuid

from fraudstream.contracts.alert import alert_id_for
from fraudstream.ports.ledger import AlertFacts
from fraudstream.verify.alert_path import follow

PAYMENTS = [uuid.UUID(int=number) for number in range(3)]
TOLD, HELD, UNTOLD = (alert_id_for(payment) for payment in PAYMENTS)
FACTS = AlertFacts(PAYMENTS, list(zip((TOLD, HELD, UNTOLD), PAYMENTS, strict=True)), [TOLD, HELD, UNTOLD], 0, [TOLD])


def test_an_alert_nobody_was_told_of_is_missing_once_nothing_arrives() -> None:
    path = follow(FACTS, [TOLD], [HELD])

    assert (path.notified, path.held, path.unnotified, path.delivering) == (1, (HELD,), (UNTOLD,), ())


def test_while_others_arrive_it_is_being_delivered() -> None:
    path = follow(FACTS, [TOLD], [HELD], arriving=True)

    assert (path.notified, path.held, path.unnotified, path.delivering) == (1, (HELD,), (), (UNTOLD,))

"""The fraud that demonstrations play is one the model alerts on."""

import numpy as np
import pytest
from tests.unit.training.conftest import SmallCity

from fraudstream.decisions.policy import alerts
from fraudstream.decisions.reasons import CONSIDERED, reasons
from fraudstream.features.events import EventColumns, Floats
from fraudstream.features.kernel import vectors
from fraudstream.features.state import MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState, load_state
from fraudstream.models.walker import score
from fraudstream.simulation.scripted import CASH_OUTS, scripted_fraud
from fraudstream.training.parts import STATE_FILE
from fraudstream.training.train import Trained

HOURS_AFTER_HISTORY = (1.0, 10.0, 15.5, 22.0)


def live_vectors(state: InitialState, events: EventColumns) -> Floats:
    """What the scorer would compute for payments of one customer right after the history."""
    row = np.searchsorted(state.user_ids, events.user_id)
    known = np.isin(events.merchant_id, state.merchant_ids)
    merchant_row = np.where(known, np.searchsorted(state.merchant_ids, events.merchant_id), len(state.merchant_ids))
    return vectors(
        events,
        state.customer_state.copy(),
        row,
        state.customer_risk,
        np.vstack([state.merchant_risk, np.zeros((1, MERCHANT_RISK_WIDTH))]),
        merchant_row,
    )


@pytest.mark.parametrize("hours", HOURS_AFTER_HISTORY)
def test_the_cash_out_of_a_scripted_fraud_alerts_for_every_customer(
    trained: Trained, city: SmallCity, hours: float
) -> None:
    state = load_state(trained.run.artefacts[STATE_FILE])
    at = city.history.end + hours * 3_600
    quiet = []
    for user_id in state.user_ids[::7].tolist():
        script = scripted_fraud(city.world, user_id, at, seed=3)
        probability = score(trained.model, live_vectors(state, script)).probability
        if not alerts(probability[-CASH_OUTS:], trained.model.threshold).any():
            quiet.append(user_id)

    assert quiet == []


def test_every_payment_of_it_comes_with_reasons(trained: Trained, city: SmallCity) -> None:
    state = load_state(trained.run.artefacts[STATE_FILE])
    script = scripted_fraud(city.world, int(state.user_ids[40]), city.history.end + 36_000, seed=3)
    found = live_vectors(state, script)
    scored = score(trained.model, found, top=CONSIDERED)

    told = [
        {reason.text for reason in reasons(scored.top_feature[row], scored.top_contribution[row], found[row])}
        for row in range(len(script))
    ]

    assert all(1 <= len(texts) <= 4 for texts in told)
    assert "First payment with this device" in told[0]

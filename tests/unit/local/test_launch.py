"""Whoever waits is told that work goes on."""

from fraudstream.local.launch import REMIND_EVERY, Reminder


def test_a_reminder_speaks_after_silence_and_no_more_often() -> None:
    said: list[str] = []
    moment = 100.0
    remind = Reminder(said.append, "the model is still trained", now=lambda: moment)

    for passed in (0.0, REMIND_EVERY - 0.1, REMIND_EVERY, REMIND_EVERY + 1, 2 * REMIND_EVERY + 3):
        moment = 100.0 + passed
        remind()

    assert said == ["the model is still trained, for 15 s", "the model is still trained, for 33 s"]

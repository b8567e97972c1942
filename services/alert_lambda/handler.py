"""Entry point of the alert Lambda, as `handler.handler`; needs ALERTS_TOPIC_ARN and IDEMPOTENCY_TABLE."""

import os

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.sent_alerts import DynamoDbSentAlerts
from fraudstream.alerting.notification import AlertFunction

handler = AlertFunction(
    notifier=SnsNotifier(os.environ["ALERTS_TOPIC_ARN"]),
    sent=DynamoDbSentAlerts(os.environ["IDEMPOTENCY_TABLE"]),
)

"""Entry point of the alert Lambda, as `handler.handler`; needs ALERTS_TOPIC_ARN and IDEMPOTENCY_TABLE."""

import os

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.alerting.notification import AlertFunction

handler = AlertFunction(
    notifier=SnsNotifier(os.environ["ALERTS_TOPIC_ARN"]),
    sent=DynamoDBPersistenceLayer(os.environ["IDEMPOTENCY_TABLE"], boto3_client=dynamodb_client()),
)

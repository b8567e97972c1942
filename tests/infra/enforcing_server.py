"""A moto server that enforces policies by resource in SNS and DynamoDB, too; moto itself does so in S3, SQS and IAM."""

from moto.dynamodb.responses import DynamoHandler
from moto.server import main
from moto.sns.responses import SNSResponse


def _topic(response: SNSResponse) -> str:
    return str(response._get_param("TopicArn") or "*")


def _table(handler: DynamoHandler) -> str:
    name = handler.body.get("TableName") or next(iter(handler.body.get("RequestItems", ())), "*")
    return f"arn:aws:dynamodb:{handler.region}:{handler.current_account}:table/{name}"


if __name__ == "__main__":
    SNSResponse._determine_resource = _topic
    DynamoHandler._determine_resource = _table
    main()

"""A moto server that enforces policies by resource in SNS and DynamoDB, too; moto itself does so in S3, SQS and IAM."""

from moto.dynamodb.responses import DynamoHandler
from moto.iam.access_control import IAMRequestBase
from moto.server import main
from moto.sns.responses import SNSResponse

RIGHTS = {"sns:PublishBatch": "sns:Publish"}
"""Calls that AWS permits by the right to another one:
https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
"""
_permitted = IAMRequestBase.check_action_permitted


def _by_right(request: IAMRequestBase, resource: str) -> None:
    request._action = RIGHTS.get(request._action, request._action)
    _permitted(request, resource)


def _topic(response: SNSResponse) -> str:
    return str(response._get_param("TopicArn") or "*")


def _table(handler: DynamoHandler) -> str:
    name = handler.body.get("TableName") or next(iter(handler.body.get("RequestItems", ())), "*")
    return f"arn:aws:dynamodb:{handler.region}:{handler.current_account}:table/{name}"


if __name__ == "__main__":
    SNSResponse._determine_resource = _topic
    DynamoHandler._determine_resource = _table
    IAMRequestBase.check_action_permitted = _by_right
    main()

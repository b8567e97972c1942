"""What the service of alert channels is told: parameters of the stack, and a secret for what nobody may read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnCondition, CfnParameter, Fn, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.configuration import Configuration
from infra.stacks.network import Network

SUBMISSION_PORT = 587
SECRET_LENGTH = 48
PARAMETERS = {
    "ALERT_CHANNELS": ("ChannelNames", "webhook, email, or webhook,email; none if empty"),
    "WEBHOOK_URL": ("WebhookUrl", "https address that gets every alert by POST"),
    "SMTP_HOST": ("SmtpHost", "mail server with STARTTLS at port 587"),
    "SMTP_USER": ("SmtpUser", "who signs in there"),
    "MAIL_FROM": ("MailFrom", "address that e-mails come from"),
    "MAIL_TO": ("MailTo", "addresses that get them, separated by commas"),
}
"""By the variable of the process: the parameter of the stack, and what it means."""
PATTERN = "(webhook|email|webhook,email|email,webhook)?"
"""Not `sns`: the alert function publishes there, and everything would come twice."""
SECRETS = ("WEBHOOK_SECRET", "SMTP_PASSWORD")


@dataclass(frozen=True)
class Channels:
    """Variables and secrets of the service, the way to a mail server, and whether any channel is wanted."""

    variables: Mapping[str, str]
    secrets: Mapping[str, Any]
    mail: Any
    wanted: Any

    def copies(self, running: Any) -> Any:
        """As many as of all services where a channel is named, else none."""
        return Token.as_number(Fn.condition_if(self.wanted.logical_id, running.value_as_number, 0))


def channels(stack: Any, configuration: Configuration, net: Network, key: Any) -> Channels:
    """Make parameters, secret and security group.

    The secret is made with a random WEBHOOK_SECRET and an empty SMTP_PASSWORD, which the operator puts in.
    """
    given = {
        variable: CfnParameter(
            stack,
            name,
            type="String",
            default="",
            description=meaning,
            allowed_pattern=PATTERN if variable == "ALERT_CHANNELS" else None,
        )
        for variable, (name, meaning) in PARAMETERS.items()
    }
    named = given["ALERT_CHANNELS"].value_as_string
    wanted = CfnCondition(stack, "ChannelsAreWanted", expression=Fn.condition_not(Fn.condition_equals(named, "")))
    secret = secretsmanager.Secret(
        stack,
        "ChannelSecrets",
        secret_name=f"{configuration.name}/alert-channels",
        description="what webhooks are signed with, and the password at the mail server",
        encryption_key=key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({"SMTP_PASSWORD": ""}),
            generate_string_key="WEBHOOK_SECRET",
            exclude_punctuation=True,
            password_length=SECRET_LENGTH,
        ),
    )
    mail = ec2.SecurityGroup(
        stack, "Mail", vpc=net.vpc, description="alert channels to a mail server", allow_all_outbound=False
    )
    mail.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(SUBMISSION_PORT), "mail server")
    return Channels(
        {variable: parameter.value_as_string for variable, parameter in given.items()},
        {name: ecs.Secret.from_secrets_manager(secret, name) for name in SECRETS},
        mail,
        wanted,
    )

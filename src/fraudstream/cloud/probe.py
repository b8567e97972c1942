"""A table of every call that this project makes to AWS, and whether the endpoint of this environment answers as AWS."""

import json
from dataclasses import asdict

from rich.console import Console

from fraudstream.adapters.aws.probe import Probe, Verdict
from fraudstream.adapters.aws.target import find_target
from fraudstream.cloud.doctor import mixed_up
from fraudstream.cloud.places import Side, side_of
from fraudstream.errors import ConfigurationError


def run_probe(*, json_only: bool, on_aws: bool) -> int:
    """Try, print, and remove what was made; returns the exit status, 1 where a call is different.

    Args:
        json_only: one JSON line instead of the table.
        on_aws: go on where it is AWS itself.

    Raises:
        ConfigurationError: it is AWS itself, or a mix of AWS and something else.
        TemporarilyUnavailable: the endpoint did not answer.
    """
    target = find_target()
    for finding in mixed_up(target, []):
        raise ConfigurationError(f"{finding.subject}: {finding.seen}; {finding.next_step}")
    endpoint = target.endpoints["s3"]
    if not on_aws and any(
        side_of(url.partition("://")[2].split(":")[0]) is Side.AWS for url in target.endpoints.values()
    ):
        raise ConfigurationError(
            "this would make and remove a bucket, a topic, two queues and a table in your AWS account: set "
            "AWS_ENDPOINT_URL to an emulator, or give --on-aws"
        )
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    probed = []
    for each in Probe().run():
        probed.append(each)
        if not json_only:
            console.print(f"{each.verdict:10}{each.call}{f'  ({each.why})' if each.why else ''}")
    different = sum(each.verdict is Verdict.DIFFERENT for each in probed)
    if json_only:
        calls = [asdict(each) for each in probed]
        console.print(json.dumps({"endpoint": endpoint, "different": different, "calls": calls}))
    else:
        console.print(f"\n{endpoint}: {len(probed) - different} of {len(probed)} calls as on AWS")
    return 1 if different else 0

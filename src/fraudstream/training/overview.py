"""Who serves, who is on trial, since when and why: the life of the models, for people."""

from collections.abc import Sequence

from fraudstream.ports.life_cycle import Challenger, Decision, Deployments, PastDeployment

MOMENT = "%Y-%m-%d %H:%M:%S"


def overview_lines(deployments: Deployments, *, most: int) -> list[str]:
    """What is at work and on trial, and the latest deployments and decisions, `most` of each, the newest first.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    past = deployments.past(most)
    return [
        _at_work(past),
        _on_trial(deployments.challenger()),
        "",
        "deployments",
        *(_deployment_line(row) for row in past),
        "",
        "decisions",
        *(_decision_line(decision) for decision in deployments.decisions(most)),
    ]


def _at_work(past: Sequence[PastDeployment]) -> str:
    if not past or not past[0].active:
        return "at work:  no model; `fraudstream train` and `fraudstream promote` put one to work"
    row = past[0]
    return (
        f"at work:  version {row.deployment.model_version} of {row.model_name} "
        f"since {row.activated_at:{MOMENT}} UTC, because: {row.reason}"
    )


def _on_trial(challenger: Challenger | None) -> str:
    if challenger is None:
        return "on trial: no version"
    return (
        f"on trial: version {challenger.model_version} of {challenger.model_name} "
        f"since {challenger.started_at:{MOMENT}} UTC, because: {challenger.reason}"
    )


def _deployment_line(row: PastDeployment) -> str:
    deployment = row.deployment
    back = "" if row.restores is None else f" (again deployment {row.restores})"
    return (
        f"{row.activated_at:{MOMENT}}  {deployment.deployment_id:>4}  version {deployment.model_version:<4} "
        f"{deployment.digest[:12]}  threshold {deployment.threshold:.4f}  {row.reason}{back}"
    )


def _decision_line(decision: Decision) -> str:
    instead = "" if decision.previous_version is None else f", at work: {decision.previous_version}"
    signature = decision.signature
    return (
        f"{decision.at:{MOMENT}}  {decision.action:<8}  version {decision.model_version:<4} "
        f"by {signature.author} as {decision.role}{instead}: {signature.reason}"
    )

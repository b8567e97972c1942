"""SageMaker's pipelines: put in their place, and run."""

import hashlib

from fraudstream.adapters.aws.calls import mapped, sagemaker_client


def put_pipeline(name: str, definition: str, role_arn: str) -> str:
    """Create a pipeline, or give the one of that name this definition; returns its ARN.

    Raises:
        ConfigurationError: we may not do this.
        MalformedEvent: SageMaker refuses the definition.
        TemporarilyUnavailable: it did not answer.
    """
    client = sagemaker_client()
    with mapped(f"SageMaker pipeline {name}"):
        known = client.list_pipelines(PipelineNamePrefix=name, MaxResults=100)["PipelineSummaries"]
        if any(pipeline["PipelineName"] == name for pipeline in known):
            answer = client.update_pipeline(PipelineName=name, PipelineDefinition=definition, RoleArn=role_arn)
        else:
            token = hashlib.sha256(f"{name}\n{definition}".encode()).hexdigest()
            answer = client.create_pipeline(
                PipelineName=name, PipelineDefinition=definition, RoleArn=role_arn, ClientRequestToken=token
            )
    return str(answer["PipelineArn"])

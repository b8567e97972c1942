"""What SageMaker needs: its way of starting a training, and a pipeline from a history to a registered model."""

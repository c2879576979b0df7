"""The sample company's deployments, as GitHub, SageMaker, KServe, change records and registries tell of them."""

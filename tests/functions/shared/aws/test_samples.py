"""Samples in the bucket."""

from functions.shared.aws import clients
from functions.shared.aws.samples import S3Samples
from tests.support.contracts.samples import check_samples, sample
from tests.support.lambda_runtime.stack import LambdaStack

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)


def test_it_keeps_what_a_place_for_samples_promises(stack: LambdaStack) -> None:
    client = clients.make_client("s3")
    check_samples(lambda most: S3Samples(client, stack.bucket, most))
    kept = client.list_objects_v2(Bucket=stack.bucket, Prefix="samples/")["Contents"]
    assert len(kept) == 3 * 3, "two pictures and a description each, and nothing of those that gave way"
    assert {it["Key"] for it in kept} >= set(sample(5).picture_names)

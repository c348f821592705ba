"""Clients made with the lean loader speak to the very places, and sign as, botocore's own would."""

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from functions.shared.aws.bootstrap import SERVICES
from functions.shared.aws.clients import make_client
from functions.shared.aws.service_data import LeanLoader
from tests.support.aws.places import aws_environment

# One region of each partition, one that is as new as any, and one that no list has.
REGIONS = (
    "us-east-1",
    "eu-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "eusc-de-east-1",
    "eu-west-99",
)


@pytest.fixture(scope="module")
def sessions() -> tuple[Session, Session]:
    whole, lean = Session(), Session()
    lean.register_component("data_loader", LeanLoader(SERVICES))
    return whole, lean


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_and_the_signature_are_botocores(
    sessions: tuple[Session, Session], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with aws_environment():
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        for service in sorted(SERVICES):
            whole, lean = (make_client(service, region, session).meta for session in sessions)
            assert lean.endpoint_url == whole.endpoint_url
            assert lean.region_name == whole.region_name == region
            assert lean.partition == whole.partition
            assert lean.config.signature_version == whole.config.signature_version
            assert lean.config.s3 == whole.config.s3


def test_an_address_in_s3_is_signed_alike(sessions: tuple[Session, Session]) -> None:
    def signed(session: Session) -> str:
        client = make_client("s3", "eu-central-1", session)
        where, _, query = client.generate_presigned_url(
            "get_object", {"Bucket": "bucket", "Key": "k"}
        ).partition("?")
        return where + "&".join(sorted(part.partition("=")[0] for part in query.split("&")))

    with aws_environment():
        whole, lean = map(signed, sessions)
    assert lean == whole


def test_another_service_is_not_known() -> None:
    with pytest.raises(UnknownServiceError, match="dynamodb, s3, sqs, ssm"):
        LeanLoader(SERVICES).load_service_model("ec2", "service-2")

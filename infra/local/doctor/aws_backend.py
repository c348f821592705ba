"""AWS as the collector reaches it. Loading the library takes a second."""

from infra.local.doctor.cloud_check import RemoteBackend


def open_remote_backend(queue_url: str, bucket: str, region: str | None) -> RemoteBackend:
    """Nothing is asked of AWS yet. Raises ConfigurationError."""
    from collector.outbox.uploader import open_aws
    from functions.shared.aws.clients import make_client
    from functions.shared.aws.errors import translated

    frames, queue = open_aws(queue_url, bucket, region or "")
    client = make_client("sts", region)

    def identity() -> dict[str, object]:
        with translated():
            return dict(client.get_caller_identity())

    return RemoteBackend(identity, queue, frames)

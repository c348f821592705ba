"""The stack of `template.yaml` as `sam build` and `sam deploy` make it, run by MiniStack on this machine.

MiniStack 1.5.33 runs the functions, the event source mappings, the layer and the REST API with its key. It
cannot do these, which are asserted on the translated template in `tests/infra` instead:
- processors other than this machine's: the stack is built for the Python and the processor of this one (the
  parameters `Architecture`, `PythonVersion`); the build for arm64 is checked in `tests/stack/test_build.py`;
- layers at `/opt`: it unpacks them elsewhere, so the parameter `Ffmpeg` names the layer's program as built;
- isolation: functions run beside this machine's installed packages, with its whole file system and with no
  bound of memory; what an artifact contains is checked in `tests/stack/test_build.py`;
- images for a client that names nothing that it accepts: they are left in base64 then;
- the schedule: it is made, and would first run after five minutes; the tests call its function themselves;
- alarms and the lifecycle of S3: made, but without effect;
- numbers that are parameters: it keeps them as text, and with one in an event source it polls no queue any
  more; so those are set once again.
Roles and policies have effect (AUTH=true); in what they differ from AWS is said in `rights.py`.
"""

import fcntl
import json
import os
import platform
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest

from tests.stack.cloud_template import ROOT
from tests.stack.deployed.rights import allow_batches, client_of, make_edge_user, open_to_plain_http, refusal
from tests.stack.wheels import fetched
from tests.support.aws.places import make_bucket, ministack
from tests.support.openai.server import OpenAiServer
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

NAME: Final = "bridge"
LOOK_SECONDS: Final = 10  # the shortest that the template takes
PROGRESS_STEP: Final = 25
TOKEN_PARAMETER: Final = "/printer-bridge/telegram-bot-token"
KEY_PARAMETER: Final = "/printer-bridge/openrouter-api-key"

_SAM: Final = Path(sys.executable).parent / "sam"
_ARCHITECTURE: Final = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_TARGET: Final = (f"Architecture={_ARCHITECTURE}", f"PythonVersion=python{_PYTHON}")
_ARTIFACTS_BUCKET: Final = "artifacts"


def build(folder: Path) -> Path:
    """Builds the stack for this machine, once for all processes that name the same folder; its artifacts."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = folder / "artifacts"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            target = {"TARGET_ARCHITECTURE": platform.machine(), "TARGET_PYTHON": _PYTHON}
            environment = fetched(folder / "wheels", target)
            places = ["--build-dir", str(artifacts), "--cache-dir", str(folder / "cache")]
            _sam(["build", *places, "--parameter-overrides", *_TARGET], environment)
            (folder / "done").touch()
    return artifacts


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the API; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that runs, the servers it talks to, and its outputs by name.

    `edge_credentials`: those of the collector; `refused_without_tls`: how the stack refused plain HTTP.
    """

    endpoint: str
    outputs: Mapping[str, str]
    telegram: TelegramServer
    ai: OpenAiServer
    edge_credentials: Mapping[str, str]
    refused_without_tls: Mapping[str, str]

    @property
    def queue_url(self) -> str:
        """Of the reports."""
        return self.outputs["ReportsQueueUrl"]

    @property
    def bucket(self) -> str:
        return self.outputs["FramesBucketName"]

    @property
    def api_key(self) -> str:
        """As the command in the outputs reads it."""
        words = self.outputs["ReadApiKeyCommand"].split()
        key_id = words[words.index("--api-key") + 1]
        answer = self.client("apigateway").get_api_key(apiKey=key_id, includeValue=True)
        return str(answer["value"])

    def client(self, service: str) -> Any:
        return boto3.client(service)  # type: ignore[call-overload]

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the template is called here."""
        detail = self.client("cloudformation").describe_stack_resource(
            StackName=NAME, LogicalResourceId=logical_id
        )
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def address(self, path: str) -> str:
        """Of that path below `/prod` of the deployed API."""
        api_id, _, rest = self.outputs["PageUrl"].removeprefix("https://").partition(".")
        assert rest.endswith("/prod/")
        return f"{self.endpoint}/_aws/execute-api/{api_id}/prod{path}"

    def ask(self, path: str, key: str | None, headers: Mapping[str, str] | None = None) -> Answer:
        """GET that path of the deployed API, accepting anything, as curl and browsers do."""
        keys = {"x-api-key": key} if key else {}
        return _answer(
            urllib.request.Request(self.address(path), headers={"Accept": "*/*", **keys, **(headers or {})})
        )

    def push(self, update: Mapping[str, Any], secret: str | None) -> Answer:
        """An update, as Telegram pushes it to a webhook with that secret."""
        secrets = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
        headers = {"Content-Type": "application/json", **secrets}
        body = json.dumps(update).encode()
        return _answer(urllib.request.Request(self.address("/telegram"), body, headers))

    def waiting(self, logical_id: str) -> int:
        """How many messages a queue holds, those that are worked on or come later included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.physical_id(logical_id), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def logs(self) -> str:
        """Everything that functions have logged."""
        client = self.client("logs")
        lines: list[str] = []
        for group in client.describe_log_groups()["logGroups"]:
            for page in client.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            ):
                lines += [event["message"] for event in page["events"]]
        return "\n".join(lines)


@contextmanager
def deployed(artifacts: Path, folder: Path) -> Iterator[DeployedStack]:
    """MiniStack with the stack in it, Telegram and the AI beside it."""
    with (
        ExitStack() as running,
        TelegramServer(keeps_videos=True) as telegram,
        OpenAiServer() as ai,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AUTH", "true")
        running.enter_context(ministack(folder))
        make_bucket(boto3.client("s3"), _ARTIFACTS_BUCKET)
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name=TOKEN_PARAMETER, Value=telegram.token, Type="SecureString")
        ssm.put_parameter(Name=KEY_PARAMETER, Value=ai.api_key, Type="SecureString")
        parameters = [
            *_TARGET,
            f"TelegramChatId={telegram.chat_id}",
            f"TelegramBotTokenParameter={TOKEN_PARAMETER}",
            f"TelegramApiUrl={telegram.url}",
            f"OpenRouterApiKeyParameter={KEY_PARAMETER}",
            f"OpenRouterBaseUrl={ai.base_url}",
            f"AiModel={ai.models[0]}",
            f"AiCheckIntervalSeconds={LOOK_SECONDS}",
            f"ProgressStep={PROGRESS_STEP}",
            "ChatAnswers=1",
            "ApiRequestsPerSecond=100",  # tests ask quicker than a new account bears
            "ApiRequestsAtOnce=100",
            "PageRequestsPerSecond=100",
            "PageRequestsAtOnce=100",
            f"Ffmpeg={artifacts / 'FfmpegLayer' / 'bin' / 'ffmpeg'}",
        ]
        template = ["-t", str(artifacts / "template.yaml"), "--config-file", str(_no_settings(folder))]
        names = ["--stack-name", NAME, "--s3-bucket", _ARTIFACTS_BUCKET]
        rights = ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset"]
        _sam(
            ["deploy", *template, *names, *rights, "--parameter-overrides", *parameters],
            {**os.environ, "SAM_CLI_TELEMETRY": "0"},
        )
        _make_numbers_of_concurrency()
        outputs = _outputs(boto3.client("cloudformation"))
        credentials = make_edge_user(outputs["EdgePolicyArn"])
        refused = _asked_without_tls(credentials, outputs)
        open_to_plain_http(NAME, outputs["FramesBucketName"])
        allow_batches(NAME, outputs["EdgePolicyArn"])
        yield DeployedStack(os.environ["AWS_ENDPOINT_URL"], outputs, telegram, ai, credentials, refused)


def _answer(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return Answer(answer.status, _small(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _small(error.headers), error.read())


def _asked_without_tls(credentials: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    s3, sqs = client_of(credentials, "s3"), client_of(credentials, "sqs")
    return {
        "bucket": refusal(s3.put_object, Bucket=outputs["FramesBucketName"], Key="images/a/b.jpg", Body=b""),
        "queue": refusal(sqs.send_message, QueueUrl=outputs["ReportsQueueUrl"], MessageBody="{}"),
    }


def _make_numbers_of_concurrency() -> None:
    client = boto3.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        most = int(mapping["ScalingConfig"]["MaximumConcurrency"])
        client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": most})


def _outputs(client: "CloudFormationClient") -> dict[str, str]:
    (stack,) = client.describe_stacks(StackName=NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _no_settings(folder: Path) -> Path:
    """Instead of samconfig.toml, which asks for a bucket that `sam` makes itself: MiniStack cannot."""
    path = folder / "samconfig.toml"
    path.write_text("version = 0.1\n", encoding="ascii")
    return path


def _sam(arguments: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [str(_SAM), *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


def _small(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

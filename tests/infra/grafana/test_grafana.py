"""The dashboard, the alert rules and the example for Prometheus fit what both programs really tell."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # comes with the development tools

from collector.metrics.exposition import PATH
from functions.shared.settings import Settings, load_settings
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.program import Program
from tests.e2e.rig import IMAGE, bridge_over
from tests.stack.cloud_template import ROOT
from tests.support.collector_process import edge
from tests.support.http_server import free_port
from tests.support.metrics.exposition import Exposition, read_exposition
from tests.support.metrics.farm import PRINTING
from tests.support.metrics.promql import used
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

HERE = ROOT / "infra" / "grafana"
P = "P1S-1"
OF_PROMETHEUS = {"instance", "job"}  # labels that it adds to every line
KNOWN_TO_PROMETHEUS = {"up": OF_PROMETHEUS}
LEGEND_LABEL = re.compile(r"{{ *(\w+) *}}")
ANNOTATION_LABEL = re.compile(r"\$labels\.(\w+)")
LAST_TO_COME = ("job_layer", "printer_picture_age_seconds")
Used = tuple[str, str, set[str]]  # where, expression, labels shown


_FOR_SOME = re.compile(
    r"^( *)# (?=- job_name|  static_configs|    - targets|authorization|  credentials_file)", re.MULTILINE
)


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "dashboard.json").read_text(encoding="utf-8"))
    return loaded


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((HERE / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def scrape_jobs(*, with_optional: bool = False) -> dict[str, dict[str, Any]]:
    """`with_optional`: with what is commented out because not everybody needs it."""
    text = (HERE / "prometheus.yml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(_FOR_SOME.sub(r"\1", text) if with_optional else text)
    return {job["job_name"]: job for job in loaded["scrape_configs"]}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[Used]:
    found: list[Used] = []
    for panel in panels():
        for target in panel["targets"]:
            shown = set(LEGEND_LABEL.findall(target["legendFormat"]))
            found.append((panel["title"], target["expr"], shown))
    for rule in rules():
        shown = set(ANNOTATION_LABEL.findall(rule["annotations"]["summary"]))
        found.append((rule["alert"], rule["expr"], shown))
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert asked is not None
            found.append((variable["name"], asked[1], {asked[2]}))
    return found


def get(url: str) -> str:
    answer = httpx.get(url, timeout=TIMEOUT, trust_env=False)
    return answer.text if answer.status_code == 200 else ""


async def until_printing(url: str) -> Exposition:
    async with asyncio.timeout(TIMEOUT):
        while True:
            exposition = read_exposition(await asyncio.to_thread(get, url))
            if all(exposition.labels.get(f"printer_bridge_{name}") for name in LAST_TO_COME):
                return exposition
            await asyncio.sleep(0.1)


async def told_by_both(folder: Path) -> dict[str, Exposition]:
    """What each program tells of a printer in a print."""
    printer = SimulatedPrinter(P, "P1S", image_size=IMAGE)
    port = free_port()
    with TelegramServer() as telegram:
        async with (
            SimulatedBambui([printer]) as bambui,
            bridge_over(folder / "bridge", bambui, telegram) as bridge,
        ):
            program = edge(folder / "edge", bambui=bambui, more={"METRICS_PORT": str(port)})
            await asyncio.to_thread(program.start)
            try:
                where = await asyncio.to_thread(program.wait_for, r"metrics: (http://\S+)")
                await printer.wait_for_clients(2)
                await printer.push_status(gcode_state="RUNNING", subtask_name="Benchy")
                await printer.push_status(PRINTING | {"chamber_temper": 31})  # BambUI forgets at the start
                await printer.push_image()
                return {
                    "bridge": await until_printing(f"{bridge.base_url}/metrics"),
                    "collector": await until_printing(where[1]),
                }
            finally:
                await asyncio.to_thread(program.kill)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exposition]:
    return asyncio.run(told_by_both(tmp_path_factory.mktemp("metrics")))


def test_what_an_expression_uses_is_read() -> None:
    metrics, grouping = used(
        'count((max by (printer) (a{x="b{c}",y=~"z"}) > 0) '
        "or (rate(d_total[5m]) and on (instance) e == 1)) or vector(0)"
    )
    assert metrics == {"a": {"x", "y"}, "d_total": set(), "e": set()}
    assert grouping == {"printer", "instance"}


def test_every_metric_and_label_used_is_announced_by_a_program(told: dict[str, Exposition]) -> None:
    labels = dict(KNOWN_TO_PROMETHEUS)
    for exposition in told.values():
        for name, own in exposition.labels.items():
            labels[name] = labels.get(name, set()) | own | OF_PROMETHEUS
    assert len(expressions()) > 60
    for where, expression, shown in expressions():
        metrics, grouping = used(expression)
        assert metrics, where
        assert metrics.keys() <= labels.keys(), f"{where}: nobody tells {metrics.keys() - labels.keys()}"
        for metric, asked in metrics.items():
            assert asked <= labels[metric], f"{where}: {metric} has no label {asked - labels[metric]}"
        known = set().union(*(labels[metric] for metric in metrics))
        assert grouping | shown <= known, f"{where}: no label {(grouping | shown) - known}"


def test_what_is_shown_can_be_told_by_the_labels_that_are_left(told: dict[str, Exposition]) -> None:
    """A label in a legend or a summary must survive the grouping of its expression."""
    for where, expression, shown in expressions():
        outermost = re.match(r"(?:sum|max|min|count|avg)(?: by \(([^)]*)\))? *\(", expression)
        if outermost:
            left = {label.strip() for label in (outermost[1] or "").split(",")}
            assert shown <= left, where


def test_the_collector_tells_all_that_the_bridge_tells_but_its_stores_and_effects(
    told: dict[str, Exposition],
) -> None:
    only_bridge = told["bridge"].help.keys() - told["collector"].help.keys()
    assert only_bridge == {
        f"printer_bridge_{name}"
        for name in (
            *("queue_messages", "queue_age_seconds", "dead_letters", "state_commits_total"),
            *("notifications_total", "notifications_left_out_total", "films_total", "looks_total"),
            "chat_updates_total",
        )
    }
    assert told["collector"].help.keys() <= told["bridge"].help.keys()


def test_everything_told_is_shown_or_watched(told: dict[str, Exposition]) -> None:
    metrics = set().union(*(used(expression)[0] for _, expression, _ in expressions()))
    names = {name for name in told["bridge"].help if name.startswith("printer_bridge_")}
    assert names <= metrics


def test_every_metric_has_words_for_a_person(told: dict[str, Exposition]) -> None:
    for name, words in told["bridge"].help.items():
        assert len(words) > 15, name


def test_the_dashboard_can_be_imported_anywhere() -> None:
    loaded = dashboard()
    assert loaded["id"] is None
    assert loaded["schemaVersion"] >= 36
    variables = {variable["name"]: variable for variable in loaded["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert (variables["printer"]["multi"], variables["printer"]["includeAll"]) == (True, True)
    for panel in panels():
        for asker in (panel, *panel["targets"]):
            assert asker["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        assert panel["description"], panel["title"]
    ids = [panel["id"] for panel in loaded["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references), panel["title"]


def test_no_two_panels_cover_each_other() -> None:
    covered: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in covered, (panel["title"], covered.get((x, y)))
                covered[x, y] = panel["title"]


def test_printers_figures_follow_the_choice_of_printers() -> None:
    for panel in panels():
        for target in panel["targets"]:
            for metric in used(target["expr"])[0]:
                if re.match(r"printer_bridge_(?:printer|job|temperature|fan)_", metric):
                    assert re.search(metric + r'\{printer=~"\$printer"[,}]', target["expr"]), target["expr"]


def test_every_rule_says_how_bad_and_what_it_is() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 5
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert (
            "$labels.instance" in rule["annotations"]["summary"]
            or "$labels.printer" in rule["annotations"]["summary"]
        )


def test_the_example_as_it_is_suits_the_embedded_run_with_its_defaults() -> None:
    assert scrape_jobs() == {
        "printer-bridge": {
            "job_name": "printer-bridge",
            "static_configs": [{"targets": [f"{Settings().host}:{Settings().port}"]}],
        }
    }


def test_the_example_scrapes_both_programs_where_their_defaults_and_examples_put_them() -> None:
    jobs = scrape_jobs(with_optional=True)
    assert jobs.keys() == {"printer-bridge", "printer-collector"}
    bridge, collector = jobs["printer-bridge"], jobs["printer-collector"]
    assert bridge["static_configs"] == [{"targets": [f"{Settings().host}:{Settings().port}"]}]
    assert "credentials_file" in bridge["authorization"]  # of type Bearer by default
    example = (ROOT / "infra" / "raspberry-pi" / "collector.env.example").read_text(encoding="utf-8")
    port = re.search(r"METRICS_PORT=(\d+)", example)
    assert port is not None
    assert collector["static_configs"] == [{"targets": [f"127.0.0.1:{port[1]}"]}]
    assert PATH == "/metrics"  # where Prometheus looks unless it is told otherwise
    assert load_settings({"METRICS_PORT": port[1]}, "collector").metrics_port == int(port[1])
    for rule in rules():
        if rule["expr"].startswith("up"):
            assert set(re.findall(r"[\w-]*bridge|[\w-]*collector", rule["expr"])) == jobs.keys()


@pytest.mark.parametrize(
    "arguments", [["rules", "alerts.yml"], ["config", "--syntax-only", "prometheus.yml"]]
)
def test_promtool_finds_nothing(arguments: list[str]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    done = subprocess.run(
        [promtool, "check", *arguments],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_busy_port_costs_the_metrics_and_not_the_watching(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        program: Program = edge(tmp_path, more={"METRICS_PORT": str(taken.getsockname()[1])})
        with program:
            program.wait_for(r"no metrics: cannot listen on .*: it is in use; .* watched all the same")
            program.wait_for(r"nothing can be delivered|reports cannot be delivered|BambUI cannot be reached")
            assert program.stop() == 0


def test_by_default_the_collector_listens_nowhere(tmp_path: Path) -> None:
    with edge(tmp_path) as program:
        program.wait_for(r"BambUI cannot be reached")
        assert program.stop() == 0
    assert "metrics" not in program.all

"""The dbt project follows its rules: layers read one way, names promise types, marts explain themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import scorecard
from pipelines.settings import DBT_PROJECT, PROJECT_ROOT, Settings
from pipelines.sources import all_sources
from pipelines.warehouse.dbt_files import written
from pipelines.warehouse.postgres import postgres_type
from pipelines.warehouse.transform import dbt

BUNDLE = PROJECT_ROOT / "docs" / "bi" / "superset"
LAYERS = ("staging", "intermediate", "facts", "kpis", "marts")
"""Each reads itself and those before it."""
PREFIXES = {"staging": "stg_", "intermediate": ("int_", "dim_"), "facts": "fct_", "kpis": "int_", "marts": "mart_"}
"""Where the domains meet, marts have steps between them: `int_` in marts/scorecard."""
OURS = {"catalog", "ledger", "raw"}
TRAFFIC = {
    "bills",
    "experiments",
    "features",
    "feedback",
    "predictions",
    "requests",
    "surveys",
    "tickets",
    "usage",
}
"""Roles of sources with rows that grow with use: requests, events, labels, exposures, charges, answers."""
QUIET = {
    "campaigns",
    "deployments",
    "exchange_rates",
    "finance",
    "incidents",
    "notes",
    "training",
    "versions",
}
"""Roles of sources with rows that grow with what people and finance do."""
SITES = {"experiments.outcomes"}
"""Tables of traffic's sources that hold a row a site and day, however much is asked there."""
REDUCED = {"int_fx_rates__daily"}
"""Intermediate models that no row of traffic passes: of all charges, the names of their currencies."""
READERS = {
    "scorecard_page": ("datasets.py",),
    "reviews": ("reviews/*.py",),
    "templates": ("templates.py", "plans.py"),
}
"""Exposure → the modules of `pipelines/scorecard/` that ask for what it shows."""
ENDINGS = {
    "_id": {"varchar"},
    "_at": {"timestamp"},
    "_date": {"date"},
    "_count": {"bigint", "integer", "hugeint"},
    "_tokens": {"bigint", "hugeint"},
    "_bytes": {"bigint", "hugeint"},
    "_ms": {"double"},
    "_seconds": {"double"},
    "_minutes": {"double"},
    "_rate": {"double"},
}
"""What a column's ending promises of its type; `_usd` is a decimal of any precision, or a double once divided."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    settings.warehouse_dir.mkdir(parents=True)
    result = dbt(settings, ["parse", "--quiet", "--warn-error"])
    assert result.success, result.exception
    found: dict[str, Any] = json.loads((settings.warehouse_dir / "dbt" / "manifest.json").read_text())
    return found


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_a_file_that_code_writes_is_what_the_code_says(path: Path) -> None:
    assert path.read_text() == written()[path], "run `make generate`"


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer_and_domain(node: dict[str, Any]) -> tuple[str, str]:
    """The layer and the domain a model's folder says: ('marts', 'cost')."""
    parts = Path(node["path"]).parts
    return parts[0], parts[1]


def layer(node: dict[str, Any]) -> str:
    return layer_and_domain(node)[0]


def edges(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(model, model that it reads), for every such pair."""
    for node in models(manifest):
        for parent_id in node["depends_on"]["nodes"]:
            if parent_id.startswith("model."):
                yield node, manifest["nodes"][parent_id]


def with_rows_of_traffic(manifest: dict[str, Any]) -> set[str]:
    """The staging and intermediate models that follow from a raw table of traffic without being a fact."""
    found: set[str] = set()
    sources = {name for name, source in all_sources().items() if source.role in TRAFFIC}
    todo = [node for node in models(manifest) if layer(node) in LAYERS[:2] and node["name"] not in REDUCED]
    grew = True
    while grew:
        grew = False
        for node in todo:
            parents = node["depends_on"]["nodes"]
            tables = [manifest["sources"][parent] for parent in parents if parent.startswith("source.")]
            busy = [t for t in tables if f"{t['source_name']}.{t['name']}" not in SITES and t["source_name"] in sources]
            if node["name"] not in found and (busy or any(parent.split(".")[-1] in found for parent in parents)):
                found.add(node["name"])
                grew = True
    return found


def test_no_model_reads_a_later_layer_and_only_staging_reads_raw(manifest: dict[str, Any]) -> None:
    broken = [
        f"{node['name']} ({layer(node)}) reads {parent['name']} ({layer(parent)})"
        for node, parent in edges(manifest)
        if LAYERS.index(layer(node)) < LAYERS.index(layer(parent)) or layer(node) == "staging"
    ]
    broken += [
        f"{node['name']} reads the raw source {parent.split('.')[2]}: a staging model does that"
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.") and layer(node) != "staging" and parent.split(".")[2] not in OURS
    ]
    assert not broken, "\n".join(broken)


def test_domains_meet_only_in_the_scorecard(manifest: dict[str, Any]) -> None:
    broken = [
        f"{node['name']} ({domain}) reads {parent['name']} of {neighbour}"
        for node, parent in edges(manifest)
        for (_, domain), (above, neighbour) in [(layer_and_domain(node), layer_and_domain(parent))]
        if domain not in (neighbour, "scorecard") and neighbour != "core" and above != "staging"
    ]
    assert not broken, "\n".join(broken)


def test_kpis_and_marts_read_traffic_through_facts_alone(manifest: dict[str, Any]) -> None:
    assert {source.role for source in all_sources().values()} <= TRAFFIC | QUIET, "say whether the role's rows do"
    carrying = with_rows_of_traffic(manifest)
    broken = [
        f"{node['name']} ({layer(node)}) reads {parent['name']}: a fact reduces it"
        for node, parent in edges(manifest)
        if LAYERS.index(layer(node)) > LAYERS.index("facts") and parent["name"] in carrying
    ]
    assert not broken, "\n".join(broken)
    assert {"stg_predictions__labels", "int_experiment_users__assigned", "int_charges__attributed"} <= carrying


def test_a_staging_model_reads_one_source(manifest: dict[str, Any]) -> None:
    staging = [node for node in models(manifest) if layer(node) == "staging"]
    assert staging
    for node in staging:
        sources = {parent.split(".")[2] for parent in node["depends_on"]["nodes"]} - {"ledger", "catalog"}
        assert sources == {layer_and_domain(node)[1]}, node["name"]


def test_names_say_the_layer(manifest: dict[str, Any]) -> None:
    wrong = [
        node["name"]
        for node in models(manifest)
        if not node["name"].startswith(PREFIXES[layer(node)])
        and not (layer_and_domain(node) == ("marts", "scorecard") and node["name"].startswith("int_"))
    ]
    assert not wrong


def test_every_model_says_its_grain_first(manifest: dict[str, Any]) -> None:
    silent = [n["name"] for n in models(manifest) if not n["description"].startswith("One row per")]
    assert not silent


def test_marts_hold_a_contract_and_describe_every_column(manifest: dict[str, Any]) -> None:
    marts = [node for node in models(manifest) if node["name"].startswith("mart_")]
    assert marts
    for node in marts:
        assert node["contract"]["enforced"], node["name"]
        bare = [c["name"] for c in node["columns"].values() if not c["description"]]
        assert not bare, f"{node['name']}: {bare}"


def test_a_column_ending_keeps_its_promise(manifest: dict[str, Any]) -> None:
    broken = []
    for node in models(manifest):
        for column in node["columns"].values():
            name, kind = column["name"], (column["data_type"] or "").lower()
            if name.endswith("_pct"):
                broken.append(f"{node['name']}.{name}: shares are _rate, 0 to 1")
            if name.endswith("_rate") and not node["name"].startswith("mart_"):
                broken.append(f"{node['name']}.{name}: a rate outside a mart; keep its two sums")
            if kind and (name.startswith(("is_", "has_")) != (kind == "boolean")):
                broken.append(f"{node['name']}.{name} is {kind}")
            for ending, kinds in ENDINGS.items():
                if kind and name.endswith(ending) and kind not in kinds:
                    broken.append(f"{node['name']}.{name} is {kind}, its ending promises {' or '.join(kinds)}")
    assert not broken, "\n".join(broken)


def test_postgres_has_a_place_for_every_column_of_a_mart(manifest: dict[str, Any]) -> None:
    strange = [
        f"{node['name']}.{column['name']} is {column['data_type']}"
        for node in models(manifest)
        if node["name"].startswith("mart_")
        for column in node["columns"].values()
        if postgres_type(column["data_type"].upper()) is None or max(len(node["name"]), len(column["name"])) > 63
    ]
    assert not strange


def test_an_exposure_depends_on_the_marts_it_asks_for_and_bi_on_all(manifest: dict[str, Any]) -> None:
    asked = {"bi": {node["name"] for node in models(manifest) if node["name"].startswith("mart_")}}
    for reader, modules in READERS.items():
        folder = Path(scorecard.__file__).parent
        asking = "".join(path.read_text() for module in modules for path in folder.glob(module))
        asked[reader] = set(re.findall(r"\bmart_\w+", asking))
    depended = {
        exposure["name"]: {manifest["nodes"][node]["name"] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
    }
    assert depended == asked


def test_the_superset_bundle_asks_for_columns_that_marts_have(manifest: dict[str, Any]) -> None:
    columns = {node["name"]: set(node["columns"]) for node in models(manifest)}
    parts = {
        kind: [yaml.safe_load(path.read_text()) for path in sorted((BUNDLE / kind).rglob("*.yaml"))]
        for kind in ("databases", "datasets", "charts", "dashboards")
    }
    (database,), (dashboard,) = parts["databases"], parts["dashboards"]
    assert "@" not in database["sqlalchemy_uri"]
    datasets = {}
    for dataset in parts["datasets"]:
        (mart,) = set(re.findall(r"\bmart_\w+", dataset["sql"] or dataset["table_name"]))
        assert {column["column_name"] for column in dataset["columns"]} <= columns[mart], dataset["table_name"]
        assert dataset["database_uuid"] == database["uuid"]
        datasets[dataset["uuid"]] = columns[mart], {metric["metric_name"] for metric in dataset["metrics"]}
    for chart in parts["charts"]:
        params, (has, metrics) = chart["params"], datasets[chart["dataset_uuid"]]
        asked = {*params.get("all_columns", []), *params.get("groupby", []), params.get("x_axis"), None} - {None}
        assert asked | {only["subject"] for only in params["adhoc_filters"]} <= has, chart["slice_name"]
        assert set(params.get("metrics", [])) <= metrics, chart["slice_name"]
    placed = [part["meta"]["uuid"] for key, part in dashboard["position"].items() if key.startswith("CHART-")]
    assert sorted(placed) == sorted(chart["uuid"] for chart in parts["charts"])


def test_of_two_states_of_a_record_no_hash_decides_before_the_later_delivery(manifest: dict[str, Any]) -> None:
    ordered = {
        node["name"]: re.findall(r"order by([^()]*(?:\([^()]*\)[^()]*)*?_content_id)", node["raw_code"])
        for node in models(manifest)
        if node["name"].startswith("stg_")
    }
    assert sum(map(len, ordered.values())) > 20
    assert [name for name, orders in ordered.items() for order in orders if "delivered_at desc" not in order] == []


def test_intervals_of_the_catalog_are_read_by_one_macro() -> None:
    own = re.compile(r"\w\.valid_to is null|\}\}\.valid_to is null")
    files = [*(DBT_PROJECT / "models").rglob("*.sql"), *(DBT_PROJECT / "macros").rglob("*.sql")]
    # An experiment without an end; a stream that starts with its experiment; a wave that ends with its survey.
    others = {"mart_experiments.sql", "int_value_streams__exposed.sql", "int_survey_waves__counted.sql"}
    assert {path.name for path in files if own.search(path.read_text())} == {"as_of.sql"} | others

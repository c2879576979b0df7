"""The real graph, every source and model: lineage without a gap, and nothing without an owner."""

from __future__ import annotations

import dagster as dg
import pytest

from pipelines.orchestration.assembly import build_defs
from pipelines.settings import Settings
from pipelines.sources import all_sources


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    found = build_defs(Settings(home=tmp_path_factory.mktemp("home")))
    dg.Definitions.validate_loadable(found)
    return found


@pytest.fixture(scope="module")
def graph(defs: dg.Definitions) -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def test_people_are_told_of_alerts_and_failed_runs_without_anybody_turning_it_on(defs: dg.Definitions) -> None:
    for name in ("alerts", "run_failed"):
        assert defs.resolve_sensor_def(name).default_status == dg.DefaultSensorStatus.RUNNING


def test_every_mart_leads_back_to_a_landing_folder_or_the_catalog(graph: dg.AssetGraph) -> None:
    marts = {key for key in graph.get_all_asset_keys() if key.path[-1].startswith("mart_")}
    assert len(marts) >= 10
    for mart in marts - {key for key in marts if key.path[-1] == "mart_kpis"}:  # the glossary comes from a seed
        assert any(key.path[0] == "landing" for key in graph.get_ancestor_asset_keys(mart)), mart
    assert graph.get(dg.AssetKey(["published", "marts"])).parent_keys >= marts


def test_no_asset_comes_from_nowhere(graph: dg.AssetGraph) -> None:
    roots = {key for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    unexpected = {
        key for key in roots if key.path[0] not in ("landing", "seeds") and key.path[:2] != ["raw", "catalog"]
    }
    assert not unexpected
    assert {key.path[1] for key in roots if key.path[0] == "landing"} == set(all_sources())


def test_building_waits_for_every_source(graph: dg.AssetGraph) -> None:
    before = graph.get_ancestor_asset_keys(dg.AssetKey(["published", "marts"]))
    for source in all_sources().values():
        for table in source.warehouse_tables:
            assert dg.AssetKey(["raw", source.name, table.name]) in before
    assert dg.AssetKey(["ledger", "coverage"]) in before


def test_every_asset_says_what_it_is_and_whose(graph: dg.AssetGraph) -> None:
    assert graph.get_all_asset_keys()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners and node.kinds and node.description and node.group_name, key

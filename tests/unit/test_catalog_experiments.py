"""Experiments and the value streams that rest on them: what is wrong is named by file, line and field."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pipelines.catalog.load import load_catalog
from pipelines.catalog.tables import catalog_tables
from tests.unit.test_catalog_load import MODEL, message, problems, write

EXPERIMENT = """\
id: ranking
name: New ranking
hypothesis: It sells more.
model: ranker
design: randomised
from: 2026-01-05
variations:
  - {id: a, weight: 1}
  - {id: b, weight: 1}
control: a
primary_metric: {id: revenue, name: Revenue, kind: mean, event: purchase, of: amount, better: higher}
"""
STREAM = """\
value:
  - id: margin
    name: Margin
    experiment: ranking
    uplift: absolute
    direction: gain
    volume: predictions
    unit_value: [{from: 2026-01-01, usd: 0.3}]
"""


def test_a_stream_without_a_metric_or_variant_means_the_primary_one_and_the_one_treatment(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, experiments__ranking=EXPERIMENT, workforce__ranker=MODEL + STREAM))
    (stream,) = catalog_tables(catalog)["value_streams"].to_pylist()
    assert (stream["metric_id"], stream["variation_id"], stream["volume_per_unit"]) == ("revenue", "b", 1.0)
    (experiment,) = catalog_tables(catalog)["experiments"].to_pylist()
    assert experiment["experiment_key"] == "ranking"


WRONG = {
    "control that is no variant": (("control: a", "control: c"), ("ranking.yaml", 1, "")),
    "one variant": (("  - {id: b, weight: 1}\n", ""), ("ranking.yaml", 1, "")),
    "model nobody is": (("model: ranker", "model: rankr"), ("ranking.yaml", 4, "model")),
    "ratio without below": (("kind: mean", "kind: ratio"), ("ranking.yaml", 11, "primary_metric")),
    "panel with variants": (("design: randomised", "design: staggered"), ("ranking.yaml", 1, "")),
    "covariates of variants": (("control: a", "control: a\ncovariates: [age]"), ("ranking.yaml", 1, "")),
    "matching of variants": (("control: a", "control: a\nmatching: {neighbours: 2}"), ("ranking.yaml", 1, "")),
    "negative weight": (("{id: a, weight: 1}", "{id: a, weight: -1}"), ("ranking.yaml", 8, "variations[0].weight")),
    "unknown experiment": (
        ("    experiment: ranking", "    experiment: other"),
        ("ranker.yaml", 9, "value[0].experiment"),
    ),
    "unknown metric": (("    uplift", "    metric: other\n    uplift"), ("ranker.yaml", 10, "value[0].metric")),
    "unknown variant": (("    uplift", "    variation: c\n    uplift"), ("ranker.yaml", 10, "value[0].variation")),
    "volume of a panel": (("volume: predictions", "volume: treated_units"), ("ranker.yaml", 12, "value[0].volume")),
    "measured and declared": (("    uplift", "    declared_uplift: 1\n    uplift"), ("ranker.yaml", 7, "value[0]")),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_where_it_stands(case: str, tmp_path: Path) -> None:
    (old, new), expected = WRONG[case]
    files = {"experiments__ranking": EXPERIMENT, "workforce__ranker": MODEL + STREAM}
    changed = {name: text.replace(old, new, 1) for name, text in files.items()}
    assert changed != files
    assert expected in problems(write(tmp_path, **changed))


def test_a_matched_study_says_what_its_units_are_alike_in(tmp_path: Path) -> None:
    metric = "primary_metric: {id: minutes, name: Minutes, kind: mean, better: lower}\n"
    study = EXPERIMENT[: EXPERIMENT.index("variations")].replace("randomised", "matched") + metric
    assert "the attributes that treated and untreated units must share" in message(
        write(tmp_path, experiments__ranking=study, workforce__ranker=MODEL)
    )
    named = study + "covariates: [age, spend]\nmatching: {caliper: 0.2}\n"
    tables = catalog_tables(load_catalog(write(tmp_path, experiments__ranking=named, workforce__ranker=MODEL)))
    assert [tuple(row.values()) for row in tables["experiment_covariates"].to_pylist()] == [
        ("ranking", "age", 0),
        ("ranking", "spend", 1),
    ]
    (experiment,) = tables["experiments"].to_pylist()
    assert (experiment["match_by"], experiment["match_neighbours"], experiment["match_caliper"]) == (
        "covariates",
        1,
        0.2,
    )


def test_one_metric_means_the_same_everywhere(tmp_path: Path) -> None:
    other = EXPERIMENT.replace("id: ranking", "id: other").replace("of: amount", "of: count")
    folder = write(tmp_path, experiments__ranking=EXPERIMENT, experiments__other=other)
    assert "defines differently" in message(folder)


def test_two_experiments_cannot_share_a_key(tmp_path: Path) -> None:
    other = EXPERIMENT.replace("id: ranking", "id: other\nkey: ranking")
    assert ("ranking.yaml", 1, "id") in problems(
        write(tmp_path, experiments__other=other, experiments__ranking=EXPERIMENT)
    )


def test_of_three_variants_a_stream_names_its_own(tmp_path: Path) -> None:
    three = EXPERIMENT.replace("control:", "  - {id: c, weight: 1}\ncontrol:")
    folder = write(tmp_path, experiments__ranking=three, workforce__ranker=MODEL + STREAM)
    assert "expected a variant of `ranking` that is not its control: `b`, `c`" in message(folder)
    named = dedent(STREAM).replace("    uplift", "    variation: c\n    uplift")
    load_catalog(write(tmp_path, experiments__ranking=three, workforce__ranker=MODEL + named))

"""What is loaded depends on what lies in the landing folder, and not on the order or the names in which it came.

`pytest tests/property --orders 50` tries more ways; one that fails is named by its number, and comes again.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from pipelines.scenario.generate import generate
from pipelines.scenario.world import FIRST_DAY
from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse import ledger_schema
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from tests.cases.case import FOLDER
from tests.property.shuffled import Shuffle

pytestmark = pytest.mark.long

SOURCES = sorted(all_sources())
LARGEST = 60_000
"""Bytes of a file: what is wrong with ten thousand rows is wrong with a hundred."""
STEPS = 10
"""What happens to the landing folder of a source before it holds what it is to hold."""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some days of a tiny sample company."""
    folder = tmp_path_factory.mktemp("order")
    generate(folder, 5, 3, 0.02, FIRST_DAY, progress=lambda message: None)
    return folder / "landing"


def pool(sample: Path, source: str) -> list[Path]:
    """Small files of the source, each of its own content: those of the sample and of the cases, that can be loaded."""
    found = [*sample.glob(f"{source}/**/*"), *FOLDER.glob(f"*/landing/{source}/**/*")]
    contents = {path.read_bytes(): path for path in sorted(found) if path.is_file() and path.stat().st_size < LARGEST}
    return sorted(contents.values())


def look(settings: Settings, source: str) -> None:
    """What a run does with the source's landing files."""
    spec = all_sources()[source]
    take_in(settings, spec, progress=lambda message: None)
    replace_days(settings, spec)


def held(settings: Settings, source: str) -> dict[str, set[tuple[object, ...]]]:
    """All that the models can see of the source."""
    current = "join ledger.current_file_versions using (source, content_id) where source = ?"
    asked = {
        "contents": "select content_id, delivered_at from ledger.current_file_versions where source = ?",
        "coverage": "select day from ledger.coverage where source = ?",
        "days": "select day, status, message, row_count from ledger.days where source = ? and fingerprint <> ''",
        "fingerprints": "select day, fingerprint, file_versions from ledger.days "
        "where source = ? and fingerprint <> ''",
        "deliveries": "select stream_id, delivery_id, content_id, relation, path_order, written_at "
        f"from ledger.deliveries {current}",
        "quarantined": f"select content_id, table_name, row_number, day, reason, raw from raw.quarantine {current}",
    }
    with writer(settings, "comparing") as connection:
        found = {what: set(connection.execute(sql, [source]).fetchall()) for what, sql in asked.items()}
        for table in all_sources()[source].warehouse_tables:
            rows = connection.execute(f'select t::varchar, count(*) from raw."{source}__{table.name}" as t group by 1')
            found[table.name] = set(rows.fetchall())
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_loaded_does_not_depend_on_order_or_names(
    source: str, sample: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    files = loadable(pool(sample, source), tmp_path / "alone", source)
    for seed in range(pytestconfig.getoption("orders")):
        rng = random.Random(f"{source} {seed}")  # noqa: S311 - random, not a key
        chosen = rng.sample(files, min(6, len(files)))
        grown = Settings(home=tmp_path / f"{seed} grown")
        way = Shuffle(grown.landing_dir, chosen[:4], chosen[4:], seed, lambda at=grown: look(at, source))
        way.play(STEPS)
        once = Settings(home=tmp_path / f"{seed} once")
        shutil.copytree(grown.landing_dir, once.landing_dir)
        look(once, source)
        found, expected = held(grown, source), held(once, source)
        differing = {
            what: (sorted(rows - expected[what], key=str)[:5], sorted(expected[what] - rows, key=str)[:5])
            for what, rows in found.items()
            if rows != expected[what]
        }
        assert not differing, f"way {seed}"


def loadable(files: list[Path], home: Path, source: str) -> list[Path]:
    """Those of the files that load: one that does not leaves what its name held before."""
    settings = Settings(home=home)
    names: dict[str, Path] = {}
    for number, file in enumerate(files):
        place = Path(source, str(number), file.name)
        (settings.landing_dir / place).parent.mkdir(parents=True)
        shutil.copyfile(file, settings.landing_dir / place)
        names[str(place)] = file
    take_in(settings, all_sources()[source], progress=lambda message: None)
    with writer(settings, "looking") as connection:
        ledger_schema.create(connection)
        loaded = connection.execute("select path from ledger.files where status = 'loaded'").fetchall()
    return [names[path] for (path,) in sorted(loaded)]

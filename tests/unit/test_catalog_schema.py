"""The published JSON schemas say what the loader takes, and explain every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipelines.catalog.domains.identifiers import IDENTIFIER_KINDS
from pipelines.catalog.schema import SCHEMA_FOLDER, schema_texts, write_schemas

SAMPLE = SCHEMA_FOLDER.parent
FILES = sorted(SAMPLE.rglob("*.yaml"))


@pytest.mark.parametrize("name", schema_texts())
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    committed = (SCHEMA_FOLDER / name).read_text(encoding="utf-8")
    assert committed == schema_texts()[name], "run `make generate`"


def test_schemas_are_written_where_asked(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "schema")
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == schema_texts()


def fields(schema: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in {"": schema, **schema.get("$defs", {})}.items():
        for field, spec in definition.get("properties", {}).items():
            yield f"{name}.{field}", spec


@pytest.mark.parametrize("name", schema_texts())
def test_every_field_is_explained_to_editors(name: str) -> None:
    found = dict(fields(json.loads(schema_texts()[name])))
    assert len(found) > 5
    assert [field for field, spec in found.items() if not spec.get("description")] == []


def json_of(path: Path) -> object:
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


def schema_named_by(path: Path) -> Any:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    return json.loads((path.parent / first.removeprefix(prefix)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_file_holds_under_the_schema_its_first_line_names(path: Path) -> None:
    content, schema = json_of(path), schema_named_by(path)
    assert isinstance(content, dict)
    jsonschema.validate(content, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "unheard_of": 1}, schema)


@pytest.mark.parametrize("source", IDENTIFIER_KINDS)
def test_editors_offer_the_kinds_of_identifier_a_source_has_and_no_other(source: str) -> None:
    path = SAMPLE / "workforce" / "triage.yaml"
    schema, entry = schema_named_by(path), json_of(path)
    assert isinstance(entry, dict)
    # One validator: `validate` would hold the schema itself against its own, each time.
    validator = jsonschema.validators.validator_for(schema)(schema)
    offered = {
        kind
        for kinds in IDENTIFIER_KINDS.values()
        for kind in kinds
        if validator.is_valid(entry | {"identifiers": [{"source": source, "kind": kind, "value": "v", "key": "k"}]})
    }
    assert offered == set(IDENTIFIER_KINDS[source])

"""The published marts in a real Postgres: the same numbers, whole versions only, and no password in a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from math import isnan
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import dagster as dg
import duckdb
import pytest
import yaml
from pydantic import SecretStr

from pipelines.orchestration import retries
from pipelines.orchestration.published import postgres_asset
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.warehouse.errors import PostgresBusyError, PostgresError
from pipelines.warehouse.postgres import publish_to_postgres
from pipelines.warehouse.publish import published_file
from tests.integration.conftest import Company
from tests.integration.postgres import IN_A_URL, PASSWORD, Server, started

GUIDES = PROJECT_ROOT / "docs" / "bi"
READER, OUTSIDER = "scorecard_reader", "outsider"
SECRET = "hunter2"  # noqa: S105 - of no account


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as server:
        server.execute(*(f"create role {role} login password '{PASSWORD}'" for role in (READER, OUTSIDER)))
        yield server


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name: str = request.node.name.partition("[")[0][:63]
    server.execute(f"drop database if exists {name}", f"create database {name}")
    return name


@pytest.fixture
def settings(server: Server, database: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {"home": tmp_path, "postgres_url": server.url(database=database), "postgres_reader": READER}
    )


def put(settings: Settings, *statements: str) -> None:
    """Publish a database that `statements` make, in place of the one before."""
    file = settings.published_dir / "marts.duckdb"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_mart_reads_the_same_from_postgres_as_from_the_published_file(
    company: Company, server: Server, database: str
) -> None:
    settings = at(company.settings, server.url(database=database))
    counts = publish_to_postgres(settings)
    assert sorted(counts) == [mart for (mart,) in company.rows("select table_name from duckdb_tables() order by 1")]
    assert counts["mart_scorecard"] > 1000
    publish_to_postgres(settings)  # over itself
    with duckdb.connect(str(published_file(settings)), read_only=True) as here:
        here.execute("set TimeZone = 'UTC'")
        for mart in counts:
            columns = here.execute(f"select column_name, column_type from (describe {mart})").fetchall()
            # The driver hands a numeric on as an extension type.
            asked = ", ".join(f"{column}::text" if kind.startswith("DECIMAL") else column for column, kind in columns)
            arrived = server.table(f"select {asked} from marts.{mart}", database)
            assert arrived.num_rows == counts[mart], mart
            here.execute(f"create or replace temp table there as from {mart} limit 0")
            here.execute("insert into there from arrived")
            for one, other in ((mart, "there"), ("there", mart)):
                assert here.execute(f"from {one} except all from {other}").fetchall() == [], mart
    assert server.rows(
        "select relname::text, attname::text, obj_description(attrelid), col_description(attrelid, attnum) "
        "from pg_attribute inner join pg_class on attrelid = pg_class.oid "
        "where relnamespace = 'marts'::regnamespace and attnum > 0 order by relname, attnum",
        database=database,
    ) == company.rows(
        "select table_name, column_name, duckdb_tables.comment, duckdb_columns.comment from duckdb_columns() "
        "inner join duckdb_tables() using (table_oid, table_name) order by table_name, column_index"
    )


def test_the_queries_of_the_guides_give_the_same_from_both(company: Company, server: Server, database: str) -> None:
    publish_to_postgres(at(company.settings, server.url(database=database)))
    guides = "".join(path.read_text() for path in sorted((PROJECT_ROOT / "docs" / "bi").glob("*.md")))
    last_month = yaml.safe_load(
        (PROJECT_ROOT / "docs/bi/superset/datasets/Scorecard/last_whole_month.yaml").read_text()
    )
    queries = [query for query in re.findall(r"```sql\n(.*?)```", guides, re.DOTALL) if query.startswith("select")]
    assert len(queries) >= 5
    for query in [*queries, last_month["sql"]]:
        plain = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 > timestamp '2026-01-01'", query)  # as Grafana writes it out
        here = company.rows(plain)
        assert here and len(server.rows(plain, database=database)) == len(here), query


def at(settings: Settings, url: str) -> Settings:
    """The same settings with another server or role."""
    return settings.model_copy(update={"postgres_url": SecretStr(url)})


def test_decimals_stay_exact_instants_keep_their_zone_and_text_loses_only_what_postgres_cannot_hold(
    settings: Settings, server: Server, database: str
) -> None:
    put(
        settings,
        "create table mart_kinds as select 0.1::decimal(38, 12) as cost_usd, (1::hugeint << 100) as huge_count, "
        "timestamp '2026-03-29 01:30:00.123456' as seen_at, date '2026-03-29' as day_date, "
        "'nan'::double as share_rate, 'a''b' || chr(0) || 'ü' as title, true as is_open, "
        "9223372036854775807 as big_count, null::integer as nothing",
    )
    assert publish_to_postgres(settings) == {"mart_kinds": 1}
    kinds = dict(
        server.rows(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = 'marts.mart_kinds'::regclass and attnum > 0",
            database=database,
        )
    )
    assert kinds == {
        "cost_usd": "numeric(38,12)", "huge_count": "numeric(38,0)", "seen_at": "timestamp with time zone",
        "day_date": "date", "share_rate": "double precision", "title": "text", "is_open": "boolean",
        "big_count": "bigint", "nothing": "integer",
    }  # fmt: skip
    (row,) = server.rows("select * from marts.mart_kinds", database=database)
    value = dict(zip(kinds, row, strict=True))
    assert isnan(value.pop("share_rate"))
    assert value == {
        "cost_usd": "0.100000000000", "huge_count": str(2**100), "title": "a'bü", "is_open": True,
        "seen_at": datetime(2026, 3, 29, 1, 30, 0, 123456, UTC), "day_date": date(2026, 3, 29),
        "big_count": 2**63 - 1, "nothing": None,
    }  # fmt: skip


def test_a_reader_sees_whole_versions_only(settings: Settings, server: Server, database: str) -> None:
    def version(number: int) -> None:
        put(
            settings,
            *(f"create table mart_{m} as select {number} as version from range(2000 + {number})" for m in "ab"),
        )
        publish_to_postgres(settings)

    version(0)
    seen = []
    with ThreadPoolExecutor() as pool, adbc.connect(server.url(database=database), autocommit=True) as connection:
        publishing = pool.submit(lambda: [version(number) for number in range(1, 9)])
        while not publishing.done():
            with connection.cursor() as cursor:
                cursor.execute(
                    "select version, count(*) from (select * from marts.mart_a union all select * from marts.mart_b) "
                    "as together group by version"
                )
                seen.append(cursor.fetchall())
        publishing.result()
    assert seen
    assert [rows for rows in seen if len(rows) != 1 or rows[0][1] != 2 * (2000 + rows[0][0])] == []
    assert server.rows("select max(version) from marts.mart_a", database=database) == [(8,)]


def test_two_at_once_publish_one_after_the_other(settings: Settings, server: Server, database: str) -> None:
    put(settings, "create table mart_a as select 1 as kept from range(5000)")
    publish_to_postgres(settings)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(publish_to_postgres, [settings] * 4)) == [{"mart_a": 5000}] * 4
    assert server.rows("select count(*) from marts.mart_a", database=database) == [(5000,)]


def test_tables_follow_the_contracts_and_what_else_is_in_the_schema_stays(
    settings: Settings, server: Server, database: str
) -> None:
    put(
        settings,
        "create table mart_a as select 1 as gone, 'x' as retyped, 2 as kept",
        "comment on column mart_a.retyped is 'Text.'",
        "comment on column mart_a.kept is 'Old words.'",
        "create table mart_b as select 1 as kept",
    )
    publish_to_postgres(settings)
    server.execute("create table marts.notes as select 1 as mine", database=database)
    put(
        settings,
        "create table mart_a as select 2.5::decimal(9, 2) as retyped, 3 as kept, 'new' as added",
        "comment on column mart_a.kept is 'New words.'",
        "comment on column mart_a.added is 'Added.'",
        "comment on table mart_a is 'One row per it.'",
    )
    publish_to_postgres(settings)
    assert server.rows("select kept, retyped, added from marts.mart_a", database=database) == [(3, "2.50", "new")]
    assert server.rows(
        "select column_name::text, col_description('marts.mart_a'::regclass, ordinal_position) "
        "from information_schema.columns where table_name = 'mart_a' order by 1",
        database=database,
    ) == [("added", "Added."), ("kept", "New words."), ("retyped", None)]
    assert server.rows("select obj_description('marts.mart_a'::regclass)", database=database) == [("One row per it.",)]
    tables = server.rows("select tablename::text from pg_tables where schemaname = 'marts'", database=database)
    assert sorted(tables) == [("mart_a",), ("notes",)]


def test_a_view_on_a_column_that_goes_keeps_the_version_before(
    settings: Settings, server: Server, database: str
) -> None:
    put(settings, "create table mart_a as select 1 as kept, 1 as gone")
    publish_to_postgres(settings)
    server.execute("create view marts.totals as select sum(gone) from marts.mart_a", database=database)
    put(settings, "create table mart_a as select 2 as kept")
    with pytest.raises(
        PostgresError,
        match=r"view marts.totals depends on column gone.*mart_a\. What .* is unchanged\. Drop",
    ):
        publish_to_postgres(settings)
    assert server.rows("select kept, gone from marts.mart_a", database=database) == [(1, 1)]


def test_a_lock_that_a_reader_holds_is_waited_for_less_than_a_second_and_may_pass(
    settings: Settings, server: Server, database: str
) -> None:
    put(settings, "create table mart_a as select 1 as kept")
    publish_to_postgres(settings)
    put(settings, "create table mart_a as select 2 as kept, 2 as added")
    with adbc.connect(server.url(database=database)) as connection, connection.cursor() as cursor:
        cursor.execute("select * from marts.mart_a")
        cursor.fetchall()
        with pytest.raises(PostgresBusyError, match=r"lock timeout.*pg_stat_activity"):
            publish_to_postgres(settings)
    publish_to_postgres(settings)
    assert server.rows("select kept, added from marts.mart_a", database=database) == [(2, 2)]


def test_the_reader_reads_and_does_nothing_else(settings: Settings, server: Server, database: str) -> None:
    put(settings, "create table mart_a as select 1 as kept")
    publish_to_postgres(settings)
    assert server.rows("select * from marts.mart_a", READER, database) == [(1,)]
    for statement in (
        "insert into marts.mart_a values (2)",
        "delete from marts.mart_a",
        "create table marts.mine (a int)",
        "create table public.mine (a int)",
        "copy (select 1) to program 'true'",
        "copy marts.mart_a from '/etc/passwd'",
        "select pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(Exception, match="SQLSTATE: 42501"):  # insufficient privilege
            server.execute(statement, role=READER, database=database)
    with pytest.raises(Exception, match="SQLSTATE: 42501"):  # insufficient privilege
        server.rows("select * from marts.mart_a", OUTSIDER, database)


def test_missing_rights_and_roles_say_what_to_do(settings: Settings, server: Server, database: str) -> None:
    put(settings, "create table mart_a as select 1 as kept")
    poor = at(settings, server.url(OUTSIDER, database))
    with pytest.raises(PostgresError, match=r"permission denied for database.*create schema marts authorization"):
        publish_to_postgres(poor)
    server.execute("create schema marts", database=database)
    with pytest.raises(PostgresError, match=r"permission denied for schema marts.*alter schema marts owner to"):
        publish_to_postgres(poor)
    with pytest.raises(PostgresError, match=r'"nobody" does not exist.*create role nobody'):
        publish_to_postgres(settings.model_copy(update={"postgres_reader": "nobody"}))
    server.execute(f"alter schema marts owner to {OUTSIDER}", database=database)
    assert publish_to_postgres(poor) == {"mart_a": 1}


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("postgresql://boss:{secret}@127.0.0.1:1/db", PostgresBusyError, "127.0.0.1:1/db.*Connection refused"),
        ("postgresql://outsider:{secret}@127.0.0.1:{port}/db", PostgresBusyError, "authentication failed"),
        ("postgresql://boss:{secret}", PostgresError, "cannot be read.*Expected postgresql://"),
        ("postgresql://boss:{secret}/db", PostgresError, "cannot be read"),
        ("postgresql://boss:{secret}@x@127.0.0.1:1/db", PostgresError, "cannot be read"),
        ("postgresql://boss:{secret}/x@127.0.0.1:1/db", PostgresError, "cannot be read"),
        ("postgresql://boss:{secret}%zz@127.0.0.1:1/db", PostgresError, "cannot be read"),
        ("postgresql://boss:x {secret}@127.0.0.1:1/db", PostgresError, "cannot be read"),
        ("postgresql://boss@127.0.0.1:1/db?{secret}%zz", PostgresError, "cannot be read"),
        ("host=127.0.0.1 password={secret}", PostgresError, "cannot be read"),
        ("{secret}", PostgresError, "cannot be read"),
    ],
)
def test_no_message_shows_the_password(
    server: Server, tmp_path: Path, url: str, kind: type[Exception], said: str
) -> None:
    settings = at(Settings(home=tmp_path), url.format(secret=SECRET, port=server.port))
    with pytest.raises(PostgresError, match=said) as caught:
        publish_to_postgres(settings)
    assert type(caught.value) is kind
    shown = repr(caught.getrepr(chain=True)) + str(caught.value) + repr(settings)
    assert SECRET not in shown


def test_the_asset_tries_again_what_may_pass_and_only_that(
    settings: Settings, server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.01)
    put(settings, "create table mart_a as select 1 as kept from range(7)")
    asset = postgres_asset(settings, dg.AssetKey(["published", "marts"]))
    (made,) = dg.materialize([asset]).asset_materializations_for_node(asset.op.name)
    assert made.metadata["dagster/row_count"].value == 7
    assert made.metadata["server"].value == f"127.0.0.1:{server.port}/{database}"
    unreachable = f"postgresql://boss:{IN_A_URL}@127.0.0.1:1/db"
    for url, tries in ((unreachable, retries.TRIES_AGAIN), (server.url(OUTSIDER, database), 0)):
        failing = postgres_asset(at(settings, url), dg.AssetKey(["published", "marts"]))
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([failing], instance=instance, raise_on_error=False)
            shown = " ".join(str(entry) for entry in instance.all_logs(result.run_id))
        assert not result.success
        assert sum(event.is_step_restarted for event in result.all_events) == tries
        assert IN_A_URL not in shown and PASSWORD not in shown

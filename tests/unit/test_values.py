"""The same value is the same value, whatever text, type or file holds it."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.settings import DBT_PROJECT, Settings, SourceSettings
from pipelines.sources import values
from pipelines.sources.spec import Column, DecimalMark, Format, Notation, Source, Table
from pipelines.warehouse.connect import quote
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.values import configured

COLUMNS = ("sale_id", "sold", "amount", "pieces", "paid", "shipped", "remark", "colour")
SELECT = {"sales": f"select {', '.join(COLUMNS)}, _row, _raw from rows"}
READ = ", ".join(f"doc ->> '{column}' as {column}" for column in COLUMNS)
SHOP = Source(
    name="shop",
    title="Shop",
    description="One row per sale.",
    owner="shop@example.com",
    glob=("shop/*.*",),
    late=timedelta(days=3),
    tables=(
        Table(
            "sales",
            "One row per sale.",
            (
                Column("sale_id", "VARCHAR", "Its number.", required=True),
                Column("sold", "TIMESTAMP", "When.", required=True),
                Column("amount", "DECIMAL(18, 4)", "For how much."),
                Column("pieces", "BIGINT", "How many."),
                Column("paid", "BOOLEAN", "Whether it was paid."),
                Column("shipped", "DATE", "On which day."),
                Column("remark", "VARCHAR", "What somebody wrote.", free=True),
                Column("colour", "VARCHAR", "Its colour."),
            ),
            key=("sale_id",),
            day="sold",
        ),
    ),
    formats=(
        Format("csv", "csv", requires=("sale_id", "sold"), optional=COLUMNS[2:], select=SELECT),
        Format("parquet", "parquet", requires=("sale_id", "sold"), optional=COLUMNS[2:], select=SELECT),
        Format(
            "json",
            "json",
            requires=("$.sale_id", "$.sold"),
            select={"sales": f"select {READ}, _row, _raw from rows"},
        ),
    ),
)
NOON = datetime.fromisoformat("2026-01-05 12:00")


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    yield connection
    connection.close()


def loaded(settings: Settings, name: str, text: str, source: Source = SHOP) -> tuple[list[Any], list[str]]:
    """The good rows of a file, without what every row bears, and the reasons of the bad ones."""
    folder = settings.landing_dir / "shop"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return found(settings, source)


def found(settings: Settings, source: Source = SHOP) -> tuple[list[Any], list[str]]:
    assert [report.status for report in take_in(settings, source)] == ["loaded"]
    replace_days(settings, source)
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as warehouse:
        good = warehouse.execute(f"select {', '.join(COLUMNS)} from raw.shop__sales order by _row").fetchall()
        bad = warehouse.execute("select reason from raw.quarantine order by row_number").fetchall()
    return good, [reason for (reason,) in bad]


def in_parquet(settings: Settings, values_sql: str) -> tuple[list[Any], list[str]]:
    folder = settings.landing_dir / "shop"
    folder.mkdir(exist_ok=True)
    duckdb.sql(f"copy ({values_sql}) to '{folder / 'sales.parquet'}' (format parquet)")
    return found(settings)


SALE = ("17", NOON, Decimal("12.5000"), 3, True, date(2026, 1, 6), None, "red")


@pytest.mark.parametrize(
    "row",
    [
        "17,2026-01-05T12:00:00Z,12.5,3,true,2026-01-06,,red",
        "17.0,1767614400,12.50,3.0,True,2026-01-06T00:00:00Z,,red",
        " 17 ,1767614400000,1.25e1,3e0,1,20260106, , red ",
        "17,2026-01-05 13:00:00 +0100,$12.50,3,YES,6 January 2026,,red",
        "17,05.01.2026 12:00,12.5,3,t,06-JAN-26,,red",
    ],
)
def test_a_csv_row_is_read_alike_however_it_is_written(settings: Settings, row: str) -> None:
    assert loaded(settings, "sales.csv", f"{','.join(COLUMNS)}\n{row}\n") == ([SALE], [])


@pytest.mark.parametrize(
    "row",
    [
        {"sale_id": 17, "sold": 1767614400, "amount": 12.5, "pieces": 3, "paid": True, "shipped": "2026-01-06"},
        {"sale_id": "17", "sold": "2026-01-05T12:00:00.000Z", "amount": "12.5", "pieces": 3.0, "paid": 1},
        {"sale_id": 17.0, "sold": 1767614400000000000, "amount": 1.25e1, "pieces": "3", "paid": "true"},
    ],
)
def test_a_json_row_is_read_as_the_same_row(settings: Settings, row: dict[str, Any]) -> None:
    text = json.dumps({"shipped": 46028, "remark": None, "colour": "red"} | row)
    assert loaded(settings, "sales.jsonl", text) == ([SALE], [])


@pytest.mark.parametrize(
    "row",
    [
        "17::bigint as sale_id, timestamp '2026-01-05 12:00' as sold, 12.5::decimal(9,2) as amount, "
        "3::double as pieces, true as paid, date '2026-01-06' as shipped",
        "17::double as sale_id, 1767614400000::bigint as sold, 12.5::double as amount, 3::decimal(9,2) as pieces, "
        "1::bigint as paid, timestamp '2026-01-06 09:00' as shipped",
        "17.00::decimal(9,2) as sale_id, timestamptz '2026-01-05 13:00+01' as sold, '12.5' as amount, '3.0' as pieces, "
        "1.0::double as paid, '2026-01-06' as shipped",
        "'17'::blob as sale_id, timestamp_ns '2026-01-05 12:00' as sold, 12.5::float as amount, 3::hugeint as pieces, "
        "'True' as paid, 46028::double as shipped",
    ],
)
def test_a_parquet_row_is_read_as_the_same_row(settings: Settings, row: str) -> None:
    assert in_parquet(settings, f"select {row}, null::varchar as remark, 'red' as colour") == ([SALE], [])


@pytest.mark.parametrize("nothing", ["", " ", "NULL", "null", "None", "NaN", "nan", "\\N", "#N/A"])
def test_what_says_that_there_is_no_value_is_none(settings: Settings, nothing: str) -> None:
    text = f"{','.join(COLUMNS)}\n17,2026-01-05 12:00:00{f',{nothing}' * 4},,{nothing}\n"
    assert loaded(settings, "sales.csv", text) == ([("17", NOON, None, None, None, None, None, None)], [])


def test_nan_in_parquet_is_no_number_and_infinity_is_set_aside(settings: Settings) -> None:
    rows = "select i as sale_id, timestamp '2026-01-05 12:00' as sold, if(i = 1, 'nan', 'inf')::double as amount "
    good, bad = in_parquet(settings, f"{rows} from range(1, 3) t(i)")
    assert [row[:3] for row in good] == [("1", NOON, None)]
    assert bad == ["amount: inf is not a DECIMAL(18, 4)"]


def test_words_stay_words_where_people_write(settings: Settings) -> None:
    text = f"{','.join(COLUMNS)}\n007,2026-01-05 12:00:00,,,,,None,NA\n"
    assert loaded(settings, "sales.csv", text)[0] == [("007", NOON, None, None, None, None, "None", "NA")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("2026-01-05,,12.5,,", "pieces: 12.5 is not a BIGINT"),
        ("2026-01-05,,99999999999999999999,,", "pieces: 99999999999999999999 is not a BIGINT"),
        ("2026-01-05,,,maybe,", "paid: maybe is not a BOOLEAN"),
        ("2026-01-05,12k,,,", "amount: 12k is not a DECIMAL(18, 4)"),
        ("2026-01-05,1 25,,,", "amount: 1 25 is not a DECIMAL(18, 4)"),
        ("2026-01-05,inf,,,", "amount: inf is not a DECIMAL(18, 4)"),
        ("2026-02-30,,,,", "sold: 2026-02-30 is not a TIMESTAMP"),
        ("13-01-26,,,,", "sold: 13-01-26 is not a TIMESTAMP"),
        ("26-01-13,,,,", "sold: 26-01-13 is not a TIMESTAMP"),
        ("1/1/1,,,,", "sold: 1/1/1 is not a TIMESTAMP"),
        ("05/01/26,,,,", "sold: 05/01/26 can be read two ways and nothing else in the file says which: set"),
        ("N/A,,,,", "sold is missing"),
        ("0001-01-01T00:00:00Z,,,,", "sold is missing"),
        ("0044-03-15 (BC),,,,", "sold: 0044-03-15 (BC) 00:00:00 is not between 1990-01-01 and"),
        ("281177-01-01,,,,", "sold: 281177-01-01 00:00:00 is not between 1990-01-01 and"),
        ("infinity,,,,", "sold: infinity is not between 1990-01-01 and"),
        ("2026-01-05,,,,281177-01-01", "shipped: 281177-01-01 is not between 1970-01-01 and 2200-01-01"),
        (
            "2026-01-05,1.250,,,",
            "amount: 1.250 can be read two ways and nothing else in the file says which: set `decimal`",
        ),
        (
            "05/01/2026,,,,",
            "sold: 05/01/2026 can be read two ways and nothing else in the file says which: set `date_order`",
        ),
    ],
)
def test_what_is_no_value_of_its_type_is_set_aside_with_its_text(settings: Settings, cells: str, reason: str) -> None:
    good, (said,) = loaded(settings, "sales.csv", f"{','.join(COLUMNS)}\n17,{cells},,\n18,2026-01-05,,,,,,\n")
    assert said.startswith(reason)
    assert [row[0] for row in good] == ["18"]


@pytest.mark.parametrize(
    ("evidence", "number"),
    [("12,5", Decimal(1250)), ("1.250,50", Decimal(1250)), ("0.5", Decimal("1.25")), ("1,250.50", Decimal("1.25"))],
)
def test_one_number_that_can_be_read_one_way_settles_the_others(
    settings: Settings, evidence: str, number: Decimal
) -> None:
    text = f"sale_id;sold;amount\n1;2026-01-05;1.250\n2;2026-01-05;{evidence}\n"
    good, bad = loaded(settings, "sales.csv", text)
    assert (good[0][2], bad) == (number, [])


def test_a_file_that_writes_numbers_both_ways_proves_neither(settings: Settings) -> None:
    good, bad = loaded(
        settings, "sales.csv", "sale_id;sold;amount\n1;2026-01-05;1.250\n2;2026-01-05;0.5\n3;2026-01-05;0,5\n"
    )
    assert [row[2] for row in good] == [Decimal("0.5"), Decimal("0.5")]
    assert len(bad) == 1


@pytest.mark.parametrize(("evidence", "day"), [("13/01/2026", date(2026, 1, 6)), ("01/13/2026", date(2026, 6, 1))])
def test_one_date_that_can_be_read_one_way_settles_the_others(settings: Settings, evidence: str, day: date) -> None:
    text = f"sale_id,sold,shipped\n1,2026-01-05,06/01/2026\n2,2026-01-05,{evidence}\n"
    good, bad = loaded(settings, "sales.csv", text)
    assert ([row[5] for row in good], bad) == ([day, date(2026, 1, 13)], [])


@pytest.mark.parametrize(
    ("shipped", "day"),
    [
        ("13/01/26", date(2026, 1, 13)),
        ("1/13/26 9:05 AM", date(2026, 1, 13)),
        ("13.1.26 09:05", date(2026, 1, 13)),
        ("01/01/01", date(2001, 1, 1)),
        ("13/01/68", date(2068, 1, 13)),
        ("13/01/99", date(1999, 1, 13)),
        ("13.01.1999", date(1999, 1, 13)),
        ("13-Jan-99", date(1999, 1, 13)),
    ],
)
def test_two_digits_are_a_year_from_1969_to_2068(settings: Settings, shipped: str, day: date) -> None:
    good, _ = loaded(settings, "sales.csv", f"sale_id,sold,shipped\n1,2026-01-05,{shipped}\n")
    assert [row[5] for row in good] == [day]


def test_a_date_of_two_digits_settles_the_others(settings: Settings) -> None:
    text = "sale_id,sold,shipped\n1,05/01/26 09:00,06/01/26\n2,06/01/26 09:00,13/01/26\n"
    good, bad = loaded(settings, "sales.csv", text)
    assert ([row[1].day for row in good], [row[5] for row in good], bad) == (
        [5, 6], [date(2026, 1, 6), date(2026, 1, 13)], []
    )  # fmt: skip


def test_settings_say_what_a_file_leaves_open_and_have_it_read_again(settings: Settings) -> None:
    text = "sale_id,sold,amount\n1,05/01/2026,1.250\n"
    assert loaded(settings, "sales.csv", text)[0] == []
    settings.sources["shop"] = SourceSettings(decimal=",", date_order="dmy")
    source = configured({"shop": SHOP}, settings)["shop"]
    good, bad = found(settings, source)
    assert (good[0][1:3], bad) == ((datetime.fromisoformat("2026-01-05"), Decimal(1250)), [])


def test_what_the_vendor_documents_holds_until_the_file_shows_otherwise(settings: Settings) -> None:
    form = Format("csv", "csv", SHOP.formats[0].requires, SELECT, COLUMNS[2:], writing=Notation(".", "mdy"))
    source = Source(**{**SHOP.__dict__, "formats": (form,)})
    good, _ = loaded(settings, "a.csv", "sale_id,sold,amount\n1,01/05/2026,1.250\n", source)
    assert good[0][1:3] == (datetime.fromisoformat("2026-01-05"), Decimal("1.25"))
    good, _ = loaded(settings, "b.csv", "sale_id;sold;amount\n1;05/01/2026;1.250\n2;13/01/2026;12,5\n", source)
    assert (datetime.fromisoformat("2026-01-05"), Decimal(1250)) in [row[1:3] for row in good]


def written(number: Decimal, mark: DecimalMark, chance: random.Random) -> str:
    """`number` as one of the ways in which spreadsheets, ledgers and people write it."""
    grouping = chance.choice(["", {".": ",", ",": "."}[mark], " ", "'", "\u00a0"])
    whole, fraction = f"{abs(number):,.4f}".split(".")
    digits = f"{whole.replace(',', grouping)}{mark}{fraction.rstrip('0') or '0'}"
    currency = chance.choice(["", "€", "$", "USD ", "R$ "])
    if number >= 0:
        return chance.choice([f"{currency}{digits}", f"{digits} {currency}".strip(), f"+{digits}"])
    return chance.choice([f"-{currency}{digits}", f"({currency}{digits})", f"{currency}{digits}-", f"\u2212{digits}"])


@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("seed", range(3))
def test_a_number_comes_back_from_every_way_to_write_it(
    engine: duckdb.DuckDBPyConnection, mark: DecimalMark, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    numbers = [
        Decimal(chance.randint(-(10 ** chance.randint(1, 12)), 10 ** chance.randint(1, 12))) / 10000 for _ in range(300)
    ]
    texts = [written(number, mark, chance) for number in numbers]
    with_mark = values.decimal("text", "DECIMAL(18,4)", "VARCHAR", mark)
    without_mark = values.decimal("text", "DECIMAL(18,4)", "VARCHAR", "")
    rows = engine.execute(
        f"select {with_mark}, {without_mark}, {values.ambiguous_number('text')} from (select unnest($1) as text)",
        [texts],
    )
    for number, text, (known, open_, two_ways) in zip(numbers, texts, rows.fetchall(), strict=True):
        assert known == number, text
        assert open_ == (None if two_ways else number), text


@pytest.mark.parametrize("seed", range(3))
def test_an_instant_comes_back_from_every_way_to_write_it(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    styles: list[Callable[[datetime], str]] = [
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"), lambda at: at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%S+0000"), lambda at: at.strftime("%Y%m%dT%H%M%SZ"),
        lambda at: at.strftime("%d/%b/%Y:%H:%M:%S +0000"), lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        lambda at: at.strftime("%d.%m.%Y %H:%M:%S"), lambda at: at.strftime("%d/%m/%Y %H:%M:%S"),
        lambda at: at.strftime("%d/%m/%Y %I:%M:%S %p"), lambda at: at.strftime("%b %d, %Y %I:%M:%S %p"),
        lambda at: at.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"), lambda at: at.strftime("%Y-%m-%dT%H:%M:%S,000000000Z"),
        lambda at: str(int(at.timestamp())), lambda at: f"{at.timestamp():.3f}",
        lambda at: str(int(at.timestamp()) * 10**3), lambda at: str(int(at.timestamp()) * 10**6),
        lambda at: str(int(at.timestamp()) * 10**9), lambda at: f"{at.timestamp() / 86400 + 25569:.9f}",
    ]  # fmt: skip
    instants = [datetime.fromtimestamp(chance.randint(1_000_000_000, 2_000_000_000), UTC) for _ in range(300)]
    texts = [chance.choice(styles)(at) for at in instants]
    sql = f"select {values.instant('text', order='dmy')} from (select unnest($1) as text)"
    for at, text, (read,) in zip(instants, texts, engine.execute(sql, [texts]).fetchall(), strict=True):
        assert read == at.replace(tzinfo=None), text


@pytest.mark.parametrize(
    ("text", "written_as"),
    [
        ("true", ["'True'", "'TRUE'", "true", "' true'"]),
        ("1", ["1", "1.0", "'1'", "'1.0'", "1::double", "1::float", "1.00::decimal(5,2)", "'1e0'"]),
        ("0.1", ["'0.1'", "'0.10'", "0.1::double", "0.1::float", "0.100::decimal(5,3)"]),
        ("1000000000000000", ["1e15::double", "'1000000000000000'", "1000000000000000"]),
        ("007", ["'007'"]),
        ("v1.0", ["'v1.0'", "' v1.0 '"]),
        (None, ["null", "'None'", "'nan'", "'nan'::double", "''"]),
    ],
)
def test_a_free_value_is_one_text_whatever_its_type(
    engine: duckdb.DuckDBPyConnection, text: str | None, written_as: list[str]
) -> None:
    for sql in written_as:
        assert engine.execute(f"select {values.category(sql)}").fetchone() == (text,), sql


@pytest.mark.parametrize(
    ("text", "written_as"),
    [
        ("123", ["'123'", "123", "123::double", "'123.0'", "123.00::decimal(9,2)", "' 123 '"]),
        ("123456789012345680", ["123456789012345680::bigint", "'123456789012345680'", "123456789012345680::double"]),
        ("0123", ["'0123'"]),
        ("1e5", ["'1e5'"]),
        ("true", ["true"]),
        ("aBcD", ["'aBcD'"]),
        (
            "8c2d6a0f-3e3b-4b11-9e55-0123456789ab",
            [
                "'8C2D6A0F-3E3B-4B11-9E55-0123456789AB'",
                "'{8c2d6a0f-3e3b-4b11-9e55-0123456789ab}'",
                "' 8C2D6A0F-3E3B-4B11-9E55-0123456789ab'",
                "'8C2D6A0F-3E3B-4B11-9E55-0123456789AB'::uuid",
            ],
        ),
        ("$device:8c2d6a0f-3e3b-4b11-9e55-0123456789ab", ["'$device:8C2D6A0F-3E3B-4B11-9E55-0123456789AB'"]),
        ("8C2D6A0F-3E3B-4B11-9E55-0123456789AZ", ["'8C2D6A0F-3E3B-4B11-9E55-0123456789AZ'"]),
        (None, ["null", "'null'", "'nan'::double"]),
    ],
)
def test_an_id_is_one_text_whatever_its_type(
    engine: duckdb.DuckDBPyConnection, text: str | None, written_as: list[str]
) -> None:
    for sql in written_as:
        assert engine.execute(f"select {values.identifier(sql)}").fetchone() == (text,), sql


def test_every_form_of_yes_and_no_is_a_boolean_and_nothing_else(engine: duckdb.DuckDBPyConnection) -> None:
    def read(text: str) -> Any:
        return engine.execute(f"select {values.boolean(quote(text))}").fetchone()

    assert {read(text) for text in ("true", "True", "T", "yes", "Y", "1", "1.0")} == {(True,)}
    assert {read(text) for text in ("false", "FALSE", "f", "no", "N", "0", "0.0")} == {(False,)}
    assert {read(text) for text in ("2", "maybe", "", "10", "truee")} == {(None,)}


def test_dbt_knows_the_words_for_a_missing_value() -> None:
    macro = (DBT_PROJECT / "macros" / "is_missing_value.sql").read_text()
    (listed,) = re.findall(r"return\(\[(.*?)\]\)", macro, re.DOTALL)
    assert set(ast.literal_eval(f"[{listed}]")) == set(values.MISSING_VALUE)


def test_a_number_in_four_bytes_is_the_decimal_it_was_written_from() -> None:
    written = ["0.7", "16.2", "-9.99", "99.99", "0.000123", "123456.7", "1e-12", "3.4e+38", "0.3333333", "999.999"]
    with duckdb.connect() as connection:
        for text in written:
            ((found,),) = connection.execute(f"select {values.double(f'{quote(text)}::float')}").fetchall()
            assert found == float(text)

"""What would differ on Spark, or was never compared, is rejected with a reason."""

from __future__ import annotations

import pytest

from pipelines.spark.dialect import UntranslatableError, translate

COLUMNS = {("main", "t"): {"n": "INTEGER", "x": "DOUBLE", "text": "VARCHAR", "at": "TIMESTAMP", "items": "VARCHAR[]"}}
REJECTED = {
    "select round(x, 2) as y from main.t": "Round was not compared",
    "select concat(text, 'a') as y from main.t": "Concat was not compared",
    "select avg(n) as y from main.t": "Avg was not compared",
    "select strange(n) as y from main.t": r"strange\(\) was not compared",
    "select n from main.t where x * 2 = 1": "doubles are compared",
    "select x / 3 as y, count(*) as c from main.t group by all": "doubles are compared",
    "select a.n from main.t as a inner join main.t as b on a.x = b.x": "doubles are compared",
    "select row_number() over (partition by x + 1 order by n) as y from main.t": "doubles are compared",
    "select distinct x from main.t": "doubles are compared",
    "select cast(text as integer) as y from main.t": "text is cast to INT",
    "select cast(text as date) as y from main.t": "text is cast to DATE",
    "select cast(x as varchar) as y from main.t": "is written as text",
    "select cast(at as varchar) as y from main.t": "is written as text",
    "select try_cast(text as json) as y from main.t": "a text that is no JSON",
    "select date_diff('day', at, at) as y from main.t": "for milliseconds alone",
    "select log(x) as y from main.t": "logarithms are to the base",
    "select json_extract_string(text, '$.a.b') as y from main.t": "a JSON path is one key",
    "select list(text order by n) as y from main.t": "a list has no order",
    "select list(text) as y from main.t": "a list has no order",
    "select substr(text, 0, 2) as y from main.t": "substr counts from 1",
    "select n from main.t order by n limit 1": "Limit was not compared",
    "select a.n from main.t as a asof join main.t as b on a.at >= b.at": "a join of this kind",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select n from r": "a recursive CTE",
    "select unknown from main.t": "SQLGlot cannot resolve it",
    "select items[n + 1] as y from main.t": "a place in a list is",
    "delete from main.t": "expected a SELECT, found DELETE",
}


@pytest.mark.parametrize("sql", REJECTED)
def test_what_may_differ_is_rejected(sql: str) -> None:
    with pytest.raises(UntranslatableError, match=REJECTED[sql]):
        translate(sql, COLUMNS)


def test_every_reason_is_given_once() -> None:
    with pytest.raises(UntranslatableError) as raised:
        translate("select round(x, 2) as y, avg(n) as a, round(x, 2) as z from main.t", COLUMNS)
    assert str(raised.value).count("Round") == str(raised.value).count("Avg") == 1

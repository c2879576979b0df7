"""Each rule of the dialect, on both engines over the same rows."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipelines.spark import rules
from pipelines.spark.dialect import typed
from tests.spark.conftest import Both

NUMBERS = "from (values (1, 2.5e0), (2, 3.5e0), (3, -2.5e0), (4, 0.49999999999999994e0), (5, null)) v(n, x)"
INSTANTS = (
    "from (values (1, timestamp '2025-01-02 03:00:00.0009', timestamp '2025-01-02 03:00:00.0011'), "
    "(2, timestamp '1969-12-31 23:59:59.9999', timestamp '1970-01-01'), (3, null, timestamp '2025-01-01')) v(n, a, b)"
)
LISTS = (
    "from (values (1, ['a', 'b'], ['b', null]), (2, ['a', null], [null, 'c']), (3, [], ['a']), (4, null, ['a'])) "
    "v(n, a, b)"
)
TEXTS = (
    "from (values (1, '1.5'), (2, ' 7 '), (3, '1d'), (4, '0x1p3'), (5, '1_000'), (6, 'inf'), (7, '-Infinity'), "
    "(8, 'n/a'), (9, ''), (10, '.5'), (11, '5.'), (12, '1e3'), (13, null), (14, 'true'), (15, '1f')) v(n, x)"
)
DOCUMENTS = (
    """from (values (1, '{"a.b": "x", "c": 1.50, "d": {"e": 1}}', 'a.b'), (2, '{"a.b": null}', 'c'), """
    """(3, '{"c": true}', 'c'), (4, '{}', 'd'), (5, null, 'c'), (6, '{"c": ""}', 'c')) v(n, doc, key)"""
)

CASES = {
    "hash": (
        "from (values (1, 'a', null), (2, 'a', null), (3, null, 'a'), (4, 'a', 'b'), (5, 'ab', '')) v(n, a, b)",
        "select count(distinct hash(a, b)) as kinds, count(distinct hash(a)) as first_kinds from main.t",
    ),
    "double to integer": (NUMBERS, "select n, cast(x as integer) as y from main.t"),
    "decimal to integer": (
        "from (values (1, 2.5), (2, 3.5), (3, -2.5), (4, 2.4)) v(n, x)",
        "select n, cast(x as integer) as y from main.t",
    ),
    "double to decimal": (
        "select i as n, (random() - 0.5) * pow(10, i % 20) as x, random() as share from range(3000) r(i) "
        "union all values (9001, 0.5e0, 1e-12), (9002, 0.285e0, 0.9999999999995), (9003, -1234567890.1e0, 0.0)",
        "select n, cast(x as decimal(38, 9)) as a, cast(share as decimal(18, 12)) as b, "
        "cast(share as decimal(9, 0)) as c from main.t",
    ),
    "text to double": (TEXTS, "select n, try_cast(x as double) as y from main.t"),
    "division": (
        "from (values (1, 7, cast(1 as decimal(18, 6)), cast(3 as decimal(18, 6))), (2, -7, 1, 7)) v(n, i, a, b)",
        "select n, i / 2 as x, a / b as y, i // 2 as z from main.t",
    ),
    "floor and ceil": (NUMBERS, "select n, 1 + floor(x) as y, least(ceil(x), 2e0) as z from main.t"),
    "logarithms": (
        "from (values (1, 1000e0), (2, 0e0), (3, -1e0), (4, null)) v(n, x)",
        "select n, log10(x) between 2.999e0 and 3.001e0 as a, log2(x) between 9.96e0 and 9.97e0 as b, "
        "ln(x) is null as is_unknown, ln(x) < -1e300 as is_minus_infinity, ln(x) > 1e300 as is_nan from main.t",
    ),
    "milliseconds": (INSTANTS, "select n, date_diff('millisecond', a, b) as y, epoch_us(a) as z from main.t"),
    "ordered list": (
        "from (values (1, 'b'), (1, 'a'), (1, 'c'), (2, 'z')) v(n, x)",
        "select n, list(x order by x) as y from main.t group by n",
    ),
    "property of a computed key": (
        DOCUMENTS,
        """select n, nullif(json_extract_string(doc, '$."' || key || '"'), '') as y from main.t""",
    ),
    "property of a constant key": (DOCUMENTS, """select n, json_extract_string(doc, '$."a.b"') as y from main.t"""),
    "keys": (DOCUMENTS, "select n, unnest(json_keys(doc)) as y from main.t"),
    "series": (
        "from (values (1, 3), (2, 0), (3, -1)) v(n, k)",
        "select n, unnest(generate_series(1, k)) as y from main.t "
        "union all select n, unnest(range(0, k)) as y from main.t",
    ),
    "place in a list": (
        LISTS,
        "select n, a[1] as x, list_extract(a, n) as y, list_position(['a', 'b'], b[1]) as z, len(a) as m from main.t",
    ),
    "head of a list": (LISTS, "select n, a[:n] as x from main.t"),
    "overlap": (LISTS, "select n, list_has_any(a, b) as x, list_contains(a, 'a') as y from main.t"),
    "sum of a list": (
        "from (values (1, [1.5e0, 2e0]), (2, []), (3, null)) v(n, x)",
        "select n, list_sum(list_transform(x, lambda one: one * 2)) as y from main.t",
    ),
    "place in a list, computed for each": (
        LISTS,
        "select n, list_sum(list_transform(range(1, len(a) + 1), lambda place: "
        "case when list_contains(b, a[place]) then 1 / log2(place + 1) else 0 end)) > 0.6e0 as y from main.t",
    ),
    "list as JSON": (
        """from (values (1, '["a", 1.50, null]'), (2, 'n/a'), (3, '7'), (4, null)) v(n, x)""",
        "select n, try_cast(try_cast(x as json) as varchar[]) as y from main.t where n <> 3",
    ),
    "map as JSON": (
        DOCUMENTS,
        "select n, cast(to_json(map_from_entries(list_transform([key, 'ü/'], lambda one: struct_pack("
        "k := one, v := coalesce(json_extract_string(doc, '$.\"' || one || '\"'), 'unknown'))))) as varchar) as y "
        "from main.t",
    ),
    "glob": (
        "from (values (1, 'a.b@x.com', '*@x.com'), (2, 'axb', 'a.b'), (3, 'a.b', 'a.b'), (4, 'ab', 'a?'), "
        "(5, 'cat', '[bc]a*'), (6, 'a(b', 'a(b'), (7, 'x', null), (8, 'a\\b', 'a\\b')) v(n, x, pattern)",
        "select n, x glob pattern as y from main.t where n <> 8",
    ),
    "hours and days": (
        INSTANTS,
        "select n, a + to_hours(n) as x, a - to_days(cast(n as integer)) as y, b - a > interval 1 hour as z "
        "from main.t",
    ),
    "dates": (
        "from (values (1, date '2025-03-01', date '2024-02-29'), (2, date '2025-01-01', null)) v(n, a, b)",
        "select n, a + 3 as x, a - 1 as y, a - b as z, a + interval 1 day as u, a > b as v from main.t",
    ),
    "arg_min by a tuple": (
        "from (values (1, 'b', 2), (1, 'a', 2), (2, 'z', 1), (1, 'c', 3)) v(n, x, y)",
        "select n, arg_min(x, (y, x)) as z from main.t group by n",
    ),
    "any_value": (
        "from (values (1, null), (1, 'a'), (2, null)) v(n, x)",
        "select n, any_value(x) as y from main.t group by n",
    ),
    "isfinite": (
        "from (values (1, 'inf'::double), (2, 'nan'::double), (3, 1e0), (4, null)) v(n, x)",
        "select n, isfinite(x) as y from main.t",
    ),
    "union by name": (
        "from (values (1, 2)) v(a, b)",
        "select * from (select a, b from main.t union all by name select b, a + 1 as a, 'x' as c from main.t) as u",
    ),
    "qualify": (
        "from (values (1, 'a', 1), (1, 'b', 2), (2, null, 1), (2, null, 2)) v(n, x, y)",
        "select e.* from main.t as e cross join (select 1 as one) as o "
        "qualify e.x is null or row_number() over (partition by e.n order by e.y desc) = 1",
    ),
    "order of nulls": (
        "from (values (1, null), (2, 'a'), (3, 'b')) v(n, x)",
        "select n, row_number() over (order by x) as up, row_number() over (order by x desc) as down from main.t",
    ),
    "decimal literals": (
        "from (values (1, 10), (2, 3)) v(n, x)",
        "select n, x * 0.001 as y, sum(x * 0.001) over () as z from main.t",
    ),
    "nested names": (
        "from (values (1), (2)) v(n)",
        "with final as (with final as (select n + 1 as n from main.t) select n * 10 as n from final) "
        "select * from final",
    ),
    "sums and counts": (
        "from (values (1, 'a', true), (1, 'b', false), (2, null, null)) v(n, x, y)",
        "select n, sum(n) as s, count(distinct x) as c, count(*) filter (where y) as f, bool_or(y) as o "
        "from main.t group by all",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_both_engines_give_the_same(both: Both, case: str) -> None:
    wanted, found = both(*CASES[case])
    assert found == wanted


def test_every_rule_is_compared_on_both_engines() -> None:
    used: set[Any] = set()
    for filled_by, select in CASES.values():
        with duckdb.connect() as connection:
            connection.execute(f"create table t as {filled_by}")
            columns = {name: kind for name, kind, *_ in connection.execute("describe t").fetchall()}
        for node in typed(select, {("main", "t"): columns}).walk():
            used |= {type(node), node.name.lower()}
    assert set(rules.RULES) | set(rules.RULES_OF_FUNCTIONS) <= used

{# A delivery: a file's path less its part number, so that the parts of one export add up. Dates, run ids and
   GUIDs are put in angle brackets first, or the day of `2026-01-02.csv` would pass for a part. #}
{% macro delivery_of(path) -%}
    {%- set date = '(19|20)[0-9]{2}[-_/]?(0[1-9]|1[0-2])([-_/]?(0[1-9]|[12][0-9]|3[01])([t_-]?[0-2][0-9][-_:]?[0-5][0-9]([-_:]?[0-5][0-9])?z?)?)?' -%}
    {%- set steps = [
        ('(^|/)(year|month|day|hour|date|dt|run|run_id|billing_period)=([^/]*)', '\\1<\\2=\\3>'),
        ('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '<\\0>'),
        ('(^|[^0-9<=])(' ~ date ~ ')([^0-9>]|$)', '\\1<\\2>\\9'),
        ('(^|[^0-9<=])(' ~ date ~ ')([^0-9>]|$)', '\\1<\\2>\\9'),
        ('(^|[-_/])(run[-_]?[0-9]+)', '\\1<\\2>'),
        ('(part|chunk|shard)[-_]?[0-9]+([-_][0-9]+)*', '\\1'),
        ('([-_./])([0-9]{1,6}|0[0-9]{6,11})((\\.[a-z][a-z0-9]*)+)$', '\\1\\3'),
    ] -%}
    {%- set expression = namespace(sql='lower(' ~ path ~ ')') -%}
    {%- for pattern, replacement in steps -%}
        {%- set expression.sql = "regexp_replace(" ~ expression.sql ~ ", '" ~ pattern ~ "', '" ~ replacement ~ "', 'g')" -%}
    {%- endfor -%}
    {{ expression.sql }}
{%- endmacro %}

{# A stream: the deliveries that replace one another, a path without dates, run ids and GUIDs. #}
{% macro stream_of(path) -%}
    regexp_replace({{ delivery_of(path) }}, '<[^>]*>', '', 'g')
{%- endmacro %}

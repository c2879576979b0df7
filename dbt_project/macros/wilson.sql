{# Lower (sign -1) or upper (sign 1) end of Wilson's 95 % score interval of a proportion; null where nothing was tried.
   Python has it in `estimates/intervals.py`; `sources/spec.py` has one in SQL that is wider, for validating a day. #}
{% macro wilson(successes, trials, sign) -%}
    {%- set z = 1.959963984540054 -%}
    (
        ({{ ratio(successes, trials) }} + {{ z * z / 2 }} / nullif({{ trials }}, 0) + {{ sign * z }} * sqrt(
            {{ ratio(successes, trials) }} * (1 - {{ ratio(successes, trials) }}) / nullif({{ trials }}, 0)
            + {{ z * z / 4 }} / pow(nullif({{ trials }}, 0), 2)
        )) / (1 + {{ z * z }} / nullif({{ trials }}, 0))
    )
{%- endmacro %}

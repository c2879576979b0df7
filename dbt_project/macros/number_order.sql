{# What to order text by so that the numbers in it count as numbers: v9 before v10, 1.9 before 1.10, 9 before 10.
   For ids, versions and attempts that vendors number; other text is ordered as text. Null stays null. #}
{% macro number_order(column) -%}
    array_to_string(
        list_transform(
            regexp_extract_all({{ column }}, '[0-9]+|[^0-9]+'),
            lambda part: case
                when part[1] between '0' and '9' then lpad(part, greatest(20, cast(length(part) as integer)), '0')
                else part
            end
        ),
        ''
    )
{%- endmacro %}

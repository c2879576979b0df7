{#
  Score histograms: 178 fixed bins that merge by addition. Bins 1 to 98 are hundredths; below 0.01 and above 0.99,
  where the scores of rare classes crowd, every bin is a tenth of a decade of the distance to 0 or 1, down to 1e-6.
  Null where the score is no probability. 1e-9: a score on an edge falls into the same bin on every engine.
#}
{% macro score_bin(score) -%}
    cast(case
        when {{ score }} is null or not {{ score }} between 0 and 1 then null
        when {{ score }} < 0.01 then -least(40, 1 + floor(-10 * log10(greatest({{ score }}, 1e-9) / 0.01) + 1e-9))
        when {{ score }} >= 0.99
            then 98 + least(40, 1 + floor(-10 * log10(greatest(1 - {{ score }}, 1e-9) / 0.01) + 1e-9))
        else floor({{ score }} * 100 + 1e-9)
    end as smallint)
{%- endmacro %}

{# The tenth of the unit interval that a bin lies in, 0 to 9: what calibration error is summed over. #}
{% macro score_decile(bin) -%}
    least(9, greatest(0, {{ bin }} // 10))
{%- endmacro %}

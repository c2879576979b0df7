{#
  The middle of the bin, `2^bits` of them an octave, that a number lies in; the number itself where bits is null. The
  bins are those of pipelines.sources.binning: one of fewer bits is a whole number of those of more, so binning
  what is binned already merges it.
#}
{% macro fine_bin(number, bits) -%}
    coalesce(
        sign({{ number }}) * pow(2, (
            ceil(log2(nullif(abs({{ number }}), 0)) * pow(2, {{ bits }}) - 1e-9) - 0.5e0
        ) / pow(2, {{ bits }})),
        {{ number }}
    )
{%- endmacro %}

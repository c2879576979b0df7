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

{#
  Where the values of a bin lie among bins with ends: at the upper end of a fine one, so that a whole number that is such
  an end is not taken for a smaller one (a thousandth more, because a power of two would be, by a rounding error); next
  to the finite end of a delivered one that is open; else in the middle, which is the value itself where it is one.
#}
{% macro bin_position(bin, bits) -%}
    case
        when {{ bin }}.bin_low is null and {{ bin }}.bin_high is not null
            then nextafter({{ bin }}.bin_high, cast('-infinity' as double))
        when {{ bin }}.bin_high is null and {{ bin }}.bin_low is not null
            then nextafter({{ bin }}.bin_low, cast('infinity' as double))
        else
            coalesce(
                {{ bin }}.bin_value * pow(2, sign({{ bin }}.bin_value) * 0.501e0 / pow(2, {{ bits }})),
                {{ bin }}.bin_value
            )
    end
{%- endmacro %}

{#
  Splitting an amount by whole-number weights so that the shares sum to it exactly, at 1e-12: each gets the
  quotient rounded down, and the units left over go one each to the largest remainders. Three macros, because a
  window may not be part of another's argument: quotient and remainder in one step, the share in the next.
  The sign is put back at the end, so that a credit splits as the charge it reverses did.
#}
{% macro split_units(amount) -%}
    cast(abs({{ amount }}) * 1000000000000 as hugeint)
{%- endmacro %}

{% macro split_quotient(amount, weight, total) -%}
    {{ split_units(amount) }} * {{ weight }} // {{ total }}
{%- endmacro %}

{% macro split_remainder(amount, weight, total) -%}
    {{ split_units(amount) }} * {{ weight }} % {{ total }}
{%- endmacro %}

{% macro split_share(amount, quotient, remainder, whole, tie) -%}
    cast(
        sign({{ amount }}) * (
            {{ quotient }} + case
                when
                    row_number() over (partition by {{ whole }} order by {{ remainder }} desc nulls last, {{ tie }})
                    <= {{ split_units(amount) }} - sum({{ quotient }}) over (partition by {{ whole }})
                    then 1
                else 0
            end
        ) as decimal(26, 0)
    ) * cast(0.000000000001 as decimal(12, 12))
{%- endmacro %}

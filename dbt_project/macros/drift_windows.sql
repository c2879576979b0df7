{# The start of the drift window an instant lies in: hours of a UTC day, a day, or an ISO week. #}
{% macro window_start(instant, window_hours) -%}
    case
        when {{ window_hours }} = 168 then cast(date_trunc('week', {{ instant }}) as timestamp)
        else date_trunc('day', {{ instant }}) + to_hours(
            cast(extract(hour from {{ instant }}) // {{ window_hours }} * {{ window_hours }} as integer)
        )
    end
{%- endmacro %}

{# A pre-hook: clears the windows that hold a changed day or were compared with a reference that has changed since. #}
{% macro clear_drift_windows(resolved) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            exists (
                select 1
                from {{ source('ledger', 'days_to_rebuild') }} as days_to_rebuild
                where
                    days_to_rebuild.day >= cast({{ this }}.window_start_at as date)
                    and days_to_rebuild.day < {{ this }}.window_end_at
            )
            or (model_id, window_start_at, reference_state) not in (
                select (model_id, window_start_at, reference_state) from {{ resolved }}
            )
    {% endif %}
{%- endmacro %}

{#- Long: this very table says which windows are still to compare, and only theirs may be read of the logs. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_drift_windows(ref('fct_drift_references')) }}"
) }}

{% set kept_values = 10 %}
{% set kept_categories = 20 %}
{% set comparison = 'model_id, window_start_at, feature' %}

with

resolved as (select * from {{ ref('fct_drift_references') }}),

watched as (select * from {{ source('catalog', 'drift_features') }}),

reference_bins as (select * from {{ ref('fct_reference_bins') }}),

todo as (

    select resolved.*
    from resolved
    {% if is_incremental() %}
    anti join {{ this }} as stored
        on
            resolved.model_id = stored.model_id
            and resolved.window_start_at = stored.window_start_at
    {% endif %}

),

-- Said by day, which is how the bins lie, or all of the past would be read for a morning's windows.
logged as (

    select * from {{ ref('int_feature_bins__windowed') }}
    where
        environment = 'prod'
        and event_date in (
            select cast(unnest(generate_series(window_start_at, window_end_at, interval 1 day)) as date) from todo
        )

),

reference_bits as (

    select
        model_id,
        reference_id,
        feature,
        any_value(bin_bits) as bin_bits

    from reference_bins
    group by all

),

compared as (

    select
        todo.*,
        watched.feature,
        watched.feature_kind,
        reference_bits.bin_bits

    from todo
    inner join watched on todo.model_id = watched.member_id
    left join reference_bits
        on
            todo.model_id = reference_bits.model_id
            and todo.reference_id = reference_bits.reference_id
            and watched.feature = reference_bits.feature

),

delivered as (

    select
        compared.model_id,
        compared.window_start_at,
        compared.feature,
        reference_bins.bin_low,
        reference_bins.bin_high,
        {{ bin_position('reference_bins', 'null') }} as bin_value,
        true as is_of_reference

    from compared
    inner join reference_bins
        on
            compared.model_id = reference_bins.model_id
            and compared.reference_id = reference_bins.reference_id
            and compared.feature = reference_bins.feature
    where
        compared.feature_kind = 'numeric'
        and (reference_bins.bin_low is not null or reference_bins.bin_high is not null)

    union all

    select
        compared.model_id,
        compared.window_start_at,
        compared.feature,
        logged.bin_low,
        logged.bin_high,
        {{ bin_position('logged', 'null') }} as bin_value,
        false as is_of_reference

    from compared
    inner join logged
        on
            compared.model_id = logged.model_id
            and compared.window_start_at = logged.window_start_at
            and compared.feature = logged.feature
    where compared.feature_kind = 'numeric' and (logged.bin_low is not null or logged.bin_high is not null)

),

-- Bins that were delivered as such show no more than how many values lie between their ends. Both sides are counted in
-- the reference's, or in the window's if the reference has values.
chosen as (

    select distinct
        model_id,
        window_start_at,
        feature,
        bin_low,
        bin_high,
        bin_value

    from delivered
    qualify is_of_reference or not bool_or(is_of_reference) over (partition by {{ comparison }})

),

-- A bin begins with its lower end, unless a bin of this one value does.
begun as (

    select
        *,
        case
            when bin_low is null then cast('-infinity' as double)
            when bin_low = bin_high then bin_low
            when bool_or(bin_low = bin_high) over (partition by {{ comparison }}, bin_low)
                then nextafter(bin_low, cast('infinity' as double))
            else bin_low
        end as begins_at

    from chosen

),

ends as (

    select
        model_id,
        window_start_at,
        feature,
        bin_low,
        bin_high,
        begins_at,
        coalesce(bin_high, cast('infinity' as double)) as ends_at,
        greatest(bin_value, begins_at) as bin_value

    from begun
    qualify row_number() over (partition by {{ comparison }}, begins_at order by bin_high desc nulls first) = 1

),

with_ends as (

    select distinct
        model_id,
        window_start_at,
        feature

    from ends

),

comparisons as (

    select
        compared.*,
        with_ends.feature is not null as has_ends

    from compared
    left join with_ends
        on
            compared.model_id = with_ends.model_id
            and compared.window_start_at = with_ends.window_start_at
            and compared.feature = with_ends.feature

),

sides as (

    select
        comparisons.model_id,
        comparisons.window_start_at,
        comparisons.feature,
        comparisons.feature_kind,
        reference_bins.category,
        case
            when comparisons.has_ends then {{ bin_position('reference_bins', 'reference_bins.bin_bits') }}
            else reference_bins.bin_value
        end as bin_value,
        reference_bins.value_count as reference_count,
        0 as window_count

    from comparisons
    inner join reference_bins
        on
            comparisons.model_id = reference_bins.model_id
            and comparisons.reference_id = reference_bins.reference_id
            and comparisons.feature = reference_bins.feature

    union all

    select
        comparisons.model_id,
        comparisons.window_start_at,
        comparisons.feature,
        comparisons.feature_kind,
        logged.category,
        case
            when comparisons.has_ends then {{ bin_position('logged', 'logged.bin_bits') }}
            else {{ fine_bin('logged.bin_value', 'comparisons.bin_bits') }}
        end as bin_value,
        0 as reference_count,
        logged.value_count as window_count

    from comparisons
    inner join logged
        on
            comparisons.model_id = logged.model_id
            and comparisons.window_start_at = logged.window_start_at
            and comparisons.feature = logged.feature

    union all

    -- A feature without a value in window and reference is not left out: it cannot be tested, and says so.
    select
        model_id,
        window_start_at,
        feature,
        feature_kind,
        null as category,
        null as bin_value,
        0 as reference_count,
        0 as window_count

    from comparisons

),

-- The same value is the same, whichever side wrote it as a number, a boolean or text.
valued as (

    select
        model_id,
        window_start_at,
        feature,
        feature_kind,
        case
            when feature_kind = 'numeric'
                then
                    coalesce(
                        bin_value,
                        case category when 'true' then 1 when 'false' then 0 else try_cast(category as double) end
                    )
        end as number,
        case
            when feature_kind = 'categorical' then coalesce(category, printf('%.15g', bin_value))
            when not {{ is_missing_value('category') }} then category
        end as category,
        cast(sum(reference_count) as bigint) as reference_count,
        cast(sum(window_count) as bigint) as window_count

    from sides
    group by all

),

-- Values between no ends stay as they are.
placed as (

    select
        valued.* exclude (number),
        case when valued.number <= ends.ends_at then ends.bin_value else valued.number end as number,
        case when valued.number <= ends.ends_at then ends.bin_low end as bin_low,
        case when valued.number <= ends.ends_at then ends.bin_high end as bin_high

    from valued
    asof left join ends
        on
            valued.model_id = ends.model_id
            and valued.window_start_at = ends.window_start_at
            and valued.feature = ends.feature
            and valued.number >= ends.begins_at

),

typed as (

    select
        *,
        feature_kind = 'categorical' and bool_or(category in ('true', 'false')) over (
            partition by {{ comparison }}
        ) as is_boolean

    from placed

),

points as (

    select
        model_id,
        window_start_at,
        feature,
        feature_kind,
        number,
        case
            when number is not null then null
            when is_boolean and category = '1' then 'true'
            when is_boolean and category = '0' then 'false'
            else category
        end as category,
        min(bin_low) as bin_low,
        max(bin_high) as bin_high,
        cast(sum(reference_count) as bigint) as reference_count,
        cast(sum(window_count) as bigint) as window_count

    from typed
    group by all

),

running as (

    select
        *,
        sum(reference_count) over up_to as reference_running,
        sum(window_count) over up_to as window_running,
        sum(reference_count) over whole as reference_total,
        sum(window_count) over whole as window_total,
        count(*) filter (where reference_count > 0) over whole as reference_values,
        count(*) filter (where reference_count > 0) over up_to as reference_place,
        min(number) filter (where reference_count > 0) over whole as origin,
        lead(number) over (partition by {{ comparison }} order by number) as next_number

    from points
    where number is not null
    window
        up_to as (partition by {{ comparison }} order by number rows between unbounded preceding and current row),
        whole as (
            partition by {{ comparison }} order by number
            rows between unbounded preceding and unbounded following
        )

),

-- How many of the reference lie below a number is its decile of the reference: edges need not be looked up,
-- ties stay together, and both ends are open.
numbers as (

    select
        *,
        abs({{ ratio('reference_running', 'reference_total') }} - {{ ratio('window_running', 'window_total') }})
            as distance,
        number - origin as shift,
        cast(
            case
                when reference_values > {{ kept_values }}
                    then least(9, 10 * (reference_running - reference_count) // reference_total)
                when reference_count > 0 then reference_place - 1
                else 101
            end as integer
        ) as bin_number

    from running

),

-- The categories most frequent on both sides together: chosen by the reference alone they would be those it happens
-- to hold too many of, and undrifted windows would seem to have fewer.
ranked as (

    select
        *,
        row_number() over (
            partition by {{ comparison }}
            order by
                case when category = '(other)' then 0 else reference_count + window_count end desc,
                category nulls last
        ) as place

    from points
    where number is null

),

categories as (

    select
        *,
        cast(
            case
                when category is null then 102
                when feature_kind = 'categorical' and category <> '(other)' and place <= {{ kept_categories }}
                    then place - 1
                else 100
            end as integer
        ) as bin_number

    from ranked

),

binned as (

    select
        model_id,
        window_start_at,
        feature,
        feature_kind,
        bin_number,
        any_value(reference_values) as reference_values,
        bool_or(bin_low is not null or bin_high is not null) as has_ends,
        min(bin_low) as low_end,
        max(bin_high) as high_end,
        max(coalesce(bin_high, number)) filter (where reference_count > 0) as bin_high,
        cast(null as varchar) as category,
        cast(sum(reference_count) as bigint) as reference_count,
        cast(sum(window_count) as bigint) as window_count,
        max(distance) as largest_distance,
        sum(distance * (next_number - number) order by number) as area,
        sum(reference_count * shift order by number) as shift_sum,
        sum(reference_count * shift * shift order by number) as shift_square_sum,
        cast(
            sum(case when reference_count = 0 and reference_values <= {{ kept_values }} then window_count else 0 end)
            as bigint
        ) as unseen_count,
        count(*) filter (where reference_count = 1 and reference_values <= {{ kept_values }}) as singleton_count

    from numbers
    group by all

    union all

    select
        model_id,
        window_start_at,
        feature,
        feature_kind,
        bin_number,
        null as reference_values,
        null as has_ends,
        null as low_end,
        null as high_end,
        null as bin_high,
        min(category) as category,
        cast(sum(reference_count) as bigint) as reference_count,
        cast(sum(window_count) as bigint) as window_count,
        null as largest_distance,
        null as area,
        null as shift_sum,
        null as shift_square_sum,
        cast(sum(case when reference_count = 0 and category is not null then window_count else 0 end) as bigint)
            as unseen_count,
        count(*) filter (where reference_count = 1 and category is not null) as singleton_count

    from categories
    group by all

),

edged as (

    select
        *,
        bin_number < 100 and reference_values <= {{ kept_values }} as is_kept,
        lag(bin_high) over (partition by {{ comparison }} order by bin_number) as bin_low,
        lead(bin_high) over (partition by {{ comparison }} order by bin_number) as next_high

    from binned

),

final as (

    select
        edged.model_id,
        todo.reference_id,

        edged.window_start_at,
        todo.window_end_at,

        edged.feature,
        edged.feature_kind,
        case
            when edged.bin_number = 100 and edged.feature_kind = 'numeric' then 'no_number'
            when edged.bin_number = 100 then 'other'
            when edged.bin_number = 101 then 'unseen'
            when edged.bin_number = 102 then 'missing'
            when edged.feature_kind = 'categorical' and edged.reference_count = 0 then 'unseen'
            when edged.feature_kind = 'categorical' then 'category'
            when edged.is_kept and not edged.has_ends then 'value'
            else 'range'
        end as bin_kind,
        case when edged.bin_number < 100 then edged.category end as category,
        todo.reference_state,

        edged.bin_number,
        case
            when edged.is_kept and edged.has_ends then edged.low_end
            when edged.is_kept then edged.bin_high
            when edged.bin_number < 100 then edged.bin_low
        end as bin_low,
        case
            when edged.is_kept and edged.has_ends then edged.high_end
            when edged.is_kept then edged.bin_high
            when edged.bin_number < 100 and edged.next_high is not null then edged.bin_high
        end as bin_high,
        edged.reference_count,
        edged.window_count,
        edged.largest_distance,
        edged.area,
        edged.shift_sum,
        edged.shift_square_sum,
        edged.unseen_count,
        edged.singleton_count

    from edged
    inner join todo
        on
            edged.model_id = todo.model_id
            and edged.window_start_at = todo.window_start_at

)

select * from final

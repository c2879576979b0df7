{{ config(materialized='view') }}

with

matched_values as (

    select * from {{ ref('int_labels__matched') }}
    where task in ('regression', 'ranking')

),

-- Beyond ten thousand million a number is no reading but a fault: its square would overflow the sums, and its error
-- drown all others.
read_values as (

    select
        *,
        -- A log of one number a row may hold it as its score.
        case
            when task <> 'regression' then null
            when prediction is null then score
            when abs(try_cast(prediction as double)) < 1e10 then try_cast(prediction as double)
        end as predicted_value,
        case when task = 'regression' and abs(try_cast(label as double)) < 1e10 then try_cast(label as double) end
            as actual_value,
        case
            when task = 'ranking' then try_cast(try_cast(prediction as json) as varchar[])[:ranking_cutoff]
        end as ranked_items,
        case when task = 'ranking' then try_cast(try_cast(label as json) as varchar[]) end as relevant_items

    from matched_values

),

final as (

    select
        *,
        -- A number is no list, and n/a no number: a label that its task cannot read does not count.
        case task when 'regression' then actual_value is not null else relevant_items is not null end as is_read,
        predicted_value - actual_value as error,
        case when abs(actual_value) >= 1e-9 then actual_value end as part_of,
        case
            when ranked_items is not null and len(relevant_items) > 0
                then coalesce(list_sum(list_transform(
                    range(1, len(ranked_items) + 1),
                    lambda place: case
                        when list_contains(relevant_items, ranked_items[place]) then 1 / log2(place + 1)
                        else 0
                    end
                )), 0) / list_sum(list_transform(
                    range(1, least(ranking_cutoff, len(relevant_items)) + 1),
                    lambda place: 1 / log2(place + 1)
                ))
        end as ndcg,
        case when ranked_items is not null then cast(list_has_any(ranked_items, relevant_items) as integer) end as hit

    from read_values

)

select * from final -- noqa: AM04

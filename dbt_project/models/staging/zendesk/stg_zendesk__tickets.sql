with

source as (

    {{ delivered('zendesk', 'tickets') }}

),

-- What the system changes, such as a rating or a deletion, moves `generated_timestamp` and leaves `updated_at`. Exports
-- other than the incremental one lack the former. A deleted ticket may come scrubbed of its tags: the last ones it had
-- decide its model.
newest as (

    select
        * replace (
            case
                when status = 'deleted'
                    then first_value(case when json_array_length(tags) > 0 then tags end ignore nulls) over newest_first
                else tags
            end as tags
        )

    from source
    window
        newest_first as (
            partition by _day, ticket_id
            order by
                greatest(generated_at, updated_at) desc nulls last,
                updated_at desc nulls last,
                delivered_at desc nulls last,
                _content_id asc,
                _row desc
            rows between unbounded preceding and unbounded following
        )
    qualify row_number() over newest_first = 1

),

renamed as (

    select
        ticket_id,

        _day as event_date,

        case
            when status = 'deleted' then 'deleted'
            -- Zendesk closes a ticket merged into another one, and tags it so.
            when list_contains(from_json(tags, '["VARCHAR"]'), 'closed_by_merge') then 'merged'
            else 'live'
        end as ticket_status,
        case
            when rating_score like 'good%' then 'good'
            when rating_score like 'bad%' then 'bad'
            when rating_score = 'offered' then 'offered'
            else 'unoffered'
        end as rating,
        {{ plain_text('rating_comment') }} as rating_comment,
        tags,
        url,

        created_at

    from newest

)

select * from renamed

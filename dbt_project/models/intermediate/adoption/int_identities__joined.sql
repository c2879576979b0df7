{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_identity_window('event_date') }}"
) }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = var('excluded_user_memory_days') %}

with named as (select * from {{ ref('int_events__named') }}),

renames as (

    select
        source,
        from_id,
        user_id,
        event_date,
        happened_at
    from {{ ref('int_identity_links__collected') }}
    where
        from_id like 'user:%'
        and {{ in_days_to_rebuild('event_date', back=2 * back, forward=forward + back) }}

),

merged as (

    select * from {{ ref('int_identities__merged') }}
    where {{ in_identity_window('event_date') }}

),

named_users as (

    select
        source,
        delivery_id,
        'user:' || user_id as from_id,
        event_date,
        event_at as happened_at
    from named
    where user_id is not null

),

renamed as (

    {{ nearest_link('named_users', 'renames') }}

),

resolved as (

    select
        named.source,
        named.delivery_id,
        named.event_date,
        named.event_at,
        named.user_id as named_user_id,
        coalesce(
            substr(merged.merged_identity_id, length('user:') + 1), renamed.linked_user_id, named.user_id
        ) as user_id,
        named.identity_method
    from named
    left join renamed
        on
            named.source = renamed.source
            and named.delivery_id = renamed.delivery_id
    left join merged
        on
            named.source = merged.source
            and named.event_date = merged.event_date
            and 'user:' || coalesce(renamed.linked_user_id, named.user_id) = merged.identity_id

),

excluded_users as (

    select
        source,
        user_id,
        event_date
    from {{ ref('int_excluded_users__observed') }}
    where {{ in_days_to_rebuild('event_date', back=back + forward, forward=forward + back) }}

),

-- A user under either name, a row each: joined by one name or the other, every event would meet every excluded user.
called as (

    select
        source,
        delivery_id,
        user_id,
        event_date
    from resolved
    union all
    select
        source,
        delivery_id,
        named_user_id as user_id,
        event_date
    from resolved
    where named_user_id <> user_id

),

excluded_deliveries as (

    select distinct
        called.source,
        called.delivery_id
    from called
    inner join excluded_users
        on
            called.source = excluded_users.source
            and called.user_id = excluded_users.user_id
            and excluded_users.event_date between called.event_date - {{ forward }}
            and called.event_date + {{ back }}

),

-- Whoever is merged with an excluded user is one.
excluded_persons as (

    select distinct
        merged.source,
        merged.event_date,
        merged.merged_identity_id
    from merged
    inner join excluded_users
        on
            merged.source = excluded_users.source
            and merged.identity_id = 'user:' || excluded_users.user_id
            and excluded_users.event_date between merged.event_date - {{ forward }}
            and merged.event_date + {{ back }}

),

final as (

    select
        resolved.source,
        resolved.delivery_id,
        resolved.user_id,
        resolved.event_date,
        resolved.event_at,
        resolved.identity_method,
        excluded_deliveries.delivery_id is not null or excluded_persons.merged_identity_id is not null as is_excluded
    from resolved
    left join excluded_deliveries
        on
            resolved.source = excluded_deliveries.source
            and resolved.delivery_id = excluded_deliveries.delivery_id
    left join excluded_persons
        on
            resolved.source = excluded_persons.source
            and resolved.event_date = excluded_persons.event_date
            and 'user:' || resolved.user_id = excluded_persons.merged_identity_id

)

select * from final

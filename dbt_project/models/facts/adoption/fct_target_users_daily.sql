{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_identity_window('event_date') }}"
) }}


with observed as (

    select * from {{ ref('int_target_users__observed') }}
    where {{ in_identity_window('event_date') }}

),

identities as (

    select * from {{ ref('int_identities__joined') }}
    where {{ in_identity_window('event_date') }}

),

-- A user renamed within the day was observed under two names: the later says what the user is.
ranked as (

    select
        observed.model_id,
        observed.feature_id,
        identities.user_id,
        observed.event_date,
        observed.is_target,
        row_number() over (
            partition by observed.feature_id, identities.user_id, observed.event_date
            order by observed.event_at desc, observed.delivery_id asc
        ) as recency
    from observed
    inner join identities
        on
            observed.source = identities.source
            and observed.delivery_id = identities.delivery_id
    where not identities.is_excluded

)

select
    model_id,
    feature_id,
    user_id,
    event_date,
    is_target
from ranked
where recency = 1

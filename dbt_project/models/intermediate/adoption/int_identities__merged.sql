{#- sqlfluff cannot parse `using key`. #}
-- noqa: disable=PRS
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_identity_window('event_date') }}"
) }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = var('excluded_user_memory_days') %}

with recursive

days as (

    select event_date from {{ ref('dim_days') }}
    where {{ in_identity_window('event_date') }}

),

merges as (

    select * from {{ ref('int_identity_merges__collected') }}
    where {{ in_days_to_rebuild('event_date', back=back + forward, forward=forward + back) }}

),

-- Each merge on each of the days that it reaches: merged persons stay merged, a browser's id is soon another's.
reached as (

    select distinct
        merges.source,
        merges.from_id,
        merges.to_id,
        merges.is_identify,
        days.event_date
    from merges
    cross join (select unnest(generate_series(-{{ back }}, {{ forward }})) as reach) as reaches
    inner join days on days.event_date = merges.event_date + cast(reaches.reach as integer)
    where reaches.reach <= case when merges.is_identify then {{ back }} else {{ forward }} end

),

-- A browser on which several users identified themselves merges none of them: its events belong to the nearest user.
directed as (

    select
        source,
        event_date,
        from_id,
        to_id
    from reached
    qualify
        not is_identify
        or min(case when is_identify then to_id end) over (partition by source, event_date, from_id)
        = max(case when is_identify then to_id end) over (partition by source, event_date, from_id)

),

edges as (

    select source, event_date, from_id, to_id from directed
    union
    select source, event_date, to_id as from_id, from_id as to_id from directed

),

replaced as (

    select distinct source, event_date, from_id as identity_id from directed

),

-- The first in the order of labels represents all that it is merged with, directly or through others, in whatever
-- circles: an identity that none replaces, where there is one.
labelled (source, event_date, identity_id, label) using key (source, event_date, identity_id) as (

    select distinct
        edges.source,
        edges.event_date,
        edges.from_id as identity_id,
        case when replaced.identity_id is null then '0' else '1' end || edges.from_id as label
    from edges
    left join replaced
        on
            edges.source = replaced.source
            and edges.event_date = replaced.event_date
            and edges.from_id = replaced.identity_id
    union
    select
        edges.source,
        edges.event_date,
        edges.to_id as identity_id,
        min(labelled.label) as label
    from labelled
    inner join edges
        on
            labelled.source = edges.source
            and labelled.event_date = edges.event_date
            and labelled.identity_id = edges.from_id
    inner join recurring.labelled as known
        on
            edges.source = known.source
            and edges.event_date = known.event_date
            and edges.to_id = known.identity_id
    where labelled.label < known.label
    group by edges.source, edges.event_date, edges.to_id

)

select
    source,
    event_date,
    identity_id,
    substr(label, 2) as merged_identity_id
from labelled

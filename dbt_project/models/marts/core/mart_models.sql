with

models as (select * from {{ ref('dim_models') }}),

teams as (select * from {{ source('catalog', 'team_history') }}),

owners as (select * from {{ source('catalog', 'owner_history') }}),

today as (select max(event_date) as as_of from {{ ref('dim_days') }}),

final as (

    select
        models.model_id,

        today.as_of,

        models.model_name,
        models.model_kind,
        models.model_description,
        models.business_unit,
        teams.team_id,
        coalesce(owners.owner, models.model_owner) as owner

    from models
    cross join today
    left join teams
        on
            models.model_id = teams.member_id
            and {{ as_of('teams', 'today.as_of') }}
    left join owners
        on
            models.model_id = owners.member_id
            and {{ as_of('owners', 'today.as_of') }}

)

select * from final

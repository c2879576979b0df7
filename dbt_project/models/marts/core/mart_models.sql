with

models as (select * from {{ ref('dim_models') }}),

teams as (select * from {{ source('catalog', 'team_history') }}),

owners as (select * from {{ source('catalog', 'owner_history') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

final as (

    select
        models.model_id,

        newest.as_of_date as as_of,

        models.model_name,
        models.model_kind,
        models.model_description,
        models.business_unit,
        teams.team_id,
        coalesce(owners.owner, models.model_owner) as owner

    from models
    cross join newest
    left join teams
        on
            models.model_id = teams.member_id
            and {{ as_of('teams', 'newest.as_of_date') }}
    left join owners
        on
            models.model_id = owners.member_id
            and {{ as_of('owners', 'newest.as_of_date') }}

)

select * from final

with

source as (

    {{ delivered('github', 'deployment_statuses') }}

),

distinct_statuses as (

    select *
    from source
    qualify row_number() over (
        partition by status_id
        order by created_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        status_id as github_status_id,
        deployment_id as github_deployment_id,

        state,
        nullif(environment, '') as environment_name,

        created_at

    from distinct_statuses

)

select * from renamed

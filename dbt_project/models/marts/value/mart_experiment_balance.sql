with

estimates as (select * from {{ ref('int_experiments__estimated') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

covariates as (

    select
        experiment_id,
        metric_id,
        unnest(balance) as compared
    from estimates
    where balance is not null

),

final as (

    select
        experiments.member_id as model_id,
        covariates.experiment_id,
        covariates.metric_id,
        covariates.compared['covariate'] as covariate_id,

        covariates.compared['before'] as difference_before,
        covariates.compared['after'] as difference_after,
        covariates.compared['is_balanced'] as is_balanced

    from covariates
    inner join experiments on covariates.experiment_id = experiments.experiment_id

)

select * from final

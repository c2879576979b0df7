with

endpoint_changes as (

    select *
    from {{ ref('stg_sagemaker__endpoint_changes') }}
    where status in ('IN_SERVICE', 'FAILED', 'ROLLING_BACK')

),

endpoint_configs as (select * from {{ ref('stg_sagemaker__endpoint_configs') }}),

sagemaker_models as (select * from {{ ref('stg_sagemaker__models') }}),

-- A configuration never changes: it is made anew.
config_variants as (

    select distinct
        endpoint_config_name,
        variant ->> '$.VariantName' as variant_name,
        variant ->> '$.ModelName' as sagemaker_model_name

    from (
        select
            endpoint_config_name,
            unnest(json_extract(variants, '$[*]')) as variant
        from endpoint_configs
    ) as configured

),

-- A model is deleted and made anew under its name: the one made last counts.
model_packages as (

    select
        sagemaker_model_name,
        max_by(
            model_package_arn, (occurred_at, {{ number_order('sagemaker_event_id') }})
        ) as model_package_arn

    from sagemaker_models
    group by sagemaker_model_name

),

weighted as (

    select
        sagemaker_event_id,
        endpoint_name,
        endpoint_config_name,
        status,
        environment,
        occurred_at,
        variant ->> '$.VariantName' as variant_name,
        cast(coalesce(variant ->> '$.CurrentWeight', variant ->> '$.DesiredWeight', '1') as double) as weight

    from (
        select
            * exclude (variants),
            unnest(coalesce(nullif(json_extract(variants, '$[*]'), []), [cast('{}' as json)])) as variant
        from endpoint_changes
    ) as split

),

named as (

    select
        weighted.*,
        coalesce(
            nullif(regexp_extract(model_packages.model_package_arn, '/([0-9]+)$', 1), ''),
            nullif(
                regexp_extract(config_variants.sagemaker_model_name, '(?i)(^|[-_])(v?[0-9]+([._-][0-9]+)*)$', 2), ''
            ),
            config_variants.sagemaker_model_name,
            weighted.endpoint_config_name
        ) as version_name

    from weighted
    left join config_variants
        on
            weighted.endpoint_config_name = config_variants.endpoint_config_name
            and weighted.variant_name is not distinct from config_variants.variant_name
    left join model_packages on config_variants.sagemaker_model_name = model_packages.sagemaker_model_name

),

-- A version may be served by several variants, on machines of two kinds for example.
versions as (

    select
        sagemaker_event_id,
        endpoint_name,
        environment,
        status,
        occurred_at,
        version_name,
        sum(weight) as weight

    from named
    group by all

),

-- An endpoint is also in service again when it was scaled: only another configuration or other weights are a move.
states as (

    select
        sagemaker_event_id,
        endpoint_name,
        status,
        occurred_at,
        endpoint_config_name || ':' || string_agg(
            coalesce(variant_name, '') || '=' || cast(weight as varchar), ',' order by variant_name asc
        ) as traffic

    from weighted
    group by sagemaker_event_id, endpoint_name, endpoint_config_name, status, occurred_at

),

followed as (

    select
        *,
        lag(traffic) over (
            partition by endpoint_name, status order by occurred_at asc, {{ number_order('sagemaker_event_id') }} asc
        ) as previous_traffic

    from states

),

moves as (

    select sagemaker_event_id
    from followed
    where previous_traffic is distinct from traffic

),

final as (

    select
        versions.sagemaker_event_id,

        versions.endpoint_name,
        versions.environment,
        versions.version_name,

        versions.status = 'IN_SERVICE' as is_succeeded,

        versions.occurred_at,

        100 * {{ ratio('versions.weight', 'sum(versions.weight) over (partition by versions.sagemaker_event_id)') }}
            as traffic_percent

    from versions
    inner join moves on versions.sagemaker_event_id = moves.sagemaker_event_id
    -- What failed is told once, for the version that was to get most of the traffic.
    qualify
        versions.status = 'IN_SERVICE'
        or row_number() over (
            partition by versions.sagemaker_event_id
            order by versions.weight desc, {{ number_order('versions.version_name') }} desc
        ) = 1

)

select * from final

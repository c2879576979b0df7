with

endpoint_changes as (

    select *
    from {{ ref('stg_sagemaker__endpoint_changes') }}
    where status in ('IN_SERVICE', 'FAILED', 'ROLLING_BACK')

),

endpoint_configs as (select * from {{ ref('stg_sagemaker__endpoint_configs') }}),

sagemaker_models as (select * from {{ ref('stg_sagemaker__models') }}),

-- A configuration never changes, but one that was deleted may be made again under its name: that which was made last
-- before the endpoint moved is the one it moved to.
config_variants as (

    select
        sagemaker_event_id,
        variant ->> '$.VariantName' as variant_name,
        variant ->> '$.ModelName' as sagemaker_model_name,
        occurred_at

    from (
        select
            endpoint_changes.sagemaker_event_id,
            endpoint_changes.occurred_at,
            unnest(json_extract(endpoint_configs.variants, '$[*]')) as variant
        from endpoint_changes
        inner join endpoint_configs on endpoint_changes.endpoint_config_name = endpoint_configs.endpoint_config_name
        where json_array_length(endpoint_configs.variants) > 0
        qualify {{ is_newest_before('endpoint_configs', 'endpoint_changes.sagemaker_event_id') }}
    ) as configured

),

-- So is a model.
model_packages as (

    select
        config_variants.sagemaker_event_id,
        config_variants.variant_name,
        sagemaker_models.model_package_arn

    from config_variants
    inner join sagemaker_models on config_variants.sagemaker_model_name = sagemaker_models.sagemaker_model_name
    qualify {{ is_newest_before(
        'sagemaker_models', 'config_variants.sagemaker_event_id, config_variants.variant_name', 'config_variants'
    ) }}

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
            weighted.sagemaker_event_id = config_variants.sagemaker_event_id
            and weighted.variant_name is not distinct from config_variants.variant_name
    left join model_packages
        on
            weighted.sagemaker_event_id = model_packages.sagemaker_event_id
            and weighted.variant_name is not distinct from model_packages.variant_name

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

-- An endpoint is also in service again when it was scaled: only another configuration, other versions or other weights
-- are a move.
states as (

    select
        sagemaker_event_id,
        endpoint_name,
        status,
        occurred_at,
        endpoint_config_name || ':' || string_agg(
            concat_ws('=', coalesce(variant_name, ''), version_name, cast(weight as varchar)), ','
            order by variant_name asc
        ) as traffic

    from named
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
    -- A failure is reported once, for the version that was to get most of the traffic.
    qualify
        versions.status = 'IN_SERVICE'
        or row_number() over (
            partition by versions.sagemaker_event_id
            order by versions.weight desc, {{ number_order('versions.version_name') }} desc
        ) = 1

)

select * from final

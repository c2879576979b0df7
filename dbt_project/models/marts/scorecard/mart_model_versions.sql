with

version_days as (select * from {{ ref('int_version_days__chosen') }}),

sums as (

    select * from {{ ref('int_kpis__summed') }}
    where period = 'day'

),

trained as (

    select
        model_id,
        model_version,
        training_snapshot_id,
        training_snapshot_at,
        max(value_count) as training_row_count,
        count(*) as training_feature_count

    from {{ ref('int_version_features__trained') }}
    group by all

),

kpis as (select * from {{ ref('kpis') }}),

models as (select * from {{ ref('dim_models') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

versions as (

    select
        model_id,
        model_version,
        min(event_date) as first_served_date,
        max(event_date) as last_served_date,
        count(*) as served_day_count,
        sum(prediction_count) as prediction_count

    from version_days
    group by all

),

ordered as (

    select
        *,
        lag(model_version) over (
            partition by model_id order by first_served_date, {{ number_order('model_version') }}
        ) as previous_model_version

    from versions

),

summed as (

    select
        version_days.model_id,
        version_days.model_version,
        sums.kpi_id,
        -- In the order of the days, or the last digit would differ from build to build.
        sum(sums.numerator order by sums.period_start_date) filter (where sums.denominator is not null) as numerator,
        sum(sums.denominator order by sums.period_start_date) filter (where sums.numerator is not null)
            as denominator,
        sum(sums.sample_size) as sample_size,
        count(*) filter (where sums.numerator is not null and sums.denominator is not null) as measured_day_count

    from version_days
    inner join sums
        on
            version_days.model_id = sums.model_id
            and version_days.event_date = sums.period_start_date
    group by all

),

valued as (

    select
        ordered.*,
        models.model_name,
        kpis.kpi_id,
        kpis.kpi_name,
        kpis.kpi_number,
        kpis.unit,
        kpis.is_higher_better,
        summed.numerator,
        summed.denominator,
        summed.sample_size,
        summed.measured_day_count,
        {{ ratio('summed.numerator', 'summed.denominator') }} as value,  -- noqa: RF04
        -- Of many labels, few may be the positives that recall is a share of. Two measures are no share of labels.
        kpis.kpi_id = 'accuracy'
        and coalesce(
            least(
                summed.sample_size,
                case when quality.primary_metric not in ('auc', 'forecast_accuracy') then summed.denominator end
            ) < quality.minimum_sample,
            false
        ) as is_too_small

    from ordered
    inner join models on ordered.model_id = models.model_id
    cross join kpis
    left join summed
        on
            ordered.model_id = summed.model_id
            and ordered.model_version = summed.model_version
            and kpis.kpi_id = summed.kpi_id
    left join quality on ordered.model_id = quality.member_id

),

final as (

    select
        valued.model_id,
        valued.kpi_id,
        trained.training_snapshot_id,

        valued.first_served_date,
        valued.last_served_date,
        trained.training_snapshot_at,

        valued.model_version,
        valued.previous_model_version,
        valued.model_name,
        valued.kpi_name,
        valued.unit,

        valued.is_higher_better,
        valued.is_too_small,
        coalesce(previous.is_too_small, false) as is_previous_too_small,

        valued.value,
        previous.value as previous_value,
        valued.numerator,
        valued.denominator,
        cast(valued.sample_size as bigint) as sample_size,
        cast(coalesce(valued.measured_day_count, 0) as bigint) as measured_day_count,
        cast(valued.served_day_count as bigint) as served_day_count,
        cast(valued.prediction_count as bigint) as prediction_count,
        trained.training_row_count,
        trained.training_feature_count,
        valued.kpi_number

    from valued
    left join valued as previous
        on
            valued.model_id = previous.model_id
            and valued.previous_model_version = previous.model_version
            and valued.kpi_id = previous.kpi_id
    left join trained
        on
            valued.model_id = trained.model_id
            and valued.model_version = trained.model_version

)

select * from final

{#- Long: fifty columns, named where they come from. -#}
with

estimates as (select * from {{ ref('int_experiments__estimated') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

metrics as (select * from {{ source('catalog', 'experiment_metrics') }}),

variations as (select * from {{ source('catalog', 'experiment_variations') }}),

known as (

    select max(day) as last_date
    from {{ source('ledger', 'coverage') }}
    where source = 'experiments'

),

users as (

    select
        experiment_id,
        {%- for column, measure, condition in [
            ('exposed_user_count', 'user_count', "inclusion_status <> 'excluded'"),
            ('several_variants_user_count', 'user_count', "inclusion_status = 'several_variants'"),
            ('excluded_user_count', 'user_count', "inclusion_status = 'excluded'"),
            ('unknown_variant_user_count', 'user_count', "inclusion_status = 'unknown_variant'"),
            ('open_window_user_count', 'open_window_user_count', "inclusion_status = 'counted'"),
        ] %}
        cast(coalesce(sum({{ measure }}) filter (where {{ condition }}), 0) as bigint) as {{ column }},
        {%- endfor %}
        sum(delivered_count) - sum(exposure_count) as duplicate_exposure_count
    from {{ ref('fct_experiment_users_daily') }}
    group by experiment_id

),

incomplete as (select * from {{ ref('fct_experiment_units') }}),

units as (

    select
        experiment_id,
        metric_id,
        cast(sum(unit_count) as bigint) as experiment_unit_count,
        min(unit_count) as least_unit_count,
        bool_and(mean_value = 0) as is_without_conversion
    from estimates
    group by experiment_id, metric_id

),

-- The primary metric decides for the whole experiment.
decisive as (

    select
        estimates.experiment_id,
        max(estimates.reached_effect) as reached_effect
    from estimates
    inner join metrics
        on
            estimates.experiment_id = metrics.experiment_id
            and estimates.metric_id = metrics.metric_id
    where metrics.is_primary and not estimates.is_control
    group by estimates.experiment_id

),

evaluated as (

    select
        experiments.member_id as model_id,
        experiments.experiment_id,
        metrics.metric_id,
        coalesce(estimates.variation_id, variations.variation_id, 'treated') as variation_id,

        experiments.valid_from as start_date,
        experiments.valid_to as end_date,
        known.last_date as as_of_date,

        experiments.name as experiment_name,
        experiments.hypothesis,
        experiments.decided,
        experiments.design,
        metrics.name as metric_name,
        metrics.kind as metric_kind,
        estimates.method,
        case when experiments.design = 'randomised' then 'randomised' else 'quasi_experiment' end as evidence_grade,
        case
            when estimates.experiment_id is null then 'no_data'
            when estimates.is_invalid then 'invalid'
            when experiments.valid_to is null or known.last_date + 1 < experiments.valid_to then 'running'
            when decisive.reached_effect > experiments.planned_effect then 'underpowered'
            else 'finished'
        end as status,
        experiments.tags,

        metrics.is_primary,
        metrics.is_higher_better,
        coalesce(estimates.is_control, false) as is_control,
        estimates.is_invalid,
        ends_with(coalesce(estimates.method, ''), 'always valid') as is_sequential,

        estimates.unit_count,
        units.experiment_unit_count,
        experiments.planned_units as planned_unit_count,
        users.exposed_user_count,
        users.several_variants_user_count,
        users.excluded_user_count,
        users.unknown_variant_user_count,
        incomplete.incomplete_unit_count,
        estimates.matched_unit_count,
        users.open_window_user_count,
        cast(users.duplicate_exposure_count as bigint) as duplicate_exposure_count,
        {{ ratio('users.several_variants_user_count', 'users.exposed_user_count') }} as several_variants_rate,

        estimates.mean_value,
        estimates.lift_absolute,
        estimates.lift_absolute_ci_low,
        estimates.lift_absolute_ci_high,
        estimates.lift_relative,
        estimates.lift_relative_ci_low,
        estimates.lift_relative_ci_high,
        estimates.standard_error,
        estimates.p_value,
        estimates.adjusted_p_value,
        estimates.srm_p_value,
        estimates.pre_trend_p_value,
        estimates.first_stage_f,
        estimates.is_instrument_weak,
        estimates.is_balanced,
        experiments.planned_effect,
        estimates.reached_effect,
        estimates.power,
        estimates.early_lift,
        estimates.late_lift,
        estimates.fading_p_value,
        -- Two units of each variant have a variance; without an interval it is 0.
        estimates.lift_absolute is not null
        and estimates.lift_absolute_ci_low is null
        and units.least_unit_count > 1
        and experiments.design in ('randomised', 'holdout')
        and metrics.kind <> 'quantile' as is_without_variance,
        units.is_without_conversion

    from experiments
    inner join metrics on experiments.experiment_id = metrics.experiment_id
    cross join known
    left join estimates
        on
            metrics.experiment_id = estimates.experiment_id
            and metrics.metric_id = estimates.metric_id
    left join variations
        on
            experiments.experiment_id = variations.experiment_id
            and estimates.experiment_id is null
    left join units
        on
            metrics.experiment_id = units.experiment_id
            and metrics.metric_id = units.metric_id
    left join incomplete
        on
            metrics.experiment_id = incomplete.experiment_id
            and metrics.metric_id = incomplete.metric_id
    left join users on experiments.experiment_id = users.experiment_id
    left join decisive on experiments.experiment_id = decisive.experiment_id

),

final as (

    select
        * exclude (
            early_lift, late_lift, fading_p_value, is_instrument_weak, is_balanced, is_without_variance,
            is_without_conversion
        ),
        early_lift,
        late_lift,
        fading_p_value,
        several_variants_rate > {{ var('leaking_split_rate') }} as is_split_leaking,
        fading_p_value < 0.05 and abs(late_lift) < abs(early_lift) as is_fading,
        pre_trend_p_value < 0.05 as is_pre_trend_rejected,
        is_instrument_weak,
        is_balanced,
        case
            when is_control or lift_absolute_ci_low is null then null
            when lift_absolute_ci_low <= 0 and lift_absolute_ci_high >= 0 then 'no_difference'
            when (lift_absolute > 0) = is_higher_better then 'better'
            else 'worse'
        end as direction,
        case
            when is_control then null
            when status = 'no_data' then 'Nothing has been measured yet.'
            when status = 'invalid'
                then 'Invalid: the split is not the one declared. Find out why users are missing first.'
            when lift_absolute is null then 'No comparison can be made yet.'
            when is_without_variance and is_without_conversion then 'Zero variance: no unit converted.'
            when is_without_variance then 'Zero variance: all units of a variant have the same value.'
            when lift_absolute_ci_low is null then 'Too few units for a confidence interval.'
            when is_instrument_weak
                then 'Do not use: the instrument is too weak. Find a stronger one, or run an experiment.'
            when not is_balanced
                then 'Doubtful: matched units still differ. Match closer, or by more of what they were before.'
            when status = 'running' and direction = 'no_difference' then 'Keep running: no difference found so far.'
            when status = 'running' and is_sequential
                then 'Found to be ' || direction || ', by an interval that is valid at every look: it may be stopped.'
            when direction = 'no_difference' and status = 'underpowered'
                then 'Undecided: too few units to find the planned effect. Run it longer or plan for a larger one.'
            when direction = 'no_difference' and planned_effect is null then 'No difference found.'
            when direction = 'no_difference' then 'No difference of the planned size: do not expect one.'
            when is_pre_trend_rejected then 'Doubtful: the groups already differed in trend before the start.'
            when is_fading then 'Found to be ' || direction || ', and fading: measure again before counting on it.'
            else 'Found to be ' || direction || '.'
        end as decision

    from evaluated

)

select * from final

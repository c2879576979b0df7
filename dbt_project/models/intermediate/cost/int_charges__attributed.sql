{#- Long: one decision in steps that only it needs: the names on a charge, who claims them, the best claim. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}"
) }}

with

charges as (

    select * from {{ ref('int_charges__categorised') }}
    where {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}

),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where list_contains({{ sources_of_bills() }}, source)

),

pool_matches as (select * from {{ source('catalog', 'pool_matches') }}),

-- A name of the model's own comes before one it shares, and a tag, which the owner set, before the rest.
names as (

    {% for owner_kind, owner_id, relation, on_source, precedence in [
        ('model', 'member_id', 'identifiers', 'source', 0),
        ('pool', 'pool_id', 'pool_matches', 'cast(null as varchar)', 3),
    ] -%}
    select
        '{{ owner_kind }}' as owner_kind,
        {{ owner_id }} as owner_id,
        {{ on_source }} as record_source,
        identifier_kind as attribution_method,
        {{ precedence }} + case identifier_kind when 'tag' then 1 when 'resource_id' then 2 else 3 end as precedence,
        identifier_kind,
        identifier_key,
        identifier_value,
        valid_from,
        valid_to

    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

tag_sets as (

    select distinct tags

    from charges
    where tags is not null

),

set_tags as (

    select
        tag_sets.tags,
        tag.key as tag_key,
        tag.value ->> '$' as tag_value

    from tag_sets, json_each(tag_sets.tags) as tag

),

-- What a charge is called, once per kind of name.
called as (

    select distinct
        charges.charge_id,
        charges.charge_date,
        charges.record_source,
        'tag' as identifier_kind,
        lower(set_tags.tag_key) as identifier_key,
        set_tags.tag_value as identifier_value

    from charges
    inner join set_tags on charges.tags = set_tags.tags

    {% for kind, column in [
        ('resource_id', 'resource_id'), ('sub_account_id', 'sub_account_id'), ('service', 'service_name')
    ] -%}
    union all

    select
        charge_id,
        charge_date,
        record_source,
        '{{ kind }}' as identifier_kind,
        '' as identifier_key,
        lower({{ column }}) as identifier_value

    from charges
    where {{ column }} is not null
    {% endfor -%}

),

claims as (

    select
        called.charge_id,
        names.owner_kind,
        names.owner_id,
        names.attribution_method,
        names.precedence

    from called
    inner join names
        on
            called.identifier_kind = names.identifier_kind
            -- What a pool is matched by holds on every bill.
            and called.record_source = coalesce(names.record_source, called.record_source)
            -- Clouds differ on whether the case of a tag's key or of a resource id counts; none has two that
            -- differ in nothing else. A tag's value is the owner's own word, and taken unchanged.
            and called.identifier_key = lower(coalesce(names.identifier_key, ''))
            and called.identifier_value
            = case names.identifier_kind when 'tag' then names.identifier_value else lower(names.identifier_value) end
            and {{ as_of('names', 'called.charge_date') }}

),

best as (

    select
        charge_id,
        owner_kind,
        owner_id,
        attribution_method,
        count(distinct owner_id) over (partition by charge_id, precedence) as claimant_count

    from claims
    qualify row_number() over (partition by charge_id order by precedence, owner_id) = 1

),

claimed as (

    select
        charge_id,
        count(distinct owner_id) filter (owner_kind = 'model') > 1 as has_conflict

    from claims
    group by charge_id

),

-- A tag that names models elsewhere but nobody the catalog knows: a typing error, or a model not catalogued.
unknown_names as (

    select distinct set_tags.tags

    from set_tags
    inner join names
        on
            names.identifier_kind = 'tag'
            and lower(set_tags.tag_key) = lower(names.identifier_key)

),

final as (

    select
        charges.*,
        case
            when charges.commitment_discount_status = 'Unused' then 'unused_commitment'
            when best.claimant_count = 1 then best.owner_kind
            else 'unallocated'
        end as owner_kind,
        case
            when charges.commitment_discount_status = 'Unused' then 'unused_commitment'
            when best.claimant_count = 1 then best.owner_id
            else 'unallocated'
        end as owner_id,
        case
            when charges.commitment_discount_status = 'Unused' then 'unused_commitment'
            when best.claimant_count = 1 then best.attribution_method
            else 'unallocated'
        end as attribution_method,
        case
            when charges.commitment_discount_status = 'Unused' or best.claimant_count = 1 then null
            when best.claimant_count > 1 then 'named by several'
            when unknown_names.tags is not null then 'unknown name'
            else 'no name'
        end as unallocated_reason,
        coalesce(claimed.has_conflict, false) as has_conflict

    from charges
    left join best on charges.charge_id = best.charge_id
    left join claimed on charges.charge_id = claimed.charge_id
    left join unknown_names on charges.tags = unknown_names.tags

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04

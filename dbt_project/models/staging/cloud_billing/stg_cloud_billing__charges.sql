-- FOCUS writes its columns in capitals: quoted, as they are spelled.
-- noqa: disable=RF06
with

source as (select * from {{ source('cloud_billing', 'charges') }}),

renamed as (

    select
        _content_id as content_id,
        _row as row_number,
        md5(cast(row(*columns(* exclude (_content_id, _row))) as varchar)) as charge_key,
        "BillingAccountId" as billing_account_id,
        "SubAccountId" as sub_account_id,
        "InvoiceId" as invoice_id,
        coalesce("AllocatedResourceId", "ResourceId") as resource_id,
        "CommitmentDiscountId" as commitment_discount_id,
        "SkuId" as sku_id,

        _day as charge_date,
        "ChargePeriodStart" as charge_period_start_at,
        "ChargePeriodEnd" as charge_period_end_at,
        cast(coalesce("BillingPeriodStart", date_trunc('month', "ChargePeriodStart")) as date)
            as billing_period_start_date,

        coalesce("ServiceProviderName", "ProviderName", "InvoiceIssuerName", 'unknown') as provider_name,
        "PublisherName" as publisher_name,
        "BillingCurrency" as billing_currency,
        "ChargeCategory" as charge_category,
        "ChargeClass" as charge_class,
        "ChargeDescription" as charge_description,
        "CommitmentDiscountStatus" as commitment_discount_status,
        "PricingCategory" as pricing_category,
        "ServiceCategory" as service_category,
        "ServiceName" as service_name,
        coalesce("SkuMeter", "x_UsageType") as sku_meter,
        coalesce("ConsumedUnit", "PricingUnit") as usage_unit,
        coalesce("RegionId", 'global') as region,
        nullif(
            coalesce(
                case when json_valid("SkuPriceDetails") then "SkuPriceDetails" ->> '$.InstanceType' end,
                case when json_valid("x_SkuDetails") then "x_SkuDetails" ->> '$.ServiceType' end,
                regexp_extract("x_UsageType", ':((ml\.|db\.|cache\.)?[a-z][a-z0-9-]*\.[a-z0-9-]+)$', 1)
            ), ''
        ) as instance_type,
        case
            when json_valid(coalesce("AllocatedTags", "Tags")) then coalesce("AllocatedTags", "Tags")
        end as tags,
        "x_CostView" as cost_view,

        -- Other units, such as 100 Hours or GB-Hours, are no hours of a machine.
        case
            when regexp_full_match("ConsumedUnit", '(?i)(1 )?(h|hrs?|hours?)') then "ConsumedQuantity"
            when regexp_full_match("ConsumedUnit", '(?i)min(ute)?s?')
                then cast("ConsumedQuantity" / 60 as decimal(38, 12))
            when regexp_full_match("ConsumedUnit", '(?i)s(ec(ond)?s?)?')
                then cast("ConsumedQuantity" / 3600 as decimal(38, 12))
        end as consumed_hours,

        "BilledCost" as billed_cost,
        "EffectiveCost" as effective_cost,
        -- A row that states no list or contracted cost was charged at them.
        coalesce("ListCost", "BilledCost") as list_cost,
        coalesce("ContractedCost", "BilledCost") as contracted_cost

    from source

)

select * from renamed

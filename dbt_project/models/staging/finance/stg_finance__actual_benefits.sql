with

source as (select * from {{ source('finance', 'actual_benefits') }}),

renamed as (

    select
        _content_id as content_id,
        _row as file_row,
        document_id,
        line_number,
        reversed_document_id,
        project_code,

        posting_date,

        category,
        currency,

        amount

    from source

)

select * from renamed

-- A row that is neither loaded nor set aside with a reason has vanished.
select
    path,
    rows_read_count,
    rows_loaded_count,
    rows_quarantined_count

from {{ source('ledger', 'files') }}
where
    source = 'cloud_billing'
    and status = 'loaded'
    and rows_read_count is distinct from rows_loaded_count + rows_quarantined_count

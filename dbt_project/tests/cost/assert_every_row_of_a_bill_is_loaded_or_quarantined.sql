-- A row that is neither loaded nor set aside with a reason, nor passed over by its format's own rule, has vanished.
select
    path,
    rows_read_count,
    rows_loaded_count,
    rows_quarantined_count,
    rows_skipped_count

from {{ source('ledger', 'files') }}
where
    list_contains({{ sources_of_bills() }}, source)
    and status = 'loaded'
    and (
        rows_read_count is distinct from rows_loaded_count + rows_quarantined_count + rows_skipped_count
        or least(rows_loaded_count, rows_quarantined_count, rows_skipped_count) < 0
    )

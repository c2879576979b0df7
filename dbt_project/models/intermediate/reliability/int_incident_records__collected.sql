with

final as (

    {{ united(sources_of_incidents(), 'incidents__mapped', [
        'record_id', 'record_key', 'known_keys', 'merged_into_key', 'linked_records', 'names', 'title', 'url',
        'severity', 'is_merged', 'is_suppressed', 'is_log_cut', 'impact_started_at', 'created_at',
    ]) }}

)

select * from final

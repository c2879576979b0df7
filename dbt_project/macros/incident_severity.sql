{# The one scale of severities, P0 (worst) to P5, from what PagerDuty and Jira call a priority and incident.io a
   severity; 'unset' where none was given or the name says nothing. Jira translates the names it starts with: German,
   French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Chinese and Japanese ones are known. #}
{% macro incident_severity(priority_name) -%}
    case
        when regexp_matches(upper({{ priority_name }}), '^(P|S|SEV|SEVERITY)[ _-]?[0-5]([^0-9]|$)')
            then 'P' || regexp_extract({{ priority_name }}, '([0-5])', 1)
        when lower({{ priority_name }}) in (
            'highest', 'critical', 'blocker',
            'höchste', 'höchster', 'am höchsten', 'kritisch', 'le plus élevé', 'la plus élevée', 'critique', 'bloquant',
            'más alta', 'muy alta', 'crítica', 'crítico', 'bloqueante', 'mais alta', 'bloqueador', 'massima', 'critica',
            'critico', 'hoogste', 'kritiek', 'najwyższy', 'krytyczny', 'наивысший', 'критический', '最高', '紧急', '致命的'
        ) then 'P1'
        when lower({{ priority_name }}) in (
            'high', 'major',
            'hoch', 'schwer', 'élevé', 'élevée', 'haute', 'majeur', 'majeure', 'alta', 'alto', 'hoog', 'wysoki',
            'высокий', '高', '重要'
        ) then 'P2'
        when lower({{ priority_name }}) in (
            'medium', 'normal',
            'mittel', 'moyen', 'moyenne', 'media', 'medio', 'média', 'médio', 'gemiddeld', 'średni', 'средний', '中'
        ) then 'P3'
        when lower({{ priority_name }}) in (
            'low', 'minor',
            'niedrig', 'gering', 'faible', 'basse', 'mineur', 'mineure', 'baja', 'bajo', 'baixa', 'baixo', 'bassa',
            'laag', 'niski', 'низкий', '低'
        ) then 'P4'
        when lower({{ priority_name }}) in (
            'lowest', 'trivial',
            'niedrigste', 'niedrigster', 'am niedrigsten', 'le plus faible', 'la plus faible', 'más baja', 'muy baja',
            'mais baixa', 'minima', 'laagste', 'najniższy', 'самый низкий', '最低'
        ) then 'P5'
        else 'unset'
    end
{%- endmacro %}

{# What a person wrote, without the markup a form or a help desk kept: tags go, the common entities become the
   characters they encode, runs of blanks one. Null where nothing is left. Emoji and other letters stay. #}
{% macro plain_text(column) -%}
    {%- set steps = [
        ("'(?i)<(br|/p|/div|/li)[^>]*>'", "' '"), ("'<[^<>]*>'", "''"), ("'&nbsp;'", "' '"), ("'&lt;'", "'<'"),
        ("'&gt;'", "'>'"), ("'&quot;'", "'\"'"), ("'&#0?39;'", "''''"), ("'&amp;'", "'&'"), ("'\\s+'", "' '"),
    ] -%}
    {%- set expression = namespace(sql=column) -%}
    {%- for pattern, replacement in steps -%}
        {%- set expression.sql = "regexp_replace(" ~ expression.sql ~ ", " ~ pattern ~ ", " ~ replacement ~ ", 'g')" -%}
    {%- endfor -%}
    nullif(trim({{ expression.sql }}), '')
{%- endmacro %}

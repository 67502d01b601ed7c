create table started_image as
with specs as (
    select account, region, 'space' as kind, id, "{jupyterlab}" as jupyterlab, "{code_editor}" as code_editor
    from raw_space
    union all
    select account, region, 'app', id, "{app}", ''
    from raw_app where doc.AppType in ('JupyterLab', 'CodeEditor')),
named as (
    select account, region, kind, id,
           case when jupyterlab is not null and code_editor is not null
                then list_filter(list_distinct([jupyterlab, code_editor]), lambda i: i <> '') end as custom_images
    from specs)
select n.account, n.region, n.kind, n.id, n.custom_images, "{columns}"
from named n left join image_fact img on img.account = n.account and img.region = n.region

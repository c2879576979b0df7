"""What is documented, as one page: dbt's own site of every model, column, test and lineage, the KPIs on its front page.

Nothing is described here: models are described beside their SQL, the KPIs in `docs/`.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from pipelines.settings import BUNDLED, Settings
from pipelines.warehouse.connect import lock
from pipelines.warehouse.private import private_folder
from pipelines.warehouse.publish import put
from pipelines.warehouse.transform import dbt

FILE = "docs.html"
KPIS = "[[kpis]]"
"""Where the project's overview (`models/overview.md`) has the text of `docs/kpis.md` and of each KPI's page."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:"
)
"""dbt's page has a tracker, which its settings disable, and looks for icons that do not exist: the browser sends no
request for either."""


def write_docs(settings: Settings) -> Path:
    """Write the page to the published folder; returns its path.

    Columns have the types of the home's warehouse, or those of the contracts where nothing was built yet.
    RuntimeError where dbt cannot compile the project.
    """
    private_folder(settings.warehouse_dir)
    with tempfile.TemporaryDirectory(prefix="docs-", dir=settings.warehouse_dir) as target:
        with lock(settings, "writing the documentation"):
            result = dbt(settings, ["docs", "generate", "--static", "--quiet", "--target-path", target])
        if not result.success:
            raise RuntimeError(f"dbt could not write the documentation: {result.exception}")
        page = (Path(target) / "static_index.html").read_text(encoding="utf-8")
    page = page.replace(KPIS, json.dumps(_kpis())[1:-1])
    page = page.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">', 1)
    return put(settings, FILE, page)


def _kpis() -> str:
    """What the numbers mean: the general part, then each KPI in its order.

    Without pictures, and with links replaced by their text: their targets are not published with the page.
    """
    folder = BUNDLED / "docs"
    texts = [page.read_text(encoding="utf-8") for page in (folder / "kpis").glob("*.md")]
    texts.sort(key=lambda text: int(text.split()[1]))
    whole = "\n\n".join([(folder / "kpis.md").read_text(encoding="utf-8"), *texts])
    whole = re.sub(r"^(?:!\[.*|<!--.*)\n", "", whole, flags=re.MULTILINE)
    return re.sub(r"\[([^]]*)\]\((?!https?:)[^)]*\)", r"\1", whole)

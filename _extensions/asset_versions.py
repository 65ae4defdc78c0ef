"""Give every stylesheet and script of a page its version, in the first build as in later ones.

Sphinx appends a checksum to the address of a file that lies in the output folder. Some extensions
put theirs there only at the end of a build: in the first one these addresses would have none, and
a page that is built again would not be the same.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html._assets import _file_checksum

ADDRESS = re.compile(r'(<(?:link|script)\b[^>]*?\s(?:href|src)=")([^"?#:]*\.(?:css|js))(")')


def with_versions(html: str, page: Path, outdir: Path) -> str:
    """Return a page with a checksum behind each address of a file of its own site."""

    def complete(match: re.Match[str]) -> str:
        target = (page.parent / match[2]).resolve()
        if not target.is_file() or outdir.resolve() not in target.parents:
            return match[0]
        checksum = _file_checksum(outdir, target.relative_to(outdir.resolve()).as_posix())
        return f"{match[1]}{match[2]}?v={checksum}{match[3]}" if checksum else match[0]

    return ADDRESS.sub(complete, html)


def complete_pages(app: Sphinx, exception: Exception | None) -> None:
    """Complete the addresses of all pages, once every file is there."""
    if exception is not None or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    for page in outdir.rglob("*.html"):
        if "_static" not in page.relative_to(outdir).parts:
            html = page.read_text(encoding="utf-8")
            complete = with_versions(html, page, outdir)
            if complete != html:
                page.write_text(complete, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("build-finished", complete_pages, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Pages for `tests.everywhere.browsers`: folders that are served, and what pages say while they are open."""

from __future__ import annotations

from pathlib import Path

from webnn_graph.runtimes.exchange import Exchange, Handler

WATCH = b"""<script>{
  const said = (window.consoleErrors = []);
  const source = ({ filename, lineno }) => (filename ? ` (${filename}:${lineno})` : "");
  addEventListener("unhandledrejection", ({ reason }) => said.push(`${reason}`));
  addEventListener("error", (event) => {
    const { message, target } = event;
    said.push(message ? `${message}${source(event)}` : `${target.src ?? target.href} does not load`);
  }, true);
  for (const level of ["warn", "error"]) {
    const write = console[level];
    console[level] = (...parts) => { said.push(parts.join(" ")); write.apply(console, parts); };
  }
}</script>
"""
"""What every page begins with: not every browser tells its driver what is written to the console."""
DOCTYPE = b"<!doctype html>"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script>
window.result = (async () => {
SCRIPT
})();
</script>
"""


class _Watched(Handler):
    isolated = False

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        if file.suffix != ".html" or not file.is_file():
            super().do_GET()
            return
        page = file.read_bytes()
        start = len(DOCTYPE) if page[: len(DOCTYPE)].lower() == DOCTYPE else 0
        content = page[:start] + WATCH + page[start:]
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Isolated(_Watched):
    isolated = True


class Site(Exchange):
    """Serves a folder, as `Exchange` does; its pages note their errors for `Visitor.visit`.

    Args:
        folder: What is served; by default a temporary folder.
        isolated: Whether the site says the headers that let pages share memory with threads. Few sites do.
    """

    def __init__(self, folder: Path | None = None, *, isolated: bool = False) -> None:
        super().__init__(folder)
        self.handler = _Isolated if isolated else _Watched

    def page(self, script: str, name: str = "index.html") -> str:
        """Writes a page whose result is what the body of an asynchronous function returns; its address."""
        self.write(name, PAGE.replace("SCRIPT", script).encode())
        return f"{self.url}/{name}"

    def link(self, name: str, folder: Path) -> None:
        """Serves another folder, too, under a name."""
        (self.folder / name).symlink_to(folder.absolute())

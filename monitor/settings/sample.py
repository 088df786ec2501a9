"""What `diaolou init` writes: the samples, ready to be edited, and the schemas their editor reads."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from monitor.settings.folder import FILES
from monitor.settings.mistakes import Mistake, Mistakes
from monitor.settings.schemas import schemas
from rules.text import Text


def init(directory: Path) -> tuple[Path, ...]:
    """Write the sample settings into *directory* and return the files written.

    Raises:
        Mistakes: A file is there already; nothing was written then.
    """
    package = resources.files("config")
    texts = {name: (package / name).read_text(encoding="utf-8") for name in FILES}
    texts.update({f"schemas/{name}": text for name, text in schemas().items()})
    present = [path for name in texts if (path := directory / name).exists()]
    if present:
        cure = Text("请换一个空目录，或先移走它", "choose an empty directory, or move it away")
        message = Text("文件已存在，没有覆盖", "the file exists and was not overwritten")
        raise Mistakes([Mistake(str(path), 0, 0, message, cure) for path in present])
    for name, text in texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return tuple(directory / name for name in texts)

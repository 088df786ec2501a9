"""Why the tower cannot do as it was told, in both languages: the one way every command says it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from monitor.halt import Halt
from monitor.packs import RuleFaults
from monitor.settings import Mistakes
from monitor.settings.mistakes import Mistake
from monitor.store import StoreUnavailable, Trouble
from probes.text import clean
from rules.faults import RuleFault
from rules.text import Language, Text

EX_CONFIG = 78
"""The exit status of an operator's mistake, as sysexits.h has it."""
EX_NOTHING = 66
"""The exit status where there is nothing to tell of yet, sysexits.h's EX_NOINPUT."""
EX_STOPPED = 75
"""The exit status where probing was ordered to stop: come back later, sysexits.h's EX_TEMPFAIL."""
EX_FAILED = 1
EX_USAGE = 2
"""The exit status of a command that is written wrongly."""

_TROUBLES = {
    Trouble.FULL: "磁盘已满",
    Trouble.READ_ONLY: "不可写",
    Trouble.BUSY: "正忙",
    Trouble.CORRUPT: "文件已损坏",
    Trouble.DISK: "磁盘读写出错",
    Trouble.UNREACHABLE: "数据库连不上",
    Trouble.CLOSED: "已关闭",
    Trouble.TAKEN: "另一个碉楼正在使用它",
    Trouble.NEWER: "由更新版本的碉楼写成",
    Trouble.OLDER: "尚未升级，请先启动一次守护进程",
    Trouble.ABSENT: "还不存在",
    Trouble.URL: "store.url 写得不对，或缺少驱动",
}


class Unequipped(Exception):
    """The tower cannot begin its work, for a reason outside the configuration's wording.

    *status* is the exit status: 78 where the operator can mend it in the configuration.
    """

    def __init__(self, text: Text, status: int = EX_CONFIG) -> None:
        super().__init__(both(text))
        self.text, self.status = text, status


def trouble_with(store: StoreUnavailable) -> str:
    """Return why the *store* cannot serve, in both languages."""
    return both(Text(f"存储：{_TROUBLES[store.trouble]}", str(store)))


def nothing_yet(directory: Path) -> str:
    """Return that nothing was measured, and what to do about it, in both languages."""
    return both(
        Text(
            f"还没有测过任何目标；请先运行 diaolou round {directory}",
            f"nothing measured yet; run diaolou round {directory}",
        )
    )


def stopped_by(halt: Halt, zone: dt.tzinfo | None) -> Text:
    """Return that probing was ordered to stop, by whom, when and why."""
    if halt.at is None:
        return Text(
            "有一份读不出的停止令，按停止处理；查明后运行 diaolou resume-scanning",
            "an order to stop cannot be read, and is obeyed; see why, then diaolou resume-scanning lets it go on",
        )
    at = f"{halt.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    who, why = halt.who or "?", halt.why or "—"
    return Text(
        f"探测已被停止：{who}，{at}，原因：{why}；恢复请运行 diaolou resume-scanning",
        f"probing was stopped by {who} at {at}: {why}; diaolou resume-scanning lets it go on",
    )


def both(text: Text) -> str:
    """Return *text* in Chinese and English, on one line."""
    return f"{text.zh} / {text.en}"


def told(found: Mistakes | RuleFaults) -> str:
    """Return every mistake on a line of its own: the place first, then what is wrong in both languages."""
    faults = found.mistakes if isinstance(found, Mistakes) else found.faults
    return "\n".join(_line(fault) for fault in faults)


def _line(fault: Mistake | RuleFault) -> str:
    zh, en = fault.render(Language.ZH), fault.render(Language.EN)
    file = fault.file if isinstance(fault, Mistake) else fault.source
    place = clean(f"{file}:{fault.line}" if fault.line else file) + ": "
    return f"{zh} / {en.removeprefix(place)}"

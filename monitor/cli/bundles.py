"""The commands that hand policy on: a key, a signed bundle, and its installation elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from monitor.bundles.archive import Bundle
from monitor.bundles.refused import BundleRefused
from monitor.entrance import (
    DEFAULT,
    ConfigOption,
    JsonOption,
    LangOption,
    end,
    known_or_end,
    now,
    reading_or_end,
    speech,
)
from monitor.packs import RuleFaults
from monitor.refusal import EX_CONFIG, EX_FAILED, both, told
from monitor.settings import Mistakes
from rules.text import Text

KeyFile = Annotated[Path, typer.Argument(help="私钥文件 / the file of the secret key")]
IN_FORCE = "current"
PolicyName = Annotated[
    str,
    typer.Argument(
        help="current（现行）、已安装的版本、策略包或配置目录 / current, an installed version, a bundle or a directory"
    ),
]
BundleFile = Annotated[Path, typer.Argument(help="策略包 / the bundle")]


def keygen(path: KeyFile) -> None:
    """生成签发策略的密钥：私钥写入文件，公钥打印出来。Make a key to sign policy with; print its public half."""
    from monitor.bundles import keys

    with _accepted_or_end():
        made = keys.make(path)
    print(keys.written(made.public))


def pack(
    key: Annotated[Path, typer.Option("--key", "-k", help="签发用的私钥 / the secret key to sign with")],
    config: ConfigOption = DEFAULT,
    effective: Annotated[
        str, typer.Option(help="生效日，如 2027-01-01；不写为今天 / the day it counts from; today, if absent")
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到此文件 / write to this file")] = None,
) -> None:
    """把条款与全部规则打成签名的策略包。Pack clauses and every rule into a signed bundle."""
    from monitor.atomic import write_whole
    from monitor.commands import policy_bundle

    with _accepted_or_end():
        bundle, data = policy_bundle.pack(config, key, _day(effective))
    path = output or Path(f"policy-{bundle.manifest.version}.bundle")
    try:
        write_whole(path, data)
    except OSError as fault:
        end(f"{path} 写不进去 / {path} cannot be written: {fault.strerror}", EX_FAILED)
    _tell(bundle)
    print(path)


def verify(bundle: BundleFile, config: ConfigOption = DEFAULT) -> None:
    """检验策略包：签名、内容，以及本机能否照它评判。Check a bundle: signature, content, and whether it fits here."""
    from monitor.commands import policy_bundle

    with _accepted_or_end():
        found, _ = policy_bundle.verify(config, bundle)
    _tell(found)


def install(bundle: BundleFile, config: ConfigOption = DEFAULT) -> None:
    """检验并安装策略包；守护进程一小时内启用。Check and install a bundle; the daemon takes it up within the hour."""
    from monitor.commands import policy_bundle

    with _accepted_or_end():
        done = policy_bundle.install(config, bundle)
    _tell(done.bundle)
    print(done.path)


def diff(
    old: PolicyName,
    new: PolicyName,
    config: ConfigOption = DEFAULT,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="按此日结束时的事实 / by the facts at the end of this day"),
    ] = None,
    month: Annotated[
        str, typer.Option(help="按此月每天的事实，如 2026-10 / by the facts of each day of this month")
    ] = "",
    on: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="按此日生效的条款 / by the clauses in force on this day"),
    ] = None,
    worst: Annotated[int, typer.Option(help="列出的隐患数 / how many findings to list")] = 20,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """发布前看影响：哪些隐患会新立、撤销、升降级。Before release: what would open, close or change level."""
    from exporters.documenting import dumps
    from monitor.commands.policy_bundle import candidate
    from monitor.commands.policy_diff import compare, counting_on, document, moment_of, moments_of
    from monitor.configuration import read_with
    from monitor.screen.compared import show_comparison
    from monitor.screen.terminal import terminal

    current, at = known_or_end(config), now()
    zone = current.config.daemon.time_zone
    with _accepted_or_end():
        before, after = (
            current if name == IN_FORCE else read_with(config, candidate(config, name)) for name in (old, new)
        )
    try:
        moments = moments_of(month, zone, at) if month else [moment_of(as_of and as_of.date(), zone, at)]
    except ValueError as fault:
        end(str(fault), EX_FAILED)
    with reading_or_end(current, config) as store:
        found = compare(before, after, store, counting_on(moments, on and on.date()), at)
    if as_json:
        print(dumps(document(found)))
    else:
        show_comparison(terminal(), found, speech(current, lang), worst)


@contextmanager
def _accepted_or_end() -> Iterator[None]:
    """Do what a bundle, a key or the settings may forbid; why they did is told, and ends the command."""
    try:
        yield
    except BundleRefused as refused:
        end(both(refused.text), EX_FAILED)
    except (Mistakes, RuleFaults) as found:
        end(told(found), EX_CONFIG)


def _day(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written) if written else now().astimezone().date()
    except ValueError:
        end(f"“{written}”不是日期，写法如 2027-01-01 / no date; write it like 2027-01-01", EX_FAILED)


def _tell(bundle: Bundle) -> None:
    manifest = bundle.manifest
    print(both(manifest.title))
    for line in (
        Text(
            f"版本 {manifest.version}，{manifest.effective} 起生效",
            f"version {manifest.version}, effective {manifest.effective}",
        ),
        Text(f"规则 {len(manifest.digests) - 1} 条", f"{len(manifest.digests) - 1} rules"),
        Text(
            f"由 {bundle.key.name} 签发（密钥 {bundle.key.id}）", f"signed by {bundle.key.name} (key {bundle.key.id})"
        ),
    ):
        print(both(line))
    print(f"sha256 {manifest.digest}")

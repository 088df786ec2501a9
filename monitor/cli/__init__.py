"""The command line: `diaolou`, every word of ours in Chinese and English."""

from __future__ import annotations

import io
import os
import sys

import typer

from monitor.cli import (
    about,
    alerts,
    bundles,
    emergencies,
    emergency_mode,
    enforcing,
    files,
    handling,
    ledger,
    looking,
    notices,
    playbooks,
    policies,
    reports,
    standing,
    switching,
)
from monitor.cli.usage import Commands
from monitor.refusal import EX_FAILED

EPILOG = (
    "退出码 Exit status：0 正常 done · 1 失败 failed · 2 用法 usage · 66 尚无数据 nothing measured yet · "
    "75 探测已被停止 probing was stopped · 78 配置有误 a mistake in the configuration"
)

app = typer.Typer(
    name="diaolou",
    cls=Commands,
    help="碉楼：政务网络安全态势与 IPv6 就绪度监测。The watchtower: network security posture and IPv6 readiness.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="策略与规则。Policy and rules.", no_args_is_help=True)
finding_app = typer.Typer(help="处置一项隐患。Deal with one finding.", no_args_is_help=True)
acts_app = typer.Typer(help="处置日志。The log of deeds.", no_args_is_help=True)
notice_app = typer.Typer(help="整改通知。Rectification notices.", no_args_is_help=True)
alert_app = typer.Typer(help="告警的认领与上报。Answering for alerts.", no_args_is_help=True)
emergency_app = typer.Typer(help="重保。Emergencies.", no_args_is_help=True)
playbook_app = typer.Typer(help="应急处置。Responses to incidents.", no_args_is_help=True)
report_app = typer.Typer(help="报告。Reports.", no_args_is_help=True)

app.command()(files.version)
app.command()(files.init)
app.command()(files.check)
app.command("import")(files.import_)
app.command()(about.about)
app.command()(looking.demo)
app.command("round")(looking.round_)
app.command()(looking.look)
app.command()(looking.serve)
app.command()(standing.status)
app.command()(standing.scores)
app.command()(standing.rollout)
app.command()(standing.findings)
app.command()(standing.history)
app.command()(standing.explain)
app.command()(ledger.ledger)
app.command()(emergencies.incidents)
app.command()(emergencies.alertmanager)
app.command("stop-scanning")(switching.stop_scanning)
app.command("resume-scanning")(switching.resume_scanning)
app.add_typer(policy_app, name="policy")
policy_app.command("test")(policies.run_cases)
policy_app.command()(bundles.keygen)
policy_app.command()(bundles.pack)
policy_app.command()(bundles.verify)
policy_app.command()(bundles.install)
policy_app.command()(bundles.diff)
policy_app.command()(enforcing.enforce)
app.add_typer(finding_app, name="finding")
finding_app.command()(handling.show)
finding_app.command("ack")(handling.acknowledge)
finding_app.command()(handling.assign)
finding_app.command()(handling.fixed)
finding_app.command("false-positive")(handling.false_positive)
finding_app.command()(handling.comment)
finding_app.command()(handling.extend)
app.add_typer(acts_app, name="acts")
acts_app.command()(handling.verify)
app.add_typer(notice_app, name="notice")
notice_app.command()(notices.issue)
notice_app.command()(notices.receive)
notice_app.command()(notices.answer)
notice_app.command()(notices.retest)
notice_app.command()(notices.close)
notice_app.command()(notices.chase)
notice_app.command()(notices.show)
notice_app.command("list")(notices.list_)
notice_app.command("print")(notices.print_)
notice_app.command()(notices.circular)
app.add_typer(alert_app, name="alert")
alert_app.command("list")(alerts.list_)
alert_app.command("ack")(alerts.acknowledge)
alert_app.command()(alerts.close)
app.add_typer(emergency_app, name="emergency")
emergency_app.command()(emergency_mode.on)
emergency_app.command()(emergency_mode.off)
emergency_app.command()(emergency_mode.show)
app.add_typer(playbook_app, name="playbook")
playbook_app.command("list")(playbooks.list_)
playbook_app.command()(playbooks.start)
playbook_app.command()(playbooks.step)
playbook_app.command()(playbooks.note)
playbook_app.command()(playbooks.grade)
playbook_app.command()(playbooks.reported)
playbook_app.command()(playbooks.close)
playbook_app.command()(playbooks.show)
playbook_app.command()(playbooks.export)
app.add_typer(report_app, name="report")
report_app.command("month")(reports.month)


def main() -> None:
    """Run the command line; what it writes is nobody else's business unless said."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        # Whoever read has had enough; the interpreter must not find out once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as fault:
        print(f"系统不允许 / the system does not let us: {fault}", file=sys.stderr)
        sys.exit(EX_FAILED)

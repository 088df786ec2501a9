"""Alertmanager's configuration, made of the agency tree: who is told of what, who gets a copy, what says the same.

Source: https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import yaml

from exporters.alerting import Alerting, Inbox
from rules.agency import Agency, Role, Tree
from rules.text import Language, Text

Part = Mapping[str, object]
QUIET = "quiet"
NOBODY = "nobody"
CENTRE = "centre"
"""The receiver of everything: whoever runs the tower."""
TOWER = "tower"
"""The tower itself, which keeps account of who answered."""


HEAD = Text(
    "# 由 diaolou alertmanager 生成，请勿手改。\n", "# Made by diaolou alertmanager; change its settings instead.\n"
)


def configuration(tree: Tree, city: str, alerting: Alerting, language: Language, secret: str = "") -> str:
    """Return the configuration as YAML, for the agencies of *city*; the words of messages are in *language*.

    *secret* is that of the WeCom application: Alertmanager reads it from nowhere else.
    """
    codes = [code for code in tree.subtree(city) if code != city]
    told = [code for code in codes if _addresses(tree.agencies[code])] if alerting.mail else []
    stairs = _stairs(tree, [city, *told], alerting)
    whole: dict[str, object] = {
        **_global(alerting),
        "route": _routes(tree, city, told, alerting, stairs),
        "inhibit_rules": _inhibitions(),
        "receivers": [
            {"name": NOBODY},
            _centre(tree.agencies[city], alerting, language, secret),
            *(_agency(tree.agencies[code], language) for code in told),
            *(_stair(tree.agencies[code], role, language) for code, role in stairs),
            *([_tower(alerting.inbox)] if alerting.inbox else []),
        ],
    }
    if alerting.quiet:
        begin, end = alerting.quiet
        whole["time_intervals"] = [{"name": QUIET, "time_intervals": list(_spans(begin, end, alerting.zone))}]
    return HEAD.into(language) + yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=110)


def _global(alerting: Alerting) -> dict[str, object]:
    if (mail := alerting.mail) is None:
        return {}
    said: dict[str, object] = {"smtp_smarthost": mail.smarthost, "smtp_from": mail.sender, "smtp_require_tls": mail.tls}
    if mail.user:
        said["smtp_auth_username"] = mail.user
    if mail.password_file:
        said["smtp_auth_password_file"] = mail.password_file
    return {"global": said}


def _stairs(tree: Tree, codes: Sequence[str], alerting: Alerting) -> Sequence[tuple[str, Role]]:
    """Return whom steps of the ladder reach by mail: agencies, each with a role that steps are meant for."""
    if not alerting.mail:
        return []
    roles = sorted({rung.role for rung in alerting.ladder})
    return [(code, role) for code in codes for role in roles if _addresses(tree.agencies[code], role)]


def _escalations(stairs: Sequence[tuple[str, Role]]) -> Part:
    """Return the route of what nobody answered for: at any hour, at once, and to the tower where nobody else is."""
    return {
        "receiver": CENTRE,
        "matchers": ['class="escalation"'],
        "group_by": ["alertname", "alert", "to", "step"],
        "group_wait": "1s",
        "routes": [
            {"receiver": _stair_name(code, role), "matchers": [f'to="{code}"', f'role="{role}"']}
            for code, role in stairs
        ],
    }


def _routes(tree: Tree, city: str, told: Sequence[str], alerting: Alerting, stairs: Sequence[tuple[str, Role]]) -> Part:
    quiet: dict[str, object] = {"mute_time_intervals": [QUIET]} if alerting.quiet else {}
    routes: list[Part] = [{"receiver": NOBODY, "matchers": ['class="inhibitor"']}]
    if alerting.ladder:
        routes.append(_escalations(stairs))
    if alerting.inbox:
        # The tower hears of everything, in quiet hours too: it is to know, not to be woken.
        routes.append({"receiver": TOWER, "continue": True, "group_wait": "5s", "group_interval": "1m"})
    for code in told:
        mine = f'agency="{code}"'
        routes.append({"receiver": _name(code), "matchers": [mine, 'severity="critical"'], "continue": True})
        routes.append({"receiver": _name(code), "matchers": [mine, 'severity!="critical"'], "continue": True, **quiet})
    for code in told:
        # What is critical below, its superior hears of as well.
        above = tree.agencies[code].parent
        if above in told:
            superior = [f'agency="{code}"', 'severity="critical"']
            routes.append({"receiver": _name(above), "matchers": superior, "continue": True})
    routes.append({"receiver": CENTRE, "matchers": ['severity="critical"']})
    routes.append({"receiver": CENTRE, "matchers": ['severity!="critical"'], **quiet})
    return {
        "receiver": CENTRE,
        "group_by": ["alertname", "agency"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": f"{round(alerting.repeat)}s",
        "routes": routes,
    }


def _inhibitions() -> Sequence[Part]:
    """Return what need not be told because something else says it: an incident, a blind vantage, something worse."""
    return [
        {
            "source_matchers": ['alertname="DiaolouHostInIncident"'],
            "target_matchers": ['class=~"posture|website"'],
            "equal": ["instance", "host"],
        },
        {
            "source_matchers": ['severity="critical"'],
            "target_matchers": ['severity="warning"'],
            "equal": ["instance", "alertname", "agency", "host"],
        },
    ]


def _centre(agency: Agency, alerting: Alerting, language: Language, secret: str) -> Part:
    receiver: dict[str, object] = {"name": CENTRE}
    if alerting.mail and _addresses(agency):
        receiver["email_configs"] = [_mail(address, language) for address in _addresses(agency)]
    hooks = [*alerting.webhooks, *([alerting.dingtalk] if alerting.dingtalk else [])]
    if hooks:
        receiver["webhook_configs"] = [{"url": url, "send_resolved": True} for url in hooks]
    if (wecom := alerting.wecom) is not None:
        receiver["wechat_configs"] = [
            {
                "corp_id": wecom.corporation,
                "agent_id": wecom.agent,
                "api_secret": secret,
                **({"api_url": wecom.url} if wecom.url else {}),
                "to_party": wecom.party,
                "send_resolved": True,
                "message": _body(language),
            }
        ]
    return receiver


def _tower(inbox: Inbox) -> Part:
    credentials = {"type": "Bearer", "credentials_file": inbox.token_file}
    hook = {"url": inbox.url, "send_resolved": True, "max_alerts": 1000, "http_config": {"authorization": credentials}}
    return {"name": TOWER, "webhook_configs": [hook]}


def _stair(agency: Agency, role: Role, language: Language) -> Part:
    return {
        "name": _stair_name(agency.code, role),
        "email_configs": [_mail(address, language) for address in _addresses(agency, role)],
    }


def _agency(agency: Agency, language: Language) -> Part:
    return {
        "name": _name(agency.code),
        "email_configs": [_mail(address, language) for address in _addresses(agency)],
    }


def _mail(address: str, language: Language) -> Part:
    title = Text("碉楼告警", "Diaolou alert").into(language)
    subject = f'{{{{ if eq .Status "firing" }}}}[{title}]{{{{ else }}}}[OK]{{{{ end }}}} '
    return {
        "to": address,
        "send_resolved": True,
        "headers": {"Subject": subject + "{{ .CommonLabels.alertname }} {{ .CommonLabels.agency }}"},
        "html": "",
        "text": _body(language),
    }


def _body(language: Language) -> str:
    summary = f"summary_{language.value}"
    return f"{{{{ range .Alerts }}}}{{{{ .Status }}}} {{{{ .Annotations.{summary} }}}}\n{{{{ end }}}}"


def _addresses(agency: Agency, role: Role = Role.NOTICES) -> list[str]:
    """Return the mail addresses of those of *role*, or else of whoever there is."""
    wanted = [contact.mail for contact in agency.contacts if contact.mail and contact.role is role]
    return list(dict.fromkeys(wanted or [contact.mail for contact in agency.contacts if contact.mail]))


def _name(code: str) -> str:
    return f"agency-{code}"


def _stair_name(code: str, role: Role) -> str:
    return f"escalation-{code}-{role}"


def _spans(begin: str, end: str, zone: str) -> Iterator[Part]:
    """Yield the hours from *begin* to *end*; Alertmanager knows no span through midnight."""
    parts = [(begin, end)] if begin < end else [(begin, "24:00"), ("00:00", end)]
    for start, stop in parts:
        if start != stop:
            yield {"times": [{"start_time": start, "end_time": stop}], "location": zone}

"""What the pages of the city refer to: written into HTML in the ways people write it, and told again as truth."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

ELSEWHERE = "elsewhere.test"
"""A zone of hosts that no agency owns and nobody may send anything to: their names are all there is of them."""
IPV4_ONLY_ELSEWHERE = frozenset(f"{name}.{ELSEWHERE}" for name in ("static", "pay", "mail"))
DUAL_ELSEWHERE = frozenset({f"service.{ELSEWHERE}"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, or a style sheet: what it links to, loads, posts to and writes to, as URLs; *says* is its text."""

    title: str
    links: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()
    says: str = ""
    css: bool = False
    charset: str = "utf-8"

    @property
    def content_type(self) -> str:
        """What the server calls it."""
        return "text/css" if self.css else f"text/html; charset={self.charset}"


def written(sheet: Sheet) -> bytes:
    """Return *sheet* as it is served."""
    if sheet.css:
        faces = (f"@font-face {{ src: url({url}) }}" for url in sheet.fonts)
        return "\n".join([*faces, *(f'body {{ background: url("{url}") }}' for url in sheet.images)]).encode()
    title = html.escape(sheet.title)
    head = [
        f'<meta charset="{sheet.charset}"><title>{title}</title>',
        *(f'<link rel="stylesheet" href="{url}">' for url in sheet.styles),
        *(f"<style>@font-face {{ src: url('{url}') }}</style>" for url in sheet.fonts),
        *(f'<script src="{url}"></script>' for url in sheet.scripts),
    ]
    body = [
        f"<h1>{title}</h1><p>演示数据 · demo data</p><p>{html.escape(sheet.says)}</p>",
        *(_linked(place, url) for place, url in enumerate(sheet.links)),
        *(_shown(place, url) for place, url in enumerate(sheet.images)),
        *(f'<form method="post" action="{url}"><input name="q"></form>' for url in sheet.forms),
        *(f'<a href="mailto:{address}">{address}</a>' for address in sheet.mail),
    ]
    page = ["<!DOCTYPE html>", '<html lang="zh-CN"><head>', *head, "</head><body>", *body, "</body></html>", ""]
    return "\n".join(page).encode(sheet.charset)


def _linked(place: int, url: str) -> str:
    if place % 5 == 4:
        return f'<map name="m{place}"><area href="{url}" alt="{place}"></map>'
    return f"<p><a href='{url}'>第 {place} 条</a></p>" if place % 2 else f'<p><A HREF="{url}#top">第 {place} 条</A></p>'


def _shown(place: int, url: str) -> str:
    return f'<img srcset="{url} 1x" alt="">' if place % 2 else f'<img src="{url}" alt="">'


MARKS = "网站标识码：4407830001 粤ICP备05012345号-1 粤公网安备 44078302000123号 bszs.conac.cn"
"""How the city's websites say who they are, the official badge at the end; the numbers are made up."""

PORTAL: Mapping[str, Sheet] = {
    "/": Sheet(
        "开平市人民政府办公室 www",
        links=("/zwgk/", "/bsfw/", "/chikan/", "/changsha/", "https://news.kaiping.gov.test/"),
        styles=("/static/site.css",),
        scripts=("/static/site.js",),
        forms=("/search",),
        says=MARKS,
    ),
    "/zwgk/": Sheet("政务公开", links=tuple(f"/zwgk/{number}.html" for number in range(1, 9))),
    "/bsfw/": Sheet("办事服务", links=("/bsfw/1.html", "/zwgk/1.html", "/"), charset="gb18030"),
    **{f"/zwgk/{number}.html": Sheet(f"公告 {number}", links=("/zwgk/", "/")) for number in range(1, 9)},
    "/bsfw/1.html": Sheet("办事指南", links=("/bsfw/",)),
    "/static/site.css": Sheet("", images=("bg.png",), fonts=("fz.woff2",), css=True),
    "/static/site.js": Sheet("脚本"),
    "/static/bg.png": Sheet("图"),
    "/static/fz.woff2": Sheet("字体"),
}

LAND: Mapping[str, Sheet] = {
    "/": Sheet(
        "开平市自然资源局 www",
        links=(
            *(f"/tdgl/{number}" for number in range(1, 5)),
            "http://old.land.kaiping.gov.test/",
            "http://old.land.kaiping.gov.test/a",
            "/gone",
            f"http://service.{ELSEWHERE}/",
        ),
        images=(f"http://static.{ELSEWHERE}/logo.png",),
    ),
    **{
        f"/tdgl/{number}": Sheet(f"土地管理 {number}", links=(f"http://old.land.kaiping.gov.test/{number}",))
        for number in (1, 3, 4)
    },
    "/tdgl/2": Sheet("土地管理 2", links=("/tdgl/deep", "http://198.18.99.7/oa/", "/")),
    "/tdgl/deep": Sheet("第三级"),
}

OLD: Mapping[str, Sheet] = {path: Sheet(f"旧系统 {path}") for path in ("/a", "/1", "/3", "/4")}

JOBS: Mapping[str, Sheet] = {
    "/": Sheet(
        "开平市人力资源和社会保障局 jobs",
        links=("/list",),
        scripts=(f"http://static.{ELSEWHERE}/jquery.js",),
        fonts=(f"http://static.{ELSEWHERE}/fz.woff2",),
        forms=(f"https://pay.{ELSEWHERE}/order",),
        mail=(f"hr@mail.{ELSEWHERE}",),
    ),
    "/list": Sheet("招聘", links=("/list/1",)),
    "/list/1": Sheet("岗位 1"),
}

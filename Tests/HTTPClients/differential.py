"""The same requests directly and through the proxy, to real origins: both views must be equal.

Directly and through the proxy, the requests go in one random order over a few kept connections,
some of them pipelined. Compared are what the origin has seen and what the client has got, without
what docs/guide/http.md says the proxy adds and removes.
"""

import json

import messages
import servers
import wire
from harness import Wrong, check, expect
from talk import Peer

ADDED = {"via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
HOP = {"connection", "keep-alive", "proxy-connection", "te", "upgrade", "http2-settings"}
PEERS = 4


def view_of_json(body):
    view = json.loads(body)
    fields = [(name, value) for name, value in view["fields"]]
    body = [view["length"], view.get("sha256", view.get("sum"))]
    return [view["method"], view["target"], fields, body, view["trailers"]]


def view_of_text(body):
    """Method and target, a line a field, and the body behind its mark."""
    head, _, payload = body.decode("latin-1").partition("[body]\n")
    line, *lines = head.replace("\r", "").rstrip("\n").split("\n")
    fields = [tuple(one.split(": ", 1)) if ": " in one else (one.rstrip(":"), "") for one in lines]
    return [*line.split(" ", 1), fields, payload, []]


def view_of_nginx(body):
    """Behind method and target nginx has the request line as it came."""
    line, _, rest = body.partition(b"\n")
    again, _, rest = rest.partition(b"\n")
    expect(again.rsplit(b" ", 1)[0] == line, f"nginx has two request lines: {line!r} and {again!r}")
    return view_of_text(line + b"\n" + rest)


def plain(name):
    """A field's name, of a CGI variable too."""
    return name.lower().removeprefix("http_").replace("_", "-")


def own(fields, named):
    """Without the fields that end at a proxy, and those that it adds."""
    kept, via = [], []
    for name, value in fields:
        if plain(name) in ADDED:
            via.append((name, value))
        elif plain(name) not in HOP and plain(name) not in named:
            kept.append((name, value))
    return kept, via


def hop_names(ask):
    """The fields that Connection names."""
    values = wire.values(ask.fields, b"connection")
    return {part.strip().lower().decode() for value in values for part in value.split(b",")}


def compare_views(ask, direct, proxied):
    """Complaints about what the origin has seen."""
    complaints = []
    named = hop_names(ask)
    before, mine = own(direct[2], named)
    after, added = own(proxied[2], named)
    if not ask.host:  # the proxy makes one for a request of 1.0
        after = [(name, value) for name, value in after if plain(name) != "host"]
    if ask.method == b"OPTIONS":  # RFC 9110 7.6.2
        before = [(name, str(int(value) - 1) if plain(name) == "max-forwards" else value) for name, value in before]
    if before != after:
        complaints.append(f"fields {difference(before, after)}")
    via = ", ".join(value for name, value in added if plain(name) == "via")
    said = ", ".join(value for name, value in mine if plain(name) == "via")
    if via != (f"{said}, " if said else "") + f"{ask.version.decode()} pelmeni":
        complaints.append(f"Via is {via!r}")
    for part, was, now in zip(["method", "target", None, "body", "trailers"], direct, proxied):
        if part and was != now:
            complaints.append(f"{part} {was!r:.80} became {now!r:.80}")
    return complaints


def difference(before, after):
    for one in before:
        if one not in after:
            return f"lost {one!r:.100}"
    for one in after:
        if one not in before:
            return f"added {one!r:.100}"
    return f"in another order: {before!r:.200} and {after!r:.200}"


def compare_answers(ask, direct, proxied, is_view):
    """Complaints about what the client has got."""
    (one, interim_one), (two, interim_two) = direct, proxied
    complaints = []
    if (one.first, one.second) != (two.first, two.second):
        complaints.append(f"status {one.first + b' ' + one.second!r} became {two.first + b' ' + two.second!r}")
    before, after = answer_fields(one, is_view), answer_fields(two, is_view)
    # A body up to the end of the connection is chunked for 1.1; Apache chunks what a script is slow with.
    if one.framing != two.framing and one.framing != "close" and ask.version == b"1.1" and not is_view:
        complaints.append(f"framing {one.framing} became {two.framing}")
    if before != after:
        complaints.append(f"fields of the response {difference(before, after)}")
    if not is_view and one.body != two.body:
        complaints.append(f"body of {len(one.body)} bytes became one of {len(two.body)}")
    # Trailers go to a client that has said TE: trailers.
    takes = wire.values(ask.fields, b"te")
    if [name for name, _ in one.trailers if takes] != [name for name, _ in two.trailers]:
        complaints.append(f"trailers {one.trailers!r:.80} became {two.trailers!r:.80}")
    if ask.version == b"1.1" and [m.first for m in interim_one] != [m.first for m in interim_two]:
        complaints.append(f"interim {[m.first for m in interim_one]} became {[m.first for m in interim_two]}")
    return complaints


def answer_fields(message, is_view):
    """In order. A date goes by, a view has its own length, and the proxy chunks a body anew."""
    fields = []
    for name, value in message.fields:
        lower = name.lower().decode()
        if lower not in HOP and lower != "transfer-encoding" and not (lower == "content-length" and is_view):
            fields.append((name, b"?" if lower == "date" else value))
    return fields


def batches(run, asks):
    """The requests in random order, some two to four at once; each batch names a connection."""
    order = list(asks)
    run.random.shuffle(order)
    while order:
        batch = [order.pop()]
        most = run.random.choice([1, 1, 2, 4])
        while order and len(batch) < most and batch[-1].joins() and order[-1].follows():
            batch.append(order.pop())
        yield run.random.randrange(PEERS), batch


def ask_all(run, asks, port, plan):
    """The answers by name of the request, and how many connections it took."""
    peers, found = [Peer(port) for _ in range(PEERS)], {}
    for index, batch in plan:
        while batch:
            answers = peers[index].ask(batch)
            for ask, answer in zip(batch, answers):
                found[ask] = answer
            # An origin that has ended the connection in the middle of a batch is asked the rest.
            batch = batch[len(answers):]
    for peer in peers:
        peer.close()
    return found, sum(peer.connections for peer in peers)


def compare(run, origin, asks, view, rounds):
    proxy = run.proxy(origin)
    complaints, views, connections = [], 0, [0, 0]
    for _ in range(rounds):
        plan = list(batches(run, asks))
        direct, mine = ask_all(run, asks, origin, plan)
        proxied, theirs = ask_all(run, asks, proxy.port, plan)
        connections = [connections[0] + mine, connections[1] + theirs]
        for ask in asks:
            is_view, found = is_echo(ask, direct[ask][0]), []
            if is_view and not is_echo(ask, proxied[ask][0]):
                found = [f"answered {proxied[ask][0].first.decode()} {proxied[ask][0].body[:60]!r}"]
            elif is_view:
                views += 1
                found = compare_views(ask, view(direct[ask][0].body), view(proxied[ask][0].body))
            found = found or compare_answers(ask, direct[ask], proxied[ask], is_view or ask.method == b"HEAD")
            complaints += [f"{ask.name}: {text}" for text in found]
    run.note(f"{len(asks) * rounds} requests, {views} views, {connections[0]} connections directly and "
        f"{connections[1]} through the proxy, seed {run.seed}")
    if complaints:
        different = sorted(set(complaints))
        raise Wrong(f"{len(different)} differences: " + "; ".join(different[:12]))


def is_echo(ask, message):
    return message.body.startswith(b"{") or b"[body]\n" in message.body


def rounds(run):
    return 20 if run.long else 2


@check("differential-nginx", ["nginx"])
def nginx(run):
    echo = servers.nginx_echoes()
    asks = [ask for ask in messages.ASKS if echo or ask.files]
    compare(run, servers.nginx(run, echo), asks, view_of_nginx, rounds(run))


@check("differential-apache", ["apache2"])
def apache(run):
    asks = [ask for ask in messages.ASKS if not ask.name.startswith("nginx-")]
    if not run.long:
        # Each of these starts a script: a part of them is enough for a look.
        asks = [ask for ask in asks if ask.files] + run.random.sample([ask for ask in asks if not ask.files], 40)
    compare(run, servers.apache(run), asks, view_of_text, 5 if run.long else 1)


@check("differential-node", ["node"])
def node(run):
    compare(run, servers.node(run), [ask for ask in messages.ASKS if not ask.files], view_of_json, rounds(run))


@check("differential-aiohttp", ["python:aiohttp"])
def aiohttp(run):
    # aiohttp 3.8 reads the trailers of a request as fields of the next one.
    asks = [ask for ask in messages.ASKS if not ask.files and not ask.trailers]
    compare(run, servers.aiohttp(run), asks, view_of_json, rounds(run))


@check("differential-h11", ["python:h11"])
def h11(run):
    compare(run, servers.h11(run), [ask for ask in messages.ASKS if not ask.files], view_of_json, rounds(run))


@check("differential-hummingbird")
def hummingbird(run):
    # Hummingbird sends no 100 Continue.
    asks = [ask for ask in messages.ASKS if not ask.files and not ask.waits]
    compare(run, servers.hummingbird(run), asks, view_of_json, rounds(run))

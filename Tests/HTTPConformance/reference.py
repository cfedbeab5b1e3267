"""The second opinion: what h11 reads from the bytes that the proxy has sent.

h11 1.x is stricter than most servers. Where it and our own reader disagree, the proxy has written
something that two peers could read differently, and the case fails.
"""

import h11

MOST = 1 << 20
EMPTY_ANSWER = [(b"content-length", b"0")]


def h11_requests(data):
    """Method, target, fields in lower case, body and trailers of each complete request."""
    requests, current = [], None
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST)
    connection.receive_data(bytes(data))
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            return requests
        if event is h11.PAUSED:
            if connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return requests
            connection.start_next_cycle()
        elif isinstance(event, h11.Request):
            current = [event.method, event.target, tuple(event.headers), b"", ()]
        elif isinstance(event, h11.Data):
            current[3] += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            current[4] = tuple(event.headers)
            requests.append(tuple(current))
            connection.send(h11.Response(status_code=200, headers=EMPTY_ANSWER))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE:
                return requests
            connection.start_next_cycle()
        else:
            return requests


def disagreement(data, messages):
    """Where h11 reads other requests than our reader; None if they agree."""
    try:
        read = h11_requests(data)
    except h11.ProtocolError as error:
        return f"h11 rejects what the proxy has sent: {error}"
    for index, message in enumerate(messages):
        if index >= len(read):
            # After `Connection: close` h11 stops; what follows is judged by our reader alone.
            return None if index else "h11 reads no request"
        lower = tuple((name.lower(), value) for name, value in message.fields)
        tail = tuple((name.lower(), value) for name, value in message.trailers)
        ours = (message.first, message.second, lower, message.body, tail)
        theirs = read[index]
        if same(ours) != same(theirs):
            return f"h11 reads {theirs!r:.160}, our reader {ours!r:.160}"
    return None


def same(request):
    """h11 writes a transfer coding in lower case."""
    method, target, fields, body, trailers = request
    fields = tuple((n, v.lower() if n == b"transfer-encoding" else v) for n, v in fields)
    return method, target, fields, body, trailers

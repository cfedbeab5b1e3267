"""Apache's script: answers with what it was given. `servers.apache` puts a line on top.

It imports nothing slow: Apache starts it for each request.
"""

import os
import sys

body = sys.stdin.buffer.read()
lines = sorted(b"%s: %s" % pair for pair in os.environb.items()
    if pair[0].startswith(b"HTTP_") or pair[0] in (b"CONTENT_TYPE", b"CONTENT_LENGTH"))
head = b"Status: 200 Fine\r\nContent-Type: text/plain\r\nX-Empty:\r\n\r\n"
first = os.environb[b"REQUEST_METHOD"] + b" " + os.environb[b"REQUEST_URI"]
sys.stdout.buffer.write(head + b"\n".join([first, *lines, b"[body]", body]))

import Pelmeni

/// The part of `--help` on endpoints, the same for every command that takes them.
enum EndpointHelp {
    static let text = """
        ENDPOINTS are URLs: tcp://HOST:PORT, udp://HOST:PORT, unix:///path.sock (streams), \
        http://HOST:PORT (HTTP/1.1; an upstream may have a path, where messages go), \
        unixgram:///path.sock and icmp://HOST (datagrams; unix:@name and unixgram:@name are abstract \
        sockets; as a listener \
        icmp needs CAP_NET_RAW, and one worker serves it). HOST is a name, an IPv4 address, [IPv6], or empty on a \
        listener for all addresses; port 0 on a listener asks the kernel for one. Several \
        upstreams are one URL with commas. Every kind goes with every other.

        PAIR OPTIONS follow either URL as a query, ?idle=60s&connect=2s:
          connect       5s    until the upstream accepts
          first-byte    none  until the first byte from either side
          idle          1h    without a byte in either direction; 60s with datagrams
          linger        30s   after one side has ended; a byte starts it anew
          stall         5m    without a byte taken by a side that has some waiting
          sessions      -     at most so many at once on this pair
          on            all   workers that serve the pair, on=0,2
          addresses     first all: each address of an upstream's name is an upstream
          lookup        30s   from a lookup of an upstream's name to the next
          keepalive     1m    silence before the kernel probes a TCP connection
          user-timeout  none  how long a TCP peer may leave bytes unacknowledged
          when-down     accept refuse: tcp and http clients while no upstream is up
          mode          0600  of a unix or unixgram listener's socket file
        Where a stream meets datagrams, or for the end of two streams whose URL has it:
          framing       u16be how messages are cut from the stream; - of two streams
          max-frame     64k   the longest message, up to 16m; of two streams 261888
        Where datagrams cross a side:
          requests      -     datagrams of a client after which its session ends
          responses     -     answers to each of them, after which it ends
          answer        5s    of an icmp upstream, until an echo counts as unanswered
        Where a side is http:
          body          60s   a body without a byte
          answer        30s   a request's end until its answer begins; 5s before icmp
          head          30s   of http listeners: a request's head, in all
          client-idle   60s   likewise: between two requests of a client
          upstream-idle 30s   of http upstreams: a connection without a request
          half-close    deliver  or abort: what a client's end behind a request means
          max-head      64k   a head, 1k to 256k
          max-request-line 16k  a request's first line, 256 to max-head
          max-fields    200   fields of a head, 1 to 256
          max-chunk-extensions 4k  all of a body, up to 256k
          max-trailers  16k   fields behind a chunked body, up to max-head
          forward       via,x-forwarded  told to upstreams; or forwarded, or none
          trust         -     networks of clients whose X-Forwarded-* is kept
        Of the sockets on both sides:
          receive-buffer -    4k to 512m; 4m of UDP, and the kernel's own choice of TCP
          send-buffer   -     likewise; the kernel's own choice
          df            -     keep: UDP leaves with DF, never cut (QUIC)
          v6only        no    yes: a listener on [::] leaves IPv4 alone
          interface     -     of a multicast group in digits
        Of any pair:
          profile       -     dns: responses=1 and idle=5s, unless they are given
        Framings: \(Framing.names.joined(separator: ", ")).
        Durations take ms, s, m, h; none switches off first-byte, idle, linger, stall, keepalive \
        and user-timeout. Sizes take k, m, g.
        """
}

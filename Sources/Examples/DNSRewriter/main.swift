// dns-rewriter: a DNS server in front of a resolver, which blocks a name and moves another one.
//     dns-rewriter --listen 127.0.0.1:5353 --upstream 127.0.0.53:53 \
//         --block ads.example --name intranet.example --address 10.0.0.7
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(
    listen: .local(5353), upstream: HostPort(host: "127.0.0.53", port: 53),
    more: ["block": "ads.example", "name": "intranet.example", "address": "10.0.0.7"])
let address = options.more["address", default: ""].split(separator: ".").compactMap { UInt8($0) }
let rules = DNSRewriter(
    blocked: options.more["block", default: ""].lowercased(),
    rewritten: options.more["name", default: ""].lowercased(),
    address: address.count == 4 ? address : [10, 0, 0, 7])
if options.isCheck { await ExampleCheck.run { try await checkDNSRewriter(options, rules) } }
await ExampleEngine.serve(
    dnsRewriter(listen: options.listen, upstream: options.upstream, rules), options)

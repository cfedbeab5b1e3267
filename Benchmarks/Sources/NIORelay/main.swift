import Glibc
import NIOPosix

/// Says what a person has to know, and ends the program.
private func giveUp(_ reason: String) -> Never {
    let line = "nio-relay: \(reason)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(2)
}

/// Two descriptors a session: the usual soft limit of 1,024 would end at 500 sessions.
private func raiseDescriptorLimit() {
    let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(descriptors, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(descriptors, &limit)
}

do {
    let options = try Options(CommandLine.arguments.dropFirst())
    if options.showsVersion {
        print(Options.version)
        exit(0)
    }
    raiseDescriptorLimit()
    let workers = MultiThreadedEventLoopGroup(numberOfThreads: options.workers)
    let listeners = try zip(options.listen, options.origin).map { listen, origin in
        options.isHTTP
            ? try HTTPRelay(listen: listen, origin: origin).start(on: workers).wait()
            : try Relay(options: options, listen: listen, origin: origin).start(on: workers).wait()
    }
    for listener in listeners { try listener.closeFuture.wait() }
} catch {
    giveUp("\(error)")
}

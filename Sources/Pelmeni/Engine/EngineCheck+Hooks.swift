internal import PelmeniCore
internal import PelmeniRuntime

/// Checks of hooks: each has a moment where it is attached.
extension EngineCheck {
    func checkHooks(_ server: any Server) throws(EngineError) {
        let subject = server.endpoint.description
        let count = server.hooks.count + server.client.hooks.count
        guard count <= HookPlan.hooksMax else {
            throw usage(
                subject, "a pair has at most \(HookPlan.hooksMax) hooks, not \(count)",
                "do in one hook what several do")
        }
        for hook in server.hooks where hook.isOnlyOfClients {
            throw usage(
                subject,
                "the hook \(hook.name) has beforeSend, which a server does not call",
                "attach it to the client, or give it beforeForward")
        }
        for hook in server.client.hooks where hook.isOnlyOfServers {
            throw usage(
                subject,
                "the hook \(hook.name) has beforeForward, which a client does not call",
                "attach it to the server, or give it beforeSend")
        }
        for hook in server.hooks + server.client.hooks {
            guard !hook.isMixed else {
                throw usage(
                    subject, "the hook \(hook.name) is synchronous and asynchronous",
                    "make two types of it")
            }
            guard let deadline = hook.asyncDeadline else { continue }
            guard deadline >= .microseconds(1), deadline <= Self.durationMax else {
                throw usage(
                    subject,
                    "the deadline of the hook \(hook.name) is 1us to 8760h, not \(deadline)")
            }
        }
    }
}

internal import PelmeniCore
internal import PelmeniRuntime

/// Requests of HTTP.
extension OriginWorker {
    /// Takes a head, or a part of a body.
    mutating func takeHTTP(_ leg: Int, _ bytes: UnsafeRawPointer, _ count: Int) -> Fault? {
        let row = rows + leg
        guard !row.pointee.isLast else { return .surplus }
        var taken = 0
        if row.pointee.work == nil {
            switch heads.take(leg, bytes, count) {
            case .part:
                row.pointee.inputAt += count
                return nil
            case .tooLong: return .wrongHead
            case .whole(let head, let used):
                guard let work = HTTPWork(reading: head) else { return .wrongHead }
                row.pointee.work = work
                row.pointee.verifier = Verifier(seed: work.seed, end: UInt64(work.requestBytes))
                row.pointee.inputAt += used
                taken = used
            }
        }
        let share = row.pointee.verifier.share(of: count - taken)
        row.pointee.inputAt += share
        if let fault = row.pointee.verifier.check(bytes + taken, count: share) { return fault }
        guard row.pointee.verifier.isWhole, let work = row.pointee.work else { return nil }
        row.pointee.work = nil
        row.pointee.isLast = work.isLast
        result.requests += 1
        return legs.make(leg, StreamToSend(answer: work)) ? nil : .other
    }
}

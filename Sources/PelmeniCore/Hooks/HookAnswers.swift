internal import CPelmeni
internal import Glibc

/// The way of asynchronous hooks to one worker: answers of any thread, in order, and the jobs of
/// their tasks.
///
/// Calls keep it: an answer may come after the worker has ended, and then only ends its lease.
package final class HookAnswers: @unchecked Sendable {
    let queue: OpaquePointer

    /// - Parameters:
    ///   - event: the eventfd that wakes the worker; negative is none.
    ///   - call: the memory in which the worker's hooks run; it outlives the worker.
    init(event: Int32, call: UnsafeMutablePointer<HookCall>) {
        queue = pelmeni_answers_create(event, HookExecutor.runner, call)
    }

    deinit { pelmeni_answers_free(queue) }

    /// Closes the queue after the worker's last loop: drops the answers in it, and gives the jobs
    /// in it to the global executor.
    package func close() {
        pelmeni_answers_close(queue)
        var answer = pelmeni_answer()
        while pelmeni_answers_take(queue, &answer) != 0 {
            var row = BufferRow(answer)
            row.release()
        }
        var (job, executor): (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?)
        while pelmeni_jobs_take(queue, &job, &executor) != 0 {
            if let job, let executor { HookExecutor.runElsewhere(job, executor) }
        }
    }
}

/// One call of an asynchronous hook: it has the unit until it answers, once.
package final class HookTicket: @unchecked Sendable {
    private let number: UInt64
    private let answers: HookAnswers
    /// Taken once, by the hook.
    private var row: BufferRow
    /// The task that answers, while the engine waits for it. Only the worker's thread uses this.
    var task: Task<Void, Never>?

    init(number: UInt64, answers: HookAnswers, row: BufferRow) {
        self.number = number
        self.answers = answers
        self.row = row
    }

    deinit { row.release() }

    /// The unit. Empty after the first time.
    package func takeBuffer() -> Buffer {
        let taken = row
        row = BufferRow()
        return Buffer(taken)
    }

    /// Sends the verdict back to the worker, from any thread.
    package func answer(_ verdict: VerdictCode, _ buffer: consuming Buffer?, reason: String = "") {
        var answer = pelmeni_answer()
        answer.number = number
        answer.verdict = verdict.rawValue
        var row = BufferRow()
        if let buffer = consume buffer {
            row = buffer.takeRow()
            answer.has_row = 1
            row.write(to: &answer)
        }
        var text = reason
        text.withUTF8 { bytes in
            withUnsafeMutableBytes(of: &answer.reason) { to in
                let count = min(bytes.count, to.count)
                answer.reason_count = UInt8(count)
                to.copyBytes(from: bytes.prefix(count))
            }
        }
        if pelmeni_answers_add(answers.queue, &answer) == 0 { row.release() }
    }
}

extension BufferRow {
    /// The buffer of an answer.
    init(_ answer: pelmeni_answer) {
        self.init()
        guard answer.has_row != 0 else { return }
        start = answer.start
        count = Int(answer.count)
        headroom = Int(answer.headroom)
        tailroom = Int(answer.tailroom)
        block = BlockID(rawValue: answer.block)
        pool = answer.pool?.assumingMemoryBound(to: BufferPool.State.self)
    }

    fileprivate func write(to answer: inout pelmeni_answer) {
        answer.start = start
        answer.count = Int64(count)
        answer.headroom = Int64(headroom)
        answer.tailroom = Int64(tailroom)
        answer.block = block.rawValue
        answer.pool = pool.map { UnsafeMutableRawPointer($0) }
    }
}

import Foundation
import Testing

@testable import Pelmeni
@testable import PelmeniCLI

@Suite("doctor")
struct DoctorTests {
    @Test("its JSON parses back to the report")
    func json() throws {
        let report = MachineReport.gather()
        let text = try DoctorCommand.json(report)
        #expect(try JSONDecoder().decode(MachineReport.self, from: Data(text.utf8)) == report)
        #expect(report.kernel.hasPrefix("Linux "))
        #expect(!report.limits.processors.isEmpty)
        #expect(report.limits.workers >= 1)
        #expect(report.uring.isGranted == (report.uring.refusal == nil))
        #expect(report.epoll.sendsInBatches == (report.epoll.refusal == nil))
    }

    @Test("its table has a line for each feature, in columns")
    func table() throws {
        let report = MachineReport.gather()
        let lines = DoctorTable.text(report).split(separator: "\n")
        let head = try #require(lines.first { $0.hasPrefix("io_uring feature") })
        let column = try #require(head.firstRange(of: "granted")).lowerBound
        let offset = head.distance(from: head.startIndex, to: column)
        for feature in report.uring.features {
            let line = try #require(lines.first { $0.hasPrefix(feature.name) })
            let mark = line[line.index(line.startIndex, offsetBy: offset)]
            #expect(mark == (feature.isGranted ? "✓" : "✗"))
        }
    }

    @Test("it tells what icmp needs")
    func icmp() throws {
        var report = MachineReport.gather()
        report.limits.mayUseRaw = false
        report.limits.answersPing = true
        report.limits.answersPingV6 = false
        let text = DoctorTable.text(report)
        #expect(text.contains("no (icmp listeners need CAP_NET_RAW)\n"))
        let answers = "yes (net.ipv4.icmp_echo_ignore_all 0), no (net.ipv6.icmp.echo_ignore_all 1)"
        #expect(text.contains(answers))
        report.limits.answersPing = nil
        report.limits.answersPingV6 = nil
        #expect(DoctorTable.text(report).contains("kernel answers pings  unknown"))
    }

    @Test("it tells when few sessions fit")
    func descriptors() {
        var report = MachineReport.gather()
        report.limits.sessions = 1
        report.limits.sessionsRemedy = "raise it"
        #expect(
            DoctorTable.text(report).contains("sessions that fit     1, which is few: raise it\n"))
        report.limits.sessionsRemedy = nil
        #expect(DoctorTable.text(report).contains("sessions that fit     1\n"))
    }

    @Test("a refusal is named with its hints")
    func refusal() {
        var report = MachineReport.gather()
        report.uring.isGranted = false
        report.uring.refusal = .init(
            reason: "the kernel refuses it: EPERM", errno: "EPERM", hints: ["look there"])
        let text = DoctorTable.text(report)
        #expect(text.contains("refused: the kernel refuses it: EPERM"))
        #expect(text.contains("hint: look there"))
    }
}

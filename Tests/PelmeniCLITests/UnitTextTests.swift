import Testing

@testable import PelmeniCLI

@Suite("Durations and sizes")
struct UnitTextTests {
    @Test(
        "durations take ms, s, m and h",
        arguments: [
            ("0s", Duration.zero, "0ms"), ("1ms", .milliseconds(1), "1ms"),
            ("1500ms", .milliseconds(1_500), "1500ms"), ("30s", .seconds(30), "30s"),
            ("60s", .seconds(60), "1m"), ("90m", .seconds(5_400), "90m"),
            ("8760h", .seconds(31_536_000), "8760h"),
        ])
    func durations(text: String, duration: Duration, written: String) throws {
        #expect(try DurationText.parse(text) == duration)
        #expect(DurationText.format(duration) == written)
        #expect(try DurationText.parse(written) == duration)
    }

    @Test("no duration is none")
    func none() { #expect(DurationText.format(Duration?.none) == "none") }

    @Test(
        "sizes take k, m and g",
        arguments: [
            ("0", 0, "0"), ("4097", 4097, "4097"), ("64k", 65_536, "64k"),
            ("1024k", 1 << 20, "1m"), ("256m", 256 << 20, "256m"), ("3g", 3 << 30, "3g"),
        ])
    func sizes(text: String, bytes: Int, written: String) throws {
        #expect(try SizeText.parse(text) == bytes)
        #expect(SizeText.format(bytes) == written)
    }

    @Test(
        "bad sizes are named",
        arguments: ["", "k", "-1k", "1.5k", "1kb", "1K", "9223372036854775807g"])
    func badSizes(text: String) {
        expectRefusal(naming: ["\"\(text)\""]) { _ = try SizeText.parse(text) }
    }
}

import PelmeniCore
import Testing

@testable import Pelmeni

/// The public features of io_uring are those that `doctor` lists.
@Suite struct FeatureTests {
    @Test func eachIsOneOfTheTable() {
        let table = IOUringFeatures.descriptions
        #expect(IOUringFeature.allCases.map(\.rawValue) == table.map(\.name))
        #expect(IOUringFeature.allCases.map(\.bit) == table.map(\.feature))
    }

    @Test func aSetIsAMask() {
        #expect(Set<IOUringFeature>().mask == [])
        #expect(Set([IOUringFeature.pollFirst, .submitAll]).mask == [.pollFirst, .submitAll])
        #expect(Set<IOUringFeature>.newerThanLinux61 == [.receiveBounds, .noIOWait])
        #expect(Set<IOUringFeature>.newerThanLinux61.mask == IOUringFeatures.newerThan61)
    }
}

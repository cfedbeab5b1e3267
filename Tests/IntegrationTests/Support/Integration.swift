import TestSupport
import Testing

/// All tests that run the binary, one after another: they load the machine, and some of them
/// measure.
@Suite(.ownThread, .serialized) struct Integration {}

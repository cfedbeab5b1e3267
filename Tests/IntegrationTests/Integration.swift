import TestSupport
import Testing

/// Everything that runs the binary, one test after another: they load the machine, and some of them
/// measure.
@Suite(.ownThread, .serialized) struct Integration {}

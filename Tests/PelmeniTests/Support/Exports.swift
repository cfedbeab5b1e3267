// Every test of this target runs an engine on a variant.
@_exported import EngineTestSupport

/// Not the core's type of this name.
typealias Relay = EngineTestSupport.Relay

// Public, as the type that gains the conformance is.
public import ArgumentParser
public import Pelmeni

extension BackendChoice: ExpressibleByArgument {}

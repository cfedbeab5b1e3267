// Public, as BackendChoice is.
public import ArgumentParser
public import Pelmeni

extension BackendChoice: ExpressibleByArgument {}

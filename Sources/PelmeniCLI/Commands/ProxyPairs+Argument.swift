import ArgumentParser
import PelmeniBench

extension ProxyPairs: ExpressibleByArgument {}

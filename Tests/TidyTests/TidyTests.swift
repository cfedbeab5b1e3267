import Testing

/// The style of the repository, as tests: each failure lists every offender.
@Suite struct TidyTests {
    private func expectNone(_ offences: [Offence], _ location: SourceLocation = #_sourceLocation) {
        let list = offences.map(\.description).joined(separator: "\n")
        #expect(offences.isEmpty, "\n\(list)", sourceLocation: location)
    }

    private func expectNone(
        _ check: (SourceText) -> [Offence], _ location: SourceLocation = #_sourceLocation
    ) {
        expectNone(Repository.current.flatMap(check), location)
    }

    @Test func theRepositoryIsFound() {
        #expect(Repository.current.contains { $0.path == "Package.swift" })
        #expect(Repository.current.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(!Repository.current.contains { $0.path.hasPrefix(".git/") })
    }

    @Test func filesAreShort() { expectNone(TextChecks.fileLength) }

    @Test func functionsFitOnAScreen() { expectNone(FunctionChecks.functionLength) }

    @Test func kernelNamesStayInTheShimAndItsRings() { expectNone(TextChecks.kernelNames) }

    @Test func onlyTheCommandPrints() { expectNone(TextChecks.printing) }

    @Test func whatIsLeftToDoHasAnIssue() { expectNone(TextChecks.openEnds) }

    @Test func linesEndWithoutWhiteSpace() { expectNone(TextChecks.whitespace) }

    @Test func theLibraryTakesNoFoundation() { expectNone(TextChecks.foundation) }

    @Test func theLibraryNamesNoCommandOption() { expectNone(TextChecks.commandOptions) }

    @Test func pagesHaveOneTitle() { expectNone(TextChecks.pageTitle) }

    @Test func noPathOfOneMachine() { expectNone(TextChecks.machinePath) }

    @Test func flagsAreBitsOfTheirOwn() { expectNone(FlagChecks.distinctBits) }

    @Test func programsGetNoDescriptors() { expectNone(DescriptorChecks.childDescriptors) }

    @Test func descriptorsAreMarkedFromTheStart() { expectNone(DescriptorChecks.creation) }

    @Test func linesFit() { expectNone(LineChecks.lineLength) }

    @Test func theFrontPageIsShort() { expectNone(LineChecks.frontPage) }

    @Test func predicatesChangeNothing() { expectNone(NameChecks.predicates) }

    @Test func aNameIsOneType() { expectNone(NameChecks.uniqueTypes(Repository.current)) }

    @Test func everyPageIsInTheIndex() { expectNone(PageChecks.indexed(Repository.current)) }

    @Test func linksLeadSomewhere() { expectNone(PageChecks.deadLinks(Repository.current)) }

    @Test func guidesQuotePrograms() { expectNone(PageChecks.quotedCode(Repository.current)) }

    @Test func theGuideNamesTheMetrics() { expectNone(PageChecks.metricNames(Repository.current)) }

    @Test func typesHoldLittle() { expectNone { StateChecks.storedProperties($0) } }

    @Test func theStateMachineAsserts() { expectNone(StateChecks.assertions(Repository.current)) }

    @Test func filesAreNamedForWhatTheyHold() { expectNone(StructureChecks.fileName) }

    @Test func lowerFoldersNameNoHigherType() {
        expectNone(StructureChecks.folderOrder(Repository.current))
    }

    @Test func foldersAreKnown() { expectNone(StructureChecks.strayFolder) }

    @Test func thinLayersStandOnTheFace() { expectNone(StructureChecks.thinImport) }

    @Test func theProductHoldsNoSimulation() { expectNone(StructureChecks.simulationImport) }
}

public import HTTPTypes
public import PelmeniHTTP

extension PelmeniHTTP.HTTPResponse {
    /// A response of swift-http-types.
    ///
    /// - Parameters:
    ///   - response: of a status of 200 and above.
    ///   - body: may be empty.
    /// - Throws: for a field that the engine sets, as Content-Length.
    public init(
        _ response: HTTPTypes.HTTPResponse, body: HTTPBody = HTTPBody()
    ) throws(HTTPFieldError) {
        var fields = PelmeniHTTP.HTTPFields()
        try fields.add(response.headerFields)
        self.init(
            response.status.code, reason: response.status.reasonPhrase, fields: fields,
            body: body)
    }

    /// The head as a response of swift-http-types.
    public var httpTypes: HTTPTypes.HTTPResponse {
        HTTPTypes.HTTPResponse(
            status: .init(code: status, reasonPhrase: reason),
            headerFields: fields.httpTypes(without: nil))
    }
}

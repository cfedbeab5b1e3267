public import HTTPTypes
public import PelmeniHTTP

// Both libraries have types of these names: a file that imports both writes the module's in front.
extension PelmeniHTTP.HTTPRequest {
    /// A request of swift-http-types, of HTTP/1.1: its authority becomes the Host.
    ///
    /// - Parameters:
    ///   - request: its scheme has no place in HTTP/1.1.
    ///   - body: may be empty.
    /// - Throws: for a field that the engine sets, as Content-Length.
    public init(
        _ request: HTTPTypes.HTTPRequest, body: HTTPBody = HTTPBody()
    ) throws(HTTPFieldError) {
        var fields = PelmeniHTTP.HTTPFields()
        if let authority = request.authority { try fields.add("Host", authority) }
        try fields.add(request.headerFields)
        self.init(
            HTTPMethod(rawValue: request.method.rawValue), request.path ?? "/", fields: fields,
            body: body)
    }

    /// The head as a request of swift-http-types, whose scheme is `http` and whose authority is the
    /// Host. Nil where the method or a name is none there.
    public var httpTypes: HTTPTypes.HTTPRequest? {
        guard let method = HTTPTypes.HTTPRequest.Method(method.rawValue) else { return nil }
        let authority = fields["Host"]
        return HTTPTypes.HTTPRequest(
            method: method, scheme: "http", authority: authority, path: target,
            headerFields: fields.httpTypes(without: authority == nil ? nil : "host"))
    }
}

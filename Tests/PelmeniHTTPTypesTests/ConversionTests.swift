import HTTPTypes
import PelmeniHTTP
import PelmeniHTTPTypes
import Testing

/// Heads go to swift-http-types and back without a change of names, order or values.
@Suite struct ConversionTests {
    @Test func requests() throws {
        var fields = PelmeniHTTP.HTTPFields()
        for (name, value) in [("Host", "a:80"), ("X-One", "1"), ("x-two", ""), ("X-One", "2")] {
            try fields.add(name, value)
        }
        let request = PelmeniHTTP.HTTPRequest(.patch, "/a?b=[c]", fields: fields, body: "text")
        let there = try #require(request.httpTypes)
        #expect(there.method == .patch)
        #expect(there.authority == "a:80")
        #expect(there.path == "/a?b=[c]")
        #expect(there.headerFields.map(\.name.rawName) == ["X-One", "x-two", "X-One"])
        let back = try PelmeniHTTP.HTTPRequest(there, body: request.body)
        #expect(back.method == request.method)
        #expect(back.target == request.target)
        #expect(back.body == request.body)
        #expect(back.fields.map(\.name) == request.fields.map(\.name))
        #expect(back.fields.map(\.value) == request.fields.map(\.value))
    }

    @Test func responses() throws {
        var response = PelmeniHTTP.HTTPResponse(299, reason: "Odd", body: "text")
        try response.fields.add("Set-Cookie", "a=1")
        try response.fields.add("Set-Cookie", "b=2")
        let there = response.httpTypes
        #expect(there.status.code == 299)
        #expect(there.status.reasonPhrase == "Odd")
        let back = try PelmeniHTTP.HTTPResponse(there, body: response.body)
        #expect(back.status == 299)
        #expect(back.reason == "Odd")
        #expect(back.fields.values(of: "set-cookie") == ["a=1", "b=2"])
    }

    /// Lengths are the engine's.
    @Test func framing() {
        var response = HTTPTypes.HTTPResponse(status: .ok)
        response.headerFields[.contentLength] = "5"
        #expect(throws: HTTPFieldError.self) {
            try PelmeniHTTP.HTTPResponse(response)
        }
    }
}

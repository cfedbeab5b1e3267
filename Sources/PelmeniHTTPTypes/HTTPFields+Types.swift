public import HTTPTypes
public import PelmeniHTTP

extension PelmeniHTTP.HTTPFields {
    /// Adds fields of swift-http-types, in order.
    ///
    /// - Throws: for a field that the engine sets, as Content-Length.
    public mutating func add(_ fields: HTTPTypes.HTTPFields) throws(HTTPFieldError) {
        for field in fields { try add(field.name.rawName, field.value) }
    }

    /// The fields for swift-http-types, in order.
    ///
    /// - Parameter without: a name in small letters that is left out.
    func httpTypes(without: String?) -> HTTPTypes.HTTPFields {
        var fields = HTTPTypes.HTTPFields()
        for field in self {
            guard let name = HTTPTypes.HTTPField.Name(field.name), name.canonicalName != without
            else { continue }
            fields.append(HTTPTypes.HTTPField(name: name, value: field.value))
        }
        return fields
    }
}

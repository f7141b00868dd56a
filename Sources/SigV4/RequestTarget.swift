import OpenSSL

/// A request target, split once into path and query parameters; offsets into the bytes as received.
struct RequestTarget: Sendable {
    /// One query parameter, still encoded.
    struct Parameter: Sendable {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// The target's bytes as received.
    let bytes: [UInt8]
    /// The path, up to the first `?`.
    let path: Range<Int>
    /// The query parameters in the order received, without empty ones.
    let parameters: [Parameter]

    /// Splits a target in origin form: it starts with `/`.
    init(_ text: String) throws(SignatureError) {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "/") else { throw .malformedTarget }
        self.bytes = bytes
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else {
            path = 0..<bytes.count
            parameters = []
            return
        }
        path = 0..<mark
        var parameters: [Parameter] = []
        var start = mark + 1
        while start < bytes.count {
            var equals: Int?
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
                if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > start {
                let equals = equals ?? end
                parameters.append(Parameter(name: start..<equals, value: min(equals + 1, end)..<end))
            }
            start = end + 1
        }
        self.parameters = parameters
    }

    /// The decoded name of a parameter, nil if its encoding is broken.
    func name(of parameter: Parameter) -> String? {
        decode(parameter.name)
    }

    /// The decoded value of a parameter, nil if its encoding is broken.
    func value(of parameter: Parameter) -> String? {
        decode(parameter.value)
    }

    /// The encoded parameter, `name=value`, as received.
    func text(of parameter: Parameter) -> ArraySlice<UInt8> {
        bytes[parameter.name.lowerBound..<parameter.value.upperBound]
    }

    private func decode(_ range: Range<Int>) -> String? {
        guard let decoded = PercentEncoding.decode(bytes[range], plusIsSpace: true) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }
}

/// The percent-encoding of Signature Version 4: all but A-Z, a-z, 0-9, `-`, `.`, `_` and `~`, upper-case digits.
enum PercentEncoding {
    /// Decodes, or returns nil where `%` is not followed by two digits.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, let high = Hex.value(bytes[index + 1]),
                    let low = Hex.value(bytes[index + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                index += 1
            }
        }
        return decoded
    }

    /// Appends the encoded bytes; a slash stays if `keepingSlash`.
    static func append(_ bytes: some Sequence<UInt8>, keepingSlash: Bool, to buffer: inout [UInt8]) {
        for byte in bytes {
            if isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
                buffer.append(byte)
            } else {
                buffer.append(UInt8(ascii: "%"))
                buffer.append(upperDigit(byte >> 4))
                buffer.append(upperDigit(byte & 0x0f))
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
        default: false
        }
    }

    private static func upperDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x37 + (value & 0x0f)
    }
}

import HTTPTypes
import OpenSSL

/// How path and query of one target are written in a canonical request.
///
/// SDKs canonicalise the bytes that they send; AWS canonicalises what it makes of them. Both agree on what SDKs send,
/// so a verifier tries the first form and only then the others; all forms of one target mean the same request.
enum CanonicalForm: Sendable {
    /// The bytes as sent: the path as it is for S3, else without dot segments and empty ones, and encoded again.
    case asSent
    /// The bytes as sent, encoded again, dot segments kept (aws-sdk-go does not normalise); not for S3.
    case notNormalised
    /// As AWS writes it: query, and path for S3, decoded and encoded anew. Takes clients that leave `:`, `=`, ... bare.
    case asReceived
}

/// Writes canonical requests (AWS, "Create a signed AWS API request", step 1).
struct CanonicalRequest {
    /// The text so far; one buffer for all parts.
    private(set) var bytes: [UInt8] = []

    /// Writes all of a canonical request.
    ///
    /// `omitting` is the parameter of the query that is not part of it; `headers` are the canonical header lines and
    /// the list of signed names, which do not differ between forms.
    init(
        method: HTTPRequest.Method,
        target: RequestTarget,
        form: CanonicalForm,
        likeS3: Bool,
        omitting: RequestTarget.Parameter? = nil,
        headers: CanonicalHeaders,
        payload: some Sequence<UInt8>
    ) throws(SignatureError) {
        bytes.reserveCapacity(2 * target.bytes.count + headers.bytes.count + 160)
        bytes.append(contentsOf: method.rawValue.utf8)
        bytes.append(0x0a)
        try appendPath(of: target, form: form, likeS3: likeS3)
        bytes.append(0x0a)
        try appendQuery(of: target, recoding: form == .asReceived, omitting: omitting)
        bytes.append(0x0a)
        bytes.append(contentsOf: headers.bytes)
        bytes.append(0x0a)
        bytes.append(contentsOf: payload)
    }

    private mutating func appendPath(
        of target: RequestTarget,
        form: CanonicalForm,
        likeS3: Bool
    ) throws(SignatureError) {
        let path = target.bytes[target.path]
        if likeS3, form == .asReceived {
            // AWS reads an encoded slash in a key as a slash.
            guard let decoded = PercentEncoding.decode(path, plusIsSpace: false) else { throw .malformedTarget }
            PercentEncoding.append(decoded, keepingSlash: true, to: &bytes)
        } else if likeS3 {
            bytes.append(contentsOf: path)
        } else if form == .notNormalised {
            PercentEncoding.append(path, keepingSlash: true, to: &bytes)
        } else {
            appendNormalised(path)
        }
    }

    /// Appends the path without dot segments (RFC 3986 section 5.2.4) and empty ones, encoded once more.
    private mutating func appendNormalised(_ path: ArraySlice<UInt8>) {
        var segments: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: 0x2f) {
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        for segment in segments {
            bytes.append(0x2f)
            PercentEncoding.append(segment, keepingSlash: false, to: &bytes)
        }
        if segments.isEmpty || path.last == 0x2f { bytes.append(0x2f) }
    }

    private mutating func appendQuery(
        of target: RequestTarget,
        recoding: Bool,
        omitting: RequestTarget.Parameter?
    ) throws(SignatureError) {
        var parameters = target.parameters
        if let omitting { parameters.removeAll { $0.name == omitting.name } }
        guard !parameters.isEmpty else { return }
        var source = target.bytes
        if recoding {
            var recoded: [UInt8] = []
            recoded.reserveCapacity(source.count)
            var moved: [RequestTarget.Parameter] = []
            moved.reserveCapacity(parameters.count)
            for parameter in parameters {
                let start = recoded.count
                try CanonicalRequest.recode(source[parameter.name], to: &recoded)
                let middle = recoded.count
                try CanonicalRequest.recode(source[parameter.value], to: &recoded)
                moved.append(.init(name: start..<middle, value: middle..<recoded.count))
            }
            source = recoded
            parameters = moved
        }
        if parameters.count > 1 {
            parameters.sort { left, right in
                switch CanonicalRequest.compare(source[left.name], source[right.name]) {
                case 0: CanonicalRequest.compare(source[left.value], source[right.value]) < 0
                case let order: order < 0
                }
            }
        }
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "&")) }
            bytes.append(contentsOf: source[parameter.name])
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: source[parameter.value])
        }
    }

    private static func recode(_ text: ArraySlice<UInt8>, to buffer: inout [UInt8]) throws(SignatureError) {
        guard let decoded = PercentEncoding.decode(text, plusIsSpace: true) else { throw .malformedTarget }
        PercentEncoding.append(decoded, keepingSlash: false, to: &buffer)
    }

    /// Negative, zero or positive as `left` sorts before, with or after `right` by its bytes.
    private static func compare(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        for (one, other) in zip(left, right) where one != other {
            return one < other ? -1 : 1
        }
        return left.count - right.count
    }
}

/// The header part of a canonical request: `name:value` lines, an empty line, the list of names.
struct CanonicalHeaders {
    /// The lines and the list, ready to be copied.
    let bytes: [UInt8]
    /// Headers that are present and not signed, sorted.
    let unsigned: [String]

    /// Writes the headers named in `signed`, which is sorted.
    ///
    /// `joinedByProxy` takes ", " inside a value for the joint of what were two headers.
    init(of request: HTTPRequest, signed: [String], joinedByProxy: Bool = false) throws(SignatureError) {
        guard let host = request.authority else { throw .signedHeaderMissing("host") }
        let fields = request.headerFields
        var order: [(name: String, position: Int)] = []
        order.reserveCapacity(fields.count)
        for position in fields.indices {
            order.append((fields[position].name.canonicalName, position))
        }
        order.sort { left, right in
            left.name == right.name ? left.position < right.position : left.name < right.name
        }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        var unsigned: [String] = []
        var next = 0
        for name in signed {
            while next < order.count, order[next].name < name {
                unsigned.append(order[next].name)
                next += 1
            }
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: ":"))
            var found = false
            if name == "host" {
                CanonicalHeaders.append(host, joinedByProxy: false, to: &bytes)
                found = true
                // A field of that name too would be a second opinion; it has to be the same.
                while next < order.count, order[next].name == name {
                    guard fields[order[next].position].value == host else { throw .duplicateHeader(name) }
                    next += 1
                }
            }
            while next < order.count, order[next].name == name {
                if found { bytes.append(UInt8(ascii: ",")) }
                CanonicalHeaders.append(fields[order[next].position].value, joinedByProxy: joinedByProxy, to: &bytes)
                found = true
                next += 1
            }
            guard found else { throw .signedHeaderMissing(name) }
            bytes.append(0x0a)
        }
        while next < order.count {
            unsigned.append(order[next].name)
            next += 1
        }
        bytes.append(0x0a)
        for (index, name) in signed.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ";")) }
            bytes.append(contentsOf: name.utf8)
        }
        self.bytes = bytes
        self.unsigned = unsigned
    }

    /// Appends a value without white space at its ends, runs of it inside as one space.
    private static func append(_ value: String, joinedByProxy: Bool, to bytes: inout [UInt8]) {
        let start = bytes.count
        var gap = false
        for byte in value.utf8 {
            if byte == 0x20 || byte == 0x09 {
                gap = true
            } else {
                let isJoint = joinedByProxy && bytes.last == UInt8(ascii: ",")
                if gap, bytes.count > start, !isJoint { bytes.append(0x20) }
                gap = false
                bytes.append(byte)
            }
        }
    }
}

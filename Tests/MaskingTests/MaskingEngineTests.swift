import Compression
import Masking
import Testing

@Suite("Masking engine")
struct MaskingEngineTests {
    static func engine(_ change: (inout MaskingProfile) -> Void) throws -> MaskingEngine {
        var profile = MaskingProfile()
        change(&profile)
        return try MaskingEngine(profile: profile)
    }

    static func gzip(_ text: String) throws -> [UInt8] {
        var deflater = try Deflater()
        var output: [UInt8] = []
        let bytes = Array(text.utf8)
        try deflater.write(bytes.span, to: &output)
        try deflater.finish(to: &output)
        return output
    }

    @Test("Masks a text, a header and a document at once")
    func oneShot() throws {
        let engine = try #require(defaultEngine)
        #expect(
            withoutFingerprints(
                try engine.mask(text: "login failed: password=Tr0ub4dor99 for app", fingerprintKey: testKey)
            )
                == "login failed: password=[masked:secret:#] for app"
        )
        #expect(
            try engine.mask(text: "AccessDenied: no permission", fingerprintKey: testKey)
                == "AccessDenied: no permission"
        )
        // Lambda's log tail is base64 of text.
        let tail = try engine.maskHeader(
            name: "X-Amz-Log-Result",
            value: "cGFzc3dvcmQ9VHIwdWI0ZG9yOTkgZW5kCg==",
            fingerprintKey: testKey
        )
        #expect(tail.hasPrefix("cGFzc3dvcmQ9W21hc2tlZDpzZWNyZXQ6"))
        let document = try engine.maskJSON(Array(#"{"password":"x1y2z3"}"#.utf8), fingerprintKey: testKey)
        #expect(withoutFingerprints(String(decoding: document, as: UTF8.self)) == #"{"password":"[masked:secret:#]"}"#)
        #expect(throws: MaskingError.malformed(format: "json", offset: 0)) {
            try engine.maskJSON(Array("x".utf8), fingerprintKey: testKey)
        }
    }

    @Test("Tells equal secrets from others within a session, and nothing across sessions")
    func fingerprints() throws {
        let engine = try #require(defaultEngine)
        let text = "password=Tr0ub4dor99 password=Tr0ub4dor99 password=0therOne77"
        let parts = try engine.mask(text: text, fingerprintKey: testKey).split(separator: " ")
        #expect(parts[0] == parts[1])
        #expect(parts[0] != parts[2])
        let other = try engine.mask(text: text, fingerprintKey: [9]).split(separator: " ")
        #expect(parts[0] != other[0])
    }

    @Test("Unpacks a compressed answer, masks it and counts what it found")
    func compressed() throws {
        let packed = try Self.gzip(#"{"SecretString":"Tr0ub4dor99"}"#)
        let result = try masked(packed, "secretsmanager.GetSecretValue", contentEncoding: "gzip", step: 3)
        #expect(
            withoutFingerprints(String(decoding: result.body, as: UTF8.self))
                == #"{"SecretString":"[masked:secret:#]"}"#
        )
        #expect(result.findings == ["secret": 1])
        #expect(throws: MaskingError.compression) {
            try masked(Array(packed.dropLast()), "x.Y", contentEncoding: "gzip")
        }
    }

    @Test("Denies an encoding that it cannot undo, or passes it counted")
    func unknownEncoding() throws {
        #expect(throws: MaskingError.unreadable(reason: "br")) {
            try masked([1, 2], "x.Y", contentType: nil, contentEncoding: "br")
        }
        let engine = try Self.engine { $0.unreadable = .pass }
        let result = try masked([1, 2], "x.Y", contentType: nil, contentEncoding: "br", engine: engine)
        #expect(result.body == [1, 2])
        #expect(result.findings == ["unreadable": 1])
    }

    @Test("Adds and excepts members of a profile")
    func members() throws {
        let engine = try Self.engine {
            $0.members = [
                .init(operation: "dynamodb.GetItem", path: "Item/note/S", isMasked: true),
                .init(
                    operation: "lambda.GetFunctionConfiguration",
                    path: "Environment/Variables/LOG_LEVEL",
                    isMasked: false
                ),
                .init(operation: "lambda.*", path: "Description", isMasked: true),
                .init(operation: "sqs.ReceiveMessage", path: "Messages/Attributes", isMasked: true),
            ]
        }
        let item = try masked(
            Array(#"{"Item":{"note":{"S":"hi"},"b":{"S":"hi"}}}"#.utf8),
            "dynamodb.GetItem",
            engine: engine
        )
        #expect(
            withoutFingerprints(String(decoding: item.body, as: UTF8.self))
                == #"{"Item":{"note":{"S":"[masked:secret:#]"},"b":{"S":"hi"}}}"#
        )
        let message = try masked(
            Array(#"{"Messages":[{"Attributes":{"a":"x","b":{"c":["y"]}},"z":"kept"}]}"#.utf8),
            "sqs.ReceiveMessage",
            engine: engine
        )
        #expect(
            withoutFingerprints(String(decoding: message.body, as: UTF8.self))
                == #"{"Messages":[{"Attributes":{"a":"[masked:secret:#]","b":{"c":["[masked:secret:#]"]}},"z":"kept"}]}"#
        )
        let body = #"{"Description":"d","Environment":{"Variables":{"LOG_LEVEL":"info","X":"info"}}}"#
        let function = try masked(Array(body.utf8), "lambda.GetFunctionConfiguration", engine: engine)
        #expect(
            withoutFingerprints(String(decoding: function.body, as: UTF8.self))
                == #"{"Description":"[masked:secret:#]","Environment":{"Variables":{"LOG_LEVEL":"info","X":"[masked:environment:#]"}}}"#
        )
    }

    @Test("Refuses a member rule without operation or path")
    func invalidMember() {
        #expect(throws: MaskingError.invalidProfile(reason: "member lambda a")) {
            try Self.engine { $0.members = [.init(operation: "lambda", path: "a", isMasked: true)] }
        }
    }

    @Test("Looks for nothing when all is switched off")
    func off() throws {
        let engine = try Self.engine {
            $0.masksCredentials = false
            $0.masksByModel = false
            $0.personalData = []
        }
        let body = Array(#"{"SecretString":"password=Tr0ub4dor99 4111111111111111"}"#.utf8)
        #expect(try masked(body, "secretsmanager.GetSecretValue", engine: engine).body == body)
    }

    @Test(
        "Names the header fields that no longer hold",
        arguments: [
            ("ETag", true), ("x-amz-checksum-crc64nvme", true), ("Content-MD5", true), ("x-amz-crc32", true),
            ("Content-Length", false), ("Content-Type", false), ("x-amz-request-id", false), ("Content-Range", false),
        ]
    )
    func invalidatedHeaders(_ name: String, isDropped: Bool) {
        #expect(MaskingEngine.isInvalidatedByMasking(header: name, preservesLength: true) == isDropped)
        let isLength = name == "Content-Length"
        #expect(MaskingEngine.isInvalidatedByMasking(header: name, preservesLength: false) == (isDropped || isLength))
    }

    @Test("Opens base64, hexadecimal, gzip in base64 and JSON in JSON, and encodes again")
    func nested() throws {
        let engine = try #require(defaultEngine)
        let text = "export DB_PASSWORD=Tr0ub4dor99 # end"
        let base64 = base64Text(Array(text.utf8))
        let hex = Array(text.utf8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let packed = base64Text(try Self.gzip(text))
        for value in [base64, hex, packed, base64Text(Array(base64.utf8))] {
            let document = Array(#"{"x":"\#(value)"}"#.utf8)
            let output = try engine.maskJSON(document, fingerprintKey: testKey)
            #expect(output != document, "\(value)")
        }
        let lines = base64Text(Array((String(repeating: "# comment line\n", count: 9) + text).utf8))
        let wrapped = stride(from: 0, to: lines.count, by: 76).map { String(lines.dropFirst($0).prefix(76)) }
            .joined(separator: "\n")
        let file = try masked("a\n\(wrapped)\nb\n", "s3.GetObject", contentType: nil, isOpaqueObject: true)
        #expect(file.count == wrapped.count + 5)
        #expect(file.contains("\n[masked:encoded-secret:"))
        #expect(!file.contains(lines.suffix(30).prefix(20)))
        #expect(
            try masked("blob \(base64) end", "s3.GetObject", contentType: nil, isOpaqueObject: true).count == base64
                .count + 9
        )
        #expect(
            try !masked("blob \(base64) end", "s3.GetObject", contentType: nil, isOpaqueObject: true).contains(
                base64.suffix(20)
            )
        )
    }
}

/// RFC 4648, padded.
func base64Text(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for position in 0..<4 { text.append(position <= group.count ? digits[value >> (18 - 6 * position) & 63] : "=") }
    }
    return text
}

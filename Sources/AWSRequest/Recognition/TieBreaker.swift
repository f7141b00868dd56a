/// Narrows operations that method, path, query and headers leave over, by what only one of them can be.
///
/// In order: a last slash in the path, the resource type of an ARN, the keys of a JSON body. Each sign counts only if
/// it leaves an operation. What remains after that is the same call under several names, or is judged as all of them.
struct TieBreaker {
    let head: RequestHead
    let body: [UInt8]?

    /// The operations that remain, the preferred one first; nil when the body is needed to tell.
    func narrow(_ operations: [Operation]) throws(RecognitionError) -> [Operation]? {
        guard operations.count > 1 else { return operations }
        var left = Self.filter(operations) {
            hasLastSlash == ($0.pathText[$0.pathText.count &- 1] == UInt8(ascii: "/"))
        }
        left = Self.byResource(left, texts: headTexts)
        guard left.count > 1, left.contains(where: Self.readsBody) else { return left }
        guard let body else { return nil }
        guard !body.isEmpty, head.mediaType.hasSuffix("json") || head.mediaType.hasPrefix("application/x-amz-json")
        else {
            return Self.filter(left) { Self.hasAll($0, []) }
        }
        let fields = try Self.fields(body)
        left = Self.byResource(left, texts: fields.compactMap(\.value.text))
        return Self.filter(left) { operation in
            Self.hasAll(operation, fields)
                && fields.allSatisfy { operation.input?.member(onWire: $0.name) != nil }
        }
    }

    private static func filter(_ operations: [Operation], _ fits: (Operation) -> Bool) -> [Operation] {
        let fitting = operations.filter(fits)
        return fitting.isEmpty ? operations : fitting
    }

    private static func readsBody(_ operation: Operation) -> Bool {
        operation.input?.members.contains { $0.location == .body } == true
    }

    private static func fields(_ body: [UInt8]) throws(RecognitionError) -> [Value.Field] {
        do { return try JSONReader.read(body).fields } catch { throw .malformedBody("it is not strict JSON") }
    }

    /// Whether every required member of the body is there.
    private static func hasAll(_ operation: Operation, _ fields: [Value.Field]) -> Bool {
        guard let input = operation.input, input.payload == nil else { return true }
        return input.members.allSatisfy { member in
            !member.isRequired || member.location != .body || fields.contains { member.wireText == $0.name }
        }
    }

    private var hasLastSlash: Bool {
        head.target.path.count > 1 && head.target.bytes[head.target.path.upperBound &- 1] == UInt8(ascii: "/")
    }

    /// Decoded path segments and query values: where an ARN may be.
    private var headTexts: [String] {
        let target = head.target
        let path = target.segments.first { target.decodedText($0).hasPrefix("arn:") }.map {
            target.decodedText($0.lowerBound..<target.path.upperBound)
        }
        return target.query.map { target.decodedText($0.value) } + (path.map { [$0] } ?? [])
    }

    private static func byResource(_ operations: [Operation], texts: [String]) -> [Operation] {
        for text in texts {
            let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "arn" else { continue }
            guard let rules = ResourceOwners.rules[String(parts[2])] else { continue }
            guard let owner = rules.first(where: { parts[5].hasPrefix($0.prefix) && $0.fits(parts[5]) }) else {
                continue
            }
            return filter(operations) { owner.services.contains($0.service.id) }
        }
        return operations
    }
}

/// Which of the services of one signing name has resources of a type; the first rule that fits counts.
private enum ResourceOwners {
    struct Rule {
        let prefix: String
        var infix = ""
        let services: [String]

        func fits(_ resource: Substring) -> Bool { infix.isEmpty || resource.contains(infix) }
    }

    static let rules: [String: [Rule]] = [
        "bedrock": [
            Rule(prefix: "data-automation", services: ["bedrock-data-automation"]),
            Rule(prefix: "blueprint", services: ["bedrock-data-automation"]),
            Rule(prefix: "session/", services: ["bedrock-agent-runtime"]),
            Rule(prefix: "", services: ["bedrock", "bedrock-agent"]),
        ],
        "chime": [
            Rule(prefix: "app-instance/", infix: "/channel", services: ["chime-sdk-messaging"]),
            Rule(prefix: "app-instance/", services: ["chime-sdk-identity"]),
            Rule(prefix: "meeting/", services: ["chime-sdk-meetings"]),
            Rule(prefix: "media-", services: ["chime-sdk-media-pipelines"]),
            Rule(prefix: "", services: ["chime-sdk-voice"]),
        ],
        "ivs": [
            Rule(prefix: "stage/", services: ["ivs-realtime"]),
            Rule(prefix: "composition/", services: ["ivs-realtime"]),
            Rule(prefix: "encoder-configuration/", services: ["ivs-realtime"]),
            Rule(prefix: "ingest-configuration/", services: ["ivs-realtime"]),
            Rule(prefix: "public-key/", services: ["ivs-realtime"]),
            Rule(prefix: "storage-configuration/", services: ["ivs-realtime"]),
            Rule(prefix: "", services: ["ivs"]),
        ],
        "lambda": [
            Rule(prefix: "microvm-image:", services: ["lambda-microvms"]),
            Rule(prefix: "network-connector:", services: ["lambda-core"]),
            Rule(prefix: "web-function/", services: ["lambda-web"]),
            Rule(prefix: "", services: ["lambda"]),
        ],
        "lex": [
            Rule(prefix: "bot:", services: ["lex-models"]),
            Rule(prefix: "bot-channel:", services: ["lex-models"]),
            Rule(prefix: "intent:", services: ["lex-models"]),
            Rule(prefix: "slottype:", services: ["lex-models"]),
            Rule(prefix: "", services: ["lexv2-models"]),
        ],
        "timestream": [
            Rule(prefix: "scheduled-query/", services: ["timestream-query"]),
            Rule(prefix: "database/", services: ["timestream-write"]),
        ],
    ]
}

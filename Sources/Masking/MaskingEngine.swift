internal import PatternMatch
internal import Locking

/// Finds and replaces secrets in answers, by service model and by content.
///
/// Made once at start for each profile: compiles the detectors and tests them. Safe to use from all threads.
public final class MaskingEngine: Sendable {
    /// What the engine looks for.
    public let profile: MaskingProfile
    private let detectors: DetectorSet
    private let rules: RuleTable
    /// Working memory of sessions that ended, for those to come.
    private let idle = Lock<[[PatternScratch]]>([])

    /// How many sets of working memory are kept.
    private static let maximumIdle = 64

    /// Compiles the detectors of `profile` and runs the self-test.
    public init(profile: MaskingProfile) throws(MaskingError) {
        self.profile = profile
        guard ModelRules.isUsable else { throw .rulesDamaged }
        detectors = try DetectorSet(profile: profile)
        rules = try RuleTable(profile)
        try SelfTest.run(self)
        try OwnDetectors.test(self)
    }

    /// A masker for one answer.
    public func responseMasker(_ context: MaskingContext) throws(MaskingError) -> ResponseMasker {
        try ResponseMasker(engine: self, context: context)
    }

    /// Masks a text of any origin: an error message, a parameter for the audit, a line of a log.
    public func mask(text: String, fingerprintKey: [UInt8]) throws(MaskingError) -> String {
        String(decoding: try mask(bytes: Array(text.utf8), fingerprintKey: fingerprintKey), as: UTF8.self)
    }

    /// Masks credentials in the name of a resource, which people must still be able to recognise.
    public func mask(resource: String, fingerprintKey: [UInt8]) throws(MaskingError) -> String {
        let session = session(fingerprintKey: fingerprintKey)
        defer { end(session) }
        let bytes = Array(resource.utf8)
        var edits = try session.editsInside(bytes.span, depth: 0, keepsLength: false)
        edits.removeAll { MaskingProfile.PersonalData(rawValue: $0.type) != nil }
        guard !edits.isEmpty else { return resource }
        var output: [UInt8] = []
        session.write(bytes.span, edits: edits, to: &output, keepsLength: false)
        return String(decoding: output, as: UTF8.self)
    }

    /// Masks the bytes of a text, which may be JSON.
    public func mask(bytes: [UInt8], fingerprintKey: [UInt8]) throws(MaskingError) -> [UInt8] {
        let session = session(fingerprintKey: fingerprintKey)
        defer { end(session) }
        return try session.maskedInside(bytes, depth: 0, keepsLength: false) ?? bytes
    }

    /// How often each type of secret is in `bytes`, which may be JSON: for requests that may send one away.
    public func findings(in bytes: [UInt8]) throws(MaskingError) -> [String: Int] {
        let session = session(fingerprintKey: [])
        defer { end(session) }
        _ = try session.maskedInside(bytes, depth: 0, keepsLength: false)
        return session.findings
    }

    /// How often each type of secret is in a user's object, packed or not.
    ///
    /// - Throws: `unreadable` where the profile denies what cannot be inspected; otherwise that is counted.
    public func findings(inObject bytes: [UInt8]) throws(MaskingError) -> [String: Int] {
        let masker = try responseMasker(
            MaskingContext(operation: "", contentType: nil, fingerprintKey: [], isOpaqueObject: true)
        )
        var output: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + 65_536)
            try masker.write(bytes.span.extracting(position..<end), to: &output)
            output.removeAll(keepingCapacity: true)
            position = end
        }
        try masker.finish(to: &output)
        return masker.findings
    }

    /// Whether a member's name says that the value beside it has a name of its own, or is that value.
    public static func isPairMember(_ name: String) -> Bool {
        KeyName.isPairName(name.utf8.span) || KeyName.isPairValue(name.utf8.span)
    }

    /// Masks a JSON document by the names and the content of its values.
    ///
    /// - Throws: `malformed` if it is no JSON.
    public func maskJSON(_ document: [UInt8], fingerprintKey: [UInt8]) throws(MaskingError) -> [UInt8] {
        let session = session(fingerprintKey: fingerprintKey)
        defer { end(session) }
        var masker = JSONMasker(root: .none)
        var output: [UInt8] = []
        try masker.write(document.span, to: &output, session: session)
        try masker.finish(to: &output, session: session)
        return output
    }

    /// Masks the value of a header field of an answer.
    ///
    /// - Parameter operation: `service.Operation`, for fields that the model knows as secret.
    public func maskHeader(
        name: String,
        value: String,
        operation: String = "",
        fingerprintKey: [UInt8]
    ) throws(MaskingError) -> String {
        let lowered = name.lowercased()
        guard !HeaderNames.isMadeByAWS(lowered) else { return value }
        let session = session(fingerprintKey: fingerprintKey)
        defer { end(session) }
        let node = ModelRules.child(rules.operation(operation).headers, lowered.utf8.span)
        let leaf = Leaf(
            memberClass: ModelRules.memberClass(node),
            strength: HeaderNames.strength(of: lowered),
            depth: 0,
            keepsLength: false,
            contexts: detectors.own?.contexts(of: lowered.utf8.span) ?? 0
        )
        let bytes = Array(value.utf8)
        let edits = try session.edits(for: leaf, bytes.span, hits: nil, base: 0)
        guard !edits.isEmpty else { return value }
        var output: [UInt8] = []
        session.write(bytes.span, edits: edits, to: &output, keepsLength: false)
        return String(decoding: output, as: UTF8.self)
    }

    /// Lower-case names of header fields that no longer hold once a body was changed.
    ///
    /// - Parameters:
    ///   - name: the field's name in any case.
    ///   - preservesLength: what `ResponseMasker.preservesLength` said.
    public static func isInvalidatedByMasking(header name: String, preservesLength: Bool) -> Bool {
        HeaderNames.isInvalidated(name.lowercased(), preservesLength: preservesLength)
    }

    /// A session with its own key and counts.
    func session(fingerprintKey: [UInt8]) -> MaskingSession {
        MaskingSession(
            detectors: detectors,
            profile: profile,
            rules: rules,
            fingerprintKey: fingerprintKey,
            scratches: idle.withLock { $0.popLast() } ?? []
        )
    }

    /// Takes the working memory of a session back.
    func end(_ session: MaskingSession) {
        let scratches = session.surrenderScratches()
        guard !scratches.isEmpty else { return }
        idle.withLock { if $0.count < Self.maximumIdle { $0.append(scratches) } }
    }

    /// The rules of an operation under this profile.
    func rules(for operation: String) -> OperationRules {
        rules.operation(operation)
    }
}

/// What is known about names of header fields.
enum HeaderNames {
    static func strength(of name: String) -> KeyName.Strength {
        switch name {
        case "set-cookie", "authorization", "www-authenticate", "x-amz-security-token", "x-amzn-remapped-authorization":
            .weak
        default: name.hasPrefix("x-amz-meta-") ? KeyName.strength(of: name.utf8.span) : .none
        }
    }

    /// Fields in which AWS's front ends write nothing that a user gave them.
    static func isMadeByAWS(_ name: String) -> Bool { madeByAWS.contains(name) }

    private static let madeByAWS: Set<String> = [
        "content-type", "content-length", "date", "server", "connection", "x-amzn-requestid", "x-amz-request-id",
        "x-amz-id-2", "x-amzn-trace-id", "x-amz-crc32", "etag", "last-modified", "accept-ranges", "content-range",
        "transfer-encoding", "x-amz-server-side-encryption", "x-amz-version-id", "x-amz-apigw-id", "x-amzn-errortype",
        "x-amz-bucket-region", "x-amz-storage-class", "keep-alive",
    ]

    static func isInvalidated(_ name: String, preservesLength: Bool) -> Bool {
        switch name {
        case "content-length": !preservesLength
        case "content-encoding", "transfer-encoding": !preservesLength
        case "content-md5", "etag", "x-amz-crc32", "digest", "repr-digest", "content-digest",
            "x-amz-content-sha256", "x-amz-checksum-type", "x-amz-sha256-tree-hash", "x-amz-trailer":
            true
        default: name.hasPrefix("x-amz-checksum-")
        }
    }
}

internal import OpenSSL
internal import PatternMatch

/// What one pass over one text gathers.
struct TextScan {
    /// Replacements so far, in no order.
    var edits: [Edit] = []
    /// Where something begins that the end of the text cuts off.
    var unfinished = Int.max
    /// Whether the text ends here; otherwise more may follow.
    var isFinal = true
    /// Whether replacements must be as long as what they replace.
    var keepsLength = false
    /// How many encodings are open around this text.
    var depth = 0
    /// Names before this offset were looked at.
    var nameEnd = 0
    /// Addresses before this offset were looked at.
    var addressEnd = 0
    /// Whether the profile's own detectors have been through the text.
    var hasSoughtOwn = false
    /// Which of the profile's own detectors a name around the text speaks for.
    var contexts: UInt64 = 0

    /// States that what begins at `start` may go on beyond the end of the text.
    mutating func cutOff(at start: Int) {
        if !isFinal { unfinished = min(unfinished, start) }
    }
}

/// The state of masking one answer: working memory, key and counts.
final class MaskingSession {
    let detectors: DetectorSet
    let profile: MaskingProfile
    let rules: RuleTable
    let fingerprintKey: [UInt8]
    private var scratches: [PatternScratch]
    private var ownScratches: [PatternScratch] = []
    private(set) var findings: [String: Int] = [:]

    init(
        detectors: DetectorSet,
        profile: MaskingProfile,
        rules: RuleTable,
        fingerprintKey: [UInt8],
        scratches: [PatternScratch]
    ) {
        self.detectors = detectors
        self.profile = profile
        self.rules = rules
        self.fingerprintKey = fingerprintKey
        self.scratches = scratches
    }

    /// Gives the working memory back for the next session.
    func surrenderScratches() -> [PatternScratch] {
        defer { scratches = [] }
        return scratches
    }

    /// The anchors in `text`.
    func anchors(in text: Span<UInt8>, depth: Int) throws(MaskingError) -> [PatternHit] {
        do {
            while scratches.count <= depth { scratches.append(try PatternScratch(for: detectors.database)) }
            let scratch = scratches[depth]
            try scratch.scan(text)
            guard detectors.own != nil else { return scratch.hits }
        } catch {
            throw .scanFailed
        }
        let own = try ownHits(in: text, depth: depth)
        return own.isEmpty ? scratches[depth].hits : (scratches[depth].hits + own).sorted { $0.end < $1.end }
    }

    /// Where the profile's own detectors match in `text`, by increasing end.
    func ownHits(in text: Span<UInt8>, depth: Int) throws(MaskingError) -> [PatternHit] {
        guard let own = detectors.own else { return [] }
        do {
            while ownScratches.count <= depth { ownScratches.append(try PatternScratch(for: own.database)) }
            try ownScratches[depth].scan(text)
            return ownScratches[depth].hits
        } catch {
            throw .scanFailed
        }
    }

    /// The keyed short hash of `secret`.
    func fingerprint(_ secret: Span<UInt8>) -> UInt32 {
        let key = fingerprintKey
        let digest = HMACSHA256.authenticate(key: key.span, message: secret)
        var value: UInt32 = 0
        for index in 0..<4 { value = value << 8 | UInt32(digest.octets[index]) }
        return value
    }

    /// Counts what was replaced.
    func count(_ type: String) { findings[type, default: 0] += 1 }

    /// Notes that `range` of `text` is a secret.
    func found(_ type: String, _ range: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        guard !range.isEmpty, !profile.exceptedTypes.contains(type) else { return }
        // A second pass over a masked text changes nothing.
        if isReplaced(range, in: text) { return }
        scan.edits.append(
            Edit(
                start: range.lowerBound,
                end: range.upperBound,
                type: type,
                fingerprint: fingerprint(text.extracting(range)),
                form: .text
            )
        )
    }

    /// Whether all of `range` is a replacement of an earlier pass, or in one.
    private func isReplaced(_ range: Range<Int>, in text: Span<UInt8>) -> Bool {
        let start = text.runStart(before: min(range.lowerBound + 1, text.count), limit: 80) {
            $0 != Byte.openBracket && $0 != Byte.closeBracket
        }
        guard let end = Edit.replacementEnd(in: text, at: start - 1) else { return false }
        return range.upperBound <= end
    }

    /// Finds every secret in one text.
    func scan(_ text: Span<UInt8>, _ scan: inout TextScan) throws(MaskingError) {
        guard text.count >= 4 else { return }
        let hits = try anchors(in: text, depth: scan.depth)
        try self.scan(text, hits: hits[...], base: 0, &scan)
    }

    /// Finds every secret in one text, whose anchors are known; `base` is where it begins for them.
    func scan(
        _ text: Span<UInt8>,
        hits: ArraySlice<PatternHit>,
        base: Int,
        _ scan: inout TextScan
    ) throws(MaskingError) {
        for hit in hits {
            let end = hit.end - base
            if hit.identifier >= OwnDetectors.mark {
                if !scan.hasSoughtOwn { try findOwn(in: text, &scan) }
                continue
            }
            guard let anchor = detectors.anchor(hit.identifier), end <= text.count, end >= anchor.bytes.count else {
                continue
            }
            let start = end - anchor.bytes.count
            switch anchor.action {
            case .token(let index): findToken(detectors.formats[index], start..<end, in: text, &scan)
            case .keyName: try findValue(ofNameAt: start..<end, in: text, &scan)
            case .privateKey: findPrivateKey(start..<end, in: text, &scan)
            case .escapedPrivateKey: findEscapedPrivateKey(at: start, in: text, &scan)
            case .puttyKey: findPuTTYKey(at: start, in: text, &scan)
            case .jsonWebToken: findJSONWebToken(at: start, in: text, &scan)
            case .urlAuthority: findURLPassword(after: end, in: text, &scan)
            case .accessKeyID: findNeighbours(of: start, in: text, &scan)
            case .sessionToken: findSessionToken(at: start, in: text, &scan)
            case .azureSecret: findAzureSecret(start..<end, in: text, &scan)
            case .openAIKey: findOpenAIKey(at: start, in: text, &scan)
            case .cryptHash: findCryptHash(at: start, in: text, &scan)
            case .signature: findSignature(start..<end, in: text, &scan)
            case .basicAuthorization: findBasicAuthorization(after: end, in: text, &scan)
            case .bearerAuthorization: findBearerToken(after: end, in: text, &scan)
            case .cookie: findCookies(after: end, in: text, &scan)
            case .identifiedBy: findSQLPassword(after: end, in: text, &scan)
            case .commandLineUser: findCommandLineUser(after: end, in: text, &scan)
            case .commandLineOption: findLoginPassword(after: end, in: text, &scan)
            case .passwordFile: findPasswordFileEntry(start..<end, in: text, &scan)
            case .userSlashPassword: findUserSlashPassword(after: end, in: text, &scan)
            case .passwordFor: findPasswordFor(after: end, in: text, &scan)
            case .escapedAuthority: findEscapedURLPassword(after: end, in: text, &scan)
            case .secretFollows: findFollowingSecret(after: end, in: text, &scan)
            case .commandLine: findArgument(start..<end, in: text, &scan)
            case .standardInput: findEchoedSecret(before: start, in: text, &scan)
            case .telegram: findTelegramToken(start..<end, in: text, &scan)
            case .jsonWebKey: findJSONWebKey(at: start, in: text, &scan)
            case .encoded: try openEncodedRun(start..<end, in: text, &scan)
            case .email: findEmail(at: start, in: text, &scan)
            case .identityWord: findIdentity(start..<end, in: text, &scan)
            }
        }
        if detectors.findsNumbers { findNumbers(in: text, &scan) }
        if scan.depth < profile.maximumNesting { try findEncodedRuns(in: text, &scan) }
    }
}

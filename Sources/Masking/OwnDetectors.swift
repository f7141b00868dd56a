internal import PatternMatch

/// The detectors that a profile adds, compiled.
struct OwnDetectors: Sendable {
    /// Identifiers of hits from here on are places in `detectors`.
    static let mark: UInt32 = 0x4000_0000
    /// Bytes around a match in which a word of its context may stand.
    private static let reach = 100
    private static let most = 64

    let database: PatternDatabase
    private let detectors: [MaskingProfile.Detector]
    /// Lower-case words of each detector's context.
    private let words: [[[UInt8]]]
    private let needsContext: Bool

    /// Compiles the detectors of `profile`; nil if it has none.
    init?(_ profile: MaskingProfile) throws(MaskingError) {
        detectors = profile.detectors + (profile.personalData.contains(.address) ? Self.addresses : [])
        guard !detectors.isEmpty else { return nil }
        guard profile.detectors.count <= Self.most else {
            throw .invalidProfile(reason: "more than \(Self.most) detectors")
        }
        for (index, detector) in profile.detectors.enumerated() {
            guard !detector.type.isEmpty,
                detector.type.utf8.allSatisfy({ $0.isLower || $0.isDigit || $0 == Byte.dash })
            else {
                throw .invalidDetector(index: index, reason: "its type needs lower-case letters, digits and dashes")
            }
            guard detector.context.allSatisfy({ !$0.isEmpty }) else {
                throw .invalidDetector(index: index, reason: "a word of its context is empty")
            }
        }
        words = detectors.map { $0.context.map { $0.utf8.map(\.lowercased) } }
        needsContext = words.contains { !$0.isEmpty }
        do {
            database = try PatternDatabase(
                regular: detectors.enumerated().map {
                    RegularPattern(identifier: Self.mark | UInt32($0.offset), expression: $0.element.pattern)
                }
            )
        } catch .invalidPattern(let index, let message) {
            throw .invalidDetector(index: index, reason: "its pattern: \(message)")
        } catch .unboundedPattern(let index) {
            let most = RegularPattern.maximumLength
            throw .invalidDetector(index: index, reason: "its pattern must match from 1 to \(most) bytes, {1,64} not +")
        } catch {
            throw .invalidProfile(reason: "detectors do not compile: \(error)")
        }
    }

    /// IPv4 and IPv6 (RFC 4291), without loopback and the addresses that nothing has.
    private static let addresses: [MaskingProfile.Detector] = [
        .init(
            type: "ip-address",
            pattern:
                #"\b(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\b"#
        ),
        .init(
            type: "ip-address",
            pattern:
                #"\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b|\b(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}\b"#
        ),
    ]

    /// The type that the hit of `identifier` is counted as.
    func type(_ identifier: UInt32) -> String { detectors[place(identifier)].type }

    /// A bit for each detector of whose context a word is in `name`.
    func contexts(of name: Span<UInt8>) -> UInt64 {
        guard needsContext else { return 0 }
        var bits: UInt64 = 0
        for (index, words) in words.enumerated() where index < Self.most && contains(name, 0..<name.count, words) {
            bits |= 1 << UInt64(index)
        }
        return bits
    }

    /// Whether a match is what its detector looks for; `contexts` is what the names around it say.
    func accepts(_ identifier: UInt32, _ range: Range<Int>, in text: Span<UInt8>, contexts: UInt64) -> Bool {
        let index = place(identifier)
        let detector = detectors[index]
        let value = text.extracting(range)
        if detector.entropy > 0, SecretShape.entropy(value) < detector.entropy { return false }
        switch detector.validator {
        case .anything: break
        case .luhn: guard PersonalNumber(value).passesLuhn else { return false }
        case .iban: guard PersonalNumber.isIBAN(value) else { return false }
        case .random: guard SecretShape.looksRandom(value) else { return false }
        }
        guard !words[index].isEmpty, index >= Self.most || contexts & 1 << UInt64(index) == 0 else { return true }
        return contains(text, max(0, range.lowerBound - Self.reach)..<range.lowerBound, words[index])
            || contains(text, range.upperBound..<min(text.count, range.upperBound + Self.reach), words[index])
    }

    private func place(_ identifier: UInt32) -> Int { Int(identifier & ~Self.mark) }

    private func contains(_ text: Span<UInt8>, _ range: Range<Int>, _ words: [[UInt8]]) -> Bool {
        for word in words {
            var start = range.lowerBound
            while start + word.count <= range.upperBound {
                var length = 0
                while length < word.count, text[start + length].lowercased == word[length] { length += 1 }
                if length == word.count { return true }
                start += 1
            }
        }
        return false
    }

    /// Tries the texts that each detector of `engine`'s profile brings with it.
    static func test(_ engine: MaskingEngine) throws(MaskingError) {
        let session = engine.session(fingerprintKey: [0])
        defer { engine.end(session) }
        for (index, detector) in engine.profile.detectors.enumerated() {
            for (text, isMasked) in detector.masks.map({ ($0, true) }) + detector.keeps.map({ ($0, false) }) {
                var scan = TextScan()
                try session.scan(Array(text.utf8).span, &scan)
                guard scan.edits.contains(where: { $0.type == detector.type }) == isMasked else {
                    let reason = isMasked ? "it finds nothing in" : "it finds something in"
                    throw .invalidDetector(index: index, reason: "\(reason) \"\(text)\"")
                }
            }
        }
    }
}

extension MaskingSession {
    /// What the profile's own detectors find in one text.
    func findOwn(in text: Span<UInt8>, _ scan: inout TextScan) throws(MaskingError) {
        guard let own = detectors.own else { return }
        scan.hasSoughtOwn = true
        var taken: Set<[Int]> = []
        // By decreasing end, so that the longest match that passes counts.
        for hit in try ownHits(in: text, depth: scan.depth).reversed() {
            let start = hit.end - Int(hit.length)
            let place = [Int(hit.identifier), start]
            guard start >= 0, !taken.contains(place),
                own.accepts(hit.identifier, start..<hit.end, in: text, contexts: scan.contexts)
            else { continue }
            if hit.end == text.count { scan.cutOff(at: start) }
            taken.insert(place)
            found(own.type(hit.identifier), start..<hit.end, in: text, &scan)
        }
    }
}

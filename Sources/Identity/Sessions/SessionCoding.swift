/// Writes numbers and texts so that each ends where its length says: a number in LEB128, a text behind its length.
struct FieldWriter {
    var bytes: [UInt8] = []

    mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ text: String?) {
        append(text ?? "")
    }

    mutating func append(_ texts: [String]) {
        append(UInt64(texts.count))
        for text in texts { append(text) }
    }

    /// Before 1970 there are no sessions.
    mutating func append(_ time: UnixTime) {
        append(UInt64(clamping: time.seconds))
    }
}

/// Reads what `FieldWriter` wrote and a seal has kept since; the first read that does not fit makes it throw.
struct FieldReader {
    struct Malformed: Error {}

    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func number() throws(Malformed) -> UInt64 {
        if position < bytes.count, bytes[position] < 0x80 {
            position += 1
            return UInt64(bytes[position - 1])
        }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 63 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Malformed()
    }

    mutating func text() throws(Malformed) -> String {
        let count = try number()
        guard count <= UInt64(bytes.count - position) else { throw Malformed() }
        let end = position + Int(count)
        defer { position = end }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    mutating func texts() throws(Malformed) -> [String] {
        var texts: [String] = []
        let count = try number()
        guard count <= UInt64(bytes.count - position) else { throw Malformed() }
        texts.reserveCapacity(Int(count))
        for _ in 0..<count { texts.append(try text()) }
        return texts
    }

    mutating func time() throws(Malformed) -> UnixTime {
        UnixTime(seconds: Int64(clamping: try number()))
    }
}

extension FieldWriter {
    /// Appends a session without its name, which stands elsewhere.
    mutating func append(_ session: Session) {
        append(session.principal.issuer)
        append(session.principal.subject)
        append(session.principal.audience)
        append(session.principal.groups)
        append(session.principal.email)
        append(UInt64(session.principal.claims.entries.count))
        for claim in session.principal.claims.entries {
            append(claim.name)
            append(claim.values)
        }
        append(session.principal.issued ?? UnixTime(seconds: 0))
        append(session.principal.expires)
        append(session.role.text)
        append(session.name.text)
        append(session.query?.text)
        append(session.app?.text)
        append(session.issued)
        append(session.expires)
    }
}

extension FieldReader {
    /// Reads what `append(_ session:)` wrote, into a session of the given name.
    mutating func session(id: SessionID) throws(Malformed) -> Session {
        let issuer = try text()
        let subject = try text()
        let audience = try text()
        let groups = try texts()
        let email = try text()
        var claims: [ClaimSet.Entry] = []
        let count = try number()
        for _ in 0..<count { claims.append(ClaimSet.Entry(name: try text(), values: try texts())) }
        let tokenIssued = try time()
        let principal = Principal(
            issuer: issuer,
            subject: subject,
            audience: audience,
            groups: groups,
            email: email.isEmpty ? nil : email,
            claims: ClaimSet(sorted: claims),
            issued: tokenIssued.seconds == 0 ? nil : tokenIssued,
            expires: try time()
        )
        return Session(
            id: id,
            principal: principal,
            role: RoleARN(trusted: try text()),
            name: RoleSessionName(trusted: try text()),
            query: CallLabel(trusted: try text()),
            app: CallLabel(trusted: try text()),
            issued: try time(),
            expires: try time()
        )
    }
}

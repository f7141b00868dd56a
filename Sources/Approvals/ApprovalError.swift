public import Postgres

/// Why the store did not answer.
public enum ApprovalError: Error, Equatable, Sendable {
    /// PostgreSQL is out of reach or refused; the call must not go on.
    case unavailable(PostgresError)
    /// What the database answered is not an approval.
    case malformedRow(String)
}

/// The id of an approval: a UUID in its usual form.
public struct ApprovalID: Hashable, Sendable, CustomStringConvertible {
    /// 8-4-4-4-12 lower-case hexadecimal digits.
    public let text: String

    /// Reads the usual form, of either case, else nil.
    public init?(parsing text: some StringProtocol) {
        guard text.utf8.count == 36 else { return nil }
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): guard [8, 13, 18, 23].contains(index) else { return nil }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                guard ![8, 13, 18, 23].contains(index) else { return nil }
            default: return nil
            }
        }
        self.text = text.lowercased()
    }

    /// The text.
    public var description: String { text }
}

/// The name that an agent gives to a model query or to itself: 1 to 128 characters of `[A-Za-z0-9_.:/=+@,-]`.
///
/// It labels calls in audit and policy and comes from the agent: it never proves anything.
public struct CallLabel: Sendable, Hashable {
    /// The label.
    public let text: String

    /// Reads a label.
    ///
    /// - Throws: `IdentifierError.malformedLabel`.
    public init(parsing text: String) throws(IdentifierError) {
        guard (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({
                IAMCharacters.isNameCharacter($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/")
            })
        else { throw .malformedLabel }
        self.text = text
    }

    /// Takes a label that was read before and sealed since; the empty text stands for none.
    init?(trusted text: String) {
        guard !text.isEmpty else { return nil }
        self.text = text
    }

    /// The app id in an SDK's user agent (`... app/NAME ...`), or nil when there is none that reads as a label.
    public init?(appInUserAgent userAgent: String) {
        guard userAgent.utf8.count <= 4096 else { return nil }
        for word in userAgent.utf8.split(separator: UInt8(ascii: " ")) where word.starts(with: "app/".utf8) {
            guard let label = try? CallLabel(parsing: String(Substring(word.dropFirst(4)))) else { return nil }
            self = label
            return
        }
        return nil
    }
}

extension CallLabel: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}

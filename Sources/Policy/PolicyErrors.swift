/// One policy file: its name for messages and its whole text (YAML or JSON).
public struct PolicySource: Sendable, Hashable {
    /// Name shown in positions, usually the path.
    public let name: String
    /// The file's text.
    public let text: String

    /// Names `text`.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A place in a policy file; line and column start at 1, columns count Unicode scalars.
public struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
    /// Name of the file.
    public let file: String
    /// Line, from 1.
    public let line: Int
    /// Column, from 1.
    public let column: Int

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }
}

/// One thing that is wrong in a policy file.
public struct PolicyMistake: Sendable, Hashable, CustomStringConvertible {
    /// Where it is.
    public let position: SourcePosition
    /// What is wrong.
    public let message: String
    /// How to put it right, where that can be told.
    public let suggestion: String?

    /// `file:line:column: message; suggestion`.
    public var description: String {
        guard let suggestion else { return "\(position): \(message)" }
        return "\(position): \(message); \(suggestion)"
    }
}

/// All mistakes found in a policy, in the order of files and lines.
public struct PolicyErrors: Error, Sendable, Hashable, CustomStringConvertible {
    /// At least one mistake.
    public let mistakes: [PolicyMistake]

    /// One mistake a line.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}

/// Collects the mistakes of one file, so that a reader can go on after the first.
struct MistakeList {
    /// More than this many help nobody.
    private static let limit = 100

    let file: String
    private(set) var mistakes: [PolicyMistake] = []

    init(file: String) {
        self.file = file
    }

    mutating func add(_ message: String, at mark: DocumentMark, suggestion: String? = nil) {
        guard mistakes.count < Self.limit else { return }
        mistakes.append(.init(position: position(mark), message: message, suggestion: suggestion))
    }

    func position(_ mark: DocumentMark) -> SourcePosition {
        .init(file: file, line: mark.line, column: mark.column)
    }
}

/// One mistake in a configuration file, in the form that compilers use.
public struct ConfigurationMistake: Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, from 1; 0 where there is none.
    public let line: Int
    /// What is wrong, and what to do.
    public let message: String

    /// A mistake; `line` is 0 where there is none.
    public init(file: String, line: Int, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// `file:line: message`.
    public var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}

/// Every mistake of a configuration at once.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the file; never empty.
    public let mistakes: [ConfigurationMistake]

    /// Mistakes, at least one.
    public init(mistakes: [ConfigurationMistake]) {
        self.mistakes = mistakes
    }

    /// One line a mistake.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}

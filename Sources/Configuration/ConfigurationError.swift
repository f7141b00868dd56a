/// One mistake in a configuration file, in the form that compilers use.
public struct ConfigurationMistake: Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// The line, from 1; 0 where there is none.
    public let line: Int
    /// What is wrong, and what to do.
    public let message: String

    /// `file:line: message`.
    public var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}

/// Every mistake of a configuration at once.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the file; never empty.
    public let mistakes: [ConfigurationMistake]

    /// One line a mistake.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
